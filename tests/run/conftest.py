"""What the tests of commands share: the program as its own process, and one sample site."""

import atexit
import os
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from tests.commands import Commands
from tests.shared import give_sample, make_once
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
def sample_home() -> Iterator[Path]:
    """The folder of one sample site, whose server runs meanwhile. Tests change nothing in it."""
    home = make_once("sample-site", give_sample)
    with ensure_running(read_settings({"MANINSO_HOME": str(home)})):
        yield home


@pytest.fixture
def on_sample(sample_home: Path) -> Command:
    """Run `maninso` on the sample site."""

    def run(*words: str, **settings: str) -> "subprocess.CompletedProcess[str]":
        return run_maninso(*words, home=sample_home, **settings)

    return run
