"""What the web processes of a site, on one machine or several, tell one another: which petitions are being signed.

A rush makes way for others that sign (intake.py, arrivals.py), and these may have come to another process: the page
with the button was, say, and the signature is not. So each process tells of the petitions that are signed in it, or
about to be, by the database's NOTIFY: of two in a while at most, for whoever hears of two hears of one that is not the
rush. What is told is advice, and nothing is lost where it does not come.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

import psycopg

from maninso.signing.intake import ENOUGH, SHARED, Intake
from maninso.signing.queries import QUERIES

logger = logging.getLogger(__name__)

TOLD_EVERY = 0.25  # seconds until what is new is told
TOLD_FOR = SHARED / 3  # seconds until a petition that is still being signed is told of again
RETRY_AFTER = 1.0  # seconds between attempts to reach the database

Connect = Callable[[], Awaitable[psycopg.AsyncConnection]]


class Neighbours:
    """Tells the other web processes what one of them signs, and hears it from them. Owned by its event loop."""

    def __init__(self, intake: Intake, connect: Connect) -> None:
        self._intake = intake
        self._connect = connect
        self._told: dict[int, float] = {}  # petitions, and when they were told of
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to listen; returns at once, also where the database cannot be reached yet."""
        self._task = asyncio.create_task(self._talk())

    async def stop(self) -> None:
        """Stop listening."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _talk(self) -> None:
        while True:
            try:
                async with await self._connect() as connection:
                    await connection.execute(QUERIES["listen_signed"])
                    while True:
                        async for notice in connection.notifies(timeout=TOLD_EVERY):
                            self._intake.hear(int(notice.payload))  # its own too, which is no news to it
                        for petition_id in self._choose(self._intake.take_signed(), now=time.monotonic()):
                            await connection.execute(QUERIES["tell_signed"], {"petition": str(petition_id)})
            except psycopg.OperationalError as error:
                logger.warning("other web processes are not heard until the database answers: %s", error)
            await asyncio.sleep(RETRY_AFTER)

    def _choose(self, signed: set[int], *, now: float) -> list[int]:
        """Return the petitions that are to be told of, which counts as told."""
        self._told = {petition_id: told for petition_id, told in self._told.items() if now < told + TOLD_FOR}
        chosen = [petition_id for petition_id in signed if petition_id not in self._told]
        chosen = chosen[: ENOUGH - len(self._told)]
        self._told.update(dict.fromkeys(chosen, now))
        return chosen
