"""Bills, rulings and refusals as programs read all of them: page by page, or the newest change first."""

from typing import TYPE_CHECKING

from django.db.models import Q

from maninso.petitions.access.bills import WholeBill, bill_rows, view_whole_bill

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from maninso.petitions.models import Bill

KINDS = {
    "all": Q(),
    "bill": Q(kind="bill"),
    "law": Q(enacted_on__isnull=False),
    "ruling": Q(kind="ruling"),
    "refusal": Q(kind="refusal"),
}
"""What a list may be narrowed to: a bill that was enacted is a bill and a law."""


def page_bills(
    *, kind: str = "all", petition_id: int | None = None, before: int | None = None, limit: int
) -> tuple[WholeBill, ...]:
    """Return at most so many bills with a number below `before`, the newest number first; `kind` is one of KINDS."""
    rows = _rows(kind, petition_id).order_by("-pk")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return tuple(map(view_whole_bill, rows[:limit]))


def list_changed_bills(*, kind: str = "all", petition_id: int | None = None, limit: int) -> tuple[WholeBill, ...]:
    """Return at most so many bills, those that changed last first; `kind` is one of KINDS."""
    return tuple(map(view_whole_bill, _rows(kind, petition_id).order_by("-changed_at", "-pk")[:limit]))


def _rows(kind: str, petition_id: int | None) -> "QuerySet[Bill]":
    rows = bill_rows().filter(KINDS[kind])
    return rows if petition_id is None else rows.filter(links__petition=petition_id).distinct()
