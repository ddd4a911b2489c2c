"""Each invariant of the office's tables is a constraint of the database: here each one is broken once."""

import datetime as dt
import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from maninso.petitions.audit import START
from maninso.petitions.models import (
    RECEIVED,
    Account,
    Appeal,
    AuditRecord,
    BlockedCreator,
    Case,
    Letter,
    Mask,
    Note,
    Notice,
    PageVersion,
    Petition,
    Raising,
    Sponsor,
    StateChange,
    Takedown,
)

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


def case(rows: dict[str, Any], **changes: Any) -> Case:
    return Case.objects.create(**{"petition_id": rows["petition"], **changes})


def mask(rows: dict[str, Any], **changes: Any) -> Mask:
    given = {"petition_id": rows["petition"], "field": "body", "start": 0, "original": "x", "reason_code": "y"}
    hidden = {"salt": bytes(16), "commitment": bytes(32), "masked_by": "kim@example.org", "masked_at": rows["now"]}
    return Mask.objects.create(**{**given, **hidden, **changes})


def note(rows: dict[str, Any], **changes: Any) -> Note:
    given = {"petition_id": rows["petition"], "author": "k", "text": "t", "at": rows["now"]}
    return Note.objects.create(**{**given, **changes})


def takedown(rows: dict[str, Any], **changes: Any) -> Takedown:
    given = {"petition_id": rows["petition"], "reason_code": "x", "proposed_by": "k", "proposed_at": rows["now"]}
    return Takedown.objects.create(**{**given, **changes})


def appeal(rows: dict[str, Any], **changes: Any) -> Appeal:
    last = StateChange.objects.filter(petition_id=rows["petition"]).latest("pk")
    given = {"petition_id": rows["petition"], "against": last, "text": "No.", "made_at": rows["now"]}
    return Appeal.objects.create(**{**given, **changes})


def page(rows: dict[str, Any], **changes: Any) -> PageVersion:
    given = {"slug": "help", "language": "en", "version": 1, "title": "Help", "body": "", "author": "k"}
    return PageVersion.objects.create(**{**given, "at": rows["now"], **changes})


def notice(rows: dict[str, Any], **changes: Any) -> Notice:
    given = {"kind": "banner", "text_ko": "가", "text_en": "a", "started_at": rows["now"], "started_by": "k"}
    return Notice.objects.create(**{**given, **changes})


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
    "case_hold_known": lambda rows: case(rows, hold="lost"),
    "case_held_whole": lambda rows: case(rows, held_since=rows["now"]),
    "mask_place": lambda rows: mask(rows, field="topic"),
    "mask_says_why": lambda rows: mask(rows, reason_code=""),
    "mask_commitment": lambda rows: mask(rows, salt=b"short"),
    "note_says_something": lambda rows: note(rows, text=""),
    "takedown_state_known": lambda rows: takedown(rows, state="lost", decided_by="l", decided_at=rows["now"]),
    "takedown_two_people": lambda rows: takedown(rows, state="done", decided_by="k", decided_at=rows["now"]),
    "takedown_decided_whole": lambda rows: takedown(rows, state="done", decided_by="l"),
    "takedown_one_at_a_time": lambda rows: (takedown(rows), takedown(rows)),
    "appeal_state_known": lambda rows: appeal(rows, state="lost", decided_by="l", decided_at=rows["now"], answer="x"),
    "appeal_says_why": lambda rows: appeal(rows, text=""),
    "appeal_decided_whole": lambda rows: appeal(rows, state="upheld", decided_by="l", decided_at=rows["now"]),
    "page_version_once": lambda rows: (page(rows), page(rows)),
    "page_version_named": lambda rows: page(rows, slug="Help!"),
    "page_version_titled": lambda rows: page(rows, title=""),
    "notice_kind_known": lambda rows: notice(rows, kind="lost"),
    "notice_in_both_languages": lambda rows: notice(rows, text_ko=""),
    "notice_ends_after_it_began": lambda rows: notice(rows, ended_at=rows["now"] - dt.timedelta(1)),
    "notice_one_pause_of_a_kind": lambda rows: (
        notice(rows, kind="signing-paused"),
        notice(rows, kind="signing-paused"),
    ),
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
    "letter_link_goes_with_address": lambda rows: letter(rows, once=RECEIVED, address=""),
    "letter_sent_when_due": lambda rows: letter(rows, sent_at=rows["now"] - dt.timedelta(1)),
}

GUARDS: dict[str, Breach] = {
    "petitions_pageversion_never_changes": lambda rows: change(page(rows), title="another"),
    "petitions_pageversion_never_changes (deleted)": lambda rows: page(rows).delete(),
    "petitions_note_never_changes": lambda rows: change(note(rows), text="another"),
    "petitions_note_never_changes (deleted)": lambda rows: note(rows).delete(),
    "petition_mask_kept": lambda rows: change(mask(rows), original="another"),
    "petition_mask_kept (deleted)": lambda rows: mask(rows).delete(),
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
