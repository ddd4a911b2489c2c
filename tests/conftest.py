"""What every test shares: the site's settings, one PostgreSQL for the run, and closed sockets.

The environment is set when this file is imported, before Django's settings are read. PostgreSQL is started at the
first test that needs it: an embedded server in a temporary folder, or the server of DATABASE_URL where that is set.
The processes of a parallel run share it, and pytest-django makes for each a database `test_...` on it.
"""

import dataclasses
import fcntl
import os
import shutil
import tempfile
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import hypothesis
import pytest
import pytest_socket

hypothesis.settings.register_profile("untimed", deadline=None)  # how long an example takes says how busy the machine is
hypothesis.settings.load_profile("untimed")

HOME = Path(tempfile.mkdtemp(prefix="maninso-tests-"))
GIVEN_DATABASE = os.environ.get("DATABASE_URL")
# One process of a parallel run would be at these for minutes while all others have nothing left to do.
LONGEST = (
    *("test_disk_full.py", "test_every_page.py", "test_kill.py", "test_one_person.py", "test_witnessing.py"),
    "test_sequencer_matrix.py",
)

for name in [name for name in os.environ if name.startswith("MANINSO_") and name != "MANINSO_POSTGRES_BIN"]:
    del os.environ[name]  # a developer's own settings change no result
os.environ["MANINSO_HOME"] = str(HOME)
os.environ["MANINSO_SECRET_KEY"] = "a secret of the tests, known to everybody"
os.environ["MANINSO_HOST"] = "petitions.example.org"
os.environ["MANINSO_REHEARSAL"] = "1"
os.environ["DJANGO_SETTINGS_MODULE"] = "maninso.run.django_settings"

from tests.databases import MIGRATED, create_database, empty_by_deleting  # noqa: E402
from tests.shared import MADE_HERE, SHARED, give_cluster, make_once, run_migrate  # noqa: E402

from maninso.run.importing import uncollected  # noqa: E402
from maninso.run.postgres import DATABASE, ensure_running, server_url  # noqa: E402
from maninso.run.settings import Settings, read_settings  # noqa: E402

if not GIVEN_DATABASE:
    os.environ["DATABASE_URL"] = server_url(SHARED / "server" / "postgres" / "socket")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let whoever changes a page look at all of them: `pytest tests/journeys/test_every_page.py --pictures FOLDER`."""
    parser.addoption("--pictures", default="", help="a folder for pictures of every page")


def pytest_configure() -> None:
    """Load Django's settings; pytest-django, whose hook comes last, then sets Django up."""
    from django.conf import settings

    settings.INSTALLED_APPS  # noqa: B018 - reading any of them loads them all


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """Let each process of a parallel run begin as this one did."""
    del os.environ["DJANGO_SETTINGS_MODULE"]  # or pytest-django would read the settings before this file is
    if not GIVEN_DATABASE:
        del os.environ["DATABASE_URL"]


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, Any, Any]:
    """Let the first process of a parallel run compile the tests for all: compiling takes longer than reading them."""
    with (SHARED / "collection.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            fcntl.flock(lock, fcntl.LOCK_SH)  # which all others may hold at once when the first is through
        with uncollected():
            return (yield)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest; have pytest-django make its database also for tests with their own connections."""
    items.sort(key=lambda item: item.path.name not in LONGEST)
    for item in items:
        if "database_url" in getattr(item, "fixturenames", ()) and item.get_closest_marker("django_db") is None:
            item.add_marker(pytest.mark.django_db)


def pytest_unconfigure() -> None:
    """Leave nothing behind."""
    shutil.rmtree(HOME, ignore_errors=True)
    if MADE_HERE:
        shutil.rmtree(SHARED, ignore_errors=True)


@pytest.fixture(autouse=True)
def _closed_sockets() -> None:
    """Let a test reach this machine only. (pytest-socket opens them again after each test.)"""
    pytest_socket.socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    """Let no test see what an earlier one's petitions were found by: a process keeps that for some seconds."""
    from maninso.petitions.discovery import forget_choices, forget_weights

    forget_choices()
    forget_weights()


def _make_server(home: Path) -> None:
    give_cluster(home)
    socket = home / "postgres" / "socket"
    with ensure_running(read_settings({"MANINSO_HOME": str(home)})):
        create_database(server_url(socket, "postgres"), MIGRATED, template=DATABASE)


def _prepare_given(home: Path) -> None:
    assert GIVEN_DATABASE is not None
    run_migrate(home, DATABASE_URL=create_database(GIVEN_DATABASE, MIGRATED))


@pytest.fixture(scope="session")
def migrated_database() -> Iterator[str]:
    """Run PostgreSQL with a database of this version without rows, of which others are copied in no time; its name."""
    with ExitStack() as stack:
        if GIVEN_DATABASE:
            make_once("given", _prepare_given)
        else:
            home = make_once("server", _make_server)
            stack.enter_context(ensure_running(read_settings({"MANINSO_HOME": str(home)})))
        yield MIGRATED


@pytest.fixture(scope="session")
def django_db_modify_db_settings(migrated_database: str, django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Have pytest-django make its database, of which a parallel run has several, as a copy of the migrated one."""
    from django.db import connection

    connection.settings_dict["TEST"]["TEMPLATE"] = migrated_database
    empty_by_deleting(connection)


@pytest.fixture(scope="session")
def database_url(django_db_setup: Any) -> str:
    """Give the address of the migrated test database.

    What a test writes through a connection of its own stays; it uses petition numbers of its own, or clears up.
    """
    from django.db import connection

    url = os.environ["DATABASE_URL"]
    parts = urlsplit(url)
    return parts._replace(path="/" + str(connection.settings_dict["NAME"])).geturl()


@pytest.fixture
def settings_site(database_url: str) -> Settings:
    """Give the site's settings with the test database in them."""
    return dataclasses.replace(read_settings(), database_url=database_url)
