"""What institutions answered, as programs read all of it: each version to each debt or petition, the newest first."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Q

from maninso.petitions.access.answers import view_response
from maninso.petitions.access.rows import DOCUMENTS, is_readable
from maninso.petitions.access.views import ResponseView
from maninso.petitions.models import Response


@dataclass(frozen=True, kw_only=True)
class AnsweredView:
    """One version of an answer to one debt, or to a petition to which nothing is owed.

    Versions of the same answer have the same `answer_id`.
    """

    number: int  # of this version to this debt or petition
    answer_id: int  # 0 for one that came not from the desk
    obligation_id: int | None
    petition_id: int
    petition_title: str  # "" where it is not public
    is_standing: bool  # whether it is what keeps the debt, or what is answered where nothing is owed
    said: ResponseView
    retracted_at: dt.datetime | None
    retraction: str  # why


def page_answers(*, petition_id: int | None = None, before: int | None = None, limit: int) -> tuple[AnsweredView, ...]:
    """Return at most so many versions of answers with a number below `before`, the newest first."""
    rows = (
        Response.objects.select_related("reply", "obligation__petition", "petition")
        .defer("obligation__petition__body", "petition__body")
        .prefetch_related(DOCUMENTS)
        .order_by("-pk")
    )
    if petition_id is not None:
        rows = rows.filter(Q(obligation__petition=petition_id) | Q(petition=petition_id))
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return tuple(map(_view, rows[:limit]))


def _view(row: Response) -> AnsweredView:
    petition = row.petition or row.obligation.petition  # type: ignore[union-attr]  # one of them (constraint)
    if row.obligation is not None:
        is_standing = row.obligation.response_id == row.pk
    else:
        is_standing = row.reply is not None and row.reply.retracted_at is None and row.reply.versions == row.version
    return AnsweredView(
        number=row.pk,
        answer_id=row.reply_id or 0,
        obligation_id=row.obligation_id,
        petition_id=petition.pk,
        petition_title=petition.title if is_readable(petition) else "",
        is_standing=is_standing,
        said=view_response(row),
        retracted_at=row.reply.retracted_at if row.reply else None,
        retraction=row.reply.retraction if row.reply else "",
    )
