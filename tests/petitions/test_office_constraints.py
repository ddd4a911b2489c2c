"""Each invariant of the office's tables is a constraint of the database: here each one is broken once."""

import datetime as dt
import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from maninso.petitions.audit import START
from maninso.petitions.models import Account, AuditRecord, BlockedCreator, Letter, Petition, Raising, Sponsor

pytestmark = pytest.mark.django_db

Breach = Callable[[dict[str, Any]], object]


@pytest.fixture
def rows(submitted: Callable[..., int], now: dt.datetime) -> dict[str, Any]:
    """A petition in moderation, and the moment."""
    return {"now": now, "petition": submitted()}


def account(rows: dict[str, Any], **changes: Any) -> Account:
    return Account.objects.create(**{"email": "kim@example.org", "created_at": rows["now"], **changes})


def record(rows: dict[str, Any], **changes: Any) -> AuditRecord:
    given = {"number": 1, "at": rows["now"], "role": "clerk", "actor": "kim@example.org", "action": "noted"}
    chained = {"subject": "petition/1", "before": {}, "after": {}, "previous": START, "digest": bytes(32)}
    return AuditRecord.objects.create(**{**given, **chained, **changes})


def raising(rows: dict[str, Any], **changes: Any) -> Raising:
    digests = {name: hashlib.sha256(name.encode()).digest() for name in ("submission", "creator_digest")}
    given = {**digests, "petition_id": rows["petition"], "sponsor_digest": bytes(32), "creator_key": bytes(32)}
    return Raising.objects.create(**{**given, **changes})


def another(rows: dict[str, Any]) -> int:
    return Petition.objects.create(
        state="draft",
        title="Quieter nights",
        body="",
        language="en",
        charter=Petition.objects.get(pk=rows["petition"]).charter,
        created_at=rows["now"],
        updated_at=rows["now"],
    ).pk


def sponsor(rows: dict[str, Any], **changes: Any) -> Sponsor:
    given = {"petition_id": rows["petition"], "nullifier": bytes(16), "assurance": 1, "evidence": b"x"}
    return Sponsor.objects.create(**{**given, **changes})


def letter(rows: dict[str, Any], **changes: Any) -> Letter:
    given = {"petition_id": rows["petition"], "once": "x", "language": "en", "subject": "A", "body": "B"}
    return Letter.objects.create(**{**given, "written_at": rows["now"], "send_at": rows["now"], **changes})


def change(row: Any, **changes: Any) -> object:
    return type(row).objects.filter(pk=row.pk).update(**changes)


BREACHES: dict[str, Breach] = {
    "account_email_once": lambda rows: (account(rows), account(rows)),
    "account_email_is_one": lambda rows: account(rows, email="kim"),
    "account_email_lower": lambda rows: account(rows, email="Kim@example.org"),
    "account_role_known": lambda rows: account(rows, role="king"),
    "account_institution_of_clerk": lambda rows: account(rows, role="moderator", institution="town"),
    "audit_numbered": lambda rows: record(rows, number=0),
    "audit_role_known": lambda rows: record(rows, role="king"),
    "audit_says_what": lambda rows: record(rows, action=""),
    "audit_digest_length": lambda rows: record(rows, digest=b"short"),
    "audit_one_chain": lambda rows: (record(rows), record(rows, number=2)),
    "raising_submission_once": lambda rows: (raising(rows), raising(rows, petition_id=another(rows))),
    "raising_digest_length": lambda rows: raising(rows, sponsor_digest=b"short"),
    "raising_sponsors_counted": lambda rows: raising(rows, sponsors=-1),
    "sponsor_once": lambda rows: (sponsor(rows), sponsor(rows)),
    "sponsor_one_creator": lambda rows: (
        sponsor(rows, is_creator=True),
        sponsor(rows, is_creator=True, nullifier=bytes(15) + b"1"),
    ),
    "sponsor_nullifier_length": lambda rows: sponsor(rows, nullifier=bytes(15)),
    "sponsor_assurance": lambda rows: sponsor(rows, assurance=4),
    "blocked_creator_reason": lambda rows: BlockedCreator.objects.create(
        creator_key=bytes(32), until=rows["now"], reason=""
    ),
    "letter_once": lambda rows: (letter(rows), letter(rows)),
    "letter_says_something": lambda rows: letter(rows, body=""),
    "letter_cancelled_in_time": lambda rows: letter(rows, cancelled_at=rows["now"]),
    "letter_sent_when_due": lambda rows: letter(rows, sent_at=rows["now"] - dt.timedelta(1)),
}

GUARDS: dict[str, Breach] = {
    "petitions_auditrecord_never_changes": lambda rows: change(record(rows), reason="another"),
    "petitions_auditrecord_never_changes (deleted)": lambda rows: record(rows).delete(),
}


@pytest.mark.parametrize("name", BREACHES | GUARDS)
def test_breach_is_refused_under_its_name(name: str, rows: dict[str, Any]) -> None:
    breach = (BREACHES | GUARDS)[name]
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        breach(rows)
    assert caught.value.__cause__.diag.constraint_name == name.split(" ")[0]  # type: ignore[union-attr]
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
