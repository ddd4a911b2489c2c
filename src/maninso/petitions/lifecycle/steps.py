"""What happens to a petition, step by step: drafted, submitted, opened, closed, or taken out of that way.

Each step is one transaction: the state, its record, and what it means for signing (the gate and the log).
"""

import datetime as dt
from typing import cast

from django.conf import settings
from django.db import connection, transaction

from maninso import ManinsoError, UsageError
from maninso.charter import Charter, closes_at, in_blackout, legal_day, read_charter
from maninso.identity.nullifier import commit_key, seal_key
from maninso.ledger.entries import MIN_BUCKET_SECONDS, Genesis
from maninso.petitions.access.rules import due_columns, find_due, find_reason, keep_charter, read_charter_version
from maninso.petitions.lifecycle.founders import sign_for_sponsors, take_key
from maninso.petitions.lifecycle.table import (
    SYSTEM,
    Actor,
    Reason,
    TransitionError,
    move,
    read_petition,
)
from maninso.petitions.lifecycle.texts import check_language, check_limits, clean_text, digest_text
from maninso.petitions.models import Obligation, Petition, SigningGate, StateChange
from maninso.signing.gate import (
    cancel_gate,
    close_gate,
    open_gate,
    pause_gate,
    prepare_gate,
    resume_gate,
    revive_gate,
)
from maninso.signing.keys import name_log

CREATOR = Actor(role="creator")
WITHDRAWN = "withdrawn-by-creator"

_LONGEST_NAME = 100


class ReasonError(UsageError):
    """The reason given is none of the charter's, or not for this."""


class BlackoutError(ManinsoError):
    """The charter opens no petition on this day."""


def draft_petition(
    *,
    charter: Charter,
    title: str,
    body: str,
    language: str,
    now: dt.datetime,
    topic: str = "",
    creator_name: str = "",
    length: str = "",
) -> int:
    """Store a draft under the charter in force and return its number.

    `length` is the petitioner's choice where the charter gives one ("60 days"), else "". Raises TextError, or
    CharterError for a length that the charter does not offer.
    """
    title = clean_text("title", title)
    body = clean_text("body", body, lines=True)
    check_limits(charter, title=title, body=body)
    check_language(language)
    closes_at(charter, opened_at=now, choice=length or None)
    with transaction.atomic():
        petition = Petition.objects.create(
            state="draft",
            title=title,
            body=body,
            language=language,
            topic=clean_text("topic", topic, most=_LONGEST_NAME),
            creator_name=clean_text("creator_name", creator_name, most=_LONGEST_NAME),
            charter=keep_charter(charter, now=now),
            length=length,
            created_at=now,
            updated_at=now,
        )
        StateChange.objects.create(petition=petition, old="", new="draft", at=now, role="creator")
    return petition.pk


def submit_petition(petition_id: int, *, now: dt.datetime, actor: Actor = CREATOR) -> str:
    """Hand a draft in: to gathering sponsors where the charter wants some, else to moderation. Returns the new state.

    The petition's log gets its name and the gate answers "not open yet" from now on.
    """
    petition = read_petition(petition_id)
    new = "gathering" if read_charter_version(petition.charter).sponsors else "moderation"
    with transaction.atomic(), connection.cursor() as cursor:
        move(petition, new=new, actor=actor, now=now)
        prepare_gate(cursor, petition_id=petition_id, origin=_origin(petition_id))
    return new


def pass_to_moderation(petition_id: int, *, now: dt.datetime, actor: Actor = SYSTEM) -> None:
    """Hand a petition with enough sponsors to the moderators."""
    move(read_petition(petition_id), new="moderation", actor=actor, now=now)


def open_petition(
    petition_id: int, *, now: dt.datetime, charter: Charter | None = None, actor: Actor = SYSTEM
) -> dt.datetime:
    """Publish a petition for signing and return when it closes.

    It pins `charter` (the rules in force today; those it was drafted under where not given) and freezes the text;
    makes K_petition and seals it, writes leaf 0 and opens the gate with the charter's thresholds. Raises
    TransitionError, BlackoutError where the charter opens nothing today, TextError where the rules in force allow no
    such text.
    """
    petition = read_petition(petition_id)
    if petition.state != "moderation":
        raise TransitionError(petition_id, state=petition.state, new="open")
    charter = charter or read_charter_version(petition.charter)
    registered_on = legal_day(charter, now)
    blackout = in_blackout(charter, registered_on)
    if blackout:
        raise BlackoutError(
            f"{charter.id} opens no petition from {blackout.since} to {blackout.until}: {blackout.why.en}",
            cure="open it on the day after",
        )
    check_limits(charter, title=petition.title, body=petition.body)
    closing = closes_at(charter, opened_at=now, choice=petition.length or None)
    text_digest = digest_text(title=petition.title, body=petition.body)
    key = take_key(petition_id)
    regions = ("", *charter.regions)
    genesis = Genesis(
        origin=_origin(petition_id),
        rules=charter.digest.hex(),
        text=text_digest.hex(),
        opened=int(now.timestamp()),
        bucket=MIN_BUCKET_SECONDS,
        regions=regions,
        key=commit_key(key).hex(),
    )
    with transaction.atomic(), connection.cursor() as cursor:
        move(
            petition,
            new="open",
            actor=actor,
            now=now,
            changes={
                "charter": keep_charter(charter, now=now),
                "text_digest": text_digest,
                "needed": sorted(threshold.needed_on(registered_on) for threshold in charter.thresholds),
                "opened_at": now,
                "closes_at": closing,
            },
        )
        open_gate(
            cursor,
            petition_id=petition_id,
            opened_at=now,
            closes_at=closing,
            wrapped_key=seal_key(settings.MANINSO_WRAPPING_KEY(petition_id), petition_id=petition_id, key=key),
            bucket_seconds=MIN_BUCKET_SECONDS,
            grace=dt.timedelta(hours=charter.collecting.grace_hours),
            regions=regions,
            min_assurance=charter.signer.minimum_assurance,
            min_age=charter.signer.minimum_age or 0,
            region_needed=any(threshold.regional for threshold in charter.thresholds),
            registered_on=registered_on,
            thresholds=[(threshold.id, threshold.model_dump_json()) for threshold in charter.thresholds],
            genesis=genesis.render(),
        )
        sign_for_sponsors(cursor, petition_id=petition_id, charter=charter, regions=regions)
    return closing


def lapse_petition(petition_id: int, *, now: dt.datetime, actor: Actor = SYSTEM) -> None:
    """End a petition that did not find enough sponsors in time; its text never was public."""
    petition = read_petition(petition_id)
    with transaction.atomic():
        move(petition, new="lapsed", actor=actor, now=now)
        _give_up(petition)


def close_petition(petition_id: int, *, now: dt.datetime, actor: Actor = SYSTEM) -> None:
    """Take no more signatures; what is owed and counted from the closing gets its final day.

    A petition closed after its time was closed at that time, however late this runs. Where its time is over, who asked
    for a link before that may confirm while the grace lasts; `end_graces` then closes the gate and the log.
    """
    petition = read_petition(petition_id)
    closed_at = now if petition.closes_at is None else min(now, petition.closes_at)
    with transaction.atomic():
        move(petition, new="closed", actor=actor, now=now, changes={"closed_at": closed_at})
        _settle_due_days(petition_id)
        gate = SigningGate.objects.get(pk=petition_id)
        if closed_at != gate.closes_at or now >= closed_at + gate.grace:
            _close_gate(petition_id, closed_at=closed_at)


def close_due_petitions(*, now: dt.datetime) -> int:
    """Close every open petition whose time has passed, each in a transaction of its own; return how many."""
    due = Petition.objects.filter(state="open", closes_at__lte=now).order_by("closes_at", "pk")
    due = due.exclude(gate__state="paused")  # the end of the pause gives it the days back that it costs
    closed = 0
    for petition_id in list(due.values_list("pk", flat=True)):
        try:
            close_petition(petition_id, now=now)
        except TransitionError:
            continue  # somebody else closed, withdrew or removed it since the list was read
        closed += 1
    return closed


def end_graces(*, now: dt.datetime) -> int:
    """Close the gates of closed petitions whose grace is over, each in a transaction of its own; return how many."""
    ended = SigningGate.objects.filter(state="open", closes_at__lte=now, petition__state="closed").order_by("closes_at")
    closed = 0
    for gate in ended:
        if gate.closes_at is not None and gate.closes_at + gate.grace <= now:
            closed += _end_grace(gate.petition_id)
    return closed


def pause_signing_of(petition_id: int) -> None:
    """Take no signatures of an open petition for a while. Raises GateError where its gate is not open."""
    with transaction.atomic(), connection.cursor() as cursor:
        pause_gate(cursor, petition_id=petition_id)


def resume_signing_of(petition_id: int, *, closes_at: dt.datetime, now: dt.datetime) -> None:
    """Take signatures again, until `closes_at`; days that are reckoned from the closing follow. Raises GateError."""
    with transaction.atomic(), connection.cursor() as cursor:
        Petition.objects.filter(pk=petition_id, state="open").update(closes_at=closes_at, updated_at=now)
        _settle_due_days(petition_id)
        resume_gate(cursor, petition_id=petition_id, closes_at=closes_at)


def shorten_petition(petition_id: int, *, closes_at: dt.datetime, now: dt.datetime) -> bool:
    """Let an open petition close earlier than it would have; whether it does. One whose signing is paused is left."""
    with transaction.atomic(), connection.cursor() as cursor:
        won = Petition.objects.filter(
            pk=petition_id, state="open", closes_at__gt=closes_at, opened_at__lt=closes_at, gate__state="open"
        ).update(closes_at=closes_at, updated_at=now)
        if not won:
            return False
        _settle_due_days(petition_id)
        pause_gate(cursor, petition_id=petition_id)
        resume_gate(cursor, petition_id=petition_id, closes_at=closes_at)
    return True


def resume_grace_of(petition_id: int) -> None:
    """Let who asked before the closing confirm again after a pause, for what is left of the grace. Raises GateError."""
    with transaction.atomic(), connection.cursor() as cursor:
        resume_gate(cursor, petition_id=petition_id)


def reject_petition(petition_id: int, *, reason: Reason, now: dt.datetime, actor: Actor = SYSTEM) -> str:
    """Refuse to publish a petition, with a reason of its charter; return "rejected", or "hidden" where it hides.

    Whoever tries to sign it is refused from now on. Raises ReasonError for a code that the charter does not have.
    """
    petition = read_petition(petition_id)
    new = "hidden" if _checked_reason(petition, reason) else "rejected"
    with transaction.atomic():
        move(petition, new=new, actor=actor, now=now, reason=reason)
        _give_up(petition)
    return new


def hide_petition(petition_id: int, *, reason: Reason, now: dt.datetime, actor: Actor = SYSTEM) -> None:
    """Keep the text of a petition that was never open from the public, with a reason of its charter that hides."""
    petition = read_petition(petition_id)
    if not _checked_reason(petition, reason):
        raise ReasonError(f"reason: {reason.code!r} does not hide a petition", cure="reject it, or give one that hides")
    with transaction.atomic():
        move(petition, new="hidden", actor=actor, now=now, reason=reason)
        _give_up(petition)


def withdraw_petition(petition_id: int, *, now: dt.datetime, note: str = "", actor: Actor = CREATOR) -> None:
    """End a petition for its creator; one that was open keeps its text, count and log."""
    petition = read_petition(petition_id)
    was_open = petition.state == "open"
    with transaction.atomic():
        changes = {"closed_at": now} if was_open else {}
        reason = Reason(code=WITHDRAWN, note=note)
        move(petition, new="withdrawn", actor=actor, now=now, reason=reason, changes=changes)
        if was_open:
            _end_signing(petition_id, closed_at=now)
        _give_up(petition)


def remove_petition(petition_id: int, *, reason: Reason, now: dt.datetime, actor: Actor = SYSTEM) -> None:
    """Take a published petition down: a tombstone with its count and the reason stays, and signing pauses.

    One that has closed takes nothing any more, whatever was left of its grace.
    """
    petition = read_petition(petition_id)
    _checked_reason(petition, reason)
    with transaction.atomic(), connection.cursor() as cursor:
        move(petition, new="removed", actor=actor, now=now, reason=reason)
        if petition.state == "open":
            pause_gate(cursor, petition_id=petition_id)
        else:
            _end_grace(petition_id)


def restore_petition(petition_id: int, *, now: dt.datetime, actor: Actor = SYSTEM) -> str:
    """Undo a removal, rejection or hiding, and return the new state.

    What was published comes back with its own dates: open while they last, else closed. The rest goes to moderation.
    """
    petition = read_petition(petition_id)
    if petition.state != "removed":
        with transaction.atomic(), connection.cursor() as cursor:
            move(petition, new="moderation", actor=actor, now=now)
            revive_gate(cursor, petition_id=petition_id)
        return "moderation"
    if petition.closed_at is not None:
        move(petition, new="closed", actor=actor, now=now)
        return "closed"
    ended = cast(dt.datetime, petition.closes_at) <= now
    with transaction.atomic(), connection.cursor() as cursor:
        if ended:
            move(petition, new="closed", actor=actor, now=now, changes={"closed_at": petition.closes_at})
            _end_signing(petition_id, closed_at=cast(dt.datetime, petition.closes_at))
        else:
            move(petition, new="open", actor=actor, now=now)
            resume_gate(cursor, petition_id=petition_id)
    return "closed" if ended else "open"


def open_made_up_petition(*, charter: str, title: str, body: str, now: dt.datetime, language: str = "en") -> int:
    """Open a petition for a rehearsal under a charter (preset or file) without sponsors or moderators; return it."""
    rules = read_charter(charter)
    length = "" if rules.collecting.length else rules.collecting.choices[0].render()
    with transaction.atomic():
        petition_id = draft_petition(charter=rules, title=title, body=body, language=language, length=length, now=now)
        if submit_petition(petition_id, now=now) == "gathering":
            pass_to_moderation(petition_id, now=now)
        open_petition(petition_id, now=now)
    return petition_id


def _origin(petition_id: int) -> str:
    return name_log(settings.MANINSO.host, petition_id)


def _checked_reason(petition: Petition, reason: Reason) -> bool:
    """Return whether a reason of the petition's charter hides the text. Raises ReasonError."""
    charter = read_charter_version(petition.charter)
    found = find_reason(charter, reason.code)
    if found is None:
        known = ", ".join(each.code for each in charter.rejection_reasons)
        raise ReasonError(f"reason: {reason.code!r} is none of {charter.id}", cure=f"give one of: {known}")
    return found.hides


def _end_signing(petition_id: int, *, closed_at: dt.datetime) -> None:
    # Obligations before the head: whoever answers one takes the two in the same order.
    _settle_due_days(petition_id)
    _close_gate(petition_id, closed_at=closed_at)


def _end_grace(petition_id: int) -> bool:
    """Close the gate of a closed petition if it is not; whether it was not."""
    with transaction.atomic():
        petition = Petition.objects.select_for_update(no_key=True).get(pk=petition_id)
        gate = SigningGate.objects.get(pk=petition_id)
        if petition.closed_at is None or gate.state == "closed":
            return False
        _close_gate(petition_id, closed_at=petition.closed_at)
    return True


def _close_gate(petition_id: int, *, closed_at: dt.datetime) -> None:
    with connection.cursor() as cursor:
        close_gate(cursor, petition_id=petition_id, closed_at=closed_at)


def _give_up(petition: Petition) -> None:
    # A gate that waits belongs to these two states alone; a draft has none yet.
    if petition.state in ("gathering", "moderation"):
        with connection.cursor() as cursor:
            cancel_gate(cursor, petition_id=petition.pk)


def _settle_due_days(petition_id: int) -> None:
    owed = Obligation.objects.filter(petition_id=petition_id, state="owed").order_by("pk")
    for obligation in owed.select_for_update(of=("self",), no_key=True).select_related("petition__charter"):
        granted = obligation.extensions.order_by("number")
        due = find_due(obligation.petition, obligation.threshold_id, met_at=obligation.owed_since, granted=granted)
        Obligation.objects.filter(pk=obligation.pk).update(**due_columns(due))
