"""What a rehearsal looks at: a petition that has just opened has no checkpoint yet, which is waited for."""

import asyncio
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from maninso import UnreadableError
from maninso.ledger.checkpoint import Checkpoint, sign_checkpoint
from maninso.ledger.merkle import hash_leaf
from maninso.ledger.tiles import pack_bundle
from maninso.run.behind import CountWatch
from maninso.run.rehearse import await_leaves, fetch, read_size
from maninso.signing.keys import LogKey

ENTRY = b"one signature"
ORIGIN = "petitions.example.org/p/7"


@pytest.fixture
def answers() -> dict[str, list[tuple[int, bytes]]]:
    """What each path answers, one after the other; the last goes on."""
    return {}


@pytest.fixture
def site(answers: dict[str, list[tuple[int, bytes]]]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            queue = answers.get(self.path.partition("?")[0], [(404, b"")])
            status, body = queue.pop(0) if len(queue) > 1 else queue[0]
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_the_first_checkpoint_is_waited_for(site: str, answers: dict[str, list[tuple[int, bytes]]]) -> None:
    signer = LogKey(bytes(32)).sign_as(ORIGIN)
    checkpoint = sign_checkpoint(Checkpoint(ORIGIN, 1, hash_leaf(ENTRY)), signer)
    answers["/p/7/log/checkpoint"] = [(404, b""), (404, b""), (200, checkpoint)]
    answers["/p/7/log/tile/entries/000.p/1"] = [(200, pack_bundle([ENTRY]))]
    assert await_leaves(site, 7, {hash_leaf(ENTRY)}) == 0


def test_the_count_is_watched_over_connections_that_end(site: str, answers: dict[str, list[tuple[int, bytes]]]) -> None:
    counts = [(200, b'{"signature_count": 0}'), (503, b""), (200, b'{"signature_count": 5}'), (200, b"last")]
    answers["/petitions/7/count.json"] = counts
    port = int(site.rpartition(":")[2])
    watch = CountWatch("127.0.0.1", port, 7, before=0, acknowledged=lambda: 5)

    async def story() -> None:
        task = asyncio.create_task(watch.run())
        while len(counts) > 1:
            await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(story())
    assert watch.longest > 0
    assert watch.compare(time.monotonic(), 5) == 0


def test_what_else_goes_wrong_is_said(site: str, answers: dict[str, list[tuple[int, bytes]]]) -> None:
    answers["/broken"] = [(500, b"")]
    with pytest.raises(UnreadableError, match="500"):
        read_size(f"{site}/broken")
    with pytest.raises(UnreadableError, match="404"):
        fetch(f"{site}/nowhere")
