"""What the tests of commands share: the program as its own process, and one sample site."""

import atexit
import fcntl
import os
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import psycopg
import pytest
from tests.commands import Commands
from tests.web.conftest import opened  # noqa: F401 - a fixture

from maninso.run.postgres import ensure_running
from maninso.run.settings import read_settings

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@cache
def _commands() -> Commands:
    commands = Commands()
    atexit.register(commands.close)
    return commands


def run_maninso(*words: str, home: Path, **settings: str) -> "subprocess.CompletedProcess[str]":
    """Run `maninso` in a process of its own, with these settings alone."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("MANINSO_", "DATABASE_", "DJANGO_"))
    }
    return _commands().run(words, {**environment, "MANINSO_HOME": str(home), **settings})


@pytest.fixture(scope="session")
def sample_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of one sample site, whose server runs meanwhile. Tests change nothing in it.

    The processes of a parallel run share it; the first one that needs it makes it, over the remains of one whose making
    was broken off.
    """
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    home = folder / "sample"
    home.mkdir(exist_ok=True)
    settings = read_settings({"MANINSO_HOME": str(home)})
    with (folder / "sample.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "made").exists():
            assert run_maninso("migrate", home=home).returncode == 0
            with ensure_running(settings) as server, psycopg.connect(server.url) as connection:
                connection.execute("COMMENT ON TABLE petitions_petition IS 'demonstration, being made'")
                connection.execute("CREATE TABLE left_over (n int)")
            done = run_maninso("demo", "--no-serve", home=home)
            assert (done.returncode, done.stderr.count("Traceback")) == (0, 0), done.stderr
            (home / "made").touch()
    with ensure_running(settings):
        yield home


@pytest.fixture
def on_sample(sample_home: Path) -> Command:
    """Run `maninso` on the sample site."""

    def run(*words: str, **settings: str) -> "subprocess.CompletedProcess[str]":
        return run_maninso(*words, home=sample_home, **settings)

    return run
