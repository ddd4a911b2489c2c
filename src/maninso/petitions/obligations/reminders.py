"""Reminders: clerks hear of a debt before its day and after it, until it is settled; each stage once."""

import datetime as dt

from django.db import connection, transaction

from maninso.charter import legal_day
from maninso.petitions import notices
from maninso.petitions.access.rules import read_charter_version
from maninso.petitions.models import Account, Assignment, Obligation

BEFORE = (1, 7)  # days before the last one
EVERY = 7  # days between reminders of a late one

_REMIND = """
INSERT INTO petitions_reminder (obligation_id, due_on, stage, at) VALUES (%s, %s, %s, %s)
ON CONFLICT ON CONSTRAINT reminder_once DO NOTHING
"""


def remind_clerks(*, now: dt.datetime) -> int:
    """Store the messages that are due about debts near their day or past it; return how many.

    They go to whoever takes care of the debt, else to every clerk of the institution. Any number may run this at once.
    """
    near = now + dt.timedelta(days=max(BEFORE) + 1)
    rows = (
        Obligation.objects.filter(state="owed", due_at__lte=near)
        .select_related("petition__charter")
        .defer("petition__body", "petition__charter__source")
        .order_by("due_at", "pk")
    )
    return sum(_remind(each, now=now) for each in rows)


def find_stage(days_left: int) -> str:
    """Return the stage that so many days before the last one (negative: after it) belong to; "" where it is early."""
    if days_left < 0:
        return f"late-{(-days_left - 1) // EVERY * EVERY + 1}"
    return next((f"before-{days}" for days in BEFORE if days_left <= days), "")


def _remind(obligation: Obligation, *, now: dt.datetime) -> int:
    charter = read_charter_version(obligation.petition.charter)
    if obligation.due_on is None:
        return 0
    left = (obligation.due_on - legal_day(charter, now)).days
    stage = find_stage(left)
    if not stage:
        return 0
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_REMIND, [obligation.pk, obligation.due_on, stage, now])
            if not cursor.rowcount:
                return 0
        language = obligation.petition.language if obligation.petition.language in ("ko", "en") else "en"
        recipients = _find_recipients(obligation, charter.id)
        for address in recipients:
            notices.tell_desk(
                petition_id=obligation.petition_id,
                recipient=address,
                language=language,
                facts={"what": "reminder", "obligation": obligation.pk, "days_left": left},
                now=now,
            )
    return len(recipients)


def _find_recipients(obligation: Obligation, institution: str) -> list[str]:
    clerks = Account.objects.filter(role="clerk", is_active=True, institution__in=("", institution))
    assigned = Assignment.objects.filter(obligation=obligation).values("account")
    mine = list(clerks.filter(pk__in=assigned).values_list("email", flat=True))
    return mine or list(clerks.order_by("email").values_list("email", flat=True))
