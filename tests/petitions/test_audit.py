"""The office's record: chained, never changed, and a change that was made all the same is found."""

import datetime as dt
import hashlib
import json

import pytest
from django.db import IntegrityError, connection, transaction
from tests.petitions.test_races import run_at_once

from maninso.petitions.audit import START, append_record, export_audit, read_records, verify_audit
from maninso.petitions.models import AuditRecord

pytestmark = pytest.mark.django_db


@pytest.fixture
def records(now: dt.datetime) -> list[int]:
    return [
        append_record(
            role="moderator",
            actor="kim@example.org",
            action="claimed",
            subject=f"petition/{number}",
            reason="길 건널목",
            before={"claimed_by": None},
            after={"claimed_by": "kim@example.org", "marks": [1, True]},
            now=now + dt.timedelta(microseconds=number),
        )
        for number in (1, 2, 3)
    ]


def tamper(sql: str) -> None:
    """Change rows as somebody would who has the database's password: without its triggers."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE petitions_auditrecord DISABLE TRIGGER ALL")
        cursor.execute(sql)
        cursor.execute("ALTER TABLE petitions_auditrecord ENABLE TRIGGER ALL")


def test_records_are_numbered_and_chained(records: list[int]) -> None:
    assert records == [1, 2, 3]
    rows = list(AuditRecord.objects.order_by("number"))
    assert bytes(rows[0].previous) == START
    assert [bytes(row.previous) for row in rows[1:]] == [bytes(row.digest) for row in rows[:2]]
    report = verify_audit()
    assert (report.size, report.digest, report.wrong) == (3, bytes(rows[2].digest).hex(), None)


@pytest.mark.parametrize(
    ("sql", "wrong", "fault"),
    [
        ("UPDATE petitions_auditrecord SET reason = 'another' WHERE number = 2", 2, "it was changed"),
        ("UPDATE petitions_auditrecord SET after = '{}' WHERE number = 1", 1, "it was changed"),
        ("UPDATE petitions_auditrecord SET at = at + interval '1 microsecond' WHERE number = 3", 3, "it was changed"),
        ("DELETE FROM petitions_auditrecord WHERE number = 2", 2, "a record is missing"),
        (
            "UPDATE petitions_auditrecord SET previous = sha256('x') WHERE number = 2",
            2,
            "it does not follow the record before it",
        ),
    ],
)
def test_a_changed_row_is_found(records: list[int], sql: str, wrong: int, fault: str) -> None:
    tamper(sql)
    report = verify_audit()
    assert (report.wrong, report.fault, report.size) == (wrong, fault, wrong - 1)


def test_the_database_refuses_to_change_or_delete_a_record(records: list[int]) -> None:
    for change in (
        lambda: AuditRecord.objects.filter(number=1).update(reason="another"),
        lambda: AuditRecord.objects.filter(number=1).delete(),
    ):
        with pytest.raises(IntegrityError, match="never change"), transaction.atomic():
            change()


def test_the_export_can_be_checked_by_anyone(records: list[int]) -> None:
    previous = START.hex()
    for number, line in enumerate(export_audit(), start=1):
        entry = json.loads(line)
        digest = entry.pop("sha256")
        canonical = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        assert (entry["number"], entry["previous"]) == (number, previous)
        assert hashlib.sha256(canonical).hexdigest() == digest
        previous = digest
    assert previous == verify_audit().digest


def test_what_is_undone_leaves_no_record_and_no_gap(records: list[int], now: dt.datetime) -> None:
    given = {"role": "clerk", "actor": "lee@example.org", "action": "noted", "subject": "petition/1", "now": now}
    with transaction.atomic():
        append_record(**given)  # type: ignore[arg-type]
        transaction.set_rollback(True)
    assert append_record(**given) == 4  # type: ignore[arg-type]
    assert verify_audit().wrong is None


def test_a_subjects_records_are_read_newest_first(records: list[int]) -> None:
    page, total = read_records(subject="petition/2")
    assert ([record.number for record in page], total) == ([2], 1)
    page, total = read_records(page=1, per_page=2)
    assert ([record.number for record in page], total) == ([3, 2], 3)


@pytest.mark.django_db(transaction=True)
def test_twenty_writers_at_once_leave_one_chain(now: dt.datetime) -> None:
    def write() -> object:
        return append_record(role="clerk", actor="lee@example.org", action="noted", subject="petition/1", now=now)

    results = run_at_once([write] * 20)
    assert sorted(int(str(result)) for result in results) == list(range(1, 21))
    assert verify_audit().wrong is None
