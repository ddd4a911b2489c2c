"""Logs for the signing tests: opened on the real database, cleared away afterwards."""

import datetime as dt
import itertools
import os
from collections.abc import Callable, Iterator, Sequence

import psycopg
import pytest

from maninso.identity.nullifier import commit_key, seal_key
from maninso.ledger.entries import Genesis, render_sign
from maninso.signing.gate import open_gate, prepare_gate
from maninso.signing.keys import LogKey, name_log

WRAPPING_KEY = b"w" * 32
PETITION_KEY = b"k" * 32
HOST = "petitions.example.org"
NOW = dt.datetime(2026, 11, 22, 9, tzinfo=dt.UTC)
_numbers = itertools.count(900_001)


class Logs:
    """Opens logs under new petition numbers."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self.connection = connection
        self.opened: list[int] = []

    def open(
        self,
        *,
        opened_at: dt.datetime | None = None,
        closes_at: dt.datetime | None = None,
        regions: Sequence[str] = ("", "KR-11", "KR-26"),
        thresholds: Sequence[tuple[str, str]] = (),
        min_assurance: int = 0,
        min_age: int = 0,
        region_needed: bool = False,
        grace: dt.timedelta = dt.timedelta(0),
    ) -> int:
        petition_id = self.prepare()
        opened_at = opened_at or dt.datetime.now(dt.UTC).replace(microsecond=0) - dt.timedelta(hours=1)
        origin = name_log(HOST, petition_id)
        genesis = Genesis(
            origin, "0" * 64, "1" * 64, int(opened_at.timestamp()), 600, tuple(regions), commit_key(PETITION_KEY).hex()
        )
        with self.connection.transaction(), self.connection.cursor() as cursor:
            open_gate(
                cursor,
                petition_id=petition_id,
                opened_at=opened_at,
                closes_at=closes_at or opened_at + dt.timedelta(days=30),
                wrapped_key=seal_key(WRAPPING_KEY, petition_id=petition_id, key=PETITION_KEY),
                bucket_seconds=600,
                regions=regions,
                min_assurance=min_assurance,
                min_age=min_age,
                region_needed=region_needed,
                registered_on=opened_at.date(),
                thresholds=thresholds,
                genesis=genesis.render(),
                grace=grace,
            )
        return petition_id

    def prepare(self) -> int:
        petition_id = next(_numbers)
        self.opened.append(petition_id)
        with self.connection.transaction(), self.connection.cursor() as cursor:
            prepare_gate(cursor, petition_id=petition_id, origin=name_log(HOST, petition_id))
        return petition_id

    def clear(self) -> None:
        with self.connection.transaction():
            for table in ("void", "tally", "bundle", "tile", "tree", "leaf", "head", "threshold", "gate"):
                self.connection.execute(
                    f"DELETE FROM signing_{table} WHERE petition_id = ANY (%s)".encode(), [self.opened]
                )


@pytest.fixture
def connection(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def logs(connection: psycopg.Connection) -> Iterator[Logs]:
    logs = Logs(connection)
    yield logs
    logs.clear()


@pytest.fixture
def log_key() -> LogKey:
    return LogKey(b"s" * 32)


@pytest.fixture
def made_up_entry() -> Callable[..., bytes]:
    def make(*, nullifier: bytes | None = None, region: int = 0, method: int = 1, bucket: int = 0) -> bytes:
        return render_sign(method, region, bucket, nullifier or os.urandom(16), os.urandom(32))

    return make
