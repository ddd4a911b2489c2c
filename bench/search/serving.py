"""Starts the commands and the site that the benches of search measure."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

GIVEN_DATABASE = os.environ.get("DATABASE_URL")
TICKS = os.sysconf("SC_CLK_TCK")  # a second, in /proc (proc_pid_stat(5))


def own_environment(**changed: str) -> dict[str, str]:
    """Return this process's environment without the address of an embedded server that it used itself and stopped."""
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    return {**environment, **({"DATABASE_URL": GIVEN_DATABASE} if GIVEN_DATABASE else {}), **changed}


def maninso(*arguments: str) -> None:
    """Run a command of maninso; its output goes to standard error."""
    subprocess.run([sys.executable, "-m", "maninso", *arguments], check=True, stdout=sys.stderr, env=own_environment())


@contextmanager
def serve_site(*, patience: float = 60.0, **environment: str) -> Iterator[tuple[str, int]]:
    """Serve the site of MANINSO_HOME on a free port for the time of the block; gives its address and process number."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port = trial.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "maninso", "serve", "--port", str(port), "--no-worker"]
    with subprocess.Popen(command, env=own_environment(**environment), stdout=subprocess.DEVNULL) as site:
        try:
            deadline = time.monotonic() + patience
            while True:
                try:
                    with urllib.request.urlopen(f"{url}/api/v1/similar?title=x", timeout=10):
                        break
                except OSError:
                    if time.monotonic() > deadline or site.poll() is not None:
                        raise
                    time.sleep(0.2)
            time.sleep(5.0)  # the encoder may still be loading, and is not asked again for five seconds
            yield url, site.pid
        finally:
            site.send_signal(signal.SIGTERM)
            site.wait(60)


def processor_seconds(site: int) -> float:
    """Return the seconds of processor that a site has taken: its processes, and those of its embedded PostgreSQL.

    What other programs do on the machine makes answers wait, and hardly changes this.
    """
    parents, taken = {}, {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended
        number = int(path.parent.name)
        parents[number], taken[number] = int(fields[1]), (int(fields[11]) + int(fields[12])) / TICKS
    file = Path(os.environ["MANINSO_HOME"]) / "postgres" / "data" / "postmaster.pid"
    tops = {site, *([int(file.read_text().split()[0])] if file.exists() else [])}

    def belongs(number: int) -> bool:
        while number not in tops and number in parents:
            number = parents[number]
        return number in tops

    return sum(seconds for number, seconds in taken.items() if belongs(number))
