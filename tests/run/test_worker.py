"""A worker's start."""

import os
import subprocess
import sys
from pathlib import Path

from tests.databases import make_database

WORKER = """
import sys, threading, time
from maninso.run.settings import read_settings
from maninso.run.worker import listen_for_end, run_log

imported, start = [], threading.Thread.start

def note_first(thread):
    imported.append(set(sys.modules))
    start(thread)

threading.Thread.start = note_first
stop, _ = listen_for_end()
wait = stop.wait

def wait_once(seconds):
    wait(1.0)  # the first thread has begun meanwhile
    stop.tell()

stop.wait = wait_once
run_log(read_settings(), stop, parent=0)
print(*sorted(name for name in set(sys.modules) - imported[0] if name.startswith("maninso")))
"""


def test_threads_find_everything_imported(database_url: str, migrated_database: str, tmp_path: Path) -> None:
    """Two threads that import parts of one circle at the same time may end the worker."""
    environment = {
        **os.environ,
        "MANINSO_HOME": str(tmp_path),
        "DATABASE_URL": make_database(database_url, "starting", template=migrated_database),
    }
    done = subprocess.run([sys.executable, "-c", WORKER], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split()) == (0, []), done.stderr
