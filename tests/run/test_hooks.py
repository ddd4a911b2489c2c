"""A webhook's receiver gets what it can check; what does not arrive is tried again, and 410 ends it."""

import asyncio
import base64
import datetime as dt
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from django.db import connections

from maninso.petitions.models import Delivery, Webhook
from maninso.petitions.opendata import webhooks
from maninso.run.hooks import Hooks
from maninso.run.mail import PostBusy

pytestmark = pytest.mark.django_db(transaction=True)

NOW = dt.datetime(2026, 11, 21, 3, 0, tzinfo=dt.UTC)
KEY = bytes(range(32))


class Receiver(HTTPServer):
    """An institution's system, which keeps what it gets and answers `status`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status = 204
        self.got: list[tuple[dict[str, str], bytes]] = []


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Receiver)
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.got.append((headers, self.rfile.read(int(headers["content-length"]))))
        self.send_response(self.server.status)
        self.send_header("Location", "/elsewhere")
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


@pytest.fixture
def send(receiver: Receiver) -> Callable[..., Delivery]:
    """Send a delivery that was made `age` ago; gives it as it is then."""
    from maninso.charter import load_preset
    from maninso.petitions.lifecycle import draft_petition

    petition = draft_petition(
        charter=load_preset("university"), title="x", body="x", language="en", topic="", creator_name="x", now=NOW
    )
    url = f"http://127.0.0.1:{receiver.server_port}/hook"
    webhook = Webhook.objects.create(url=url, created_at=NOW)

    async def ask(question: Callable[[], Any]) -> Any:
        def answer() -> Any:
            try:
                return question()
            finally:
                connections.close_all()

        return await asyncio.to_thread(answer)

    def run(*, age: dt.timedelta = dt.timedelta()) -> Delivery:
        delivery, _ = Delivery.objects.get_or_create(
            webhook=webhook,
            event="change-1",
            defaults={
                "kind": "petition.opened",
                "petition_id": petition,
                "happened_at": NOW,
                "created_at": NOW - age,
            },
        )
        sender = Hooks(origin="https://petitions.example.org", key=KEY, clock=lambda: NOW, ask=ask)
        asyncio.run(sender.send(delivery.pk))
        delivery.refresh_from_db()
        return delivery

    return run


def test_the_receiver_can_check_what_it_gets(receiver: Receiver, send: Callable[..., Delivery]) -> None:
    delivery = send()
    ((headers, body),) = receiver.got
    place = f"https://petitions.example.org/petitions/{delivery.petition_id}"
    assert json.loads(body)["data"]["url"] == place
    assert headers["webhook-id"] == f"{delivery.webhook_id}-change-1"
    assert headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    digest = hmac.new(webhooks.derive_secret(KEY, delivery.webhook_id), signed, hashlib.sha256).digest()
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"
    assert (delivery.outcome, delivery.done_at) == ("told", NOW)
    send()  # what was told is not told again
    assert len(receiver.got) == 1


@pytest.mark.parametrize("status", [301, 404, 429, 500])
def test_what_does_not_arrive_is_tried_again(receiver: Receiver, send: Callable[..., Delivery], status: int) -> None:
    receiver.status = status
    with pytest.raises(PostBusy):
        send()
    receiver.status = 200
    assert (send().outcome, len(receiver.got)) == ("told", 2)


def test_410_ends_the_webhook(receiver: Receiver, send: Callable[..., Delivery]) -> None:
    receiver.status = 410
    assert send().outcome == "the receiver answered 410"
    assert Webhook.objects.get().ended_at == NOW


def test_after_three_days_it_is_given_up(receiver: Receiver, send: Callable[..., Delivery]) -> None:
    assert (send(age=dt.timedelta(days=3)).outcome, receiver.got) == ("no answer", [])


def test_nobody_there_is_tried_again(receiver: Receiver, send: Callable[..., Delivery]) -> None:
    receiver.server_close()
    with pytest.raises(PostBusy):
        send()
    assert Delivery.objects.get().done_at is None
