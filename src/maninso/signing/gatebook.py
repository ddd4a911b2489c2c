"""The gates that a web process keeps in memory, so that a request costs no round trip to the database.

A gate is loaded when it is first asked for and dropped when the database says that it changed (NOTIFY), or when the
connection that listens was lost. Memory is advice: signing_take() asks the gate again under the head's lock.
"""

import asyncio
import datetime as dt
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import psycopg

from maninso.identity.mac import Mac
from maninso.identity.nullifier import open_sealed_key, ready_key
from maninso.signing.queries import QUERIES

logger = logging.getLogger(__name__)

MOST_GATES = 20_000  # gates kept; a gate takes about one kilobyte
RETRY_AFTER = 0.5  # seconds between attempts to reach the database
GIVE_UP_AFTER = 10.0  # seconds without an answer until a request is told so

Connect = Callable[[], Awaitable[psycopg.AsyncConnection]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """One petition's gate: times in Unix seconds, `key` (K_petition) only where the petition takes signatures."""

    petition_id: int
    state: str
    opened_at: float
    closes_at: float
    confirms_until: float  # who asked before the closing may sign until then
    key: Mac | None
    bucket_seconds: int
    regions: dict[str, int]  # code -> number in the log
    min_assurance: int
    min_age: int
    region_needed: bool


class GateBook:
    """Gates by petition; shared by all requests of one process, owned by its event loop."""

    def __init__(self, connect: Connect, *, wrapping_key: Callable[[int], bytes]) -> None:
        self._connect = connect
        self._wrapping_key = wrapping_key
        self._gates: OrderedDict[int, Gate | None] = OrderedDict()
        self._loading: dict[int, asyncio.Task[Gate | None]] = {}
        self._reader: psycopg.AsyncConnection | None = None
        self._reading = asyncio.Lock()
        self._listener: asyncio.Task[None] | None = None
        self._listening = asyncio.Event()

    async def start(self) -> None:
        """Begin to listen; returns at once, also where the database cannot be reached yet."""
        self._listener = asyncio.create_task(self._listen())

    async def stop(self) -> None:
        """Stop listening and close the connections."""
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.gather(self._listener, return_exceptions=True)
        if self._reader is not None:
            await self._reader.close()

    def known(self, petition_id: int) -> Gate | None:
        """Return the gate if it is in memory, without waiting; None says nothing."""
        return self._gates.get(petition_id)

    async def find(self, petition_id: int) -> Gate | None:
        """Return the gate, or None where there is no such petition. Raises psycopg.OperationalError."""
        if petition_id in self._gates:
            return self._gates[petition_id]
        task = self._loading.get(petition_id)
        if task is None:
            task = asyncio.create_task(self._load(petition_id))
            self._loading[petition_id] = task
            task.add_done_callback(lambda _: self._loading.pop(petition_id, None))
        return await asyncio.shield(task)

    def forget(self, petition_id: int) -> None:
        """Load the gate anew when it is next asked for."""
        self._gates.pop(petition_id, None)
        self._loading.pop(petition_id, None)

    async def _load(self, petition_id: int) -> Gate | None:
        try:
            async with asyncio.timeout(GIVE_UP_AFTER), self._reading:
                try:
                    row = await self._read_row(petition_id)
                except psycopg.OperationalError:
                    row = await self._read_row(petition_id)  # the connection may have been lost long ago, unused
        except TimeoutError as error:
            raise psycopg.OperationalError("the database says nothing") from error
        gate = None if row is None else self._read(*row)
        # Only what the listener would hear to have changed may be remembered; and what was forgotten while it was
        # being read is already out of date.
        if self._listening.is_set() and self._loading.get(petition_id) is asyncio.current_task():
            self._gates[petition_id] = gate
            if len(self._gates) > MOST_GATES:
                self._gates.popitem(last=False)
        return gate

    async def _read_row(self, petition_id: int) -> tuple[Any, ...] | None:
        if self._reader is None or self._reader.closed:
            self._reader = await self._connect()
        try:
            cursor = await self._reader.execute(QUERIES["read_gate"], {"petition_id": petition_id})
            return await cursor.fetchone()
        except psycopg.OperationalError:
            await self._reader.close()
            raise

    def _read(
        self,
        petition_id: int,
        state: str,
        opened_at: dt.datetime | None,
        closes_at: dt.datetime | None,
        wrapped_key: bytes | None,
        bucket_seconds: int,
        regions: list[str],
        min_assurance: int,
        min_age: int,
        region_needed: bool,
        grace: dt.timedelta,
    ) -> Gate:
        key = None
        if wrapped_key is not None and state in ("open", "paused"):
            wrapping_key = self._wrapping_key(petition_id)
            key = ready_key(open_sealed_key(wrapping_key, petition_id=petition_id, sealed=bytes(wrapped_key)))
        return Gate(
            petition_id=petition_id,
            state=state,
            opened_at=opened_at.timestamp() if opened_at else 0.0,
            closes_at=closes_at.timestamp() if closes_at else 0.0,
            confirms_until=(closes_at + grace).timestamp() if closes_at else 0.0,
            key=key,
            bucket_seconds=bucket_seconds,
            regions={code: number for number, code in enumerate(regions)},
            min_assurance=min_assurance,
            min_age=min_age,
            region_needed=region_needed,
        )

    async def _listen(self) -> None:
        while True:
            try:
                async with await self._connect() as connection:
                    await connection.execute(QUERIES["listen_gates"])
                    self._gates.clear()  # changes before this moment may have been missed
                    self._listening.set()
                    async for notice in connection.notifies():
                        self.forget(int(notice.payload))
            except psycopg.OperationalError as error:
                logger.warning("the gates cannot be followed, trying again: %s", error)
            finally:
                self._listening.clear()
                self._gates.clear()
            await asyncio.sleep(RETRY_AFTER)
