"""Rate limits: by network and by person, within a minute, over all web processes."""

import asyncio
import ipaddress
import os

import psycopg
import pytest

from maninso.signing.limits import Limiter, Limits, Network, share_once

KEY = b"k" * 32
NOW = 1_700_000_040.0


def networks(*texts: str) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(text) for text in texts)


def limiter(
    *, network: int = 3, person: int = 2, exempt: tuple[Network, ...] = (), proxies: tuple[Network, ...] = ()
) -> Limiter:
    return Limiter(Limits(network=network, person=person, exempt=exempt, proxies=proxies), key=KEY)


def is_network_within(limits: Limiter, network: str, *, now: float) -> bool:
    """Whether another person may sign from there."""
    return limits.find_excess(network, None, os.urandom(32), now=now) is None


def test_a_network_over_its_rate_is_refused_and_others_are_not() -> None:
    limits = limiter()
    found = [limits.find_excess("192.0.2.1", None, bytes([person]) * 32, now=NOW) for person in range(4)]
    assert found == [None, None, None, "network"]
    assert limits.find_excess("192.0.2.2", None, bytes(32), now=NOW) is None


def test_counts_begin_anew_with_the_minute() -> None:
    limits = limiter(network=9)
    for _ in range(9):
        limits.find_excess("192.0.2.1", None, b"p" * 32, now=NOW)
    later = NOW + limits.seconds_left(now=NOW)
    assert limits.find_excess("192.0.2.2", None, b"p" * 32, now=later - 0.001) == "person"
    assert limits.find_excess("192.0.2.1", None, b"q" * 32, now=later - 0.001) == "network"
    assert limits.find_excess("192.0.2.1", None, b"p" * 32, now=later) is None
    assert limits.find_excess("192.0.2.1", None, b"p" * 32, now=NOW) is None  # also where the clock is put back


def test_a_person_over_their_rate_is_refused_wherever_they_ask_from() -> None:
    limits = limiter()
    places = ("192.0.2.1", "192.0.2.2", "192.0.2.3")
    assert [limits.find_excess(place, None, b"p" * 32, now=NOW) for place in places] == [None, None, "person"]
    assert limits.find_excess("192.0.2.1", None, b"q" * 32, now=NOW) is None


def test_an_exempt_network_is_not_counted_nor_who_signs_there() -> None:
    limits = limiter(exempt=networks("127.0.0.0/8"))
    assert {limits.find_excess("127.0.0.1", None, b"p" * 32, now=NOW) for _ in range(9)} == {None}
    assert limits.find_excess("192.0.2.1", None, b"p" * 32, now=NOW) is None


@pytest.mark.parametrize(
    ("peer", "forwarded", "named"),
    [
        ("192.0.2.1", None, "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", None, "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", None, "192.0.2.1"),
        ("127.0.0.1", None, ""),
        ("192.0.2.1", "198.51.100.7", "192.0.2.1"),  # no proxy of ours: its word is nothing
        ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "203.0.113.9, 198.51.100.7", "198.51.100.7"),  # the client cannot name another address
        ("10.0.0.1", "198.51.100.7, 10.0.0.2", "198.51.100.7"),
        ("10.0.0.1", "nonsense", "10.0.0.1"),
        ("10.0.0.1", "2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("unix", None, "unix"),
    ],
)
def test_which_network_a_request_came_from(peer: str, forwarded: str | None, named: str) -> None:
    limits = limiter(exempt=networks("127.0.0.0/8"), proxies=networks("10.0.0.0/8"))
    for _ in range(2):  # the second time from memory
        assert limits.name_network(peer, forwarded) == named


def test_processes_tell_one_another_about_busy_networks(database_url: str, connection: psycopg.Connection) -> None:
    ours, theirs = limiter(network=100), limiter(network=100)

    async def share() -> None:
        async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as shared:
            for _ in range(60):
                is_network_within(ours, "192.0.2.1", now=NOW)
                is_network_within(theirs, "192.0.2.1", now=NOW)
            is_network_within(theirs, "192.0.2.9", now=NOW)  # too quiet to be worth telling
            for _ in range(2):  # what was told once is not told twice
                await share_once(ours, shared, now=NOW)
                await share_once(theirs, shared, now=NOW)
            await share_once(ours, shared, now=NOW)

    connection.execute("DELETE FROM signing_rate")
    asyncio.run(share())
    assert not is_network_within(ours, "192.0.2.1", now=NOW)
    assert not is_network_within(theirs, "192.0.2.1", now=NOW)
    assert is_network_within(ours, "192.0.2.2", now=NOW)
    rows = connection.execute("SELECT requests, network FROM signing_rate").fetchall()
    assert [(requests, len(network), b"192.0.2" in network) for requests, network in rows] == [(120, 16, False)]


def test_rows_of_earlier_minutes_are_dropped(database_url: str, connection: psycopg.Connection) -> None:
    connection.execute("DELETE FROM signing_rate")

    async def share() -> None:
        async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as shared:
            for now in (NOW, NOW + 60):
                limits = limiter()
                is_network_within(limits, "192.0.2.1", now=now)
                await share_once(limits, shared, now=now)

    asyncio.run(share())
    rows = connection.execute("SELECT time_window FROM signing_rate").fetchall()
    assert rows == [(int(NOW + 60) // 60,)]


def test_a_count_is_positive(connection: psycopg.Connection) -> None:
    with pytest.raises(psycopg.IntegrityError) as caught:
        connection.execute("INSERT INTO signing_rate VALUES (1, 'n', 0)")
    assert caught.value.diag.constraint_name == "signing_rate_requests"
