"""One prepared statement at a time, straight through libpq: the signing path's only conversation with PostgreSQL.

psycopg's cursor costs more processor time a batch than the batch's own work in Python; what it does for us (adapting
types, choosing formats, rows) a batch does not need. The connection is psycopg's, and so are its errors.
"""

import asyncio
from collections.abc import Callable, Generator, Sequence
from contextvars import Context
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus, Format
from psycopg.pq.abc import PGconn, PGresult

_prepared: "WeakKeyDictionary[psycopg.AsyncConnection, set[bytes]]" = WeakKeyDictionary()


async def run_prepared(
    connection: psycopg.AsyncConnection,
    *,
    name: bytes,
    query: bytes,
    values: Sequence[bytes],
    formats: Sequence[int],
    meanwhile: Callable[[], None] | None = None,
) -> PGresult:
    """Run a statement ($1, $2, ...) on a connection that nobody else uses; the result is in binary format.

    It is prepared at its first use on a connection. `meanwhile` is called once the server has it. Raises
    psycopg.Error; after a cancellation the connection has an answer outstanding and must be closed.
    """
    pgconn = connection.pgconn
    known = _prepared.setdefault(connection, set())
    if name not in known:
        pgconn.send_prepare(name, query)
        await _fetch(pgconn)
        known.add(name)
    pgconn.send_query_prepared(name, values, param_formats=formats, result_format=Format.BINARY)
    return await _fetch(pgconn, meanwhile)


async def _fetch(pgconn: PGconn, meanwhile: Callable[[], None] | None = None) -> PGresult:
    """Send what is queued and return the one result."""
    loop = asyncio.get_running_loop()
    # Asked once: a connection that breaks has none any more, and the loop would keep what watches it. uvloop then fails
    # for the next connection whose socket has that number.
    socket = pgconn.socket
    while pgconn.flush():
        writable = loop.create_future()
        loop.add_writer(socket, _wake, writable)
        try:
            await writable
        finally:
            loop.remove_writer(socket)
    if meanwhile is not None:
        meanwhile()
    result: PGresult | None = None
    while True:
        if pgconn.is_busy():  # asked before each result: the last message may come later, and libpq would stop the loop
            readable = AtOnce(loop)
            loop.add_reader(socket, _take, pgconn, readable)
            try:
                await readable
            finally:
                loop.remove_reader(socket)
        one = pgconn.get_result()
        if one is None:
            break
        result = one
    if result is None:
        raise psycopg.OperationalError("the server ended the conversation")
    if result.status not in (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK):
        if pgconn.status == ConnStatus.BAD:  # libpq's own result for a cut connection has no code to tell it by
            raise psycopg.OperationalError(pgconn.get_error_message())
        raise error_from_result(result)
    return result


def _wake(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)


class AtOnce:
    """A future for one task, which goes on in the very call that settles it.

    Who waits for an asyncio.Future goes on behind all that the loop has to do by then, and that is every request of a
    rush: the database would stand still meanwhile, and a quiet petition's signers would wait for them once more.
    """

    _asyncio_future_blocking = False  # by this attribute a task knows a future (asyncio.isfuture)

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiter: tuple[Callable[[Any], object], Context | None] | None = None
        self._done = False
        self._error: BaseException | None = None

    def __await__(self) -> Generator["AtOnce", None, None]:
        if not self._done:
            self._asyncio_future_blocking = True
            yield self
        self.result()

    def get_loop(self) -> asyncio.AbstractEventLoop:
        """The loop that its task runs on (the task asks)."""
        return self._loop

    def add_done_callback(self, waiter: Callable[[Any], object], *, context: Context | None = None) -> None:
        """Keep how the task is woken (the task asks)."""
        self._waiter = waiter, context

    def done(self) -> bool:
        """Whether it is settled or cancelled."""
        return self._done

    def result(self) -> None:
        """Raise the error that it was settled with, if any."""
        if self._error is not None:
            raise self._error

    def cancel(self, msg: object = None) -> bool:
        """Let the task go on with a CancelledError; on the loop's next turn, for who cancels may be a task itself."""
        if self._done:
            return False
        self._done, self._error = True, asyncio.CancelledError(*([] if msg is None else [msg]))
        if self._waiter is not None:
            waiter, context = self._waiter
            self._loop.call_soon(waiter, self, context=context)
        return True

    def settle(self, error: BaseException | None = None) -> None:
        """Let the task go on, now. Only a callback of the loop may settle: a task cannot run inside another."""
        self._done, self._error = True, error
        if self._waiter is not None:
            waiter, context = self._waiter
            context.run(waiter, self) if context is not None else waiter(self)


def _take(pgconn: PGconn, future: AtOnce) -> None:
    """Read what has come; the future is done when a whole answer is here, or when the connection broke."""
    if future.done():
        return
    try:
        pgconn.consume_input()
        if pgconn.is_busy():
            return
    except psycopg.OperationalError as error:
        future.settle(error)
    else:
        future.settle()
