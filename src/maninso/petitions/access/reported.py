"""What another site reported of petitions that were imported from it."""

from collections.abc import Collection

from maninso.petitions.access.views import ReportedPart, ReportedView
from maninso.petitions.models import ReportedRecord

PARTS = ("regions", "constituencies", "countries")


def find_reported(petition_id: int) -> ReportedView | None:
    """Return what the source reported of a petition beyond its count."""
    row = ReportedRecord.objects.filter(pk=petition_id).first()
    if row is None:
        return None
    parts = {name: tuple(ReportedPart(*each) for each in getattr(row, name)) for name in PARTS}
    return _view(row, **parts)


def find_all_reported(petition_ids: Collection[int]) -> dict[int, ReportedView]:
    """Return the same of several petitions, by number and without parts, in one query."""
    rows = ReportedRecord.objects.filter(pk__in=petition_ids).defer(*PARTS)
    return {row.pk: _view(row) for row in rows}


def _view(row: ReportedRecord, **parts: tuple[ReportedPart, ...]) -> ReportedView:
    return ReportedView(
        responded_on=row.responded_on,
        response_summary=row.response_summary,
        response_details=row.response_details,
        is_debated=row.is_debated,
        debated_on=row.debated_on,
        debate_overview=row.debate_overview,
        debate_addresses=row.debate_addresses,
        **parts,
    )
