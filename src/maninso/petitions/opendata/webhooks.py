"""Tells institutions what happens: which addresses there are, what each has not been told yet, and the job that tells.

What is told is public and short: what happened to which petition, and where to read of it. docs/reference/webhooks.md
says how it is signed (Standard Webhooks).
"""

import base64
import datetime as dt
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.db import IntegrityError, connection, transaction
from django.db.models import Max, Q
from procrastinate.contrib.django import app

from maninso import ManinsoError, UsageError
from maninso.petitions.models import Delivery, Obligation, StateChange, Webhook

SEND_WEBHOOK = "send_webhook"
"""The job that tells one address one thing; its only argument is `delivery_id`."""

QUEUE = "messages"
USEFUL = dt.timedelta(days=3)
"""How long an address that does not answer is tried."""

_REVIVE = """
SELECT d.id FROM petitions_delivery d
WHERE d.done_at IS NULL AND d.created_at < %(before)s AND NOT EXISTS (
    SELECT FROM procrastinate_jobs j
    WHERE j.task_name = %(task)s AND j.status IN ('todo', 'doing') AND j.args ->> 'delivery_id' = d.id::text
)
ORDER BY d.id LIMIT 1000
"""

_LOCAL = ("127.0.0.1", "localhost")
_OVERLAP = 1000  # changes that are looked at again, since numbers are given before they are committed
_KINDS = {
    "open": "petition.opened",
    "closed": "petition.closed",
    "rejected": "petition.rejected",
    "withdrawn": "petition.withdrawn",
    "hidden": "petition.taken-down",
    "removed": "petition.taken-down",
}


class WebhookError(ManinsoError):
    """There is no such webhook, or it is there already."""


@dataclass(frozen=True, kw_only=True)
class WebhookView:
    """One address that is told: `waiting` of its deliveries have not arrived yet."""

    webhook_id: int
    url: str
    institution: str
    created_at: dt.datetime
    ended_at: dt.datetime | None
    ended_why: str
    waiting: int


@dataclass(frozen=True, kw_only=True)
class Told:
    """One thing that an address is to be told: `body` is what is sent and signed, `event` its number for ever."""

    webhook_id: int
    url: str
    event: str
    body: bytes
    created_at: dt.datetime


@dataclass(frozen=True)
class _Happened:
    event: str
    kind: str
    petition_id: int
    obligation_id: int | None
    at: dt.datetime


def add_webhook(*, url: str, institution: str = "", now: dt.datetime) -> int:
    """Have an address told from now on; return its number. Raises UsageError for one that cannot be used."""
    try:
        parts = urlsplit(url)
        is_local = parts.hostname in _LOCAL
    except ValueError:
        parts, is_local = urlsplit(""), False
    if not parts.hostname or parts.username or (parts.scheme != "https" and not (parts.scheme == "http" and is_local)):
        raise UsageError(f"{url!r} is no address that can be told", cure="give one that begins with https://")
    newest = StateChange.objects.aggregate(last=Max("pk"))["last"] or 0
    try:
        with transaction.atomic():
            return Webhook.objects.create(url=url, institution=institution, seen=newest, created_at=now).pk
    except IntegrityError as error:
        raise WebhookError(f"{url} is told already", cure="list them with `maninso webhook list`") from error


def end_webhook(webhook_id: int, *, why: str, now: dt.datetime) -> None:
    """Tell an address no more; what waits is given up. Raises WebhookError where there is none such."""
    with transaction.atomic():
        if not Webhook.objects.filter(pk=webhook_id, ended_at=None).update(ended_at=now, ended_why=why):
            raise WebhookError(f"there is no webhook {webhook_id}", cure="list them with `maninso webhook list`")
        Delivery.objects.filter(webhook=webhook_id, done_at=None).update(done_at=now, outcome=why)


def list_webhooks() -> tuple[WebhookView, ...]:
    """Return every address that is or was told, the oldest first."""
    return tuple(
        WebhookView(
            webhook_id=each.pk,
            url=each.url,
            institution=each.institution,
            created_at=each.created_at,
            ended_at=each.ended_at,
            ended_why=each.ended_why,
            waiting=each.deliveries.filter(done_at=None).count(),
        )
        for each in Webhook.objects.order_by("pk")
    )


def make_deliveries(*, now: dt.datetime) -> int:
    """Store what each address has not been told yet, with the jobs that tell it; return how many things.

    Any number may run this at once: each thing is stored once for each address.
    """
    made = 0
    for webhook in Webhook.objects.filter(ended_at=None).order_by("pk"):
        newest = StateChange.objects.aggregate(last=Max("pk"))["last"] or 0
        happenings = {each.event: each for each in (*_changes(webhook, newest), *_debts(webhook))}
        known = Delivery.objects.filter(webhook=webhook, event__in=list(happenings))
        for event in known.values_list("event", flat=True):
            del happenings[event]
        for happened in happenings.values():
            with transaction.atomic():
                delivery, is_new = Delivery.objects.get_or_create(
                    webhook=webhook,
                    event=happened.event,
                    defaults={
                        "kind": happened.kind,
                        "petition_id": happened.petition_id,
                        "obligation_id": happened.obligation_id,
                        "happened_at": happened.at,
                        "created_at": now,
                    },
                )
                if is_new:
                    app.configure_task(SEND_WEBHOOK, queue=QUEUE).defer(delivery_id=delivery.pk)
                    made += 1
        Webhook.objects.filter(pk=webhook.pk, seen__lt=newest).update(seen=newest)
    return made


def _changes(webhook: Webhook, newest: int) -> Iterator[_Happened]:
    rows = StateChange.objects.filter(
        pk__gt=webhook.seen - _OVERLAP, pk__lte=newest, at__gt=webhook.created_at, new__in=_KINDS
    ).exclude(petition__source__gt="")
    if webhook.institution:
        rows = rows.filter(petition__charter__charter_id=webhook.institution)
    for change in rows.order_by("pk"):
        yield _Happened(f"change-{change.pk}", _KINDS[change.new], change.petition_id, None, change.at)


def _debts(webhook: Webhook) -> Iterator[_Happened]:
    rows = Obligation.objects.all()
    if webhook.institution:
        rows = rows.filter(petition__charter__charter_id=webhook.institution)
    since = webhook.created_at
    for debt in rows.filter(Q(created_at__gt=since) | Q(settled_at__gt=since)).order_by("pk"):
        states = [("owed", debt.owed_since)] if debt.created_at > webhook.created_at else []
        if debt.state != "owed" and debt.settled_at and debt.settled_at > webhook.created_at:
            states.append((debt.state, debt.settled_at))
        for state, at in states:
            event = f"obligation-{debt.pk}-{state}-{debt.turns}"
            yield _Happened(event, f"obligation.{state}", debt.petition_id, debt.pk, at)


def revive_deliveries(*, now: dt.datetime) -> int:
    """Give each delivery that has waited for a minute without a job one again; return how many."""
    with connection.cursor() as cursor:
        cursor.execute(_REVIVE, {"before": now - dt.timedelta(minutes=1), "task": SEND_WEBHOOK})
        lost = [delivery_id for (delivery_id,) in cursor.fetchall()]
    for delivery_id in lost:
        app.configure_task(SEND_WEBHOOK, queue=QUEUE).defer(delivery_id=delivery_id)
    return len(lost)


def read_delivery(delivery_id: int, *, origin: str) -> Told | None:
    """Return what is to be told; None where it was told, or is given up. `origin` is the site's, https://HOST."""
    delivery = Delivery.objects.select_related("webhook").filter(pk=delivery_id, done_at=None).first()
    if delivery is None:
        return None
    place = f"{origin}/petitions/{delivery.petition_id}"
    data: dict[str, object] = {
        "petition": delivery.petition_id,
        "url": place,
        "api": f"{origin}/api/v1/petitions/{delivery.petition_id}",
    }
    if delivery.obligation_id is not None:
        data |= {"obligation": delivery.obligation_id}
    at = delivery.happened_at.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    body = json.dumps({"type": delivery.kind, "timestamp": at, "data": data}, separators=(",", ":"))
    return Told(
        webhook_id=delivery.webhook_id,
        url=delivery.webhook.url,
        event=f"{delivery.webhook_id}-{delivery.event}",
        body=body.encode(),
        created_at=delivery.created_at,
    )


def finish_delivery(delivery_id: int, *, outcome: str, now: dt.datetime) -> None:
    """Say what became of telling it: `told`, or why it was given up."""
    Delivery.objects.filter(pk=delivery_id, done_at=None).update(done_at=now, outcome=outcome)


def derive_secret(key: bytes, webhook_id: int) -> bytes:
    """Return the 32 bytes that sign what a webhook is told; `key` is the site's."""
    return hmac.digest(key, f"maninso webhook {webhook_id}".encode(), "sha256")


def render_secret(secret: bytes) -> str:
    """Return a secret as its receiver is given it."""
    return f"whsec_{base64.b64encode(secret).decode()}"


def sign(secret: bytes, *, event: str, at: int, body: bytes) -> str:
    """Return the signature header (Standard Webhooks 1.0, "v1"); `at` in Unix seconds."""
    signed = hmac.digest(secret, f"{event}.{at}.".encode() + body, "sha256")
    return f"v1,{base64.b64encode(signed).decode()}"
