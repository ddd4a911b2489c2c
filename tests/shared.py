"""What the processes of a parallel run share: each thing is made once, by the first that needs it.

The folder is made by the first process, whose children find it in their environment.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import psycopg

from maninso.run.postgres import ensure_running
from maninso.run.settings import read_settings

MADE_HERE = "TESTS_SHARED" not in os.environ  # and so to be taken away by this process
if MADE_HERE:
    os.environ["TESTS_SHARED"] = tempfile.mkdtemp(prefix="maninso-shared-")
SHARED = Path(os.environ["TESTS_SHARED"])


def make_once(name: str, make: Callable[[Path], object]) -> Path:
    """Have `make` fill the folder of that name, unless some process did already; return the folder."""
    folder = SHARED / name
    with (SHARED / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (SHARED / f"{name}.made").exists():
            shutil.rmtree(folder, ignore_errors=True)  # what is left of a making that failed
            folder.mkdir()
            make(folder)
            (SHARED / f"{name}.made").touch()
    return folder


def give_cluster(home: Path) -> None:
    """Give the site in `home` an embedded database of this version without rows, as `maninso migrate` makes it."""
    cluster = make_once("cluster", run_migrate)
    (home / "postgres").mkdir()
    subprocess.run(["cp", "-a", cluster / "postgres" / "data", home / "postgres"], check=True)


def give_sample(home: Path) -> None:
    """Make the empty folder `home` a sample site. The one that it is a copy of began as one that was broken off."""
    sample = make_once("sample", _make_sample)
    subprocess.run(["cp", "-a", sample / "keys", home], check=True)
    (home / "postgres").mkdir()
    subprocess.run(["cp", "-a", sample / "postgres" / "data", home / "postgres"], check=True)


def _make_sample(home: Path) -> None:
    give_cluster(home)
    with (
        ensure_running(read_settings({"MANINSO_HOME": str(home)})) as server,
        psycopg.connect(server.url) as connection,
    ):
        connection.execute("COMMENT ON TABLE petitions_petition IS 'demonstration, being made'")
        connection.execute("CREATE TABLE left_over (n int)")
    assert "Traceback" not in _run(home, "demo", "--no-serve")


def run_migrate(home: Path, **settings: str) -> None:
    """Have a site make its database, an embedded one unless `settings` name another."""
    _run(home, "migrate", **settings)


def _run(home: Path, *words: str, **settings: str) -> str:
    """Run a command with these settings alone; return what it says of its work."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("MANINSO_", "DATABASE_", "DJANGO_"))
    }
    environment |= {"MANINSO_HOME": str(home), **settings}
    command = [sys.executable, "-m", "maninso", *words]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stderr
