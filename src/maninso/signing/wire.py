"""One prepared statement at a time, straight through libpq: the signing path's only conversation with PostgreSQL.

psycopg's cursor costs more processor time a batch than the batch's own work in Python; what it does for us (adapting
types, choosing formats, rows) a batch does not need. The connection is psycopg's, and so are its errors.
"""

import asyncio
from collections.abc import Sequence
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
) -> PGresult:
    """Run a statement ($1, $2, ...) on a connection that nobody else uses; the result is in binary format.

    It is prepared at its first use on a connection. Raises psycopg.Error; after a cancellation the connection has an
    answer outstanding and must be closed.
    """
    pgconn = connection.pgconn
    known = _prepared.setdefault(connection, set())
    if name not in known:
        pgconn.send_prepare(name, query)
        await _fetch(pgconn)
        known.add(name)
    pgconn.send_query_prepared(name, values, param_formats=formats, result_format=Format.BINARY)
    return await _fetch(pgconn)


async def _fetch(pgconn: PGconn) -> PGresult:
    """Send what is queued and return the one result."""
    loop = asyncio.get_running_loop()
    while pgconn.flush():
        writable = loop.create_future()
        loop.add_writer(pgconn.socket, _wake, writable)
        try:
            await writable
        finally:
            loop.remove_writer(pgconn.socket)
    result: PGresult | None = None
    while True:
        if pgconn.is_busy():  # asked before each result: the last message may come later, and libpq would stop the loop
            readable = loop.create_future()
            loop.add_reader(pgconn.socket, _take, pgconn, readable)
            try:
                await readable
            finally:
                loop.remove_reader(pgconn.socket)
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


def _take(pgconn: PGconn, future: "asyncio.Future[None]") -> None:
    """Read what has come; the future is done when a whole answer is here, or when the connection broke."""
    if future.done():
        return
    try:
        pgconn.consume_input()
        if not pgconn.is_busy():
            future.set_result(None)
    except psycopg.OperationalError as error:
        future.set_exception(error)
