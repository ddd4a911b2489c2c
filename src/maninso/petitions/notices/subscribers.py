"""People who asked to be told what becomes of a petition: confirmed first, told once each, gone with one click."""

import datetime as dt
import hmac
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from procrastinate.contrib.django import app

from maninso.identity.encoding import decode_token, encode_token
from maninso.identity.mailbox import Mailbox
from maninso.identity.ticket import derive_key
from maninso.petitions.models import Announcement, Message, Response, Subscriber
from maninso.petitions.notices.messages import QUEUE, digest_person, store_message

TELL = "tell_subscribers"
"""The job that makes the messages of one announcement; its only argument is `announcement_id`."""

AT_ONCE = 200  # messages made in one transaction
NEWS = dt.timedelta(days=3)  # how long an update is news
GRACE = dt.timedelta(minutes=10)
"""How long after its publication the messages about an answer are made, so that one taken back at once is not sent."""
BEHIND = -10  # whoever waits for a link or a code is served first
_MAC_LENGTH = 16

_SUBSCRIBE = """
INSERT INTO petitions_subscriber (petition_id, person, address, language, since, told)
VALUES (%(petition)s, %(person)s, %(address)s, %(language)s, %(now)s,
        (SELECT coalesce(max(id), 0) FROM petitions_announcement WHERE petition_id = %(petition)s))
ON CONFLICT ON CONSTRAINT subscriber_once DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Subscription:
    """Whose updates a token is about. `active` is False once they were unsubscribed."""

    subscriber_id: int
    petition_id: int
    active: bool


def subscribe(*, petition_id: int, mailbox: Mailbox, language: str, now: dt.datetime) -> bool:
    """Store a confirmed subscriber; False where this mailbox was one. They hear of what happens from now on."""
    with connection.cursor() as cursor:
        cursor.execute(
            _SUBSCRIBE,
            {
                "petition": petition_id,
                "person": digest_person(mailbox),
                "address": mailbox.address,
                "language": language,
                "now": now,
            },
        )
        return bool(cursor.rowcount == 1)


def make_token(*, subscriber_id: int, petition_id: int) -> str:
    """Return what unsubscribes: numbers and a MAC, under a key that outlasts every change of the site's secret."""
    body = subscriber_id.to_bytes(8, "big") + petition_id.to_bytes(8, "big")
    return encode_token(body + _sign(body))


def read_subscription(token: str) -> Subscription | None:
    """Return whose updates a token is about; None for a wrong one."""
    try:
        data = decode_token(token)
    except ValueError:
        return None
    body, mac = data[:16], data[16:]
    if len(data) != 16 + _MAC_LENGTH or not hmac.compare_digest(_sign(body), mac):
        return None
    subscriber_id, petition_id = int.from_bytes(body[:8], "big"), int.from_bytes(body[8:], "big")
    return Subscription(subscriber_id, petition_id, Subscriber.objects.filter(pk=subscriber_id).exists())


def unsubscribe(subscription: Subscription) -> bool:
    """Delete the subscriber, address and all, and the updates that wait for them; False where they were gone."""
    with transaction.atomic():
        deleted, _ = Subscriber.objects.filter(pk=subscription.subscriber_id).delete()
        Message.objects.filter(kind="update", facts__subscriber=subscription.subscriber_id).delete()
    return bool(deleted)


def erase_address(mailbox: Mailbox) -> int:
    """Forget a mailbox everywhere: its subscriptions and the messages that wait for it; return how many rows."""
    with transaction.atomic():
        subscribers, _ = Subscriber.objects.filter(person=digest_person(mailbox)).delete()
        messages, _ = Message.objects.filter(recipient=mailbox.address).delete()
    return subscribers + messages


def announce(
    *, petition_id: int, kind: str, now: dt.datetime, text: str = "", reply_id: int | None = None, version: int = 0
) -> None:
    """Have every subscriber of a petition told that something happened; in one transaction.

    `kind` is "opened", "answered", or "creator" with the creator's words, which are public whether or not anybody is
    told. With `reply_id` it is that version of an answer: each is announced once, the messages are made after GRACE,
    and it takes the place of an older version's announcement.
    """
    told = Subscriber.objects.filter(petition_id=petition_id).exists()
    with transaction.atomic():
        if reply_id is not None:
            if Announcement.objects.filter(petition_id=petition_id, reply_id=reply_id, version=version).exists():
                return  # it meets two debts of one petition
            cancel_announcements(petition_id=petition_id, reply_id=reply_id, now=now)
        if not told and kind != "creator":
            return
        announcement = Announcement.objects.create(
            petition_id=petition_id, kind=kind, text=text, at=now, reply_id=reply_id, version=version or None
        )
        if told:
            at = None if reply_id is None else now + GRACE
            app.configure_task(TELL, queue=QUEUE, schedule_at=at).defer(announcement_id=announcement.pk)


def cancel_announcements(*, petition_id: int, reply_id: int, now: dt.datetime) -> int:
    """Make no more messages about an answer, and delete those that wait; return how many waited."""
    with transaction.atomic():
        rows = Announcement.objects.filter(petition_id=petition_id, reply_id=reply_id, cancelled_at=None)
        numbers = list(rows.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
        Announcement.objects.filter(pk__in=numbers).update(cancelled_at=now)
        deleted, _ = Message.objects.filter(kind="update", facts__announcement__in=numbers).delete()
    return deleted


def tell_subscribers(announcement_id: int, *, now: dt.datetime) -> int:
    """Make the next messages of an announcement, AT_ONCE at most; return how many: 0 when all are made.

    Message and mark are one transaction, and whoever works at the same time waits: each is told once. Of what was
    cancelled or hidden none are made.
    """
    with transaction.atomic():
        announcement = Announcement.objects.select_for_update(no_key=True).get(pk=announcement_id)
        if announcement.cancelled_at is not None or announcement.hidden_at is not None:
            return 0
        facts = _facts(announcement)
        due = (
            Subscriber.objects.filter(petition_id=announcement.petition_id, told__lt=announcement_id)
            .order_by("pk")
            .select_for_update(skip_locked=True)[:AT_ONCE]
        )
        subscribers = list(due)
        for subscriber in subscribers:
            store_message(
                kind="update",
                petition_id=announcement.petition_id,
                recipient=subscriber.address,
                language=subscriber.language,
                facts=facts | {"subscriber": subscriber.pk},
                now=now,
                useful=NEWS,
                priority=BEHIND,
            )
        Subscriber.objects.filter(pk__in=[each.pk for each in subscribers]).update(told=announcement_id)
    return len(subscribers)


def _facts(announcement: Announcement) -> dict[str, Any]:
    facts: dict[str, Any] = {"what": announcement.kind, "announcement": announcement.pk}
    if announcement.text:
        facts["text"] = announcement.text
    if announcement.reply_id is not None and announcement.version is not None:
        of_petition = Q(obligation__petition=announcement.petition_id) | Q(petition=announcement.petition_id)
        of_version = Response.objects.filter(of_petition, reply=announcement.reply_id, version=announcement.version)
        facts |= of_version.values("author", "summary", "version").first() or {}
    return facts


def _sign(body: bytes) -> bytes:
    key = derive_key(settings.MANINSO_SUBJECT_SECRET(), purpose="unsubscribe")
    return hmac.digest(key, body, "sha256")[:_MAC_LENGTH]
