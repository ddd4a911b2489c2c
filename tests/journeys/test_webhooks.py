"""A site tells an institution's system what happens: by its own worker, signed, and again where it failed."""

import base64
import hmac
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue
from typing import Any, NamedTuple

import pytest
from tests.journeys.conftest import open_petition
from tests.live import LiveSite

PATIENCE = 60.0  # seconds: a delivery is looked for every two, and tried again after five


class Sent(NamedTuple):
    """One attempt that arrived."""

    headers: dict[str, str]
    body: bytes


class Receiver(HTTPServer):
    """An institution's system that is down for its first call, and then takes what it gets."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.got: Queue[Sent] = Queue()
        self.calls = 0


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Receiver)
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.got.put(Sent(headers, self.rfile.read(int(headers["content-length"]))))
        self.server.calls += 1
        self.send_response(503 if self.server.calls == 1 else 204)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def verify(secret: str, sent: Sent) -> None:
    """Check a message as Standard Webhooks 1.0 tells its receiver to, from the secret as it was handed over."""
    key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    number, at = sent.headers["webhook-id"], sent.headers["webhook-timestamp"]
    assert abs(time.time() - int(at)) < 300  # what is older is refused
    expected = hmac.new(key, f"{number}.{at}.".encode() + sent.body, "sha256").digest()
    given = [each.partition(",") for each in sent.headers["webhook-signature"].split(" ")]
    signatures = [base64.b64decode(value) for version, _, value in given if version == "v1"]
    assert [each for each in signatures if hmac.compare_digest(each, expected)]


def test_a_webhook_arrives_signed_and_again_after_a_failure(site: LiveSite, receiver: Receiver) -> None:
    url = f"http://127.0.0.1:{receiver.server_port}/petitions"
    added = json.loads(site.maninso("webhook", "add", url, "--json"))
    petition = open_petition(site)
    try:
        mine: list[Sent] = []
        while len(mine) < 2:  # others open petitions on this site meanwhile, and the receiver is told of those, too
            sent = receiver.got.get(timeout=PATIENCE)
            if not mine or sent.headers["webhook-id"] == mine[0].headers["webhook-id"]:
                mine.append(sent)
        first, second = mine
        assert first.body == second.body
        for each in mine:
            verify(added["secret"], each)
            assert each.headers["content-type"] == "application/json"
        with pytest.raises(AssertionError):
            verify(added["secret"], second._replace(body=second.body + b" "))
        told = json.loads(second.body)
        assert told["type"] == "petition.opened"
        assert told["data"]["petition"] >= petition
        assert told["data"]["url"] == f"{site.url}/petitions/{told['data']['petition']}"
    finally:
        site.maninso("webhook", "remove", str(added["webhook"]))
