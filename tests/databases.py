"""Databases of their own beside the one that a run's tests share, on its server."""

import os
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
