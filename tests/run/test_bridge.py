"""Bodies that Django takes: small ones everywhere, documents on the clerk's desk alone."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from maninso.run.bridge import LARGEST_BODY, LARGEST_UPLOAD, Answer, Bridge


class Headers(dict[str, str]):
    """Headers as granian gives them, as far as the bridge asks."""


class Scope:
    def __init__(self, path: str, length: int | None) -> None:
        self.method, self.path, self.query_string = "POST", path, ""
        self.server, self.client, self.scheme, self.http_version = "127.0.0.1:80", "127.0.0.1:9", "http", "1.1"
        self.headers = Headers({} if length is None else {"content-length": str(length)})


class Exchange:
    def __init__(self, size: int) -> None:
        self.size = size

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for sent in range(0, self.size, 1_000_000):
            yield bytes(min(1_000_000, self.size - sent))


def count_body(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [])
    return [str(len(environ["wsgi.input"].read())).encode()]


def ask(path: str, size: int, *, says: bool = True) -> Answer:
    bridge = Bridge(count_body, threads=1)
    try:
        return asyncio.run(bridge.ask(Scope(path, size if says else None), Exchange(size)))  # type: ignore[arg-type]
    finally:
        bridge.close()


@pytest.mark.parametrize(
    ("path", "size", "says", "status"),
    [
        ("/office/answers/7", LARGEST_UPLOAD, True, 200),
        ("/ko/office/answers/7", LARGEST_BODY + 1, True, 200),
        ("/office/answers/7", LARGEST_UPLOAD + 1, True, 413),
        ("/office/answers/7", LARGEST_BODY + 1, False, 413),
        ("/petitions/new/steps", LARGEST_BODY, True, 200),
        ("/petitions/new/steps", LARGEST_BODY + 1, True, 413),
        ("/petitions/new/steps", LARGEST_BODY + 1, False, 413),
        ("/office/answers/7/documents/x", LARGEST_BODY + 1, True, 413),
    ],
)
def test_only_the_desk_takes_documents(path: str, size: int, says: bool, status: int) -> None:
    answer = ask(path, size, says=says)
    assert (answer.status, answer.body if status == 200 else b"") == (status, b"%d" % size if status == 200 else b"")
