"""The site's database: reached, checked for what Maninso needs, and brought to this version.

A given database can be wrong in ways that show late: with LC_CTYPE "C", for one, searching finds nothing in Hangul. So
it is checked before anything is served from it.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pkgutil import iter_modules

import psycopg

from maninso import ManinsoError, UnreadableError
from maninso.run.importing import uncollected
from maninso.run.postgres import ensure_running
from maninso.run.postgres_keeper import keep_running
from maninso.run.settings import Settings

OLDEST_VERSION = 150000  # PostgreSQL's own way to write 15.0
EXTENSIONS = ("vector",)
_MIGRATION_LOCK = 0x6D616E696E736D  # another one than the sequencer's


class DatabaseError(ManinsoError):
    """The database answers, but Maninso cannot run on it as it is."""


@dataclass(frozen=True, kw_only=True)
class DatabaseFacts:
    """What `check_database` found; `clock_ahead` is in seconds, the database's clock minus ours."""

    version: int  # as server_version_num has it: 180006 is 18.6
    encoding: str
    finds_hangul: bool
    synchronous_commit: str
    fsync: bool
    extensions: tuple[str, ...]  # those of EXTENSIONS that can be installed
    clock_ahead: float


@contextmanager
def open_database(settings: Settings) -> Iterator[Settings]:
    """Give the settings with the database's address in them, for the time of the block.

    Without DATABASE_URL the embedded server is started (or attached to). The address is put into the environment, so
    that Django and the processes started from here use the same one. A lost connection inside the block becomes an
    UnreadableError.
    """
    if settings.database_url is not None:
        yield from _opened(settings)
        return
    with ensure_running(settings) as server:
        yield from _opened(replace(settings, database_url=server.url, embedded=True))


def _opened(settings: Settings) -> Iterator[Settings]:
    from django.conf import settings as django_settings
    from django.db import OperationalError, connections

    os.environ["DATABASE_URL"] = settings.database_url or ""
    try:
        yield settings
    except (psycopg.OperationalError, OperationalError) as error:
        raise UnreadableError(
            f"the database does not answer: {str(error).strip()}",
            cure="see that it runs and that DATABASE_URL is right, then try again",
        ) from error
    finally:
        if django_settings.configured:
            connections.close_all()  # before the embedded server stops under them


def start_django() -> None:
    """Set Django up in this process; the database's address must be in the environment."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "maninso.run.django_settings"
    with uncollected():
        import django

        django.setup()


def connect(settings: Settings) -> psycopg.Connection:
    """Connect to the site's database. Raises UnreadableError without the password that the address may hold."""
    if settings.database_url is None:
        raise ValueError("the database's address is not known")
    try:
        return psycopg.connect(settings.database_url, autocommit=True, connect_timeout=10, client_encoding="utf8")
    except psycopg.OperationalError as error:
        raise UnreadableError(
            f"the database of DATABASE_URL does not answer: {str(error).strip()}",
            cure="see that it runs, and that host, port, name, user and password are right",
        ) from error
    except psycopg.ProgrammingError as error:
        raise UnreadableError(
            "DATABASE_URL is not an address that PostgreSQL understands",
            cure="write it as postgresql://user:password@host:5432/name",
        ) from error


def check_database(settings: Settings) -> DatabaseFacts:
    """Return what the database is like. Raises DatabaseError where Maninso cannot run on it, with the cure."""
    facts = read_facts(settings)
    if facts.version < OLDEST_VERSION:
        raise DatabaseError(
            f"the database is PostgreSQL {facts.version // 10000}, older than {OLDEST_VERSION // 10000}",
            cure="move it to a newer PostgreSQL (pg_upgrade), or give another with DATABASE_URL",
        )
    if facts.encoding != "UTF8":
        raise DatabaseError(
            f"the database's encoding is {facts.encoding}, not UTF8",
            cure="create it anew: CREATE DATABASE maninso ENCODING 'UTF8' TEMPLATE template0",
        )
    if not facts.finds_hangul:
        raise DatabaseError(
            "the database takes no Hangul for letters (its LC_CTYPE is C), so searching finds nothing in Korean",
            cure="create it anew: CREATE DATABASE maninso ENCODING 'UTF8' TEMPLATE template0 LOCALE 'C.UTF-8'",
        )
    return facts


def read_facts(settings: Settings) -> DatabaseFacts:
    """Ask the database about itself; judges nothing."""
    with connect(settings) as connection:
        row = connection.execute(
            "SELECT current_setting('server_version_num')::int, current_setting('server_encoding'),"
            "       current_setting('synchronous_commit'), current_setting('fsync')::bool,"
            "       datctype NOT IN ('C', 'POSIX'), extract(epoch FROM clock_timestamp())::float8,"
            "       EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_trgm')"
            "  FROM pg_database WHERE datname = current_database()"
        ).fetchone()
        here = time.time()
        assert row is not None  # noqa: S101 - a connection is to a database
        version, encoding, commit, fsync, finds_hangul, there, has_trigrams = row
        if has_trigrams:
            shown = connection.execute("SELECT cardinality(show_trgm('가나')) > 0").fetchone()
            finds_hangul = bool(shown and shown[0])
        available = connection.execute("SELECT name FROM pg_available_extensions").fetchall()
    names = {name for (name,) in available}
    return DatabaseFacts(
        version=version,
        encoding=encoding,
        finds_hangul=finds_hangul,
        synchronous_commit=commit,
        fsync=fsync,
        extensions=tuple(name for name in EXTENSIONS if name in names),
        clock_ahead=there - here,
    )


def migrate(settings: Settings) -> list[str]:
    """Bring the database to this version and return the names of the migrations that were applied now.

    Of two that run at once, one waits for the other and then finds nothing to do.
    """
    start_django()
    from django.core.management import call_command

    with connect(settings) as guard:
        guard.execute("SELECT pg_advisory_lock(%s)", [_MIGRATION_LOCK])  # given back with the connection
        missing = missing_migrations()
        if missing:
            call_command("migrate", verbosity=0, interactive=False)
        if not missing_migrations():
            from maninso.petitions.discovery import prepare_vectors

            prepare_vectors()  # pgvector may have been installed since
    return missing


def missing_migrations() -> list[str]:
    """Return the migrations of this version that the database does not have yet, in order."""
    from django.db import connections
    from django.db.migrations.executor import MigrationExecutor

    if read_known_migrations() <= read_applied_migrations():
        return []  # as nearly always: then no migration has to be read, which would take longer than all else here
    executor = MigrationExecutor(connections["default"])
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def unknown_migrations() -> list[str]:
    """Return the migrations that the database has and this version does not know: a newer version made them."""
    known = read_known_migrations()
    labels = {label for label, _ in known}
    found = [(label, name) for label, name in read_applied_migrations() - known if label in labels]
    return [f"{label}.{name}" for label, name in sorted(found)]


def read_known_migrations() -> set[tuple[str, str]]:
    """Return the migrations that this version has, each as its application's label and its name; none is imported."""
    from django.apps import apps
    from django.db.migrations.loader import MigrationLoader

    known: set[tuple[str, str]] = set()
    for config in apps.get_app_configs():
        module, _ = MigrationLoader.migrations_module(config.label)
        spec = find_spec(module) if module else None
        if spec is not None and spec.submodule_search_locations is not None:
            names = (found.name for found in iter_modules(spec.submodule_search_locations) if not found.ispkg)
            known.update((config.label, name) for name in names if name[0] not in "_~")
    return known


def read_applied_migrations() -> set[tuple[str, str]]:
    """Return the migrations that the database has, as `read_known_migrations` does."""
    from django.db import connections
    from django.db.migrations.recorder import MigrationRecorder

    return set(MigrationRecorder(connections["default"]).applied_migrations())


@contextmanager
def open_site(settings: Settings) -> Iterator[Settings]:
    """Open the database as `open_unkept` does; an embedded one is kept up during the block (`keep_embedded`)."""
    with open_unkept(settings) as opened, keep_embedded(opened):
        yield opened


@contextmanager
def open_unkept(settings: Settings) -> Iterator[Settings]:
    """Open the database as `open_database` does, check it, and set Django up on it; starts no thread.

    It has to be at this version; the embedded one, which is nobody else's, is brought there. Raises DatabaseError.
    """
    with open_database(settings) as opened:
        check_database(opened)
        if opened.embedded:
            migrate(opened)
        require_current()
        yield opened


@contextmanager
def keep_embedded(settings: Settings) -> Iterator[None]:
    """Start the database that `open_unkept` gave again whenever it is gone during the block, if it is an embedded one.

    Side effect: a thread.
    """
    if not settings.embedded:
        yield
        return
    with keep_running(settings):
        yield


def require_current() -> None:
    """Raise DatabaseError unless the database is at this version of Maninso."""
    start_django()
    unknown = unknown_migrations()
    if unknown:
        raise DatabaseError(
            f"the database was changed by a newer version of Maninso ({', '.join(unknown)})",
            cure="install that version again, or restore the backup made before",
        )
    missing = missing_migrations()
    if missing:
        raise DatabaseError(
            f"the database is not at this version: {', '.join(missing)} missing",
            cure="make a backup, then run `maninso migrate`",
        )
