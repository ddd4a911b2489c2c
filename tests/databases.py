"""Databases of their own beside the one that a run's tests share, on its server."""

import os
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import psycopg

MIGRATED = "migrated"  # fixture `migrated_database`: this version's tables and no rows


def make_database(server: str, name: str, properties: str = "", *, template: str = "template0") -> str:
    """Make a database anew and return its address; each process of a parallel run has its own of that name.

    It is empty, or a copy of `template`.
    """
    return create_database(server, name_own(name), properties, template=template)


def create_database(server: str, name: str, properties: str = "", *, template: str = "template0") -> str:
    """Make the database of this very name anew and return its address."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} {properties}".encode())
    return urlsplit(server)._replace(path=f"/{name}").geturl()


def name_own(name: str) -> str:
    """Return the name of this process's own database of that name."""
    return name + os.environ.get("PYTEST_XDIST_WORKER", "")


def empty_by_deleting(connection: Any) -> None:
    """Have Django delete the rows that a test has committed, of the few tables that it used.

    Emptying all tables, as Django does, makes some hundred files anew, and takes longer than most of these tests. What
    refuses deletions here, for no row of a record is ever to go, is passed over where the account may have it so.
    """
    truncate = connection.ops.sql_flush

    def sql_flush(style: Any, tables: Iterable[str], **given: Any) -> list[str]:
        names = [connection.ops.quote_name(name) for name in tables]
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('is_superuser')")
            if cursor.fetchone() != ("on",) or given.get("reset_sequences"):
                return list(truncate(style, tables, **given))
            cursor.execute(" UNION ALL ".join(f"(SELECT {number} FROM {n} LIMIT 1)" for number, n in enumerate(names)))
            used = [names[number] for (number,) in cursor.fetchall()]
        return ["SET LOCAL session_replication_role = replica", *(f"DELETE FROM {name}" for name in used)]

    connection.ops.sql_flush = sql_flush
