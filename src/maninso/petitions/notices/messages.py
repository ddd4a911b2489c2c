"""Messages: stored with the job that sends them in one transaction, and deleted once they are sent."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from procrastinate.contrib.django import app

from maninso.identity.mailbox import Mailbox
from maninso.identity.ticket import digest_subject
from maninso.petitions.models import Message
from maninso.petitions.notices.allowances import MOST_MESSAGES, take_allowance

SEND = "send_message"
"""The job that sends one message; its only argument is `message_id`."""

QUEUE = "messages"
USEFUL = dt.timedelta(hours=12)
"""How long after somebody asked for a link they may still be waiting for it."""
CODE_USEFUL = dt.timedelta(hours=1)
DESK_USEFUL = dt.timedelta(days=1)

_REVIVE = """
SELECT m.id FROM petitions_message m
WHERE m.created_at < %(before)s AND NOT EXISTS (
    SELECT FROM procrastinate_jobs j
    WHERE j.task_name = %(task)s AND j.status IN ('todo', 'doing') AND j.args ->> 'message_id' = m.id::text
)
ORDER BY m.id LIMIT 1000
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMessage:
    """A message as the worker reads it. Times are aware; `facts` is what its maker stored."""

    message_id: int
    kind: str
    petition_id: int  # 0: about none
    petition_title: str
    petition_language: str
    recipient: str
    language: str
    facts: Mapping[str, Any]
    created_at: dt.datetime
    expires_at: dt.datetime


def store_message(
    *,
    kind: str,
    petition_id: int | None,
    recipient: str,
    language: str,
    facts: Mapping[str, Any],
    now: dt.datetime,
    useful: dt.timedelta = USEFUL,
    priority: int = 0,
) -> None:
    """Store a message and the job that sends it, in the caller's transaction; what many get has a lower priority."""
    message = Message.objects.create(
        kind=kind,
        petition_id=petition_id,
        recipient=recipient,
        language=language,
        facts=dict(facts),
        created_at=now,
        expires_at=now + useful,
    )
    app.configure_task(SEND, queue=QUEUE, priority=priority).defer(message_id=message.pk)


def ask_confirmation(
    *,
    petition_id: int,
    mailbox: Mailbox,
    language: str,
    issuer: str,
    age: int,
    until: dt.datetime,
    now: dt.datetime,
    grace: dt.timedelta = dt.timedelta(0),
) -> bool:
    """Store the message whose link signs; False where this mailbox has had MOST_MESSAGES for the petition.

    `issuer` and `age` go into the link's ticket. `until` is when the petition stops taking signatures: so long the
    messages are counted, by a keyed digest. For `grace` after that what was asked for in time may be confirmed.
    """
    with transaction.atomic():
        if not take_allowance(f"confirm {petition_id} {mailbox.person}", most=MOST_MESSAGES, until=until):
            return False
        store_message(
            kind="confirm",
            petition_id=petition_id,
            recipient=mailbox.address,
            language=language,
            facts={
                "issuer": issuer,
                "age": age,
                "closes_at": int(until.timestamp()),
                "grace": int(grace.total_seconds()),
            },
            now=now,
        )
    return True


def ask_subscription(*, petition_id: int, mailbox: Mailbox, language: str, now: dt.datetime) -> bool:
    """Store the message whose link subscribes; False where this mailbox has had MOST_MESSAGES in thirty days."""
    with transaction.atomic():
        until = now + dt.timedelta(days=30)
        if not take_allowance(f"subscribe {petition_id} {mailbox.person}", most=MOST_MESSAGES, until=until):
            return False
        store_message(
            kind="subscribe", petition_id=petition_id, recipient=mailbox.address, language=language, facts={}, now=now
        )
    return True


def ask_code(
    *, purpose: str, petition_id: int, mailbox: Mailbox, language: str, facts: Mapping[str, Any], now: dt.datetime
) -> bool:
    """Store the message that brings a code; False where this mailbox has had MOST_MESSAGES for it within a day.

    `purpose` is identity.proof's, `petition_id` 0 where there is none yet, and `facts` what the code is made of.
    """
    with transaction.atomic():
        until = now + dt.timedelta(days=1)
        if not take_allowance(f"code {purpose} {mailbox.person}", most=MOST_MESSAGES, until=until):
            return False
        store_message(
            kind="code",
            petition_id=petition_id or None,
            recipient=mailbox.address,
            language=language,
            facts=facts,
            now=now,
            useful=CODE_USEFUL,
        )
    return True


def tell_desk(*, petition_id: int, recipient: str, language: str, facts: Mapping[str, Any], now: dt.datetime) -> None:
    """Store a message to somebody of the office: a reminder, or how a message to subscribers will look."""
    store_message(
        kind="desk",
        petition_id=petition_id,
        recipient=recipient,
        language=language,
        facts=facts,
        now=now,
        useful=DESK_USEFUL,
    )


def read_message(message_id: int) -> StoredMessage | None:
    """Return a message that waits to be sent; None where it was sent or dropped."""
    message = Message.objects.select_related("petition").filter(pk=message_id).first()
    if message is None:
        return None
    return StoredMessage(
        message_id=message.pk,
        kind=message.kind,
        petition_id=message.petition_id or 0,
        petition_title=message.petition.title if message.petition else "",
        petition_language=message.petition.language if message.petition else message.language,
        recipient=message.recipient,
        language=message.language,
        facts=message.facts,
        created_at=message.created_at,
        expires_at=message.expires_at,
    )


def drop_message(message_id: int) -> None:
    """Delete a message, and with it the address: it was sent, or will not be."""
    Message.objects.filter(pk=message_id).delete()


def revive_messages(*, now: dt.datetime) -> int:
    """Give each message that has waited for a minute without a job one again; return how many."""
    with connection.cursor() as cursor:
        cursor.execute(_REVIVE, {"before": now - dt.timedelta(minutes=1), "task": SEND})
        lost = [message_id for (message_id,) in cursor.fetchall()]
    for message_id in lost:
        app.configure_task(SEND, queue=QUEUE).defer(message_id=message_id)
    return len(lost)


def digest_person(mailbox: Mailbox) -> bytes:
    """Return the 32-byte keyed digest that stands for a mailbox in the subscribers' table."""
    return digest_subject(settings.MANINSO_SUBJECT_SECRET(), issuer="subscriber", identity=mailbox.person)
