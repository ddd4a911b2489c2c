"""Reading a log that is larger than the memory of a web process: tile after tile, as ratios to an empty GET of one run.

On a busy machine the server's processor time is the steadier figure; so both are printed.

    .venv/bin/python bench/tiles.py [--rounds 3] [--seconds 4]

Needs wrk (Debian's package). The log's rows are made up: nothing here looks at what they hold.
"""

import argparse
import contextlib
import datetime as dt
import http.client
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg
from peak import Bench, free_port, ratio, read_result, spread

from maninso.ledger.tiles import TILE_BYTES, TILE_WIDTH, TilePath

TILES = 6_000  # and as many bundles: 70 and 180 MB in memory, which has room for 64 MiB
KINDS = ("0", "entries")
NAMES = {
    "empty": "empty GET",
    "one": "one hash tile, from memory",
    "0": "every hash tile, from files",
    "entries": "every bundle, from files",
}


class TileBench(Bench):
    """One run."""

    def run(self, *, long: bool = False) -> None:
        os.environ["DJANGO_SETTINGS_MODULE"] = "maninso.run.django_settings"
        import django

        django.setup()
        from maninso.run.rehearse import open_rehearsal_petition
        from maninso.run.settings import read_settings

        petition = open_rehearsal_petition(read_settings(), now=dt.datetime.now(dt.UTC))
        self.fill_log(petition)
        prefix = f"/p/{petition}/log/tile"
        first: dict[str, float] = {}
        rates: dict[str, list[float]] = {name: [] for name in NAMES}
        costs: dict[str, list[float]] = {name: [] for name in NAMES}
        with self.serving("apps:make_measured", self.port) as pid:
            for kind in KINDS:
                first[kind] = self.read_all(f"/p/{petition}/log", kind)
            for _ in range(self.rounds):
                for name in NAMES:
                    before = read_processor_seconds(pid)
                    answered, seconds = self.read(name, prefix)
                    rates[name].append(answered / seconds)
                    costs[name].append((read_processor_seconds(pid) - before) / answered * 1e6)
        for name, words in NAMES.items():
            print(f"{words:30s}{spread(rates[name])} /s; of an empty GET {ratio(rates[name], rates['empty'])}")
            cost = f"{spread(costs[name], 1)} us; of an empty GET {ratio(costs[name], costs['empty'])}"
            print(f"{'  processor time':30s}{cost}")
        for kind, rate in first.items():
            print(f"{NAMES[kind]}, for the first time: {rate:,.0f} /s over one connection, from PostgreSQL")

    def read(self, name: str, prefix: str) -> tuple[int, float]:
        """Read for a while; answers, and seconds."""
        if name == "empty":
            path, script = "/empty", "get.lua"
        elif name == "one":
            path, script = f"{prefix}/0/000", "get.lua"
        else:
            path, script = f"{prefix}/{name}", "tiles.lua"
        done = subprocess.run(
            self.wrk_command(self.port, path, self.seconds, script),
            env={**self.wrk_environment(path), "TILES": str(TILES)},
            capture_output=True,
            text=True,
            check=True,
        )
        rate, _, _, refused, _ = read_result(done.stdout)
        if refused and name != "empty":
            sys.exit(f"{refused} tiles were refused")
        return round(rate * self.seconds), self.seconds

    def fill_log(self, petition: int) -> None:
        """Rows of a log whose tiles are all full."""
        size = TILES * TILE_WIDTH
        with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
            values = {"petition": petition, "size": size, "tiles": TILES, "bytes": TILE_BYTES}
            connection.execute("UPDATE signing_head SET size = %(size)s WHERE petition_id = %(petition)s", values)
            connection.execute(
                "INSERT INTO signing_tree (petition_id, size, root, checkpoint, public_key, published_at) "
                "VALUES (%(petition)s, %(size)s, decode(repeat('00', 32), 'hex'), '', decode(repeat('00', 32), 'hex'), "
                "now()) ON CONFLICT (petition_id) DO UPDATE SET size = excluded.size, checkpoint = excluded.checkpoint,"
                " public_key = excluded.public_key, published_at = excluded.published_at",
                values,
            )
            noise = "(SELECT string_agg(sha256((n || ' ' || i)::bytea), ''::bytea) FROM generate_series(1, {}) i)"
            connection.execute(
                "INSERT INTO signing_tile (petition_id, level, tile_index, hashes, root) SELECT %(petition)s, 0, n, "
                f"{noise.format(256)}, sha256(n::text::bytea) FROM generate_series(0, %(tiles)s - 1) n",
                values,
            )
            connection.execute(
                "INSERT INTO signing_bundle (petition_id, bundle_index, entries) SELECT %(petition)s, n, "
                f"{noise.format(448)} FROM generate_series(0, %(tiles)s - 1) n",
                values,
            )

    def read_all(self, log: str, kind: str) -> float:
        """Read every tile once, in order; tiles a second."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        started = time.monotonic()
        for number in range(TILES):
            path = TilePath("entries" if kind == "entries" else int(kind), number).render()
            connection.request("GET", f"{log}/{path}")
            answer = connection.getresponse()
            if answer.status != 200 or not answer.read():
                sys.exit(f"{path}: {answer.status}")
        return TILES / (time.monotonic() - started)


def read_processor_seconds(pid: int) -> float:
    """Processor time that a process and its children have taken so far."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if pid in (int(stat.parent.name), int(fields[1])):
                ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--seconds", type=int, default=4)
    given = arguments.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("wrk is missing: apt-get install wrk")
    home, port = Path(tempfile.mkdtemp(prefix="maninso-bench-")), free_port()
    os.environ.update(MANINSO_HOME=str(home), MANINSO_REHEARSAL="1", MANINSO_HOST=f"127.0.0.1:{port}")
    os.environ.pop("DATABASE_URL", None)
    from maninso.run.database import open_site
    from maninso.run.settings import read_settings

    try:
        with open_site(read_settings()) as settings:
            os.environ["DATABASE_URL"] = settings.database_url or ""
            TileBench(home, port, rounds=given.rounds, seconds=given.seconds).run()
    finally:
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
