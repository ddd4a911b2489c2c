"""What is owed and what came, as programs read all of it: page by page, the newest debt first."""

import datetime as dt

from maninso.petitions.access.build import build_obligation
from maninso.petitions.access.rows import obligation_rows, overdue
from maninso.petitions.access.views import ObligationView

STATES = ("owed", "kept", "declined", "lapsed")


def page_obligations(
    *,
    status: str = "all",
    institution: str = "",
    petition_id: int | None = None,
    before: int | None = None,
    limit: int,
    now: dt.datetime,
) -> tuple[ObligationView, ...]:
    """Return at most so many obligations with a number below `before`; `status` is all, overdue, or one of STATES.

    `institution` is the id of a charter, "" for all.
    """
    rows = obligation_rows().order_by("-pk")
    if status == "overdue":
        rows = rows.filter(overdue(now))
    elif status in STATES:
        rows = rows.filter(state=status)
    if institution:
        rows = rows.filter(petition__charter__charter_id=institution)
    if petition_id is not None:
        rows = rows.filter(petition=petition_id)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return tuple(build_obligation(row, now=now) for row in rows[:limit])
