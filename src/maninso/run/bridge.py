"""Serves Django (WSGI) from granian's RSGI, in threads of its own, so that one port answers everything.

Django under ASGI was measured 16 times slower, because its middleware is synchronous. The threads are few and bounded:
a rush of pages waits here and never in the way of a signature. What keeps the memory of front.py fresh does not queue
behind that rush, and never takes all threads.
"""

import asyncio
import contextlib
import io
import logging
import re
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar
from urllib.parse import unquote_to_bytes

from maninso.signing.reading import Exchange, Headers, Scope

logger = logging.getLogger(__name__)

LARGEST_BODY = 2_500_000  # bytes; no page of ours takes more
LARGEST_UPLOAD = 10_700_000  # but for an answer on the clerk's desk, which takes documents
MOST_UPLOADS = 4  # bodies of that size that are taken at one time
_UPLOADS = re.compile(r"(/ko|/en)?/office/answers/[0-9]{1,19}")
MOST_WAITING = 256  # requests; more are told to come back
MOST_REFRESHING = 2  # threads that make anew, at one time, what is known already

T = TypeVar("T")
WSGI = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer of Django's."""

    status: int
    headers: Headers
    body: bytes


class BridgeFull(Exception):
    """So many requests wait that one more was not taken."""


class Bridge:
    """One WSGI application behind RSGI, with `threads` workers."""

    def __init__(self, application: WSGI, *, threads: int) -> None:
        self._application = application
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="django")
        self._places = asyncio.Semaphore(threads)
        self._uploading = asyncio.Semaphore(MOST_UPLOADS)
        self._refreshing = asyncio.Semaphore(MOST_REFRESHING)
        self._waiting = 0

    async def answer(self, scope: Scope, exchange: Exchange) -> None:
        """Answer one request."""
        answer = await self.ask(scope, exchange)
        if answer.body:
            exchange.response_bytes(answer.status, answer.headers, answer.body)
        else:
            exchange.response_empty(answer.status, answer.headers)

    async def ask(self, scope: Scope, exchange: Exchange) -> Answer:
        """Return Django's answer to one request."""
        length = scope.headers.get("content-length") or "0"
        most = LARGEST_UPLOAD if _UPLOADS.fullmatch(scope.path) else LARGEST_BODY
        if not length.isdigit() or int(length) > most:
            return _plain(413, "The request is too large.")
        if scope.method in ("GET", "HEAD"):
            return await self._pass_on(scope, b"")
        async with self._uploading if int(length) > LARGEST_BODY else contextlib.nullcontext():
            # What did not say how long it is gets no more than the others.
            body = await _read(exchange, most=max(int(length), LARGEST_BODY))
            if body is None:
                return _plain(413, "The request is too large.")
            return await self._pass_on(scope, body)

    async def _pass_on(self, scope: Scope, body: bytes) -> Answer:
        try:
            return await self.run(partial(self.call, make_environ(scope, body)))
        except BridgeFull:
            return refuse_for_now()

    async def run(self, job: Callable[[], T], *, refresh: bool = False) -> T:
        """Return what `job` returns in one of the threads; raises BridgeFull where too many wait already.

        A refresh is nobody's request: it is never refused and goes before those who wait, but few run at a time.
        """
        loop = asyncio.get_running_loop()
        if refresh:
            async with self._refreshing:
                return await loop.run_in_executor(self._threads, job)
        if self._waiting >= MOST_WAITING:
            raise BridgeFull
        self._waiting += 1
        try:
            async with self._places:
                return await loop.run_in_executor(self._threads, job)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Let the requests that run end."""
        self._threads.shutdown()

    def call(self, environ: dict[str, Any]) -> Answer:
        """Return the application's answer; to be called in one of the threads. A crash is a 500, and is logged."""
        started: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], _exc_info: Any = None) -> None:
            started[:] = [int(status.split(" ", 1)[0]), [(name.lower(), value) for name, value in headers]]

        try:
            chunks = self._application(environ, start_response)
            try:
                body = b"".join(chunks)
            finally:
                close = getattr(chunks, "close", None)
                if close is not None:
                    close()
        except Exception:
            logger.exception("the answer to %r failed", environ["PATH_INFO"])
            return _plain(500, "Something went wrong on our side.")
        status, headers = started
        return Answer(status, headers, body)


async def _read(exchange: Exchange, *, most: int) -> bytes | None:
    """Return the body of a request; None for one of more than `most` bytes."""
    body = bytearray()
    async for chunk in exchange:
        body += chunk
        if len(body) > most:
            return None
    return bytes(body)


def make_environ(scope: Any, body: bytes) -> dict[str, Any]:
    """Return the WSGI environ (PEP 3333) of a request."""
    host, _, port = (scope.server or "127.0.0.1:80").rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope.path).decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": host,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": (scope.client or "").rpartition(":")[0],
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope.headers.items():
        key = name.upper().replace("-", "_")
        if key == "CONTENT_TYPE":
            environ[key] = value
        elif key != "CONTENT_LENGTH" and "_" not in name:  # a header with "_" would pass for one with "-"
            key = f"HTTP_{key}"
            separator = ";" if key == "HTTP_COOKIE" else ","
            environ[key] = f"{environ[key]}{separator}{value}" if key in environ else value
    return environ


def refuse_for_now() -> Answer:
    """Return the answer where too many wait already."""
    return _plain(503, "Very many people are reading just now. Try again in a second.", ("retry-after", "1"))


def _plain(status: int, text: str, *headers: tuple[str, str]) -> Answer:
    kind = ("content-type", "text/plain; charset=utf-8")
    return Answer(status, [kind, ("cache-control", "no-store"), *headers], text.encode())
