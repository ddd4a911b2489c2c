"""A reply's way: written, proposed, approved by somebody else, published at once or at its time, revised, taken back.

Races are settled by conditional updates: each step names the state and the revision that it was decided on.
"""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from maninso import ManinsoError, UsageError
from maninso.petitions import notices
from maninso.petitions.audit import record_action
from maninso.petitions.lifecycle import SYSTEM, Actor, RoleError, check_language, clean_text
from maninso.petitions.models import Obligation, Petition, Reply, ReplyDocument, ReplyPetition, ReplyTarget, Response
from maninso.petitions.obligations.settling import (
    ANSWERABLE,
    LONGEST,
    LONGEST_AUTHOR,
    LONGEST_SUMMARY,
    answer,
    answer_unowed,
    require_desk,
    take_back,
    take_back_unowed,
)

MOST_TARGETS = 50
ANSWERED_STATES = ("open", "closed")
"""States of petitions that an institution may answer though nothing is owed."""
LONGEST_NOTE = 2_000  # characters
FARTHEST = dt.timedelta(days=366)
"""How far ahead a publication may be set."""


class ReplyError(ManinsoError):
    """The reply is not in a state that allows this."""


class TargetError(UsageError):
    """What it is to answer is unknown, not to be answered, or another institution's."""


class StaleReplyError(ReplyError):
    """Somebody changed the reply meanwhile."""


class OwnReplyError(RoleError):
    """Nobody approves what they wrote or proposed themselves."""


@dataclass(frozen=True, kw_only=True)
class ReplyText:
    """What a clerk writes. `publish_at` None: as soon as it is approved."""

    author: str
    summary: str
    body: str
    language: str
    with_mail: bool = False
    publish_at: dt.datetime | None = None


def start_reply(
    *, obligations: Collection[int], language: str, actor: Actor, now: dt.datetime, petitions: Collection[int] = ()
) -> int:
    """Start an answer to these debts, and to petitions to which nothing is owed, of one institution; return its number.

    Raises UsageError for none, too many, or those of several institutions, RoleError.
    """
    check_language(language)
    with transaction.atomic():
        institution = _find_institution(obligations, petitions)
        require_desk(actor, institution)
        reply = Reply.objects.create(
            institution=institution, language=language, written_by=actor.name, created_at=now, changed_at=now
        )
        _set_targets(reply, obligations, petitions)
        targets = {"obligations": sorted(obligations), "petitions": sorted(petitions)}
        record_action(actor, "answer-started", f"answer/{reply.pk}", {}, targets, now=now)
    return reply.pk


def edit_reply(
    reply_id: int,
    *,
    text: ReplyText,
    obligations: Collection[int],
    seen: int,
    actor: Actor,
    now: dt.datetime,
    petitions: Collection[int] = (),
) -> int:
    """Store a draft's new words and what it answers, and return its revision; one that was proposed is a draft again.

    `seen` is the revision that the writer had before them. Raises StaleReplyError where it has moved on, ReplyError
    where it cannot be changed, TextError, UsageError, RoleError.
    """
    given = _clean(text, now=now)
    with transaction.atomic():
        reply = _lock(reply_id, actor)
        _require(reply, ("writing", "proposed"), seen=seen)
        if reply.institution != _find_institution(obligations, petitions):
            raise UsageError("obligations: they are another institution's", cure="choose debts of this institution")
        _set_targets(reply, obligations, petitions)
        before = {"revision": reply.revision, "state": reply.state}
        given |= {"state": "writing", "proposed_by": "", "approved_by": "", "written_by": actor.name}
        _move(reply, seen=seen, now=now, revision=seen + 1, **given)
        after = {"revision": seen + 1, "obligations": sorted(obligations), "petitions": sorted(petitions)}
        record_action(actor, "answer-edited", f"answer/{reply.pk}", before, after, now=now)
    return seen + 1


def change_draft(
    reply_id: int, what: dict[str, Any], *, seen: int, actor: Actor, now: dt.datetime
) -> tuple[Reply, int]:
    """Count one more change of a draft, which the caller makes; return the draft, locked, and its revision.

    `what` goes into the office's record. Raises StaleReplyError, ReplyError, RoleError.
    """
    reply = _lock(reply_id, actor)
    _require(reply, ("writing", "proposed"), seen=seen)
    before = {"revision": reply.revision, "state": reply.state}
    fresh = {"state": "writing", "proposed_by": "", "approved_by": "", "written_by": actor.name}
    _move(reply, seen=seen, now=now, revision=seen + 1, **fresh)
    record_action(actor, "answer-edited", f"answer/{reply.pk}", before, {"revision": seen + 1, **what}, now=now)
    return reply, seen + 1


def propose_reply(reply_id: int, *, seen: int, actor: Actor, now: dt.datetime) -> None:
    """Hand a draft to a second pair of eyes. Raises UsageError where author, summary or text is missing, ReplyError."""
    with transaction.atomic():
        reply = _lock(reply_id, actor)
        _require(reply, ("writing",), seen=seen)
        if not (reply.author and reply.summary and reply.body):
            raise UsageError(
                "the answer is not whole", cure="say who answers, give the answer in brief, and write it out"
            )
        _move(reply, seen=seen, now=now, state="proposed", proposed_by=actor.name, note="")
        record_action(actor, "answer-proposed", f"answer/{reply.pk}", {}, {"revision": seen}, now=now)


def send_back_reply(reply_id: int, *, note: str, actor: Actor, now: dt.datetime) -> None:
    """Make a proposed or approved answer a draft again, with a note for the office. Raises ReplyError."""
    note = clean_text("note", note, lines=True, most=LONGEST_NOTE)
    with transaction.atomic():
        reply = _lock(reply_id, actor)
        _require(reply, ("proposed", "approved"))
        before = {"state": reply.state}
        _move(reply, now=now, state="writing", proposed_by="", approved_by="", note=note)
        record_action(
            actor, "answer-sent-back", f"answer/{reply.pk}", before, {"state": "writing"}, now=now, reason=note
        )


def approve_reply(reply_id: int, *, seen: int, actor: Actor, now: dt.datetime) -> bool:
    """Approve what somebody else proposed, as it was read; publish it, and say whether it is published now.

    Where its time lies ahead it waits for it. Raises OwnReplyError, StaleReplyError, ReplyError.
    """
    with transaction.atomic():
        reply = _lock(reply_id, actor)
        _require(reply, ("proposed",), seen=seen)
        if actor.name in (reply.proposed_by, reply.written_by):
            raise OwnReplyError("this answer is your own", cure="let somebody else read and approve it")
        at = max(reply.publish_at or now, now)
        _move(reply, seen=seen, now=now, state="approved", approved_by=actor.name, publish_at=at)
        if at > now:
            record_action(
                actor,
                "answer-approved",
                f"answer/{reply.pk}",
                {},
                {"revision": seen, "publish_at": at.isoformat()},
                now=now,
            )
            return False
        _publish(reply, by=actor, now=now)
    return True


def publish_due_replies(*, now: dt.datetime) -> int:
    """Publish the approved answers whose time has come; return how many. Any number may run this at once.

    One whose debts were all declined or lapsed meanwhile becomes a draft again.
    """
    published = 0
    due = Reply.objects.filter(state="approved", publish_at__lte=now).order_by("publish_at", "pk")
    for reply_id in list(due.values_list("pk", flat=True)):
        with transaction.atomic():
            reply = Reply.objects.select_for_update(no_key=True).filter(pk=reply_id, state="approved").first()
            if reply is None:
                continue  # somebody else was faster
            by = Actor(role="clerk", name=reply.approved_by)
            if reply.targets.filter(obligation__state__in=ANSWERABLE).exists() or _find_unowed(reply):
                _publish(reply, by=by, now=now)
                published += 1
            else:
                note = "nothing that it answers is owed any more"
                _move(reply, now=now, state="writing", proposed_by="", approved_by="", note=note)
                record_action(
                    SYSTEM,
                    "answer-sent-back",
                    f"answer/{reply.pk}",
                    {"state": "approved"},
                    {"state": "writing"},
                    now=now,
                    reason=note,
                )
    return published


def revise_reply(reply_id: int, *, actor: Actor, now: dt.datetime) -> None:
    """Open a published answer for a new version, which takes a second pair of eyes again. Raises ReplyError."""
    with transaction.atomic():
        reply = _lock(reply_id, actor)
        _require(reply, ("published",))
        fresh: dict[str, Any] = {
            "proposed_by": "",
            "approved_by": "",
            "publish_at": None,
            "with_mail": False,
            "note": "",
        }
        _move(reply, now=now, state="writing", revision=reply.revision + 1, written_by=actor.name, **fresh)
        record_action(actor, "answer-reopened", f"answer/{reply.pk}", {"version": reply.versions}, {}, now=now)


def drop_reply(reply_id: int, *, actor: Actor, now: dt.datetime) -> None:
    """Give a draft up; of a published answer only the version in work, whose last published words come back."""
    with transaction.atomic():
        reply = _lock(reply_id, actor)
        _require(reply, ("writing", "proposed"))
        before = {"state": reply.state, "revision": reply.revision}
        if not reply.versions:
            _move(reply, now=now, state="dropped")
            record_action(actor, "answer-dropped", f"answer/{reply.pk}", before, {"state": "dropped"}, now=now)
            return
        last = Response.objects.filter(reply=reply).order_by("-version", "pk").first()
        if last is None:
            raise AssertionError(f"reply {reply_id} was published without a response")
        words: dict[str, Any] = {name: getattr(last, name) for name in ("author", "summary", "body", "language")}
        words |= {"proposed_by": "", "approved_by": "", "note": ""}
        _move(reply, now=now, state="published", revision=reply.revision + 1, **words)
        reply.documents.all().delete()
        ReplyDocument.objects.bulk_create(
            ReplyDocument(reply=reply, document_id=each.document_id, title=each.title)
            for each in last.documents.order_by("pk")
        )
        record_action(
            actor,
            "answer-dropped",
            f"answer/{reply.pk}",
            before,
            {"state": "published", "version": last.version},
            now=now,
        )


def retract_reply(reply_id: int, *, reason: str, actor: Actor, now: dt.datetime) -> None:
    """Take a published answer back, in public and with a reason: what it alone kept is owed again.

    Its versions stay on the record, and each petition's log says that it was taken back. Raises ReplyError,
    UsageError without a reason.
    """
    reason = clean_text("reason", reason, lines=True, most=LONGEST_NOTE)
    if not reason:
        raise UsageError("reason: it is empty", cure="say in public why the answer is taken back")
    with transaction.atomic():
        reply = _lock(reply_id, actor)
        _require(reply, ("published",))
        _move(reply, now=now, state="retracted", retraction=reason, retracted_at=now)
        answered = sorted(set(reply.responses.exclude(obligation=None).values_list("obligation", flat=True)))
        for obligation_id in answered:
            take_back(obligation_id, reply=reply, now=now)
        unowed = sorted(set(reply.responses.exclude(petition=None).values_list("petition", flat=True)))
        for petition_id in unowed:
            take_back_unowed(petition_id, reply=reply, now=now)
        after = {"obligations": answered, "petitions": unowed}
        record_action(
            actor, "answer-retracted", f"answer/{reply.pk}", {"version": reply.versions}, after, now=now, reason=reason
        )


def preview_mail(reply_id: int, *, language: str, actor: Actor, now: dt.datetime) -> None:
    """Send the one who asks, and nobody else, the message that subscribers would get. Raises ReplyError, UsageError."""
    with transaction.atomic():
        reply = _lock(reply_id, actor)
        if not (reply.author and reply.summary):
            raise UsageError("the answer is not whole", cure="say who answers, and give the answer in brief")
        petition_id = reply.targets.values_list("obligation__petition", flat=True).order_by("obligation").first()
        petition_id = petition_id or reply.petitions.values_list("petition", flat=True).order_by("pk").first()
        if petition_id is None:
            raise ReplyError(f"answer {reply_id} answers nothing", cure="choose what it answers")
        facts = {"what": "preview", "author": reply.author, "summary": reply.summary, "version": reply.versions + 1}
        notices.tell_desk(petition_id=petition_id, recipient=actor.name, language=language, facts=facts, now=now)


def _publish(reply: Reply, *, by: Actor, now: dt.datetime) -> None:
    """Publish an approved reply whose row is locked; the caller's transaction also settles what it meets."""
    # Where a threshold was met meanwhile, the answer keeps that debt.
    owed = Obligation.objects.filter(state="owed", petition__in=reply.petitions.values("petition"))
    ReplyTarget.objects.bulk_create(
        [ReplyTarget(reply=reply, obligation_id=number) for number in owed.values_list("pk", flat=True)],
        ignore_conflicts=True,
    )
    targets = reply.targets.filter(obligation__state__in=ANSWERABLE).order_by("obligation")
    answered = list(targets.values_list("obligation", flat=True))
    unowed = _find_unowed(reply)
    if not answered and not unowed:
        raise ReplyError("nothing that it answers is owed any more", cure="choose what it answers again")
    for obligation_id in answered:
        answer(
            obligation_id,
            author=reply.author,
            summary=reply.summary,
            body=reply.body,
            language=reply.language,
            now=now,
            actor=by,
            reply=reply,
            with_mail=reply.with_mail,
        )
    for petition_id in unowed:
        answer_unowed(petition_id, reply=reply, now=now, actor=by)
    version = reply.versions + 1
    _move(reply, now=now, state="published", versions=version)
    after = {"version": version, "obligations": answered, "petitions": unowed, "with_mail": reply.with_mail}
    record_action(by, "answer-published", f"answer/{reply.pk}", {"proposed_by": reply.proposed_by}, after, now=now)


def _clean(text: ReplyText, *, now: dt.datetime) -> dict[str, Any]:
    check_language(text.language)
    if text.publish_at is not None and not now - dt.timedelta(days=1) <= text.publish_at <= now + FARTHEST:
        raise UsageError("publish_at: it is not within a year", cure="give a day within a year, or none")
    return {
        "author": clean_text("author", text.author, most=LONGEST_AUTHOR),
        "summary": clean_text("summary", text.summary, most=LONGEST_SUMMARY),
        "body": clean_text("body", text.body, lines=True, most=LONGEST),
        "language": text.language,
        "with_mail": text.with_mail,
        "publish_at": text.publish_at,
    }


def _find_unowed(reply: Reply) -> list[int]:
    """Return the petitions that a reply answers for nothing owed: open or closed, and none of its debts' petitions."""
    rows = reply.petitions.filter(petition__state__in=ANSWERED_STATES)
    answered = reply.targets.filter(obligation__state__in=ANSWERABLE).values("obligation__petition")
    return list(rows.exclude(petition__in=answered).order_by("petition").values_list("petition", flat=True))


def _find_institution(obligations: Collection[int], petitions: Collection[int]) -> str:
    if not 0 < len(obligations) + len(petitions) <= MOST_TARGETS:
        raise TargetError("obligations: none, or too many", cure=f"choose from 1 to {MOST_TARGETS} that it answers")
    found = Obligation.objects.filter(pk__in=obligations).values_list("pk", "petition__charter__charter_id")
    answered = Petition.objects.filter(pk__in=petitions, source="", state__in=ANSWERED_STATES)
    free = answered.values_list("pk", "charter__charter_id")
    institutions = {charter_id for _, charter_id in (*found, *free)}
    if len(found) != len(set(obligations)) or len(free) != len(set(petitions)) or len(institutions) != 1:
        raise TargetError(
            "obligations: one is unknown, or they are several institutions'",
            cure="choose debts, and petitions that are open or closed here, of one institution",
        )
    return str(institutions.pop())


def _set_targets(reply: Reply, obligations: Collection[int], petitions: Collection[int]) -> None:
    # What was answered once stays answered: such a target is kept whatever the form says.
    reply.targets.exclude(obligation__in=obligations).exclude(obligation__responses__reply=reply).delete()
    rows = [ReplyTarget(reply=reply, obligation_id=number) for number in sorted(set(obligations))]
    ReplyTarget.objects.bulk_create(rows, ignore_conflicts=True)
    kept = Response.objects.filter(reply=reply, petition__isnull=False).values("petition")
    reply.petitions.exclude(petition__in=petitions).exclude(petition__in=kept).delete()
    free = [ReplyPetition(reply=reply, petition_id=number) for number in sorted(set(petitions))]
    ReplyPetition.objects.bulk_create(free, ignore_conflicts=True)


def _lock(reply_id: int, actor: Actor) -> Reply:
    reply = Reply.objects.select_for_update(no_key=True).filter(pk=reply_id).first()
    if reply is None:
        raise ReplyError(f"there is no answer {reply_id}", cure="look at the list again")
    require_desk(actor, reply.institution)
    return reply


def _require(reply: Reply, states: Collection[str], *, seen: int | None = None) -> None:
    if seen is not None and reply.revision != seen:
        raise StaleReplyError(f"answer {reply.pk} was changed meanwhile", cure="read it again")
    if reply.state not in states:
        raise ReplyError(f"answer {reply.pk} is {reply.state}", cure="look at it again")


def _move(reply: Reply, *, now: dt.datetime, seen: int | None = None, **changes: Any) -> None:
    rows = Reply.objects.filter(pk=reply.pk, state=reply.state, revision=seen or reply.revision)
    if not rows.update(changed_at=now, **changes):
        raise StaleReplyError(f"answer {reply.pk} was changed meanwhile", cure="read it again")
    for name, value in changes.items():
        setattr(reply, name, value)
