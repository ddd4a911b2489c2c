"""Rate limits: by network and by person, within a minute, over all web processes."""

import asyncio
import ipaddress

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


def test_a_network_over_its_rate_is_refused_and_others_are_not() -> None:
    limits = limiter()
    assert [limits.admit_network("192.0.2.1", now=NOW) for _ in range(4)] == [True, True, True, False]
    assert limits.admit_network("192.0.2.2", now=NOW) is True


def test_counts_begin_anew_with_the_minute() -> None:
    limits = limiter()
    for _ in range(9):
        limits.admit_network("192.0.2.1", now=NOW)
        limits.admit_person(b"p", now=NOW)
    later = NOW + limits.seconds_left(now=NOW)
    assert limits.admit_network("192.0.2.1", now=later - 1) is False
    assert limits.admit_network("192.0.2.1", now=later) is True
    assert limits.admit_person(b"p", now=later) is True


def test_a_person_over_their_rate_is_refused() -> None:
    limits = limiter()
    assert [limits.admit_person(b"p", now=NOW) for _ in range(3)] == [True, True, False]
    assert limits.admit_person(b"q", now=NOW) is True


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
                ours.admit_network("192.0.2.1", now=NOW)
                theirs.admit_network("192.0.2.1", now=NOW)
            theirs.admit_network("192.0.2.9", now=NOW)  # too quiet to be worth telling
            for _ in range(2):  # what was told once is not told twice
                await share_once(ours, shared, now=NOW)
                await share_once(theirs, shared, now=NOW)
            await share_once(ours, shared, now=NOW)

    connection.execute("DELETE FROM signing_rate")
    asyncio.run(share())
    assert ours.admit_network("192.0.2.1", now=NOW) is False
    assert theirs.admit_network("192.0.2.1", now=NOW) is False
    assert ours.admit_network("192.0.2.2", now=NOW) is True
    rows = connection.execute("SELECT requests, network FROM signing_rate").fetchall()
    assert [(requests, len(network), b"192.0.2" in network) for requests, network in rows] == [(120, 16, False)]


def test_rows_of_earlier_minutes_are_dropped(database_url: str, connection: psycopg.Connection) -> None:
    connection.execute("DELETE FROM signing_rate")

    async def share() -> None:
        async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as shared:
            for now in (NOW, NOW + 60):
                limits = limiter()
                limits.admit_network("192.0.2.1", now=now)
                await share_once(limits, shared, now=now)

    asyncio.run(share())
    rows = connection.execute("SELECT time_window FROM signing_rate").fetchall()
    assert rows == [(int(NOW + 60) // 60,)]


def test_a_count_is_positive(connection: psycopg.Connection) -> None:
    with pytest.raises(psycopg.IntegrityError) as caught:
        connection.execute("INSERT INTO signing_rate VALUES (1, 'n', 0)")
    assert caught.value.diag.constraint_name == "signing_rate_requests"
