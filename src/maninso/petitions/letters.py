"""Letters to creators: stored in the transaction of what they are about, read on the creator's page, sent by mail.

When its time has come, a letter with an address becomes a message (notices.send_due_letters). Until then it may be
taken back.
"""

import datetime as dt
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from maninso.petitions.models import Letter


@dataclass(frozen=True, kw_only=True)
class LetterView:
    """One letter; `waits` while it can still be taken back."""

    letter_id: int
    once: str
    address: str
    language: str
    subject: str
    body: str
    send_at: dt.datetime
    waits: bool


def store_letter(
    *,
    petition_id: int,
    once: str,
    address: str,
    language: str,
    subject: str,
    body: str,
    now: dt.datetime,
    delay: dt.timedelta = dt.timedelta(0),
) -> bool:
    """Store a letter in the caller's transaction; False where the same was stored before.

    `once` names what it is about. Without an address it is read on the creator's page alone.
    """
    letter = Letter(
        petition_id=petition_id,
        once=once,
        address=address,
        language=language,
        subject=subject,
        body=body,
        written_at=now,
        send_at=now + delay,
    )
    try:
        with transaction.atomic():
            letter.save(force_insert=True)
    except IntegrityError as error:
        diagnostic = getattr(error.__cause__, "diag", None)
        if diagnostic is None or diagnostic.constraint_name != "letter_once":
            raise
        return False
    return True


def cancel_letter(*, petition_id: int, once: str, now: dt.datetime) -> bool:
    """Take a letter back; False where its time has come, or there is none."""
    waiting = Letter.objects.filter(petition_id=petition_id, once=once, cancelled_at=None, sent_at=None)
    return waiting.filter(send_at__gt=now).update(cancelled_at=now) == 1


def read_letters(petition_id: int, *, now: dt.datetime) -> tuple[LetterView, ...]:
    """Return the letters about a petition that were not taken back, newest first."""
    rows = Letter.objects.filter(petition_id=petition_id, cancelled_at=None).order_by("-send_at", "-pk")
    return tuple(_view(row, now=now) for row in rows)


def find_letter(letter_id: int, *, now: dt.datetime) -> LetterView:
    """Return one letter, as a message to its creator says it."""
    return _view(Letter.objects.get(pk=letter_id), now=now)


def _view(row: Letter, *, now: dt.datetime) -> LetterView:
    return LetterView(
        letter_id=row.pk,
        once=row.once,
        address=row.address,
        language=row.language,
        subject=row.subject,
        body=row.body,
        send_at=row.send_at,
        waits=row.send_at > now,
    )
