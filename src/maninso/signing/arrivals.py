"""Requests on their way to be checked: while others sign too, a petition's rush is let in by small steps.

What is ready to be done stands in one row in a web process, whoever asked for it, and a rush of some hundred
connections would have that row always full. So its requests wait here instead, where nobody stands behind them, and
the loop is left free now and then. How full the row is shows in how late a step comes; the rest after it is the longer
for that. The server's threads, in which the others' requests arrive, need Python's lock to bring them here, which the
loop hardly ever lets go of: so each step ends with a moment in which they have it. A rush that is alone is let in as
fast as it can be checked.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from maninso.signing.intake import MOST_WAITING
from maninso.signing.turns import Turns

MOST_AT_ONCE = 32  # requests checked in one go
FEW_AT_ONCE = 4  # while others sign too
LEAST = 1_000  # requests a second that are let in then, for it may be readers who fill the row
REST_WHEN_LATE = 9.0  # a rest is so many times as long as the step before it came late,
SHORTEST_REST, LONGEST_REST = 0.001, 0.01  # in seconds; none where it would be shorter
WAY_GIVEN = 0.0001  # seconds in which other threads have Python's lock, after a small step

T = TypeVar("T")


class ArrivalsFull(Exception):
    """So many wait for the petition that no more are let in: the answer is 503, and nothing was stored."""


class Arrivals(Generic[T]):
    """The requests that a web process has not checked yet. Owned by its event loop.

    `check` is given those whose turn it is. `is_shared` says whether more than one petition is being signed.
    """

    def __init__(self, check: Callable[[Sequence[T]], None], *, is_shared: Callable[[], bool]) -> None:
        self._check = check
        self._is_shared = is_shared
        self._waiting: Turns[T] = Turns()
        self._passed: Counter[int] = Counter()  # requests of a petition that went past a rush since the last step
        self._stepped, self._due = 0.0, 0.0  # when the last step was, and when the next should come

    def put(self, petition_id: int, request: T) -> None:
        """Let a request be checked, now or soon. Raises ArrivalsFull.

        Those that arrive beside each other are checked in one go: the same few functions run far faster the second time
        in a row. A few for a petition of which none wait need not, while another one's do.
        """
        waiting = self._waiting
        count = waiting.count(petition_id)
        if not waiting:
            self._plan(time.monotonic(), 0.0)
        elif not count and self._passed[petition_id] < FEW_AT_ONCE:
            self._passed[petition_id] += 1
            self._check([request])
            return
        elif count >= MOST_WAITING:
            raise ArrivalsFull
        waiting.put(petition_id, request)

    def _step(self) -> None:
        now = time.monotonic()
        is_shared = self._is_shared()
        most, rest = MOST_AT_ONCE, 0.0
        if is_shared:
            most = min(max(FEW_AT_ONCE, int(LEAST * (now - self._stepped))), MOST_AT_ONCE)
            rest = min(REST_WHEN_LATE * max(0.0, now - self._due), LONGEST_REST)
        requests = self._waiting.take(most)
        self._passed.clear()
        if self._waiting:
            self._plan(now, rest if rest >= SHORTEST_REST else 0.0)
        self._check(requests)
        if is_shared and self._waiting:
            time.sleep(WAY_GIVEN)  # on the loop, which is what holds the lock

    def _plan(self, now: float, rest: float) -> None:
        loop = asyncio.get_running_loop()
        self._stepped, self._due = now, now + rest
        if rest:
            loop.call_later(rest, self._step)
        else:
            loop.call_soon(self._step)
