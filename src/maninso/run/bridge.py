"""Serves Django (WSGI) from granian's RSGI, in threads of its own, so that one port answers everything.

Django under ASGI was measured 16 times slower, because its middleware is synchronous. The threads are few and bounded:
a rush of pages waits here and never in the way of a signature.
"""

import asyncio
import io
import logging
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

from maninso.signing.app import Exchange, Headers, Scope

logger = logging.getLogger(__name__)

LARGEST_BODY = 2_500_000  # bytes; no page of ours takes more
MOST_WAITING = 256  # requests; more are told to come back

WSGI = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer of Django's."""

    status: int
    headers: Headers
    body: bytes


class Bridge:
    """One WSGI application behind RSGI, with `threads` workers."""

    def __init__(self, application: WSGI, *, threads: int) -> None:
        self._application = application
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="django")
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
        if not length.isdigit() or int(length) > LARGEST_BODY:
            return _plain(413, "The request is too large.")
        body = b""
        if scope.method not in ("GET", "HEAD"):
            async for chunk in exchange:
                body += chunk
                if len(body) > LARGEST_BODY:
                    return _plain(413, "The request is too large.")
        if self._waiting >= MOST_WAITING:
            return _plain(503, "Very many people are reading just now. Try again in a second.", ("retry-after", "1"))
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, self._run, make_environ(scope, body))
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Let the requests that run end."""
        self._threads.shutdown()

    def _run(self, environ: dict[str, Any]) -> Answer:
        started: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], _exc_info: Any = None) -> None:
            started[:] = [int(status.split(" ", 1)[0]), [(name.lower(), value) for name, value in headers]]

        chunks = self._application(environ, start_response)
        try:
            body = b"".join(chunks)
        finally:
            close = getattr(chunks, "close", None)
            if close is not None:
                close()
        status, headers = started
        return Answer(status, headers, body)


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


def _plain(status: int, text: str, *headers: tuple[str, str]) -> Answer:
    kind = ("content-type", "text/plain; charset=utf-8")
    return Answer(status, [kind, ("cache-control", "no-store"), *headers], text.encode())
