"""Decisions: approve, reject, hide, take down by two people, restore; each once, with its letter and its record.

Of many who decide at once the first wins, and the others are told so. A refusal can be taken back until its letter is
sent; an approval publishes at once, which nothing takes back but a take-down.
"""

import datetime as dt
from dataclasses import dataclass

from django.db import transaction

from maninso import ManinsoError
from maninso.charter import Charter
from maninso.petitions.access.rows import LISTED
from maninso.petitions.access.rules import find_reason, read_charter_version, reason_words
from maninso.petitions.audit import record_action
from maninso.petitions.letters import cancel_letter, store_letter
from maninso.petitions.lifecycle import (
    SYSTEM,
    Actor,
    Reason,
    ReasonError,
    TransitionError,
    UnknownPetitionError,
    clean_text,
    hide_petition,
    open_petition,
    pause_signing_of,
    reject_petition,
    remove_petition,
    restore_petition,
)
from maninso.petitions.models import Case, Petition, Raising, StateChange, Takedown
from maninso.petitions.moderation.desk import DECIDERS, lock_case, require, require_free
from maninso.petitions.moderation.masking import require_seen
from maninso.petitions.moderation.words import LetterText, write_decision, write_restored
from maninso.petitions.noticeboard import is_paused, lock_pauses
from maninso.petitions.notices import announce

UNDO = dt.timedelta(minutes=10)
LONGEST_LETTER = 10_000  # characters
LONGEST_NOTE = 2_000


class UnconfirmedError(ManinsoError):
    """The creator has not used their own link yet."""


class TooLateError(ManinsoError):
    """The letter is sent, so the decision stands."""


class TakedownError(ManinsoError):
    """There is no such proposal, or it is one's own."""


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What was decided: approve, reject or hide; the reason's code, the public note, the letter as it is to go out.

    `twin` is the listed petition that asks for the same, which the letter names; 0 for none.

    An empty letter is the one that `preview_letter` gives. `seen` is the digest of the text that was looked at, in hex:
    if a colleague masked or unmasked something since, the decision is refused. "" is for decisions without a look.
    """

    kind: str
    code: str = ""
    note: str = ""
    letter: str = ""
    seen: str = ""
    twin: int = 0


def preview_letter(petition_id: int, decision: Decision) -> LetterText:
    """Return the letter that a decision would send, in the petition's language. Raises UnknownPetitionError."""
    petition = Petition.objects.select_related("charter").filter(pk=petition_id).first()
    if petition is None:
        raise UnknownPetitionError(petition_id)
    reason = reason_words(read_charter_version(petition.charter), decision.code)
    return write_decision(
        decision.kind,
        language=petition.language,
        title=petition.title,
        reason=reason,
        note=decision.note,
        twin=_find_twin(decision.twin),
    )


def _find_twin(petition_id: int) -> tuple[int, str] | None:
    rows = Petition.objects.filter(LISTED, pk=petition_id)
    return rows.values_list("pk", "title").first() if petition_id else None


def decide(
    petition_id: int, decision: Decision, *, actor: Actor, now: dt.datetime, charter: Charter | None = None
) -> str:
    """Carry a decision out, in one transaction with its letter and record; return the petition's new state.

    `charter` is the one in force, which an approval pins. Raises HeldError, TransitionError where somebody decided
    before, ReasonError, UnconfirmedError, BlackoutError, TextError, StaleTextError.
    """
    require(actor, DECIDERS, "decide on petitions")
    note = clean_text("note", decision.note, lines=True, most=LONGEST_NOTE)
    letter = clean_text("letter", decision.letter, lines=True, most=LONGEST_LETTER)
    with transaction.atomic():
        case = lock_case(petition_id)
        require_free(case, actor)
        require_seen(petition_id, decision.seen)
        text = preview_letter(petition_id, decision)
        old = Petition.objects.values_list("state", flat=True).get(pk=petition_id)
        reason = Reason(code=decision.code, note=note)
        if decision.kind == "approve":
            _require_confirmed(petition_id)
            lock_pauses()
            open_petition(petition_id, now=now, charter=charter, actor=actor)
            new = "open"
            _follow_pause(petition_id)
            announce(petition_id=petition_id, kind="opened", now=now)
        elif decision.kind == "hide":
            hide_petition(petition_id, reason=reason, now=now, actor=actor)
            new = "hidden"
        else:
            new = reject_petition(petition_id, reason=reason, now=now, actor=actor)
        delay = dt.timedelta(0) if new == "open" else UNDO
        _send(petition_id, name_letter(petition_id), text.subject, letter or text.body, now=now, delay=delay)
        Case.objects.filter(pk=case.pk).update(holder=None, held_since=None, hold="")
        record_action(
            actor,
            decision.kind,
            f"petition/{petition_id}",
            {"state": old},
            {"state": new},
            reason=_say(reason),
            now=now,
        )
    return new


def undo_decision(petition_id: int, *, actor: Actor, now: dt.datetime) -> None:
    """Take a refusal back whose letter is not sent yet: the petition waits again. Raises TooLateError, RoleError."""
    require(actor, DECIDERS, "take decisions back")
    with transaction.atomic():
        lock_case(petition_id)
        if not cancel_letter(petition_id=petition_id, once=name_letter(petition_id), now=now):
            raise TooLateError(
                f"the letter about petition {petition_id} is sent", cure="an operator can restore the petition"
            )
        old = Petition.objects.values_list("state", flat=True).get(pk=petition_id)
        # Whoever may refuse may take it back before anybody was told; restoring later is the operator's.
        restore_petition(petition_id, now=now, actor=SYSTEM)
        record_action(actor, "undone", f"petition/{petition_id}", {"state": old}, {"state": "moderation"}, now=now)


def restore(petition_id: int, *, actor: Actor, now: dt.datetime, reason: str = "") -> str:
    """Undo a refusal or take-down for good, as the operator; what was published keeps its dates. Returns the state."""
    with transaction.atomic():
        lock_case(petition_id)
        old = Petition.objects.values_list("state", flat=True).get(pk=petition_id)
        lock_pauses()
        new = restore_petition(petition_id, now=now, actor=actor)
        if new == "open":
            _follow_pause(petition_id)
        petition = Petition.objects.get(pk=petition_id)
        text = write_restored(petition.language)
        _send(petition_id, name_letter(petition_id), text.subject, text.body, now=now)
        record_action(
            actor, "restored", f"petition/{petition_id}", {"state": old}, {"state": new}, reason=reason, now=now
        )
    return new


def propose_takedown(petition_id: int, *, code: str, note: str, actor: Actor, now: dt.datetime) -> int:
    """Propose to take a published petition down; another person has to agree. Returns the proposal's number.

    Raises TransitionError where it is not published, ReasonError, TakedownError where one is proposed already.
    """
    require(actor, DECIDERS, "propose to take petitions down")
    note = clean_text("note", note, lines=True, most=LONGEST_NOTE)
    with transaction.atomic():
        lock_case(petition_id)
        petition = Petition.objects.select_related("charter").get(pk=petition_id)
        if petition.state not in ("open", "closed"):
            raise TransitionError(petition_id, state=petition.state, new="removed")
        _require_reason(petition, code)
        if Takedown.objects.filter(petition=petition, state="proposed").exists():
            raise TakedownError(f"petition {petition_id} is proposed already", cure="decide on that proposal")
        proposal = Takedown.objects.create(
            petition=petition, reason_code=code, note=note, proposed_by=actor.name, proposed_at=now
        )
        reason = _say(Reason(code=code, note=note))
        record_action(
            actor, "takedown-proposed", f"petition/{petition_id}", {}, {"takedown": proposal.pk}, reason=reason, now=now
        )
    return proposal.pk


def decide_takedown(takedown_id: int, *, agree: bool, actor: Actor, now: dt.datetime) -> None:
    """Agree to take a petition down, or decline. Raises TakedownError for one's own proposal, or one decided before."""
    require(actor, DECIDERS, "take petitions down")
    with transaction.atomic():
        proposal = Takedown.objects.select_for_update().filter(pk=takedown_id, state="proposed").first()
        if proposal is None:
            raise TakedownError(f"there is no proposal {takedown_id} to decide", cure="look at the list again")
        if agree and proposal.proposed_by == actor.name:
            raise TakedownError(f"proposal {takedown_id} is your own", cure="let a colleague agree to it")
        petition_id = proposal.petition_id
        proposal.state, proposal.decided_by, proposal.decided_at = "done" if agree else "declined", actor.name, now
        proposal.save()
        reason = Reason(code=proposal.reason_code, note=proposal.note)
        if agree:
            decision = Decision(kind="remove", code=reason.code, note=reason.note)
            text = preview_letter(petition_id, decision)
            remove_petition(petition_id, reason=reason, now=now, actor=actor)
            _send(petition_id, name_letter(petition_id), text.subject, text.body, now=now)
        action = "taken-down" if agree else "takedown-declined"
        record_action(
            actor, action, f"petition/{petition_id}", {"takedown": takedown_id}, {}, reason=_say(reason), now=now
        )


def _follow_pause(petition_id: int) -> None:
    if is_paused("signing-paused"):
        pause_signing_of(petition_id)


def send_to_creator(petition_id: int, once: str, *, ko: str, en: str, body: str, now: dt.datetime) -> None:
    """Write to a petition's creator, with a subject in the petition's language."""
    language = Petition.objects.values_list("language", flat=True).get(pk=petition_id)
    _send(petition_id, once, ko if language.partition("-")[0] == "ko" else en, body, now=now)


def _require_confirmed(petition_id: int) -> None:
    if Raising.objects.filter(pk=petition_id, confirmed_at=None).exists():
        raise UnconfirmedError(
            f"the creator of petition {petition_id} has not used their own link yet",
            cure="wait until they open their page: until then nobody answers for the petition",
        )


def _require_reason(petition: Petition, code: str) -> None:
    if find_reason(read_charter_version(petition.charter), code) is None:
        raise ReasonError(f"reason: {code!r} is none of the charter", cure="give one that it has")


def name_letter(petition_id: int) -> str:
    """Return the name of the letter about the petition's last move."""
    last = StateChange.objects.filter(petition_id=petition_id).order_by("-pk").values_list("pk", flat=True).first()
    return f"decision/{last}"


def _send(
    petition_id: int, once: str, subject: str, body: str, *, now: dt.datetime, delay: dt.timedelta = dt.timedelta(0)
) -> None:
    petition = Petition.objects.get(pk=petition_id)
    address = Raising.objects.filter(pk=petition_id).values_list("address", flat=True).first() or ""
    store_letter(
        petition_id=petition_id,
        once=once,
        address=address,
        language=petition.language,
        subject=subject,
        body=body,
        now=now,
        delay=delay,
    )


def _say(reason: Reason) -> str:
    return f"{reason.code}: {reason.note}" if reason.note else reason.code
