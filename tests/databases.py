"""Databases of their own beside the one that a run's tests share, on its server."""

import os
from urllib.parse import urlsplit

import psycopg


def make_database(server: str, name: str, properties: str = "") -> str:
    """Make an empty database anew and return its address; each process of a parallel run has its own of that name."""
    name += os.environ.get("PYTEST_XDIST_WORKER", "")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 {properties}".encode())
    return urlsplit(server)._replace(path=f"/{name}").geturl()
