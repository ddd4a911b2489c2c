"""How requests are let in: a rush by small steps while others sign too, and nobody else behind it."""

import asyncio
import time
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from maninso.signing import arrivals
from maninso.signing.app import Request, SigningApp
from maninso.signing.arrivals import (
    FEW_AT_ONCE,
    LEAST,
    LONGEST_REST,
    MOST_AT_ONCE,
    WAY_GIVEN,
    Arrivals,
    ArrivalsFull,
)
from maninso.signing.problems import Refusal

RUSH, QUIET = 1, 2


class Watched:
    """Arrivals whose steps are written down: when each was, and what it let in."""

    def __init__(self, *, is_shared: bool) -> None:
        self.steps: list[tuple[float, list[int]]] = []
        self.arrivals: Arrivals[int] = Arrivals(self.check, is_shared=lambda: is_shared)

    def check(self, requests: Sequence[int]) -> None:
        self.steps.append((time.monotonic(), list(requests)))

    @property
    def sizes(self) -> list[int]:
        return [len(requests) for _, requests in self.steps]

    def arrive(self, number: int, petition_id: int = RUSH) -> None:
        for _ in range(number):
            self.arrivals.put(petition_id, petition_id)


def test_a_rush_that_is_alone_is_let_in_turn_by_turn_of_the_loop() -> None:
    async def story() -> None:
        watched = Watched(is_shared=False)
        watched.arrive(2 * MOST_AT_ONCE + 5)
        assert watched.sizes == []
        for _ in range(3):
            await asyncio.sleep(0)
        assert watched.sizes == [MOST_AT_ONCE, MOST_AT_ONCE, 5]

    asyncio.run(story())


def test_while_others_sign_too_its_steps_are_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "LEAST", 0)  # however long a step takes

    async def story() -> None:
        watched = Watched(is_shared=True)
        watched.arrive(3 * FEW_AT_ONCE)
        while sum(watched.sizes) < 3 * FEW_AT_ONCE:
            await asyncio.sleep(0)
        assert watched.sizes == [FEW_AT_ONCE] * 3

    asyncio.run(story())


def test_the_later_a_step_comes_the_longer_is_the_rest_after_it() -> None:
    async def story() -> None:
        watched = Watched(is_shared=True)
        watched.arrive(3 * MOST_AT_ONCE)
        time.sleep(0.02)  # something else that the loop has to do
        await asyncio.sleep(0)
        assert len(watched.steps) == 1
        while len(watched.steps) < 2:
            await asyncio.sleep(0.001)
        assert watched.steps[1][0] - watched.steps[0][0] > 0.9 * LONGEST_REST

    asyncio.run(story())


def test_where_it_is_others_who_keep_the_loop_busy_as_many_are_let_in_as_is_due() -> None:
    async def story() -> None:
        watched = Watched(is_shared=True)
        watched.arrive(10 * MOST_AT_ONCE)
        time.sleep(20 / LEAST)
        await asyncio.sleep(0)
        assert 20 <= watched.sizes[0] <= MOST_AT_ONCE
        time.sleep(1.0)
        while len(watched.steps) < 2:
            await asyncio.sleep(0)
        assert watched.sizes[1] == MOST_AT_ONCE

    asyncio.run(story())


def test_who_comes_for_another_petition_is_checked_at_once() -> None:
    async def story() -> None:
        watched = Watched(is_shared=True)
        watched.arrive(100)
        watched.arrive(FEW_AT_ONCE, QUIET)
        assert [requests for _, requests in watched.steps] == [[QUIET]] * FEW_AT_ONCE
        watched.arrive(5, QUIET)  # more at a time are a rush of their own, and take turns
        assert len(watched.steps) == FEW_AT_ONCE
        await asyncio.sleep(0)
        assert {RUSH, QUIET} == set(watched.steps[-1][1])
        watched.steps.clear()
        watched.arrive(1, 3)
        assert watched.sizes == [1]

    asyncio.run(story())


@pytest.mark.parametrize(("is_shared", "times"), [(True, 2), (False, 0)], ids=["shared", "alone"])
def test_other_threads_have_the_lock_between_small_steps(
    monkeypatch: pytest.MonkeyPatch, is_shared: bool, times: int
) -> None:
    monkeypatch.setattr(arrivals, "LEAST", 0)
    given: list[float] = []
    monkeypatch.setattr(time, "sleep", given.append)

    async def story() -> None:
        watched = Watched(is_shared=is_shared)
        number = 3 * (FEW_AT_ONCE if is_shared else MOST_AT_ONCE)
        watched.arrive(number)
        while sum(watched.sizes) < number:
            await asyncio.sleep(0)

    asyncio.run(story())
    assert given == [WAY_GIVEN] * times  # nobody stands behind the last one


def test_a_petition_for_which_too_many_wait_takes_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "MOST_WAITING", 10)

    async def story() -> None:
        watched = Watched(is_shared=True)
        watched.arrive(10)
        with pytest.raises(ArrivalsFull):
            watched.arrive(1)
        watched.arrive(1, QUIET)
        assert watched.sizes == [1]

    asyncio.run(story())


def test_who_is_too_many_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "MOST_WAITING", 1)

    async def story() -> None:
        nobody: Any = SimpleNamespace(is_shared=True)
        app = SigningApp(
            gates=nobody,
            intake=nobody,
            limiter=nobody,
            ticket_keys=[],
            withdraw_key=b"",
            host="here",
            rehearsal=False,
            pages={},
        )
        scope: Any = SimpleNamespace(headers={}, client="")
        first, second = (Request(RUSH, None, scope, nobody, lambda *_: None) for _ in range(2))
        waits = app._arrive(first)
        assert await app._arrive(second) is Refusal.BUSY
        assert not waits.done()

    asyncio.run(story())
