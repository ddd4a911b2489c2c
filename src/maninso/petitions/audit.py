"""The office's own log: every action is a record that is never changed, chained to the one before it.

A record's digest is the SHA-256 of its canonical JSON (docs/reference/office.md), so whoever kept a digest finds any
later change of what came before it. Records are numbered without gaps, one writer at a time.
"""

import datetime as dt
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from django.db import connection, transaction

from maninso.ledger.canonical import render_json
from maninso.petitions.models import AuditRecord

START = bytes(32)
"""What the first record names as the digest before it."""

_LOCK = 0x6D616E696E7361  # another one than the sequencer's and the migrations'
_CHUNK = 2_000


class Doer(Protocol):
    """Who does something: a role, and a name, which is "" where it is the program or a creator."""

    @property
    def role(self) -> str: ...

    @property
    def name(self) -> str: ...


@dataclass(frozen=True, kw_only=True)
class RecordView:
    """One record, as pages and exports show it."""

    number: int
    at: dt.datetime
    role: str
    actor: str
    action: str
    subject: str
    reason: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    digest: str  # hex


@dataclass(frozen=True, kw_only=True)
class AuditReport:
    """What checking the chain found: its size and last digest, and the first record that is wrong, if one is."""

    size: int
    digest: str  # hex; of the last sound record
    wrong: int | None  # its number
    fault: str  # "" where all is sound


def record_action(
    actor: Doer,
    action: str,
    subject: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    now: dt.datetime,
    reason: str = "",
) -> int:
    """Append what somebody did to a subject ("petition/12") inside the caller's transaction; see `append_record`."""
    return append_record(
        role=actor.role,
        actor=actor.name,
        action=action,
        subject=subject,
        reason=reason,
        before=before,
        after=after,
        now=now,
    )


def append_record(
    *,
    role: str,
    actor: str,
    action: str,
    subject: str,
    now: dt.datetime,
    reason: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> int:
    """Append a record inside the caller's transaction and return its number.

    `before` and `after` hold strings, integers, booleans, None, and lists and objects of those. Call it last: others
    wait for this transaction's end before they can append.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        last = AuditRecord.objects.order_by("-number").values_list("number", "digest").first()
        record = AuditRecord(
            number=last[0] + 1 if last else 1,
            at=now,
            role=role,
            actor=actor,
            action=action,
            subject=subject,
            reason=reason,
            before=dict(before or {}),
            after=dict(after or {}),
            previous=bytes(last[1]) if last else START,
        )
        record.digest = hashlib.sha256(render_record(record)).digest()
        record.save(force_insert=True)
    return record.number


def render_record(record: AuditRecord) -> bytes:
    """Return the bytes that a record's digest is taken of: canonical JSON, keys sorted, UTF-8."""
    return render_json(
        {
            "number": record.number,
            "at": record.at.astimezone(dt.UTC).isoformat(timespec="microseconds"),
            "role": record.role,
            "actor": record.actor,
            "action": record.action,
            "subject": record.subject,
            "reason": record.reason,
            "before": record.before,
            "after": record.after,
            "previous": bytes(record.previous).hex(),
        }
    )


def verify_audit() -> AuditReport:
    """Recompute the whole chain and return the first record that is missing or was changed, if one was."""
    previous, size = START, 0
    for record in AuditRecord.objects.order_by("number").iterator(chunk_size=_CHUNK):
        fault = _fault_of(record, number=size + 1, previous=previous)
        if fault:
            return AuditReport(size=size, digest=previous.hex(), wrong=size + 1, fault=fault)
        previous, size = bytes(record.digest), size + 1
    return AuditReport(size=size, digest=previous.hex(), wrong=None, fault="")


def export_audit() -> Iterator[bytes]:
    """Give every record as one line of JSON, oldest first: its canonical JSON, and the digest of that."""
    for record in AuditRecord.objects.order_by("number").iterator(chunk_size=_CHUNK):
        yield render_record(record)[:-1] + b',"sha256":"' + bytes(record.digest).hex().encode() + b'"}\n'


def read_records(*, subject: str = "", page: int = 1, per_page: int = 50) -> tuple[tuple[RecordView, ...], int]:
    """Return a page of records, newest first, of one subject or of all, and how many there are."""
    rows = AuditRecord.objects.order_by("-number")
    if subject:
        rows = rows.filter(subject=subject)
    total = rows.count()
    return tuple(map(_view, rows[(page - 1) * per_page : page * per_page])), total


def _fault_of(record: AuditRecord, *, number: int, previous: bytes) -> str:
    if record.number != number:
        return "a record is missing"
    if bytes(record.previous) != previous:
        return "it does not follow the record before it"
    if hashlib.sha256(render_record(record)).digest() != bytes(record.digest):
        return "it was changed"
    return ""


def _view(record: AuditRecord) -> RecordView:
    return RecordView(
        number=record.number,
        at=record.at,
        role=record.role,
        actor=record.actor,
        action=record.action,
        subject=record.subject,
        reason=record.reason,
        before=record.before,
        after=record.after,
        digest=bytes(record.digest).hex(),
    )
