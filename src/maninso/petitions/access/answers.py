"""What institutions answered to one petition: every answer in every version, those that were taken back too."""

from collections.abc import Iterable

from django.db.models import Count, F, Q

from maninso.petitions.access.rows import DOCUMENTS, is_readable
from maninso.petitions.access.views import AnswerView, DocumentView, MetBesides, ResponseView, VerdictsView
from maninso.petitions.models import (
    ENDINGS,
    VERDICTS,
    Document,
    Obligation,
    Petition,
    ReplyPetition,
    ReplyTarget,
    Response,
    ResponseDocument,
)


def find_answers(petition: Petition) -> tuple[AnswerView, ...]:
    """Return the answers to a petition, the first one first, in at most four queries."""
    responses = (
        Response.objects.filter(Q(obligation__petition=petition) | Q(petition=petition))
        .select_related("reply", "obligation")
        .prefetch_related(DOCUMENTS)
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
    """Make the view of one version of an answer, whose DOCUMENTS were fetched with it."""
    return ResponseView(
        author=response.author,
        summary=response.summary,
        body=response.body,
        language=response.language,
        version=response.version,
        published_at=response.published_at,
        digest=bytes(response.digest).hex(),
        documents=tuple(
            view_document(each.title, each.document)
            for each in sorted(response.documents.all(), key=lambda each: each.pk)
        ),
    )


def view_document(title: str, document: Document) -> DocumentView:
    """Make the view of a document under one of its names."""
    return DocumentView(title, document.kind, ENDINGS[document.kind], document.size, bytes(document.digest).hex())


def find_document(digest: str) -> tuple[DocumentView, bytes] | None:
    """Return a document of an answer to a petition whose text is public, by its SHA-256 in hex; None for all else."""
    rows = ResponseDocument.objects.filter(document__digest=bytes.fromhex(digest))
    places = ("document", "response__petition", "response__obligation__petition")
    for row in rows.select_related(*places).order_by("pk"):
        response = row.response
        petition = response.obligation.petition if response.obligation else response.petition
        if petition is not None and is_readable(petition):
            return view_document(row.title, row.document), bytes(row.document.content)
    return None


def _view(rows: list[Response], besides: Iterable[MetBesides]) -> AnswerView:
    reply = rows[0].reply
    by_version = {row.version: row for row in rows}  # one text a version, whatever it meets
    return AnswerView(
        answer_id=reply.pk if reply else 0,
        obligations=tuple(dict.fromkeys(row.obligation_id for row in rows if row.obligation_id)),
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
    unowed = (
        ReplyPetition.objects.filter(reply__in=replies, petition__responses__reply__in=replies)
        .exclude(petition=petition)
        .select_related("petition")
        .order_by("petition")
        .distinct()
    )
    others = [(row.reply_id, row.obligation.petition) for row in rows]
    for reply_id, other in (*others, *((row.reply_id, row.petition) for row in unowed)):
        title = other.title if is_readable(other) else ""
        found.setdefault(reply_id, {})[other.pk] = MetBesides(other.pk, title, other.language)
    return {number: tuple(named.values()) for number, named in found.items()}
