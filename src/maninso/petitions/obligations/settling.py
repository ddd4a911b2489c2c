"""Settles a debt: answers it, declines it on a ground of the charter, or moves its day as far as the charter allows."""

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from pydantic import ValidationError

from maninso import ManinsoError, UsageError
from maninso.charter import Charter, Length
from maninso.ledger.canonical import render_json
from maninso.ledger.entries import Event
from maninso.ledger.events import ANSWERED, TAKEN_BACK
from maninso.petitions import notices
from maninso.petitions.access.rules import due_columns, find_due, find_threshold, read_charter_version
from maninso.petitions.audit import record_action
from maninso.petitions.lifecycle import Actor, RoleError, check_language, clean_text
from maninso.petitions.models import (
    Account,
    Extension,
    Obligation,
    Reply,
    ReplyDocument,
    Response,
    ResponseDocument,
)
from maninso.signing.gate import append_entries

LONGEST = 100_000  # characters of a response
LONGEST_AUTHOR, LONGEST_SUMMARY = 200, 1000
ANSWERABLE = ("owed", "kept")


class ObligationError(ManinsoError):
    """The obligation is not in a state that allows this."""


class GroundError(UsageError):
    """The ground to decline is none of the charter's."""


class InstitutionError(RoleError):
    """The clerk answers for another institution."""


def require_desk(actor: Actor, institution: str) -> None:
    """Raise unless the actor answers for an institution: one of its clerks, or an operator.

    Raises RoleError for another role, InstitutionError for another institution's clerk.
    """
    if actor.role == "operator":
        return
    if actor.role != "clerk":
        raise RoleError(f"a {actor.role} may not answer what is owed", cure="ask a clerk of the institution")
    limits = Account.objects.filter(email=actor.name, role="clerk", is_active=True).values_list("institution")
    if not any(limit in ("", institution) for (limit,) in limits):
        raise InstitutionError(f"{actor.name} does not answer for {institution}", cure="ask one of its own clerks")


def answer(
    obligation_id: int,
    *,
    author: str,
    summary: str,
    body: str,
    language: str,
    now: dt.datetime,
    actor: Actor,
    reply: Reply | None = None,
    with_mail: bool = False,
) -> int:
    """Publish the institution's response to one debt and return its version; the first response keeps the debt.

    Every call publishes a new version (of `reply`, where it comes from the desk); the earlier ones stay. The response's
    digest goes into the petition's log. `with_mail` has those told who asked for news. Raises ObligationError where the
    debt was declined or lapsed, TextError for an unusable text.
    """
    with transaction.atomic():
        obligation = lock_obligation(obligation_id)
        if obligation.state not in ANSWERABLE:
            raise ObligationError(
                f"obligation {obligation_id} is {obligation.state}", cure="there is nothing to answer any more"
            )
        response = _publish(
            obligation.petition_id,
            obligation=obligation,
            words=_clean_words(author, summary, body, language),
            reply=reply,
            with_mail=with_mail,
            actor=actor,
            now=now,
        )
        settled = Obligation.objects.filter(pk=obligation_id, state="owed").update(
            state="kept", response=response, settled_at=now, settled_role=actor.role, settled_by=actor.name
        )
        if not settled:  # a correction of what kept it; another answer stands beside that
            Obligation.objects.filter(pk=obligation_id, state="kept", response__reply=reply).update(response=response)
    return response.version


def answer_unowed(petition_id: int, *, reply: Reply, now: dt.datetime, actor: Actor) -> None:
    """Publish the next version of a reply to a petition to which nothing is owed; it keeps no debt."""
    with transaction.atomic():
        _publish(
            petition_id,
            obligation=None,
            words=_clean_words(reply.author, reply.summary, reply.body, reply.language),
            reply=reply,
            with_mail=reply.with_mail,
            actor=actor,
            now=now,
        )


def _clean_words(author: str, summary: str, body: str, language: str) -> dict[str, str]:
    words = {
        "author": clean_text("author", author, most=LONGEST_AUTHOR),
        "summary": clean_text("summary", summary, most=LONGEST_SUMMARY),
        "body": clean_text("body", body, lines=True, most=LONGEST),
        "language": language,
    }
    if not words["author"] or not words["summary"]:
        raise UsageError("a response needs an author and a summary", cure="say who answers, and the answer in brief")
    check_language(language)
    return words


def _publish(
    petition_id: int,
    *,
    obligation: Obligation | None,
    words: Mapping[str, str],
    reply: Reply | None,
    with_mail: bool,
    actor: Actor,
    now: dt.datetime,
) -> Response:
    documents = _list_documents(reply)
    digest = digest_response(**words, documents=[(each.title, bytes(each.document.digest)) for each in documents])
    versions = reply.versions if reply else Response.objects.filter(obligation=obligation, reply=None).count()
    response = Response.objects.create(
        obligation=obligation,
        petition_id=None if obligation else petition_id,
        reply=reply,
        version=versions + 1,
        **words,
        digest=digest,
        role=actor.role,
        actor=actor.name,
        proposed_by=reply.proposed_by if reply else "",
        published_at=now,
    )
    ResponseDocument.objects.bulk_create(
        ResponseDocument(response=response, document=each.document, title=each.title) for each in documents
    )
    _log(ANSWERED, petition_id, obligation, digest, now=now)
    if with_mail:
        notices.announce(
            petition_id=petition_id,
            kind="answered",
            now=now,
            reply_id=reply.pk if reply else None,
            version=response.version if reply else 0,
        )
    return response


def _log(event: str, petition_id: int, obligation: Obligation | None, digest: bytes, *, now: dt.datetime) -> None:
    """Write into a petition's log what was answered or taken back; for what threshold, "" for none."""
    threshold = obligation.threshold_id if obligation else ""
    entry = Event(event, {"at": int(now.timestamp()), "threshold": threshold, "response": digest.hex()})
    with connection.cursor() as cursor:
        append_entries(cursor, petition_id=petition_id, entries=[entry.render()])


def take_back(obligation_id: int, *, reply: Reply, now: dt.datetime) -> None:
    """Let a debt be as it was without a reply: owed again, or lapsed, unless another response keeps it.

    Messages about it that wait are not sent. The log gets an entry that names what was taken back; the responses stay
    on the record.
    """
    with transaction.atomic():
        obligation = lock_obligation(obligation_id)
        last = obligation.responses.filter(reply=reply).order_by("-version").first()
        if last is None:
            return
        if obligation.state == "kept" and obligation.response is not None and obligation.response.reply_id == reply.pk:
            others = obligation.responses.filter(Q(reply=None) | ~Q(reply__state="retracted")).exclude(reply=reply)
            first, newest = others.order_by("published_at").first(), others.order_by("-published_at").first()
            if first is not None:
                left: dict[str, Any] = {"response": newest, "settled_at": first.published_at}
            elif obligation.turns % 2:
                left = {"response": None, "state": "lapsed", "settled_at": now, "settled_role": "system"}
            else:
                left = {"response": None, "state": "owed", "settled_at": None, "settled_role": "", "settled_by": ""}
            Obligation.objects.filter(pk=obligation_id).update(**left)
        notices.cancel_announcements(petition_id=obligation.petition_id, reply_id=reply.pk, now=now)
        _log(TAKEN_BACK, obligation.petition_id, obligation, bytes(last.digest), now=now)


def take_back_unowed(petition_id: int, *, reply: Reply, now: dt.datetime) -> None:
    """Take an answer to a petition back to which nothing is owed: in its log, and with the messages that wait."""
    with transaction.atomic():
        last = Response.objects.filter(petition=petition_id, reply=reply).order_by("-version").first()
        if last is not None:
            notices.cancel_announcements(petition_id=petition_id, reply_id=reply.pk, now=now)
            _log(TAKEN_BACK, petition_id, None, bytes(last.digest), now=now)


def decline(obligation_id: int, *, reason: str, note: str, now: dt.datetime, actor: Actor) -> None:
    """Record in public that the institution declines, on a ground of the charter's.

    Raises GroundError for a ground that the charter does not give, ObligationError where nothing is owed any more,
    RoleError.
    """
    note = clean_text("note", note, lines=True, most=LONGEST)
    with transaction.atomic():
        obligation, charter = lock_owed(obligation_id, actor=actor)
        owed = find_threshold(charter, obligation.threshold_id).obligation
        grounds = [ground.code for ground in owed.declines] if owed else []
        if reason not in grounds:
            raise GroundError(
                f"reason: {reason!r} is no ground to decline under {charter.id}",
                cure=f"give one of: {', '.join(grounds)}" if grounds else "the charter gives none: answer it",
            )
        Obligation.objects.filter(pk=obligation_id).update(
            state="declined",
            decline_reason=reason,
            decline_note=note,
            settled_role=actor.role,
            settled_by=actor.name,
            settled_at=now,
        )
        after = {"state": "declined", "ground": reason}
        record_action(
            actor, "declined", f"petition/{obligation.petition_id}", {"state": "owed"}, after, now=now, reason=note
        )


def extend(obligation_id: int, *, length: str, reason: str, now: dt.datetime, actor: Actor) -> dt.date:
    """Move the day due by `length` ("30 days"), as far as the charter allows it; return the new day.

    Raises CharterError for an extension that the charter does not allow, ObligationError where nothing is owed,
    RoleError.
    """
    reason = clean_text("reason", reason, lines=True, most=LONGEST)
    try:
        Length.parse(length)
    except ValidationError as error:
        raise UsageError(f"length: {length!r} is not a length of time", cure="give one such as '30 days'") from error
    with transaction.atomic():
        obligation, _ = lock_owed(obligation_id, actor=actor)
        if obligation.due_on is None:
            raise ObligationError(f"obligation {obligation_id} has no day to move", cure="grant no extension")
        granted = list(obligation.extensions.order_by("number"))
        extension = Extension(
            obligation=obligation,
            number=len(granted) + 1,
            length=length,
            reason=reason,
            old_due_on=obligation.due_on,
            role=actor.role,
            actor=actor.name,
            at=now,
        )
        due = find_due(
            obligation.petition, obligation.threshold_id, met_at=obligation.owed_since, granted=[*granted, extension]
        )
        if due is None:
            raise ObligationError(f"obligation {obligation_id} has no day to move", cure="grant no extension")
        extension.new_due_on = due.on
        extension.save()
        Obligation.objects.filter(pk=obligation_id).update(**due_columns(due))
        before, after = {"due_on": obligation.due_on.isoformat()}, {"due_on": due.on.isoformat()}
        record_action(actor, "extended", f"petition/{obligation.petition_id}", before, after, now=now, reason=reason)
    return due.on


def digest_response(
    *, author: str, summary: str, body: str, language: str, documents: Sequence[tuple[str, bytes]] = ()
) -> bytes:
    """Return the SHA-256 of a response's canonical JSON (sorted keys, no spaces, UTF-8): what the log has of it.

    `documents` are its documents' titles and SHA-256; where there are none, nothing is said of them.
    """
    said: dict[str, Any] = {"author": author, "body": body, "language": language, "summary": summary}
    if documents:
        said["documents"] = [{"sha256": digest.hex(), "title": title} for title, digest in documents]
    return hashlib.sha256(render_json(said)).digest()


def _list_documents(reply: Reply | None) -> list[ReplyDocument]:
    if reply is None:
        return []
    return list(reply.documents.select_related("document").defer("document__content").order_by("pk"))


def lock_obligation(obligation_id: int) -> Obligation:
    """Return an obligation with its petition and charter, locked until the commit. Raises ObligationError."""
    obligation = (
        Obligation.objects.select_for_update(of=("self",), no_key=True)
        .select_related("petition__charter")
        .filter(pk=obligation_id)
        .first()
    )
    if obligation is None:
        raise ObligationError(f"there is no obligation {obligation_id}", cure="check the number")
    return obligation


def lock_owed(obligation_id: int, *, actor: Actor) -> tuple[Obligation, Charter]:
    """Lock what is still owed, for somebody of the institution's desk; returns it and its charter.

    Raises ObligationError where it is settled, RoleError.
    """
    obligation = lock_obligation(obligation_id)
    charter = read_charter_version(obligation.petition.charter)
    require_desk(actor, charter.id)
    require_owed(obligation)
    return obligation, charter


def require_owed(obligation: Obligation) -> None:
    """Raise ObligationError where a debt is settled."""
    if obligation.state != "owed":
        raise ObligationError(
            f"obligation {obligation.pk} is {obligation.state} already", cure="look at the board of obligations again"
        )
