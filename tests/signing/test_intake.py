"""Group commit: in turn, bounded, once a person, and nobody is answered before the commit."""

import asyncio
import datetime as dt
import os
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import pytest
from tests.signing.conftest import Logs
from tests.signing.signer import Signer

from maninso.ledger.entries import render_sign
from maninso.signing import intake as intake_module
from maninso.signing.gate import close_gate, pause_gate
from maninso.signing.intake import FEW, FEW_ANSWERS, MOST_ANSWERS, RUSH, Intake, IntakeFull, Outcome, Waiting

Run = Callable[..., None]


def nobody(_waiting: Waiting, _outcome: Outcome) -> None:
    """Hears, and does nothing."""


def entry(nullifier: bytes | None = None) -> bytes:
    return render_sign(1, 0, 0, nullifier or os.urandom(16), os.urandom(32))


@pytest.fixture
def run(database_url: str) -> Run:
    """Give an intake on the real database to a coroutine, and stop it afterwards."""

    def start(story: Callable[[Intake], Awaitable[None]], **bounds: int) -> None:
        async def connect() -> psycopg.AsyncConnection:
            return await psycopg.AsyncConnection.connect(database_url, autocommit=True)

        async def tell() -> None:
            intake = Intake(connect, **bounds)
            await intake.start()
            try:
                await story(intake)
            finally:
                await intake.stop()

        asyncio.run(tell())

    return start


def leaves(connection: psycopg.Connection, petition: int) -> int:
    row = connection.execute(
        "SELECT count(*), max(leaf_index), (SELECT size FROM signing_head WHERE petition_id = %(p)s) "
        "FROM signing_leaf WHERE petition_id = %(p)s",
        {"p": petition},
    ).fetchone()
    assert row is not None
    assert row[0] == row[1] + 1 == row[2]  # no gap, and the head knows
    return int(row[0]) - 1


def test_everybody_is_stored_once_and_answered_after_the_commit(
    run: Run, logs: Logs, connection: psycopg.Connection
) -> None:
    petition = logs.open()
    seen: list[int] = []

    async def story(intake: Intake) -> None:
        waiting = [Signer(intake, petition, entry()) for _ in range(1234)]
        assert await asyncio.gather(*[one.answer for one in waiting]) == [Outcome.STORED] * 1234
        seen.append(leaves(connection, petition))

    run(story)
    assert seen == [1234]


def test_the_next_batch_is_on_its_way_before_the_last_one_is_answered(run: Run, logs: Logs) -> None:
    petition = logs.open()
    left: list[int] = []  # in the queue, whenever somebody is answered

    async def story(intake: Intake) -> None:
        done = asyncio.get_running_loop().create_future()

        def hear(_waiting: Waiting, outcome: Outcome) -> None:
            assert outcome is Outcome.STORED
            left.append(intake._queues.count(petition))
            if len(left) == 3:
                done.set_result(None)

        for _ in range(3):
            intake.submit(Waiting(petition, hear).fill(entry(), b"evidence"))
        await done

    run(story, most_a_batch=1)
    assert left == [1, 0, 0]


@pytest.mark.parametrize(("others", "most"), [(0, MOST_ANSWERS), (1, FEW_ANSWERS)], ids=["alone", "shared"])
def test_a_batch_is_answered_by_steps_and_others_first(run: Run, logs: Logs, others: int, most: int) -> None:
    petition, other = logs.open(), logs.open()
    assert petition < other  # so that the batch has it last
    turn, heard, first = 0, Counter[int](), list[int]()

    async def story(intake: Intake) -> None:
        nonlocal turn

        def hear(waiting: Waiting, outcome: Outcome) -> None:
            assert outcome is Outcome.STORED
            heard[turn] += 1
            first.append(waiting.petition_id)

        assert not intake.is_shared
        for number in range(80):
            intake.submit(Waiting(other if number < others else petition, hear).fill(entry(), b"evidence"))
        assert intake.is_shared is bool(others)
        while sum(heard.values()) < 80:
            await asyncio.sleep(0)
            turn += 1

    run(story)
    assert max(heard.values()) == most
    assert len(heard) == -(-80 // most)
    assert first[0] == (other if others else petition)


def test_a_rush_lets_others_be_committed_alone_for_a_moment(
    run: Run, logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake_module, "PAUSE", 1.0)
    petition, other = logs.open(), logs.open()

    async def story(intake: Intake) -> None:
        loop = asyncio.get_running_loop()

        async def sign(*petitions: int) -> dict[int, float]:
            begun, heard, done = loop.time(), dict[int, float](), loop.create_future()

            def hear(waiting: Waiting, outcome: Outcome) -> None:
                assert outcome is Outcome.STORED
                heard[waiting.petition_id] = loop.time() - begun
                if not intake._people and not done.done():
                    done.set_result(None)

            for each in petitions:
                intake.submit(Waiting(each, hear).fill(entry(), b"evidence"))
            await done
            return heard

        await sign(*[petition] * (RUSH + 1))
        assert (await sign(petition))[petition] < 0.5  # alone, it never waits
        await sign(*[petition] * (RUSH + 1), other)
        waited = await sign(petition, other)
        assert waited[other] < 0.5 < waited[petition]

    run(story)


def test_who_is_about_to_sign_another_petition_counts_as_one_who_signs(run: Run, logs: Logs) -> None:
    petition = logs.open()

    async def story(intake: Intake) -> None:
        intake.expect(petition)
        intake.submit(Waiting(petition, nobody).fill(entry(), b"evidence"))
        intake.expect(petition)
        assert not intake.is_shared
        intake.expect(petition + 1)
        assert intake.is_shared

    run(story)


def test_who_was_about_to_sign_before_a_rush_began_counts_too(run: Run, logs: Logs) -> None:
    petition = logs.open()

    async def story(intake: Intake) -> None:
        intake.expect(petition + 1)
        assert not intake.is_shared  # nobody else signs
        intake.submit(Waiting(petition, nobody).fill(entry(), b"evidence"))
        assert intake.is_shared

    run(story)


def test_who_cannot_be_answered_holds_nobody_up(run: Run, logs: Logs, caplog: pytest.LogCaptureFixture) -> None:
    petition = logs.open()

    async def story(intake: Intake) -> None:
        done = asyncio.get_running_loop().create_future()

        def fail(_waiting: Waiting, _outcome: Outcome) -> None:
            raise RuntimeError("gone")

        twin, again = asyncio.Event(), entry()
        intake.submit(Waiting(petition, fail).fill(again, b"evidence"))
        intake.submit(Waiting(petition, lambda *_: twin.set()).fill(again, b"evidence"))
        intake.submit(Waiting(petition, fail).fill(entry(), b"evidence"))
        intake.submit(Waiting(petition, lambda *_: done.set_result(None)).fill(entry(), b"evidence"))
        async with asyncio.timeout(20):
            await twin.wait()
            await done

    run(story, most_a_batch=1)
    assert caplog.text.count("was not answered") == 2


def test_a_mistake_while_storing_ends_for_its_batch_alone(
    run: Run,
    logs: Logs,
    connection: psycopg.Connection,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    petition = logs.open()
    send, used = intake_module.send_batch, []

    async def stumble(over: psycopg.AsyncConnection, *given: Any, **more: Any) -> Any:
        used.append(over)
        if len(used) == 2:
            raise RuntimeError("File descriptor is used by transport")
        return await send(over, *given, **more)

    monkeypatch.setattr(intake_module, "send_batch", stumble)

    async def story(intake: Intake) -> None:
        async with asyncio.timeout(20):
            outcomes = [await Signer(intake, petition, entry()).answer for _ in range(3)]
        assert outcomes == [Outcome.STORED, Outcome.UNKNOWN, Outcome.STORED]

    run(story)
    assert leaves(connection, petition) == 2
    assert (used[0] is used[1], used[1] is used[2], used[1].closed) == (True, False, True)
    assert "could not be stored" in caplog.text


def test_the_log_does_not_tell_who_of_a_batch_came_first(run: Run, logs: Logs, connection: psycopg.Connection) -> None:
    petition = logs.open()

    async def story(intake: Intake) -> None:
        signers = [Signer(intake, petition, entry()) for _ in range(60)]
        await asyncio.gather(*[one.answer for one in signers])
        assert intake.batches == 1

    run(story)
    rows = connection.execute(
        "SELECT nullifier FROM signing_leaf WHERE petition_id = %s AND leaf_index > 0 ORDER BY leaf_index", [petition]
    ).fetchall()
    assert rows == sorted(rows)


def test_one_person_many_times_at_once_is_one(run: Run, logs: Logs, connection: psycopg.Connection) -> None:
    petition, other = logs.open(), logs.open()
    person = os.urandom(16)

    async def story(intake: Intake) -> None:
        many = [Signer(intake, petition, entry(person)) for _ in range(20)]
        elsewhere = Signer(intake, other, entry(person))
        outcomes = await asyncio.gather(*[one.answer for one in many])
        assert outcomes.count(Outcome.STORED) == 1
        assert outcomes.count(Outcome.EARLIER) == 19
        assert len({one.waiting.entry for one in many}) == 1
        assert await elsewhere.answer is Outcome.STORED
        later = Signer(intake, petition, entry(person))
        assert await later.answer is Outcome.EARLIER
        assert later.waiting.entry == many[0].waiting.entry

    run(story)
    assert (leaves(connection, petition), leaves(connection, other)) == (1, 1)


@pytest.mark.parametrize("change", ["close", "pause"])
def test_a_gate_that_closed_takes_nothing(run: Run, logs: Logs, connection: psycopg.Connection, change: str) -> None:
    petition, other = logs.open(), logs.open()
    with connection.transaction(), connection.cursor() as cursor:
        if change == "close":
            close_gate(cursor, petition_id=petition, closed_at=dt.datetime.now(dt.UTC))
        else:
            pause_gate(cursor, petition_id=petition)
    before = leaves(connection, petition)

    async def story(intake: Intake) -> None:
        refused, stored = Signer(intake, petition, entry()), Signer(intake, other, entry())
        assert await refused.answer is Outcome.REFUSED
        assert await stored.answer is Outcome.STORED

    run(story)
    assert (leaves(connection, petition), leaves(connection, other)) == (before, 1)


def test_a_rush_keeps_no_other_petition_waiting() -> None:
    async def story() -> None:
        intake = Intake(never, most_a_batch=500)
        for _ in range(4000):
            intake.submit(Waiting(1, nobody).fill(entry(), b""))
        for petition in range(2, 12):
            intake.submit(Waiting(petition, nobody).fill(entry(), b""))
        batch = intake._queues.take(intake._most_a_batch)
        assert len(batch) == 500
        assert {waiting.petition_id for waiting in batch} == set(range(1, 12))
        assert {waiting.petition_id for waiting in intake._queues.take(500)} == {1}

    asyncio.run(story())


def test_a_few_of_another_petition_go_aside_of_a_batch_that_waits(
    run: Run, logs: Logs, connection: psycopg.Connection, database_url: str
) -> None:
    rushed, quiet = logs.open(), logs.open()

    async def story(intake: Intake) -> None:
        async with await psycopg.AsyncConnection.connect(database_url) as holder:
            await holder.execute("SELECT FROM signing_head WHERE petition_id = %s FOR UPDATE", [rushed])
            rush = [Signer(intake, rushed, entry()) for _ in range(20)]
            await asyncio.sleep(0)  # the first connection takes them, and will wait
            aside = [Signer(intake, quiet, entry()) for _ in range(FEW)]
            assert await asyncio.gather(*[one.answer for one in aside]) == [Outcome.STORED] * FEW
            again = Signer(intake, quiet, entry())
            assert await again.answer is Outcome.STORED
            late = Signer(intake, rushed, entry())  # waits for its own petition's batch
            crowd = [Signer(intake, quiet, entry()) for _ in range(FEW + 1)]  # is a rush of its own
            await asyncio.sleep(0.05)
            assert [one.answer.done() for one in (*rush, late, *crowd)] == [False] * (20 + 1 + FEW + 1)
        assert set(await asyncio.gather(*[one.answer for one in (*rush, late, *crowd)])) == {Outcome.STORED}

    run(story)
    assert (leaves(connection, rushed), leaves(connection, quiet)) == (21, 2 * FEW + 2)


def test_what_comes_for_a_petition_that_is_aside_waits_for_it_alone(
    run: Run, logs: Logs, connection: psycopg.Connection, database_url: str
) -> None:
    rushed, quiet = logs.open(), logs.open()

    async def story(intake: Intake) -> None:
        async with await psycopg.AsyncConnection.connect(database_url) as holder:
            await holder.execute("SELECT FROM signing_head WHERE petition_id = %s FOR UPDATE", [quiet])
            rush = [Signer(intake, rushed, entry())]
            await asyncio.sleep(0)
            aside = Signer(intake, quiet, entry())
            await rush[0].answer
            more = Signer(intake, quiet, entry())
            rush.append(Signer(intake, rushed, entry()))
            assert await rush[1].answer is Outcome.STORED  # beside those who wait for the held petition
            assert [aside.answer.done(), more.answer.done()] == [False, False]
        assert await asyncio.gather(aside.answer, more.answer) == [Outcome.STORED] * 2

    run(story)
    assert (leaves(connection, rushed), leaves(connection, quiet)) == (2, 2)


def test_a_full_queue_refuses_its_own_petition_only() -> None:
    async def story() -> None:
        intake = Intake(never, most_waiting=10)
        for _ in range(10):
            intake.submit(Waiting(1, nobody).fill(entry(), b""))
        with pytest.raises(IntakeFull):
            intake.submit(Waiting(1, nobody).fill(entry(), b""))
        intake.submit(Waiting(2, nobody).fill(entry(), b""))  # another petition's queue has room

    asyncio.run(story())


def test_stopping_commits_what_waits_and_takes_nothing_more(
    database_url: str, logs: Logs, connection: psycopg.Connection
) -> None:
    petition = logs.open()

    async def connect() -> psycopg.AsyncConnection:
        return await psycopg.AsyncConnection.connect(database_url, autocommit=True)

    async def story() -> None:
        intake = Intake(connect)
        await intake.start()
        waiting = [Signer(intake, petition, entry()) for _ in range(700)]
        await intake.stop()
        assert [one.answer.result() for one in waiting] == [Outcome.STORED] * 700
        with pytest.raises(IntakeFull):
            intake.submit(Waiting(petition, nobody).fill(entry(), b"e"))

    asyncio.run(story())
    assert leaves(connection, petition) == 700


async def never() -> psycopg.AsyncConnection:
    raise AssertionError("this intake is not started")


def test_who_gave_up_waiting_is_stored_all_the_same(run: Run, logs: Logs, connection: psycopg.Connection) -> None:
    petition = logs.open()

    async def story(intake: Intake) -> None:
        gone, here = Signer(intake, petition, entry()), Signer(intake, petition, entry())
        gone.answer.cancel()
        assert await here.answer is Outcome.STORED

    run(story)
    assert leaves(connection, petition) == 2
