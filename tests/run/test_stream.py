"""Tables on their way to the reader: passed on as they are made, given up where nobody reads, cut where they break."""

import asyncio
import io
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from maninso.run.stream import PATH, Streams


class Scope:
    method = "GET"
    path = "/petitions.csv"
    query_string = ""
    server = "127.0.0.1:80"
    client = "127.0.0.1:5000"
    scheme = "http"
    http_version = "1.1"

    def __init__(self, method: str = "GET") -> None:
        self.method = method
        self.headers: dict[str, str] = {}


class Exchange:
    """What granian hands over, as far as it is used; `leaves_after` chunks the reader is gone."""

    def __init__(self, leaves_after: int = 10**9) -> None:
        self.status = 0
        self.sent: list[bytes] = []
        self.leaves_after = leaves_after

    def response_stream(self, status: int, headers: Any) -> "Exchange":
        self.status = status
        return self

    def response_bytes(self, status: int, headers: Any, body: bytes) -> None:
        self.status, self.sent = status, [body]

    def response_empty(self, status: int, headers: Any) -> None:
        self.status = status

    async def send_bytes(self, chunk: bytes) -> None:
        if len(self.sent) >= self.leaves_after:
            raise ConnectionResetError
        self.sent.append(chunk)


def make(chunks: Callable[[], Iterator[bytes]]) -> Any:
    def application(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        assert isinstance(environ["wsgi.input"], io.BytesIO)
        start_response("200 OK", [("Content-Type", "text/csv")])
        return chunks()

    return application


def ask(streams: Streams, exchange: Exchange, method: str = "GET") -> None:
    try:
        asyncio.run(streams.answer(Scope(method), exchange))
    finally:
        streams.close()


@pytest.mark.parametrize("path", ["/petitions.csv", "/obligations.parquet", "/petitions/12/signatures.csv"])
def test_which_addresses_are_streamed(path: str) -> None:
    assert PATH.fullmatch(path)
    assert not PATH.fullmatch(f"/en{path}")
    assert not PATH.fullmatch(path.replace(".", "/"))


def test_chunks_arrive_in_order() -> None:
    exchange = Exchange()
    ask(Streams(make(lambda: iter([b"a", b"", b"b"] * 50))), exchange)
    assert (exchange.status, b"".join(exchange.sent)) == (200, b"ab" * 50)


def test_a_head_is_answered_without_the_table() -> None:
    exchange = Exchange()
    ask(Streams(make(lambda: (b"x" for _ in range(10**9)))), exchange, "HEAD")
    assert (exchange.status, exchange.sent) == (200, [])


def test_whoever_leaves_stops_the_work() -> None:
    made = []

    def endless() -> Iterator[bytes]:
        for number in range(10**9):
            made.append(number)
            yield b"x"

    exchange = Exchange(leaves_after=3)
    with pytest.raises(ConnectionResetError):
        ask(Streams(make(endless)), exchange)
    assert len(made) < 20


def test_a_table_that_breaks_off_is_cut_not_ended() -> None:
    def breaking() -> Iterator[bytes]:
        yield b"a"
        raise RuntimeError("the database is gone")

    exchange = Exchange()
    with pytest.raises(ConnectionAbortedError):
        ask(Streams(make(breaking)), exchange)
    assert exchange.sent == [b"a"]


def test_an_answer_that_never_begins_is_a_500() -> None:
    def application(environ: Any, start_response: Any) -> Any:
        raise RuntimeError("no")

    exchange = Exchange()
    ask(Streams(application), exchange)
    assert exchange.status == 500


def test_a_reader_who_does_not_read_is_given_up() -> None:
    ended = threading.Event()

    def endless() -> Iterator[bytes]:
        try:
            while True:
                yield b"x"
        finally:
            ended.set()

    class Slow(Exchange):
        async def send_bytes(self, chunk: bytes) -> None:
            await asyncio.to_thread(ended.wait, 5)
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        ask(Streams(make(endless), patience=0.01), Slow())
    assert ended.is_set()
