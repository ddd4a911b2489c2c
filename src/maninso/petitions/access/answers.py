"""What institutions answered to one petition: every answer in every version, those that were taken back too."""

from collections.abc import Iterable

from django.db.models import Count, F, Q

from maninso.petitions.access.rows import is_readable
from maninso.petitions.access.views import AnswerView, MetBesides, ResponseView, VerdictsView
from maninso.petitions.models import VERDICTS, Obligation, Petition, ReplyTarget, Response


def find_answers(petition: Petition) -> tuple[AnswerView, ...]:
    """Return the answers to a petition, the first one first, in at most two queries."""
    responses = (
        Response.objects.filter(obligation__petition=petition)
        .select_related("reply", "obligation")
        .order_by("published_at", "pk")
    )
    threads: dict[int, list[Response]] = {}
    for response in responses:
        threads.setdefault(response.reply_id or 0, []).append(response)
    besides = _find_besides(petition, [number for number in threads if number])
    return tuple(_view(rows, besides.get(number, ())) for number, rows in threads.items())


def count_verdicts(debts: Q) -> tuple[VerdictsView, ...]:
    """Return what signers say of the answers that keep these debts, in one query."""
    of_kept = Q(verdicts__response__reply=F("response__reply")) | Q(
        verdicts__response__reply=None, response__reply=None
    )
    rows = (
        Obligation.objects.filter(debts, state="kept")
        .annotate(
            **{name: Count("verdicts", of_kept & Q(verdicts__verdict=name)) for name in VERDICTS},
            earlier=Count("verdicts", of_kept & ~Q(verdicts__response=F("response"))),
        )
        .order_by("pk")
        .values_list("pk", *VERDICTS, "earlier")
    )
    return tuple(
        VerdictsView(obligation_id=number, yes=yes, partly=partly, no=no, earlier=earlier)
        for number, yes, partly, no, earlier in rows
    )


def view_response(response: Response) -> ResponseView:
    """Make the view of one version of an answer."""
    return ResponseView(
        author=response.author,
        summary=response.summary,
        body=response.body,
        language=response.language,
        version=response.version,
        published_at=response.published_at,
        digest=bytes(response.digest).hex(),
    )


def _view(rows: list[Response], besides: Iterable[MetBesides]) -> AnswerView:
    reply = rows[0].reply
    by_version = {row.version: row for row in rows}  # one text a version, whatever it meets
    return AnswerView(
        answer_id=reply.pk if reply else 0,
        obligations=tuple(dict.fromkeys(row.obligation_id for row in rows)),
        versions=tuple(view_response(by_version[number]) for number in sorted(by_version, reverse=True)),
        retracted_at=reply.retracted_at if reply else None,
        retraction=reply.retraction if reply else "",
        besides=tuple(besides),
    )


def _find_besides(petition: Petition, replies: list[int]) -> dict[int, tuple[MetBesides, ...]]:
    if not replies:
        return {}
    rows = (
        ReplyTarget.objects.filter(reply__in=replies, obligation__responses__reply__in=replies)
        .exclude(obligation__petition=petition)
        .select_related("obligation__petition")
        .order_by("obligation__petition")
        .distinct()
    )
    found: dict[int, dict[int, MetBesides]] = {}
    for row in rows:
        other = row.obligation.petition
        title = other.title if is_readable(other) else ""
        found.setdefault(row.reply_id, {})[other.pk] = MetBesides(other.pk, title, other.language)
    return {number: tuple(others.values()) for number, others in found.items()}
