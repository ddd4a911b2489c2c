"""The future of the conversation with PostgreSQL: its task goes on at once."""

import asyncio

import psycopg
import pytest
import uvloop

from maninso.signing.wire import AtOnce, run_prepared

ENDS_ITSELF = b"SELECT pg_terminate_backend(pg_backend_pid())"


def test_a_task_goes_on_before_what_waits_on_the_loop() -> None:
    async def story() -> list[str]:
        loop = asyncio.get_running_loop()
        said: list[str] = []
        at_once, future = AtOnce(loop), loop.create_future()

        async def wait_at_once() -> None:
            await at_once
            said.append("at once")

        async def wait() -> None:
            await future
            said.append("future")

        tasks = [asyncio.create_task(wait_at_once()), asyncio.create_task(wait())]
        await asyncio.sleep(0)
        loop.call_soon(future.set_result, None)
        loop.call_soon(at_once.settle)
        loop.call_soon(said.append, "another request")
        await asyncio.gather(*tasks)
        return said

    assert asyncio.run(story()) == ["at once", "another request", "future"]


def test_its_error_is_its_task_s() -> None:
    async def story() -> None:
        at_once = AtOnce(asyncio.get_running_loop())
        asyncio.get_running_loop().call_soon(at_once.settle, psycopg.OperationalError("cut"))
        await at_once

    with pytest.raises(psycopg.OperationalError, match="cut"):
        asyncio.run(story())


def test_what_is_settled_is_not_waited_for() -> None:
    async def story() -> None:
        at_once = AtOnce(asyncio.get_running_loop())
        at_once.settle()
        await at_once

    asyncio.run(story())


def test_time_ends_the_wait() -> None:
    async def story() -> bool:
        at_once = AtOnce(asyncio.get_running_loop())
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await at_once
        return at_once.done() and not at_once.cancel()

    assert asyncio.run(story())


def test_a_connection_that_breaks_leaves_nothing_to_the_next_of_its_number(database_url: str) -> None:
    """The loop of the site (uvloop) takes no reader where one is left of a socket that is closed."""

    async def story() -> bool:
        connection = await psycopg.AsyncConnection.connect(database_url, autocommit=True)
        socket = connection.fileno()
        with pytest.raises(psycopg.OperationalError):
            await run_prepared(connection, name=b"", query=ENDS_ITSELF, values=(), formats=())
        return asyncio.get_running_loop().remove_reader(socket)

    assert not asyncio.run(story())
    assert not uvloop.run(story())
