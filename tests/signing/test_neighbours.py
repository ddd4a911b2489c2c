"""Web processes hear of one another what is being signed, so that a rush makes way wherever the others come."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import psycopg
import pytest
from tests.signing.conftest import Logs
from tests.signing.signer import Signer

from maninso.ledger.entries import render_sign
from maninso.signing import neighbours as module
from maninso.signing.intake import Intake
from maninso.signing.neighbours import TOLD_FOR, Neighbours

PATIENCE = 10.0  # seconds

Connect = Callable[[], Awaitable[psycopg.AsyncConnection]]


@pytest.fixture
def connect(database_url: str) -> Connect:
    async def connect() -> psycopg.AsyncConnection:
        return await psycopg.AsyncConnection.connect(database_url, autocommit=True)

    return connect


def sign(intake: Intake, petition: int) -> asyncio.Future[object]:
    return Signer(intake, petition, render_sign(1, 0, 0, os.urandom(16), os.urandom(32))).answer


async def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


@asynccontextmanager
async def two_processes(connect: Connect) -> AsyncIterator[tuple[Intake, Intake]]:
    """Intakes of two web processes that tell one another."""
    here, there = Intake(connect), Intake(connect)
    talks = [Neighbours(here, connect), Neighbours(there, connect)]
    for each in (here, there, *talks):
        await each.start()
    try:
        yield here, there
    finally:
        for each in (*talks, here, there):
            await each.stop()


def test_a_rush_hears_of_signatures_and_buttons_elsewhere(connect: Connect, logs: Logs) -> None:
    rush, other = logs.open(), logs.open()

    async def story() -> None:
        async with two_processes(connect) as (here, there):
            await sign(here, rush)
            await sign(there, rush)
            await asyncio.sleep(3 * module.TOLD_EVERY)
            assert not here.is_shared
            assert not there.is_shared  # one petition, whoever signs it
            there.expect(other)
            assert there.is_shared
            await wait_until(lambda: here.is_shared)

    asyncio.run(story())


def test_what_is_signed_is_told_of_before_its_batch_and_again_with_each(connect: Connect, logs: Logs) -> None:
    rush, other = logs.open(), logs.open()

    async def story() -> None:
        intake = Intake(connect)
        signers = [sign(intake, rush), sign(intake, other)]
        assert intake.take_signed() == {rush, other}
        await intake.start()
        await asyncio.gather(*signers)
        assert intake.take_signed() == {rush, other}
        await intake.stop()

    asyncio.run(story())


def test_a_rush_that_begins_later_has_heard_of_the_others(connect: Connect, logs: Logs) -> None:
    rush, other = logs.open(), logs.open()

    async def story() -> None:
        async with two_processes(connect) as (here, there):
            await sign(there, other)
            await wait_until(lambda: here._latest == other)
            assert not here.is_shared
            await sign(here, rush)
            assert here.is_shared

    asyncio.run(story())


def test_who_lost_the_database_listens_again(
    connect: Connect, logs: Logs, connection: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RETRY_AFTER", 0.05)
    rush, other = logs.open(), logs.open()
    backends: list[int] = []

    async def follow() -> psycopg.AsyncConnection:
        made = await connect()
        backends.append(made.info.backend_pid)
        return made

    async def story() -> None:
        intake = Intake(connect)
        talk = Neighbours(intake, follow)
        await intake.start()
        await talk.start()
        await sign(intake, rush)
        await wait_until(lambda: len(backends) == 1)
        connection.execute("SELECT pg_terminate_backend(%s)", backends)
        await wait_until(lambda: len(backends) == 2)
        await asyncio.sleep(module.TOLD_EVERY)  # until it listens
        connection.execute("SELECT pg_notify('signing_signed', %s)", [str(other)])
        await wait_until(lambda: intake.is_shared)
        await talk.stop()
        await intake.stop()

    asyncio.run(story())


def test_two_petitions_in_a_while_are_told_of_and_each_once() -> None:
    async def nowhere() -> psycopg.AsyncConnection:
        raise AssertionError

    talk = Neighbours(Intake(nowhere), nowhere)
    assert talk._choose({1}, now=0.0) == [1]
    assert talk._choose({1}, now=1.0) == []
    assert talk._choose({1, 2, 3}, now=2.0) in ([2], [3])
    assert talk._choose({4, 5}, now=3.0) == []
    assert talk._choose({1, 4}, now=TOLD_FOR) in ([1], [4])
    assert talk._choose({8, 9}, now=3 * TOLD_FOR) == [8, 9]


def test_no_more_than_two_petitions_are_kept_to_be_told_of(connect: Connect) -> None:
    async def story() -> None:
        intake = Intake(connect)
        for petition in range(1, 100):
            intake.expect(petition)
        assert intake.take_signed() == {1, 2}
        assert intake.take_signed() == set()

    asyncio.run(story())
