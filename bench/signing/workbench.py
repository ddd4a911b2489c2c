"""The parts of a benchmark of the signing path: servers, the worker, the load generator, and what the database says."""

import asyncio
import contextlib
import os
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg

HERE = Path(__file__).resolve().parent
CONNECTIONS = 64
Result = tuple[float, float, float, int, int]  # answers a second, p50 ms, p99 ms, refusals, bytes of tickets used


class Workbench:
    """Servers on ports of their own and the load on them; `petition` is signed where nothing else is said."""

    petition: int
    connection: psycopg.Connection

    def __init__(self, home: Path, port: int, *, rounds: int, seconds: int) -> None:
        self.home, self.port, self.rounds, self.seconds = home, port, rounds, seconds
        self.tickets = home / "tickets"
        self.used = 0

    @contextlib.contextmanager
    def serving(self, target: str, port: int, *, wsgi: bool = False, processes: int = 1) -> Iterator[int]:
        command = [
            sys.executable,
            "-m",
            "granian",
            "--interface",
            "wsgi" if wsgi else "rsgi",
            "--port",
            str(port),
            "--workers",
            str(processes),
            "--factory",
            "--no-access-log",
            "--backlog",
            "4096",
            "--loop",
            "uvloop",
        ]
        if wsgi:
            command += ["--blocking-threads", "8"]
        with (self.home / "serve.log").open("ab") as log:
            process = subprocess.Popen(
                [*command, f"signing.{target}"],
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONPATH": str(HERE.parent)},
            )
        try:
            await_port(port)
            time.sleep(0.5)
            yield process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)

    @contextlib.contextmanager
    def worker(self) -> Iterator[int]:
        with (self.home / "worker.log").open("ab") as log:
            process = subprocess.Popen([sys.executable, "-m", "maninso", "worker"], stdout=log, stderr=log)
        time.sleep(2.5)
        try:
            yield process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)

    def wrk(
        self, port: int, path: str, *, script: str = "sign.lua", seconds: int = 0, connections: int = CONNECTIONS
    ) -> Result:
        seconds = seconds or self.seconds
        done = subprocess.run(
            self.wrk_command(port, path, seconds, script, connections),
            env=self.wrk_environment(path),
            capture_output=True,
            text=True,
            check=True,
        )
        result = read_result(done.stdout)
        if script == "sign.lua" and path.endswith("signatures"):
            self.used = (self.used + result[4]) % self.tickets.stat().st_size
        return result

    def wrk_command(
        self, port: int, path: str, seconds: int, script: str = "sign.lua", connections: int = CONNECTIONS
    ) -> list[str]:
        return [
            "wrk",
            "-t1",
            f"-c{connections}",
            f"-d{seconds}s",
            "--timeout",
            "20s",
            "-s",
            str(HERE / script),
            f"http://127.0.0.1:{port}{path}",
        ]

    def wrk_environment(self, path: str) -> dict[str, str]:
        return {
            **os.environ,
            "SCRIPTS": str(HERE),
            "TICKETS": str(self.tickets),
            "TARGET": path,
            "FIRST": str(self.used),
        }

    def database_alone(self) -> float:
        """Rows a second by the same statement and batch size, without HTTP."""
        started = time.monotonic()
        number = self.fill(40_000)
        return number / (time.monotonic() - started)

    def fill(self, number: int) -> int:
        """Store that many made-up signatures by the statement of the signing path."""
        from maninso.ledger.entries import render_sign
        from maninso.signing.intake import MOST_A_BATCH, Waiting, send_batch

        async def store() -> None:
            async with await psycopg.AsyncConnection.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
                for start in range(0, number, MOST_A_BATCH):
                    await send_batch(
                        connection,
                        [
                            Waiting(self.petition, lambda *_: None).fill(
                                render_sign(1, 0, 0, os.urandom(16), os.urandom(32)), os.urandom(76)
                            )
                            for _ in range(min(MOST_A_BATCH, number - start))
                        ],
                    )

        asyncio.run(store())
        return number

    def one(self, query: str) -> int:
        row = self.connection.execute(query.encode()).fetchone()
        return int(row[0]) if row else 0

    def wal(self) -> int:
        return self.one("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn")

    def kept(self) -> int:
        return self.one(
            "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND relname LIKE 'signing%'"
        )

    def size(self) -> int:
        return self.one(f"SELECT size FROM signing_head WHERE petition_id = {self.petition}")

    def behind(self) -> int:
        return self.one(
            "SELECT h.size - t.size FROM signing_head h JOIN signing_tree t USING (petition_id) "
            f"WHERE petition_id = {self.petition}"
        )


def read_result(output: str) -> Result:
    for line in output.splitlines():
        if line.startswith("RESULT "):
            requests, microseconds, p50, p99, refusals, used = line.split()[1:]
            return int(requests) / (int(microseconds) / 1e6), float(p50), float(p99), int(refusals), int(used)
    raise SystemExit(f"wrk said:\n{output}")


def spread(values: list[float], digits: int = 0) -> str:
    return f"{statistics.median(values):9,.{digits}f} [{min(values):,.{digits}f} .. {max(values):,.{digits}f}]"


def ratio(ours: list[float], theirs: list[float]) -> str:
    each = [a / b for a, b in zip(ours, theirs, strict=True)]
    return f"{statistics.median(each):6.2f} [{min(each):.2f} .. {max(each):.2f}]"


def resident(pid: int) -> int:
    """Bytes of the largest process of a family: the first one and its children."""
    family = [pid]
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if int((folder / "stat").read_text().rpartition(")")[2].split()[1]) == pid:
                family.append(int(folder.name))
    sizes = []
    for each in family:
        for line in Path(f"/proc/{each}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                sizes.append(int(line.split()[1]) * 1024)
    return max(sizes)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def await_port(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise SystemExit(f"nothing listens on port {port}")
