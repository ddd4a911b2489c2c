"""How far a petition's public count is behind the signatures that were acknowledged, while people sign."""

import asyncio
import json
import time
from collections import deque
from collections.abc import Callable
from http import HTTPStatus

from maninso.run.asking import NO_ANSWER, Connection, ask, close

NOTED_EVERY = 0.05  # seconds
ASKED_EVERY = 0.25  # seconds


class CountWatch:
    """Asks for the count again and again, around all caches; `longest` is the most that it was behind, in seconds.

    `before` is the count when the first of them signed, `acknowledged` returns how many were answered so far. Where
    others sign meanwhile, it is found to be less behind than it is.
    """

    def __init__(self, host: str, port: int, petition_id: int, *, before: int, acknowledged: Callable[[], int]) -> None:
        self._host, self._port = host, port
        self._petition_id = petition_id
        self._before = before
        self._acknowledged = acknowledged
        self._steps: deque[tuple[float, int]] = deque()  # since when there may have been more than before, and how many
        self._noted = (0.0, 0)  # when they were counted last, and how many they were
        self.longest = 0.0

    async def run(self) -> None:
        """Watch until this is cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_noting())
            group.create_task(self._keep_asking())

    def note(self, now: float, number: int) -> None:
        """Note that so many were acknowledged by now; the last of them at the earliest when this was noted last."""
        since, known = self._noted
        if number > known:
            self._steps.append((since or now, number))
        self._noted = (now, number)

    def compare(self, now: float, count: int) -> float:
        """Return how many seconds the count that is known now is behind at most."""
        while self._steps and self._steps[0][1] <= count - self._before:
            self._steps.popleft()
        behind = now - self._steps[0][0] if self._steps else 0.0
        self.longest = max(self.longest, behind)
        return behind

    async def _keep_noting(self) -> None:
        while True:
            self.note(time.monotonic(), self._acknowledged())
            await asyncio.sleep(NOTED_EVERY)

    async def _keep_asking(self) -> None:
        connection: Connection | None = None
        try:
            while True:
                await asyncio.sleep(ASKED_EVERY)
                try:
                    if connection is None:
                        connection = await asyncio.open_connection(self._host, self._port)
                    answer = await ask(connection, self._render())
                except NO_ANSWER:  # the site is away: whoever signs finds out, and so does the next comparison
                    close(connection)
                    connection = None
                    continue
                if answer.status == HTTPStatus.OK:
                    self.compare(time.monotonic(), int(json.loads(answer.body)["signature_count"]))
        finally:
            close(connection)

    def _render(self) -> bytes:
        return (
            f"GET /petitions/{self._petition_id}/count.json?at={time.time_ns()} HTTP/1.1\r\n"
            f"Host: {self._host}:{self._port}\r\n\r\n"
        ).encode()
