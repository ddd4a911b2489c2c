"""What clerks see of an answer: its draft, its versions, and which debts it may meet."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Max, Q

from maninso.petitions.access.answers import view_document, view_response
from maninso.petitions.access.build import build_obligation
from maninso.petitions.access.rows import DOCUMENTS, is_readable, obligation_rows
from maninso.petitions.access.views import DocumentView, MetBesides, ObligationView, ResponseView
from maninso.petitions.models import Obligation, Reply, ReplyDocument, Response, ResponseDocument
from maninso.petitions.obligations.settling import ANSWERABLE

_MOST_OFFERED = 200


@dataclass(frozen=True, kw_only=True)
class Target:
    """A debt that an answer meets, or may meet."""

    obligation_id: int
    petition_id: int
    title: str
    language: str
    state: str
    due_on: dt.date | None
    chosen: bool
    answered: bool  # a version was published for it already, so it stays


@dataclass(frozen=True, kw_only=True)
class ReplyView:
    """One answer as the office sees it."""

    reply_id: int
    institution: str
    state: str
    author: str
    summary: str
    body: str
    language: str
    with_mail: bool
    publish_at: dt.datetime | None
    revision: int
    versions: int
    written_by: str
    proposed_by: str
    approved_by: str
    note: str
    retraction: str
    changed_at: dt.datetime
    targets: tuple[ObligationView, ...]
    published: tuple[ResponseView, ...]  # newest first
    documents: tuple[DocumentView, ...] = ()  # of the version in work
    petitions: tuple[MetBesides, ...] = ()  # that it answers though nothing is owed to them

    @property
    def is_whole(self) -> bool:
        """Whether it may be proposed."""
        return bool(self.author and self.summary and self.body)


def read_reply(reply_id: int, *, now: dt.datetime) -> ReplyView | None:
    """Return an answer with its debts and its versions; None where there is none."""
    reply = Reply.objects.filter(pk=reply_id).first()
    if reply is None:
        return None
    targets = obligation_rows().filter(reply_targets__reply=reply)
    first = (
        Response.objects.filter(reply=reply)
        .order_by("version", "obligation")
        .distinct("version")
        .prefetch_related(DOCUMENTS)
    )
    published = sorted(first, key=lambda each: -each.version)
    return ReplyView(
        reply_id=reply.pk,
        institution=reply.institution,
        state=reply.state,
        author=reply.author,
        summary=reply.summary,
        body=reply.body,
        language=reply.language,
        with_mail=reply.with_mail,
        publish_at=reply.publish_at,
        revision=reply.revision,
        versions=reply.versions,
        written_by=reply.written_by,
        proposed_by=reply.proposed_by,
        approved_by=reply.approved_by,
        note=reply.note,
        retraction=reply.retraction,
        changed_at=reply.changed_at,
        targets=tuple(build_obligation(each, now=now) for each in targets),
        published=tuple(map(view_response, published)),
        documents=tuple(
            view_document(each.title, each.document)
            for each in reply.documents.select_related("document").defer("document__content").order_by("pk")
        ),
        petitions=tuple(
            MetBesides(
                each.petition_id,
                each.petition.title if is_readable(each.petition) else "",
                each.petition.language,
            )
            for each in reply.petitions.select_related("petition").defer("petition__body").order_by("petition")
        ),
    )


def read_reply_document(reply_id: int, digest: str) -> tuple[DocumentView, bytes] | None:
    """Return a document of an answer, for the office: of its draft or of any version; None where it has no such."""
    given = bytes.fromhex(digest)
    of_draft = ReplyDocument.objects.filter(reply=reply_id, document__digest=given)
    of_version = ResponseDocument.objects.filter(response__reply=reply_id, document__digest=given)
    row = of_draft.select_related("document").first() or of_version.select_related("document").first()
    if row is None:
        return None
    return view_document(row.title, row.document), bytes(row.document.content)


def list_replies(*, institution: str, obligation_id: int | None = None) -> tuple[ReplyView, ...]:
    """Return the answers of an institution ("" for all) that are in work, or all those to one debt; latest first.

    Without their debts and versions, which `read_reply` has.
    """
    rows = Reply.objects.order_by("-changed_at")
    if institution:
        rows = rows.filter(institution=institution)
    if obligation_id is not None:
        rows = rows.filter(targets__obligation=obligation_id)
    else:
        rows = rows.filter(state__in=("writing", "proposed", "approved"))
    return tuple(
        ReplyView(
            reply_id=reply.pk,
            institution=reply.institution,
            state=reply.state,
            author=reply.author,
            summary=reply.summary,
            body="",
            language=reply.language,
            with_mail=reply.with_mail,
            publish_at=reply.publish_at,
            revision=reply.revision,
            versions=reply.versions,
            written_by=reply.written_by,
            proposed_by=reply.proposed_by,
            approved_by=reply.approved_by,
            note=reply.note,
            retraction=reply.retraction,
            changed_at=reply.changed_at,
            targets=(),
            published=(),
        )
        for reply in rows[:_MOST_OFFERED]
    )


def list_targets(reply: ReplyView) -> tuple[Target, ...]:
    """Return the debts of the institution that an answer may meet, those that it does meet first."""
    chosen = {each.obligation_id for each in reply.targets}
    rows = (
        Obligation.objects.filter(Q(state__in=ANSWERABLE) | Q(pk__in=chosen))
        .filter(petition__charter__charter_id=reply.institution)
        .select_related("petition")
        .defer("petition__body")
        .annotate(version=Max("responses__version", filter=Q(responses__reply=reply.reply_id)))
        .order_by("due_at", "pk")[:_MOST_OFFERED]
    )
    targets = [
        Target(
            obligation_id=row.pk,
            petition_id=row.petition_id,
            title=row.petition.title if is_readable(row.petition) else "",
            language=row.petition.language,
            state=row.state,
            due_on=row.due_on,
            chosen=row.pk in chosen,
            answered=row.version is not None,
        )
        for row in rows
    ]
    return tuple(sorted(targets, key=lambda each: not each.chosen))
