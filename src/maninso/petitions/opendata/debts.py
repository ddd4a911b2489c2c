"""What is owed and what came, as programs read all of it: page by page, the newest debt first."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Q

from maninso.petitions.access.answers import count_verdicts
from maninso.petitions.access.build import build_obligation
from maninso.petitions.access.rows import obligation_rows, overdue
from maninso.petitions.access.views import ObligationView, VerdictsView

STATES = ("owed", "kept", "declined", "lapsed")


@dataclass(frozen=True)
class JudgedObligation:
    """A debt, and what signers say of the answer that keeps it; None where none does."""

    debt: ObligationView
    verdicts: VerdictsView | None


def page_obligations(
    *,
    status: str = "all",
    petition_id: int | None = None,
    institution: str = "",
    before: int | None = None,
    limit: int,
    now: dt.datetime,
) -> tuple[JudgedObligation, ...]:
    """Return at most so many obligations with a number below `before`; `status` is all, overdue, or one of STATES.

    `institution` is the id of the charter that owes them; "" for all.
    """
    rows = obligation_rows().order_by("-pk")
    if status == "overdue":
        rows = rows.filter(overdue(now))
    elif status in STATES:
        rows = rows.filter(state=status)
    if petition_id is not None:
        rows = rows.filter(petition=petition_id)
    if institution:
        rows = rows.filter(petition__charter__charter_id=institution)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    debts = [build_obligation(row, now=now) for row in rows[:limit]]
    kept = [each.obligation_id for each in debts if each.state == "kept"]
    verdicts = {each.obligation_id: each for each in (count_verdicts(Q(pk__in=kept)) if kept else ())}
    return tuple(JudgedObligation(each, verdicts.get(each.obligation_id)) for each in debts)
