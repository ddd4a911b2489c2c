"""What it costs to take a petition's signatures away: `python bench/exports.py [SIGNATURES]`.

Makes a petition with that many signatures (a million unless told) in a database of its own, and exports them as CSV and
as Parquet, each in a process of its own: seconds, rows a second, highest memory (Linux).
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MAKE = """
import datetime as dt, sys
from hashlib import sha256
from maninso.run.database import open_site
from maninso.run.settings import read_settings
with open_site(read_settings()):
    from django.db import connection
    from maninso.charter import load_preset
    from maninso.petitions.lifecycle import draft_petition, open_petition, submit_petition
    from maninso.petitions.lifecycle import pass_to_moderation
    then = dt.datetime.now(dt.UTC) - dt.timedelta(days=20)
    number = draft_petition(charter=load_preset("university"), title="Open the library", body="On Sundays.",
                            language="en", topic="Libraries", creator_name="Han Sol", now=then)
    if submit_petition(number, now=then) == "gathering":
        pass_to_moderation(number, now=then)
    open_petition(number, now=then)
    with connection.cursor() as cursor:
        cursor.execute('''
            INSERT INTO signing_leaf (petition_id, leaf_index, entry)
            SELECT %s, n, '\\\\x0101'::bytea || '\\\\x0000'::bytea || int2send((n * 2880 / %s)::smallint)
                   || substr(sha256(int8send(n)), 1, 16) || sha256(int8send(n))
            FROM generate_series(1, %s::bigint) n''', [number, int(sys.argv[1]), int(sys.argv[1])])
        cursor.execute("UPDATE signing_head SET size = %s WHERE petition_id = %s", [int(sys.argv[1]) + 1, number])
        cursor.execute("UPDATE signing_tree SET size = %s, signatures = %s, published_at = now(),"
                       " checkpoint = 'none', public_key = sha256('none')"
                       " WHERE petition_id = %s", [int(sys.argv[1]) + 1, int(sys.argv[1]), number])
    print(number)
"""

EXPORT = """
import sys, time
from maninso.run.database import open_site
from maninso.run.settings import read_settings
with open_site(read_settings()):
    from django.test import Client
    began = time.monotonic()
    reply = Client(headers={"accept-encoding": "identity"}).get(sys.argv[1])
    assert reply.status_code == 200, reply.content
    size = sum(map(len, reply.streaming_content))
    spent = time.monotonic() - began
    with open("/proc/self/status") as own:
        peak = next(line.split()[1] for line in own if line.startswith("VmHWM"))
    print(spent, size, int(peak) // 1024)
"""


def main() -> None:
    """Make the petition, export it, print."""
    signatures = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory(prefix="maninso-bench-") as home:
        env = os.environ | {"MANINSO_HOME": home, "DATABASE_URL": ""}
        began = time.monotonic()
        number = run(env, MAKE, str(signatures))
        print(f"{signatures:,} signatures made in {time.monotonic() - began:.0f} s")
        for ending in ("csv", "parquet"):
            spent, size, peak = run(env, EXPORT, f"/petitions/{number}/signatures.{ending}").split()
            rate, megabytes = signatures / float(spent), int(size) / 1e6
            print(f"{ending:8} {float(spent):6.1f} s {rate:10,.0f} rows/s {megabytes:7.1f} MB {peak:>5} MB memory")


def run(env: dict[str, str], program: str, argument: str) -> str:
    """Run a program in a process of its own; gives the last line that it prints."""
    done = subprocess.run(
        [sys.executable, "-c", program, argument], env=env, check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout.strip().splitlines()[-1]


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    main()
