"""Two web processes behind one port: whichever answers, a person is one person and a gate is one gate."""

import datetime as dt
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from tests.journeys.conftest import open_petition, ticket_of
from tests.live import Answer, LiveSite, find_free_port

from maninso.signing.gate import close_gate


@pytest.fixture
def pair(site: LiveSite, tmp_path: Path) -> Iterator[LiveSite]:
    """The same site's files and database, served by two web processes on another port."""
    (tmp_path / "keys").symlink_to(site.home / "keys")
    pair = LiveSite(tmp_path, site.database_url, find_free_port(), site.charter, web_processes=2)
    pair.start()
    try:
        yield pair
    finally:
        assert pair.stop() == 0


def sign(site: LiveSite, petition: int, person: str) -> Answer:
    ticket = f"Ticket {ticket_of(person)}"
    path = f"/petitions/{petition}/signatures"
    return site.ask("POST", path, b"{}", content_type="application/json", authorization=ticket)


def signing_connections(site: LiveSite) -> set[int]:
    """The database's backends that a signing process talks to."""
    with psycopg.connect(site.database_url) as connection:
        found = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
            "AND application_name = 'maninso-signing' AND query LIKE '%signing_take%'"
        )
        return {pid for (pid,) in found}


def test_both_take_signatures_and_nobody_is_counted_twice(site: LiveSite, pair: LiveSite) -> None:
    petition = open_petition(site)
    before = signing_connections(site)
    jobs = [f"person {number}" for number in range(60) for _ in range(4)]
    with ThreadPoolExecutor(24) as crowd:
        answers = list(crowd.map(lambda person: sign(pair, petition, person), jobs))
    assert {answer.status for answer in answers} == {200, 201}
    assert sum(answer.status == 201 for answer in answers) == 60
    assert len({answer.json()["leaf_hash"] for answer in answers}) == 60
    assert len(signing_connections(site) - before) == 2  # each has stored some
    pair.wait_for_count(petition, 60)


def test_a_closed_gate_is_closed_in_both(site: LiveSite, pair: LiveSite) -> None:
    petition = open_petition(site)
    assert {sign(pair, petition, f"early {number}").status for number in range(12)} == {201}
    with psycopg.connect(site.database_url) as connection, connection.cursor() as cursor:
        close_gate(cursor, petition_id=petition, closed_at=dt.datetime.now(dt.UTC))
    assert {sign(pair, petition, f"late {number}").status for number in range(12)} == {410}


def test_each_hears_what_the_others_sign(site: LiveSite, pair: LiveSite) -> None:
    """A rush in one makes way for who signs in the other (signing/neighbours.py)."""
    petition = open_petition(site)
    with psycopg.connect(site.database_url, autocommit=True) as connection:
        connection.execute("LISTEN signing_signed")
        answers = [sign(pair, petition, f"somebody {number}") for number in range(12)]
        assert {answer.status for answer in answers} == {201}
        told = [notice.payload for notice in connection.notifies(timeout=10, stop_after=1)]
    assert told[:1] == [str(petition)]
