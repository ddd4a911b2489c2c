"""A whole site as its operator runs it: `maninso serve` as processes of its own, on a database of its own."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.commands import Commands
from tests.databases import MIGRATED, make_database
from tests.shared import give_cluster

from maninso.run.postgres import server_url
from maninso.run.settings import Settings, read_settings

STARTING = 90.0  # seconds
SERVE = (sys.executable, "-m", "maninso", "serve")


@dataclass
class Answer:
    """An HTTP answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class LiveSite:
    """A running site; `kill` and `start` it at will. Its log is in `home`/serve.log."""

    home: Path
    database_url: str
    port: int
    charter: str = "university"
    web_processes: int = 1
    embedded: bool = False  # on a server of its own, which it starts itself; `database_url` is then for us alone
    own_session: bool = False  # so that all of its processes can be told something at once, as a terminal does
    more: Mapping[str, str] = field(default_factory=dict)  # settings besides
    name: str = "127.0.0.1"
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)
    commands: Commands | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        return f"http://{self.name}:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        environment = {
            **os.environ,
            "MANINSO_HOME": str(self.home),
            "MANINSO_HOST": f"127.0.0.1:{self.port}",
            "MANINSO_CHARTER": self.charter,
            "MANINSO_REHEARSAL": "1",
            "MANINSO_RATE_NETWORK": "20",
            "MANINSO_RATE_PERSON": "5",
            "MANINSO_SEMANTIC": "0",  # a model in memory for each site; who needs it asks for it
            "MANINSO_TRUSTED_PROXIES": "127.0.0.0/8",  # so that a test can come from any network
            "DATABASE_URL": self.database_url,
            **self.more,
        }
        environment.pop("PYTEST_CURRENT_TEST", None)  # or each test would have its commands in a new process
        if self.embedded:
            del environment["DATABASE_URL"]
        return environment

    @property
    def settings(self) -> Settings:
        return read_settings(self.environment)

    def start(self) -> None:
        with (self.home / "serve.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*SERVE, "--port", str(self.port), "--workers", str(self.web_processes)],
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=self.own_session,
            )
        deadline = time.monotonic() + STARTING
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                if self.ask("GET", "/readyz").status == 200:
                    return
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        raise AssertionError(f"the site did not start:\n{(self.home / 'serve.log').read_text()}")

    def stop(self) -> int:
        assert self.process is not None
        self.close()
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def kill(self) -> None:
        """kill -9 of the site's first process; the others must notice by themselves and free the port."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        deadline = time.monotonic() + STARTING
        while time.monotonic() < deadline:
            with socket.socket() as trial:
                trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                with contextlib.suppress(OSError):
                    trial.bind(("127.0.0.1", self.port))
                    return
            time.sleep(0.05)
        raise AssertionError("the killed site's port is still in use")

    def maninso(self, *arguments: str, status: int = 0) -> str:
        """Run a command and return its standard output."""
        # The address of an embedded database is known only once the command has started it, and Django wants it before.
        one = None if self.embedded else self.environment
        if self.commands is None or self.commands.environment != one:
            self.close()
            self.commands = Commands(one)
        done = self.commands.run(arguments, self.environment)
        assert done.returncode == status, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def python(self, program: str, *arguments: str) -> str:
        """Run a program of our own in a process where Django is set up for this site; return its standard output."""
        return self.maninso("-c", program, *arguments)

    def close(self) -> None:
        """Let go of what runs its commands."""
        if self.commands is not None:
            self.commands.close()
            self.commands = None

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        """Send one request; header names are given with underscores."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            answer = connection.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def wait_for_count(self, petition: int, count: int) -> None:
        """Wait until the public number is `count`."""
        deadline = time.monotonic() + STARTING
        while (found := self.ask("GET", f"/petitions/{petition}/count.json").json()["signature_count"]) != count:
            assert time.monotonic() < deadline, f"the count is {found}, not {count}"
            time.sleep(0.1)


@contextlib.contextmanager
def live_site(
    home: Path, server: str, *, name: str, charter: str = "university", more: Mapping[str, str] | None = None
) -> Iterator[LiveSite]:
    """Run a site on a new database `name` of the test session's server: a copy of fixture `migrated_database`."""
    database_url = make_database(server, name, template=MIGRATED)
    site = LiveSite(home, database_url, find_free_port(), charter, more=more or {})
    yield from run_to_the_end(site)


@contextlib.contextmanager
def embedded_site(home: Path, *, charter: str = "university") -> Iterator[LiveSite]:
    """Run a site on an embedded PostgreSQL of its own, under `home`."""
    give_cluster(home)
    url = server_url(home / "postgres" / "socket")
    yield from run_to_the_end(LiveSite(home, url, find_free_port(), charter, embedded=True))


def find_free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def run_to_the_end(site: LiveSite) -> Iterator[LiveSite]:
    try:
        site.start()
        yield site
    finally:
        if site.process is not None and site.process.poll() is None:
            site.stop()
        site.close()
        print((site.home / "serve.log").read_text())  # pytest shows it where a test failed
