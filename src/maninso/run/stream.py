"""Sends what is too large to be made whole first: a table, chunk by chunk, as the database gives it.

Each runs in a thread of its own kind, so that whoever takes everything away holds up no page. A reader who does not
read is given up, and the thread is free again.
"""

import asyncio
import logging
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from typing import Any

from maninso.run.bridge import WSGI, make_environ, refuse_for_now
from maninso.signing.reading import Headers

logger = logging.getLogger(__name__)

PATH = re.compile(
    r"/blue-house\.jsonl|/(?:petitions(?:/[0-9]+/[a-z]+)?|obligations|answers|bills(?:/[a-z]+)?)\.(?:csv|parquet)",
    re.ASCII,
)
THREADS = 2
MOST_WAITING = 16  # requests; more are told to come back
AHEAD = 4  # chunks that are made before the reader takes them
PATIENCE = 60.0  # seconds that a chunk waits for its reader


@dataclass(frozen=True, slots=True)
class Beginning:
    """Status and headers of an answer."""

    status: int
    headers: Headers


class Mark(Enum):
    """How an answer ends."""

    END = 1
    BROKEN = 2


END, BROKEN = Mark.END, Mark.BROKEN
Part = bytes | Beginning | Mark
FAILED = (
    500,
    [("content-type", "text/plain; charset=utf-8"), ("cache-control", "no-store")],
    b"Something went wrong on our side.",
)


class ReaderGone(Exception):
    """Nobody takes the answer any more."""


class Streams:
    """One WSGI application behind RSGI, whose answers are passed on as they are made."""

    def __init__(self, application: WSGI, *, threads: int = THREADS, patience: float = PATIENCE) -> None:
        self._application = application
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="stream")
        self._patience = patience
        self._running = 0

    async def answer(self, scope: Any, exchange: Any) -> None:
        """Answer one request."""
        if self._running >= MOST_WAITING:
            refusal = refuse_for_now()
            exchange.response_bytes(refusal.status, refusal.headers, refusal.body)
            return
        self._running += 1
        try:
            await self._pass_on(scope, exchange)
        finally:
            self._running -= 1

    async def _pass_on(self, scope: Any, exchange: Any) -> None:
        loop = asyncio.get_running_loop()
        chunks: asyncio.Queue[Part] = asyncio.Queue(AHEAD)
        is_gone = threading.Event()

        def hand(part: Part) -> None:
            if is_gone.is_set():
                raise ReaderGone
            try:
                asyncio.run_coroutine_threadsafe(chunks.put(part), loop).result(self._patience)
            except TimeoutError as error:
                raise ReaderGone from error

        job = loop.run_in_executor(self._threads, self._make, make_environ(scope, b""), hand)
        try:
            first = await chunks.get()
            if not isinstance(first, Beginning):
                exchange.response_bytes(*FAILED)
            elif scope.method == "HEAD":
                exchange.response_empty(first.status, first.headers)
            else:
                transport = exchange.response_stream(first.status, first.headers)
                while isinstance(chunk := await chunks.get(), bytes):
                    await transport.send_bytes(chunk)
                if chunk is not END:
                    raise ConnectionAbortedError("the answer broke off")  # the reader sees that something is missing
        finally:
            is_gone.set()
            while not job.done():
                while not chunks.empty():
                    chunks.get_nowait()
                await asyncio.wait((job,), timeout=0.05)

    def _make(self, environ: dict[str, Any], hand: Callable[[Part], None]) -> None:
        """Make an answer, part by part, in one of the threads."""

        def start_response(status: str, headers: list[tuple[str, str]], _exc_info: Any = None) -> None:
            hand(Beginning(int(status.split(" ", 1)[0]), [(name.lower(), value) for name, value in headers]))

        try:
            answer: Any = self._application(environ, start_response)
            try:
                for chunk in answer:
                    if chunk:
                        hand(chunk)
            finally:
                close = getattr(answer, "close", None)
                if close is not None:
                    close()
            hand(END)
        except ReaderGone:
            logger.info("whoever asked for %r is gone", environ["PATH_INFO"])
        except Exception:
            logger.exception("the answer to %r broke off", environ["PATH_INFO"])
            with suppress(ReaderGone):
                hand(BROKEN)

    def close(self) -> None:
        """Let what is sent end."""
        self._threads.shutdown(cancel_futures=True)
