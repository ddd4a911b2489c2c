"""Group commit: while one batch is being committed, the next one gathers; nobody is answered before the commit.

One connection takes one batch at a time, so the batch grows by itself with the load and needs no timer. A second one
takes the few signatures of other petitions that come meanwhile, so that these do not wait for a rush; and while there
are such, the rush's next batch waits a moment, in which the database flushes theirs alone. Where a connection is lost,
it is not known whether the batch was stored: the same batch is sent again, and an "earlier" entry with the very bytes
that were sent is this signature, since its evidence commitment is random.
"""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from enum import Enum
from itertools import accumulate
from operator import attrgetter
from typing import Self

import psycopg
from psycopg.pq import Format

from maninso.signing.queries import QUERIES
from maninso.signing.turns import Turns
from maninso.signing.wire import run_prepared

logger = logging.getLogger(__name__)

MOST_A_BATCH = 128  # more are hardly cheaper each, and who comes next waits for them all
MOST_ANSWERS = 32  # given in one go, for requests stand behind it
FEW_ANSWERS = 8  # while others sign too
SHARED = 60.0  # seconds for which others are taken to sign too
ENOUGH = 2  # petitions to tell other web processes of: one of two is not the one that they sign themselves
MOST_WAITING = 4_000  # signatures waiting for one petition
FEW = 8  # signatures waiting for a petition that go aside of a rush on another one
RUSH = 4  # signatures of one petition in a batch; where there are more, and others sign too, its next one waits
PAUSE = 0.02  # seconds; the others' need not wait for a flush of its own then, and it makes fewer and larger batches
GIVE_UP_AFTER = 10.0  # seconds without a database until those who wait are told so
RETRY_AFTER = 0.1  # seconds between attempts to reach it

Connect = Callable[[], Awaitable[psycopg.AsyncConnection]]


class Outcome(Enum):
    """What became of a signature."""

    STORED = "stored"
    EARLIER = "earlier"  # the person had signed: the earlier entry counts
    RETURNED = "returned"  # the person had withdrawn: the earlier entry counts again
    REFUSED = "refused"  # the gate takes no signatures
    UNKNOWN = "unknown"  # the database could not be reached


COUNTED_NOW = (Outcome.STORED, Outcome.RETURNED)


class Waiting:
    """A signature between its request and its commit. `entry` is the one that counts in the end.

    `in_time` says that the person asked before the petition closed, so that its grace is theirs (schema.sql).
    `hear` is told what became of it, on the event loop, once that is durable. `twins` are the same person's, that came
    while this one waits.
    """

    __slots__ = ("entry", "evidence", "hear", "in_time", "person", "petition_id", "twins")

    entry: bytes  # 54 bytes
    evidence: bytes
    person: tuple[int, bytes]  # who signs what: the petition and the nullifier

    def __init__(self, petition_id: int, hear: "Hear", *, in_time: bool = False) -> None:
        self.petition_id = petition_id
        self.hear = hear
        self.in_time = in_time
        self.twins: list[Waiting] | None = None

    def fill(self, entry: bytes, evidence: bytes) -> Self:
        """Say what is to be stored, before it is submitted."""
        self.entry = entry
        self.evidence = evidence
        self.person = (self.petition_id, entry[6:22])
        return self


Hear = Callable[[Waiting, Outcome], None]


class IntakeFull(Exception):
    """The petition's queue is full: the answer is 503, and nothing was stored."""


class Intake:
    """One queue a petition, and two connections that drain them. Owned by the process's event loop.

    The first takes from all in turn. While it commits, the second takes from those that are not in that batch and for
    which few wait. A petition is never in both, so neither waits for the other's lock on its head.
    """

    def __init__(self, connect: Connect, *, most_waiting: int = MOST_WAITING, most_a_batch: int = MOST_A_BATCH) -> None:
        self._connect = connect
        self._most_waiting = most_waiting
        self._most_a_batch = most_a_batch
        self._queues: Turns[Waiting] = Turns()
        self._people: dict[tuple[int, bytes], Waiting] = {}
        self._wake, self._wake_aside = asyncio.Event(), asyncio.Event()
        self._idle = True  # the first connection waits to be woken
        self._in_batch: frozenset[int] = frozenset()  # petitions whose signatures the first connection commits now
        self._aside: frozenset[int] = frozenset()  # and the second one
        self._committed: deque[tuple[Waiting, Outcome]] = deque()  # to be answered once the next batch is sent
        self._answering = False  # the loop will go on with that
        self._latest = 0  # the petition that was signed last, or the first that anybody was about to sign
        self._signed: set[int] = set()  # petitions for the other web processes to hear of, two at most
        self._shared_until = 0.0  # by the loop's clock
        self._stopping = False
        self._tasks: list[asyncio.Task[None]] = []
        self.batches = 0
        self.stored = 0

    async def start(self) -> None:
        """Begin to drain the queues."""
        self._tasks = [asyncio.create_task(self._drain()), asyncio.create_task(self._drain_aside())]

    async def stop(self) -> None:
        """Commit what waits, then end."""
        self._stopping = True
        self._wake.set()
        self._wake_aside.set()
        await asyncio.gather(*self._tasks)
        self._answer_all()

    @property
    def is_shared(self) -> bool:
        """Whether more than one petition is being signed."""
        return asyncio.get_running_loop().time() < self._shared_until

    def expect(self, petition_id: int) -> None:
        """Take others to sign too from now on, where somebody is about to sign another petition than the last one."""
        self._note([petition_id])
        self._compare(petition_id)

    def hear(self, petition_id: int) -> None:
        """Hear that a petition is being signed in another web process: with a rush here, others sign too."""
        self._compare(petition_id)

    def take_signed(self) -> set[int]:
        """Return petitions that were signed since the last call, or were about to be: two where there are more."""
        signed, self._signed = self._signed, set()
        return signed

    def _note(self, petition_ids: Iterable[int]) -> None:
        for petition_id in petition_ids:
            if len(self._signed) == ENOUGH:
                break
            self._signed.add(petition_id)

    def _compare(self, petition_id: int) -> None:
        if not self._latest:
            self._latest = petition_id
        elif petition_id != self._latest:
            self._shared_until = asyncio.get_running_loop().time() + SHARED

    def submit(self, waiting: Waiting) -> None:
        """Queue a signature; its `hear` is called with it once it is known what became of it. Raises IntakeFull."""
        petition_id = waiting.petition_id
        if self._stopping or self._queues.count(petition_id) >= self._most_waiting:
            raise IntakeFull
        first = self._people.setdefault(waiting.person, waiting)
        if first is not waiting:
            if first.twins is None:
                first.twins = []
            elif len(first.twins) >= self._most_waiting:
                raise IntakeFull
            first.twins.append(waiting)
            return
        if petition_id != self._latest:
            self.expect(petition_id)
            self._latest = petition_id
        if not self._in_batch:
            if self._idle:
                self._idle = False
                self._wake.set()
        elif petition_id not in self._in_batch:
            self._wake_aside.set()
        self._queues.put(petition_id, waiting)

    async def _drain(self) -> None:
        connection: psycopg.AsyncConnection | None = None
        while self._queues or not self._stopping:
            batch = self._queues.take(self._most_a_batch, without=self._aside)
            if not batch:
                self._answer_committed()
                self._wake.clear()
                self._idle = True
                await self._wake.wait()
                continue
            self._in_batch = frozenset(waiting.petition_id for waiting in batch)
            self._note(self._in_batch)
            connection = await self._commit(connection, batch)
            await self._give_way(batch)
            self._in_batch = frozenset()
        if connection is not None:
            await connection.close()

    async def _give_way(self, batch: list[Waiting]) -> None:
        """Let the database flush others' signatures alone for a moment, after a batch that was mostly a rush's."""
        if not self.is_shared:
            return
        counts = Counter(waiting.petition_id for waiting in batch)
        rush = frozenset(petition_id for petition_id, count in counts.items() if count > RUSH)
        if rush:
            self._answer_committed()
            self._in_batch = rush  # whoever else was in the batch may go aside
            self._wake_aside.set()
            await asyncio.sleep(PAUSE)

    async def _drain_aside(self) -> None:
        connection: psycopg.AsyncConnection | None = None
        while not self._stopping:
            batch = self._queues.take(FEW, without=self._in_batch, longest=FEW) if self._in_batch else []
            if not batch:
                self._wake_aside.clear()
                await self._wake_aside.wait()
                continue
            self._aside = frozenset(waiting.petition_id for waiting in batch)
            connection = await self._commit(connection, batch)
            self._answer_committed()
            self._aside = frozenset()
            self._wake.set()  # what came for these petitions meanwhile may be all that waits
        if connection is not None:
            await connection.close()

    async def _commit(
        self, connection: psycopg.AsyncConnection | None, batch: list[Waiting]
    ) -> psycopg.AsyncConnection | None:
        """Store one batch durably and answer all who wait for it; returns the connection for the next one."""
        batch.sort(key=attrgetter("person"))  # the log's order within a batch does not tell who came first
        deadline = asyncio.get_running_loop().time() + GIVE_UP_AFTER
        exceptions = None
        while exceptions is None:
            try:
                async with asyncio.timeout_at(deadline):  # a network that swallows packets breaks no connection
                    if connection is None or connection.closed:
                        self._answer_committed()
                        connection = await self._connect()
                    exceptions = await send_batch(connection, batch, meanwhile=self._answer_committed)
            except (psycopg.OperationalError, TimeoutError) as error:
                self._answer_committed()
                # Durable now: perhaps this batch, perhaps not. Sending it again settles it either way.
                logger.warning("a batch of %d is sent again: %s", len(batch), error)
                if connection is not None:
                    await connection.close()
                if asyncio.get_running_loop().time() > deadline:
                    self._answer_unknown(batch)
                    return None
                await asyncio.sleep(RETRY_AFTER)
            except Exception as error:
                logger.exception("a batch of %d could not be stored", len(batch))
                self._answer_unknown(batch)
                if isinstance(error, psycopg.Error):  # refused by the database, which goes on
                    return connection
                # A mistake of ours: who waits is told to come again, and all others go on over another connection.
                if connection is not None:
                    await connection.close()
                return None
        outcomes = [Outcome.STORED] * len(batch)
        for ordinal, earlier, returned in exceptions:
            waiting = batch[ordinal - 1]
            if earlier is None:
                outcomes[ordinal - 1] = Outcome.REFUSED
            elif earlier != waiting.entry:
                waiting.entry = bytes(earlier)
                outcomes[ordinal - 1] = Outcome.RETURNED if returned else Outcome.EARLIER
        self.batches += 1
        self.stored += outcomes.count(Outcome.STORED)
        self._keep_answers(list(zip(batch, outcomes, strict=True)))
        return connection

    def _keep_answers(self, answers: list[tuple[Waiting, Outcome]]) -> None:
        """Put the answers of a batch behind those not given yet, but a petition's few before another one's many."""
        if self.is_shared:
            counts = Counter(waiting.petition_id for waiting, _ in answers)
            self._committed.extendleft(answer for answer in answers if counts[answer[0].petition_id] <= FEW)
            answers = [answer for answer in answers if counts[answer[0].petition_id] > FEW]
        self._committed.extend(answers)

    def _answer_committed(self) -> None:
        """Answer those whose batches are durable: a few now and the rest soon, fewer at once while others sign too."""
        if not self._answering:
            self._answer_few()

    def _answer_few(self) -> None:
        committed = self._committed
        most = FEW_ANSWERS if self.is_shared else MOST_ANSWERS
        self._answering = len(committed) > most
        if self._answering:
            asyncio.get_running_loop().call_soon(self._answer_few)
        for _ in range(min(most, len(committed))):
            self._answer(*committed.popleft())

    def _answer_all(self) -> None:
        while self._committed:
            self._answer(*self._committed.popleft())

    def _answer_unknown(self, batch: list[Waiting]) -> None:
        for waiting in batch:
            self._answer(waiting, Outcome.UNKNOWN)

    def _answer(self, waiting: Waiting, outcome: Outcome) -> None:
        del self._people[waiting.person]
        tell(waiting, outcome)
        for twin in waiting.twins or ():
            twin.entry = waiting.entry
            tell(twin, Outcome.EARLIER if outcome in COUNTED_NOW else outcome)


def tell(waiting: Waiting, outcome: Outcome) -> None:
    """Let a signer hear what became of the signature; where that fails, nobody else waits for it."""
    try:
        waiting.hear(waiting, outcome)
    except Exception:
        logger.exception("a signer of petition %d was not answered", waiting.petition_id)


async def send_batch(
    connection: psycopg.AsyncConnection, batch: Sequence[Waiting], *, meanwhile: Callable[[], None] | None = None
) -> Sequence[tuple[int, bytes | None, bool]]:
    """Store a batch in one durable commit; returns what was not stored.

    That is the number in the batch (from 1), the earlier entry, and whether that had been withdrawn and counts again.
    """
    ends = accumulate(len(waiting.evidence) for waiting in batch)
    result = await run_prepared(
        connection,
        name=b"take_batch",
        query=QUERIES["take_batch"].encode(),
        values=(
            b"{%s}" % ",".join([str(waiting.petition_id) for waiting in batch]).encode(),
            b"".join([waiting.entry for waiting in batch]),
            b"".join([waiting.evidence for waiting in batch]),
            b"{%s}" % ",".join(map(str, ends)).encode(),
            bytes([waiting.in_time for waiting in batch]),
        ),
        formats=(Format.TEXT, Format.BINARY, Format.BINARY, Format.TEXT, Format.BINARY),
        meanwhile=meanwhile,
    )
    return [
        (
            int.from_bytes(result.get_value(row, 0) or b"", "big"),
            result.get_value(row, 1),
            result.get_value(row, 2) == b"\x01",
        )
        for row in range(result.ntuples)
    ]
