"""Each invariant of the office's tables is a constraint of the database: here each one is broken once."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from maninso.petitions.audit import START
from maninso.petitions.models import Account, AuditRecord

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
