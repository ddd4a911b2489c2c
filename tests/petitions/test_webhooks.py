"""Institutions are told once what happens, of their petitions alone; each constraint refuses under its name."""

import base64
import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from maninso import UsageError
from maninso.petitions.lifecycle import close_petition
from maninso.petitions.models import Delivery, Webhook
from maninso.petitions.opendata import webhooks
from maninso.petitions.opendata.webhooks import WebhookError, add_webhook, end_webhook, make_deliveries, read_delivery

pytestmark = pytest.mark.django_db

HERE = "https://petitions.example.org"
MINUTE = dt.timedelta(minutes=1)


def told(webhook: int) -> list[tuple[str, int]]:
    rows = Delivery.objects.filter(webhook=webhook).order_by("pk")
    return [(row.kind, row.petition_id) for row in rows]


def jobs() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'send_webhook'")
        return int(cursor.fetchone()[0])


def test_what_happens_is_told_once(opened: Callable[..., int], now: dt.datetime) -> None:
    before = opened()
    number = add_webhook(url="https://records.example/hook", now=now + MINUTE)
    elsewhere = add_webhook(url="https://records.example/hook", institution="nobody", now=now + MINUTE)
    assert make_deliveries(now=now + MINUTE) == 0
    close_petition(before, now=now + 2 * MINUTE)
    assert make_deliveries(now=now + 3 * MINUTE) == 1
    assert make_deliveries(now=now + 4 * MINUTE) == 0
    assert (told(number), told(elsewhere), jobs()) == ([("petition.closed", before)], [], 1)
    assert webhooks.revive_deliveries(now=now + 9 * MINUTE) == 0
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")  # as where a worker failed at it in a way that nobody foresaw
    assert (webhooks.revive_deliveries(now=now + 9 * MINUTE), jobs()) == (1, 1)
    (waiting, _) = webhooks.list_webhooks()
    assert (waiting.waiting, waiting.ended_at) == (1, None)


def test_debts_are_told(
    opened: Callable[..., int], sign: Callable[..., Any], sequence: Callable[..., Any], now: dt.datetime
) -> None:
    from maninso.petitions.obligations import record_met_thresholds

    number = add_webhook(url="https://records.example/hook", institution="town", now=now - MINUTE)
    petition = opened()
    sign(petition, "a", "b", "c")
    sequence(now + MINUTE)
    record_met_thresholds(now=now + MINUTE)
    make_deliveries(now=now + MINUTE)
    assert told(number) == [("petition.opened", petition), ("obligation.owed", petition)]
    last = Delivery.objects.latest("pk")
    found = read_delivery(last.pk, origin=HERE)
    assert found is not None
    body = json.loads(found.body)
    assert (body["type"], body["data"]["petition"], body["data"]["obligation"]) == (
        "obligation.owed",
        petition,
        last.obligation_id,
    )
    assert body["data"]["api"] == f"{HERE}/api/v1/petitions/{petition}"
    webhooks.finish_delivery(last.pk, outcome="told", now=now + MINUTE)
    assert read_delivery(last.pk, origin=HERE) is None


def test_an_ended_webhook_is_told_no_more(opened: Callable[..., int], now: dt.datetime) -> None:
    number = add_webhook(url="https://records.example/hook", now=now - MINUTE)
    opened()
    make_deliveries(now=now)
    end_webhook(number, why="removed by an operator", now=now)
    opened()
    assert make_deliveries(now=now + MINUTE) == 0
    assert Delivery.objects.filter(done_at=None).count() == 0
    with pytest.raises(WebhookError):
        end_webhook(number, why="again", now=now)
    add_webhook(url="https://records.example/hook", now=now)
    with pytest.raises(WebhookError):
        add_webhook(url="https://records.example/hook", now=now)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "x",
        "ftp://records.example/",
        "http://records.example/",
        "https://",
        "https://[",
        "https://me:pw@records.example/",
    ],
)
def test_an_address_that_cannot_be_told_is_refused(url: str, now: dt.datetime) -> None:
    with pytest.raises(UsageError):
        add_webhook(url=url, now=now)


def test_the_signature_is_that_of_standard_webhooks() -> None:
    secret = webhooks.derive_secret(bytes(32), 7)
    assert webhooks.derive_secret(bytes(32), 8) != secret
    given = base64.b64decode(webhooks.render_secret(secret).removeprefix("whsec_"), validate=True)
    signature = webhooks.sign(secret, event="7-change-1", at=1_700_000_000, body=b"{}")
    expected = hmac.new(given, b"7-change-1.1700000000.{}", hashlib.sha256).digest()
    assert signature == f"v1,{base64.b64encode(expected).decode()}"


GOOD: dict[str, Any] = {"url": "https://records.example/hook", "created_at": dt.datetime(2026, 3, 1, tzinfo=dt.UTC)}


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("webhook_encrypted", {"url": "http://records.example/"}),
        ("webhook_ends_with_a_reason", {"ended_at": GOOD["created_at"]}),
        ("webhook_ends_with_a_reason", {"ended_why": "x"}),
        ("webhook_once", {}),
    ],
)
def test_a_webhook_s_constraints(name: str, changes: dict[str, Any]) -> None:
    Webhook.objects.create(**GOOD)
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        Webhook.objects.create(**GOOD | changes)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("delivery_once", {}),
        ("delivery_kind_known", {"event": "y", "kind": "petition.eaten"}),
        ("delivery_done_with_an_outcome", {"event": "y", "done_at": GOOD["created_at"]}),
        ("delivery_done_with_an_outcome", {"event": "y", "outcome": "told"}),
    ],
)
def test_a_delivery_s_constraints(opened: Callable[..., int], name: str, changes: dict[str, Any]) -> None:
    when = GOOD["created_at"]
    good = {
        "webhook": Webhook.objects.create(**GOOD),
        "event": "x",
        "kind": "petition.opened",
        "petition_id": opened(),
        "happened_at": when,
        "created_at": when,
    }
    Delivery.objects.create(**good)
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        Delivery.objects.create(**good | changes)
