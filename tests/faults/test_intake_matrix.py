"""Intake: every statement it sends, lost, or carried out but its answer lost; the process lives on, or is killed.

How many statements there are is found by a run without a fault, so the matrix stays whole when the code changes.
"""

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
from tests.faults.conftest import Judge
from tests.faults.oracle import Held
from tests.faults.proxy import Fault, Proxy
from tests.signing.conftest import Logs
from tests.signing.signer import Signer

from maninso.ledger.entries import render_sign
from maninso.ledger.merkle import hash_leaf
from maninso.signing import intake as intake_module
from maninso.signing.gate import pause_gate
from maninso.signing.intake import Intake, Outcome

Person = tuple[int, bytes]  # petition, nullifier


class Killed(BaseException):
    """The process is gone: nothing after this moment runs."""


@dataclass
class Crowd:
    """Two waves of people; some of the second sign again, some at a petition that is paused."""

    open_one: int
    open_two: int
    paused: int
    aside: bool = False  # whether those of one petition come while a batch of the others is under way
    told: dict[Person, list[Outcome]] = field(default_factory=dict)
    held: dict[int, Held] = field(default_factory=dict)

    def __post_init__(self) -> None:
        first = [(self.open_one, os.urandom(16)) for _ in range(20)]
        second = [(self.open_two, os.urandom(16)) for _ in range(intake_module.FEW if self.aside else 10)]
        late = [(self.open_one, os.urandom(16)) for _ in range(10)]
        self.waves = [first + second + [(self.paused, os.urandom(16))], late + first[:5]]
        self.held = {petition: Held() for petition in (self.open_one, self.open_two, self.paused)}

    async def sign(self, intake: Intake, people: list[Person]) -> None:
        """Submit one signature each, with new evidence, and note what each is told."""
        waiting = [submit(intake, person) for person in people if not self.aside or person[0] != self.open_two]
        await asyncio.sleep(0)  # the first connection takes what is there
        waiting += [submit(intake, person) for person in people if self.aside and person[0] == self.open_two]
        done = asyncio.gather(*[one.answer for one in waiting])
        ending: list[asyncio.Future[Any]] = [done, *intake._tasks]
        await asyncio.wait(ending, return_when=asyncio.FIRST_COMPLETED)
        for task in intake._tasks:
            if task.done():
                done.cancel()
                raise Killed from task.exception()
        for one in waiting:
            person = one.waiting.person
            outcome = one.answer.result()
            self.told.setdefault(person, []).append(outcome)
            if outcome in (Outcome.STORED, Outcome.EARLIER):
                self.held[person[0]].acknowledged.add(hash_leaf(one.waiting.entry))


def submit(intake: Intake, person: Person) -> Signer:
    evidence = os.urandom(16)
    return Signer(intake, person[0], render_sign(1, 0, 0, person[1], os.urandom(32)), evidence)


async def run_intake(url: str, crowd: Crowd, *, dies: bool) -> None:
    """Take both waves. Where the process dies, it does so when its connection is lost; a new one serves who waited."""
    connections = 0

    async def connect() -> psycopg.AsyncConnection:
        nonlocal connections
        connections += 1
        if dies and connections == 2:
            raise Killed
        return await psycopg.AsyncConnection.connect(url, autocommit=True)

    intake = Intake(connect)
    await intake.start()
    for wave in crowd.waves:
        try:
            await crowd.sign(intake, wave)
        except Killed:
            intake = Intake(connect)
            await intake.start()
            await crowd.sign(intake, wave)
    await intake.stop()


@pytest.fixture
def make_crowd(logs: Logs) -> Callable[..., Crowd]:
    def make(*, aside: bool = False) -> Crowd:
        crowd = Crowd(logs.open(), logs.open(), logs.open(), aside)
        with logs.connection.transaction(), logs.connection.cursor() as cursor:
            pause_gate(cursor, petition_id=crowd.paused)
        return crowd

    return make


def judge_crowd(crowd: Crowd, judge: Judge) -> None:
    """Everybody was told something, and exactly those who were told so are in the logs."""
    for petition, held in crowd.held.items():
        assert judge(petition, held) == 1 + len(held.acknowledged)
    second = intake_module.FEW if crowd.aside else 10
    assert [len(held.acknowledged) for held in crowd.held.values()] == [30, second, 0]


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.PERSISTED, Fault.TORN])
@pytest.mark.parametrize("dies", [False, True], ids=["process lives on", "process dies"])
def test_whichever_statement_fails_everybody_signs_once(
    proxy: Proxy,
    judge: Judge,
    make_crowd: Callable[..., Crowd],
    monkeypatch: pytest.MonkeyPatch,
    fault: Fault,
    dies: bool,
) -> None:
    monkeypatch.setattr(intake_module, "RETRY_AFTER", 0.01)
    clean = make_crowd()
    asyncio.run(run_intake(proxy.url, clean, dies=False))
    judge_crowd(clean, judge)
    steps = list(proxy.statements)
    assert len(steps) >= 3, steps  # connect, and one statement for each wave
    for number, step in enumerate(steps, 1):
        print(f"{fault.value} at statement {number} of {len(steps)}: {step}")
        crowd = make_crowd()
        proxy.fail(number, fault)
        asyncio.run(run_intake(proxy.url, crowd, dies=dies))
        assert len(proxy.statements) > len(steps), "the fault did not come"
        judge_crowd(crowd, judge)
        if not dies:  # a process that lives on tells people the same as if nothing had happened
            assert list(crowd.told.values()) == list(clean.told.values())


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.PERSISTED, Fault.TORN])
def test_whichever_statement_fails_those_aside_sign_once_too(
    proxy: Proxy, judge: Judge, make_crowd: Callable[..., Crowd], monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    monkeypatch.setattr(intake_module, "RETRY_AFTER", 0.01)
    clean = make_crowd(aside=True)
    asyncio.run(run_intake(proxy.url, clean, dies=False))
    judge_crowd(clean, judge)
    steps = len(proxy.statements)
    assert steps >= 5, proxy.statements  # both connect, and each has a statement; another for the second wave
    for number in range(1, steps + 1):
        crowd = make_crowd(aside=True)
        proxy.fail(number, fault)
        asyncio.run(run_intake(proxy.url, crowd, dies=False))
        assert len(proxy.statements) > steps, "the fault did not come"
        judge_crowd(crowd, judge)
        assert sorted(map(str, crowd.told.values())) == sorted(map(str, clean.told.values()))


def test_where_the_database_says_nothing_signers_are_told_in_time(
    proxy: Proxy, judge: Judge, make_crowd: Callable[..., Crowd], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network that swallows packets breaks no connection; the wait for an answer ends all the same."""
    monkeypatch.setattr(intake_module, "GIVE_UP_AFTER", 0.3)
    crowd = make_crowd()
    asyncio.run(run_intake(proxy.url, crowd, dies=False))
    for number in (1, len(proxy.statements)):  # connecting, and a batch
        crowd = make_crowd()
        proxy.fail(number, Fault.SILENT)

        async def sign_until_told(crowd: Crowd = crowd) -> None:
            intake = Intake(lambda: psycopg.AsyncConnection.connect(proxy.url, autocommit=True))
            await intake.start()
            for wave in crowd.waves:
                async with asyncio.timeout(8):
                    await crowd.sign(intake, wave)
            assert [Outcome.UNKNOWN] in crowd.told.values() or [Outcome.STORED, Outcome.UNKNOWN] in crowd.told.values()
            for wave in crowd.waves:  # those who were told 503 try again, and so may all others
                await crowd.sign(intake, wave)
            await intake.stop()

        asyncio.run(sign_until_told())
        judge_crowd(crowd, judge)
