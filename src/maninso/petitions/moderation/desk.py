"""A petition on a moderator's desk: claimed, taken over, set aside, noted on. Every step is on the office's record."""

import datetime as dt

from django.db import transaction

from maninso import ManinsoError, UsageError
from maninso.petitions.audit import record_action
from maninso.petitions.lifecycle import Actor, RoleError, UnknownPetitionError, clean_text
from maninso.petitions.models import Account, BlockedCreator, Case, Note, Petition, Raising

DECIDERS = frozenset({"moderator", "operator"})
LONGEST_NOTE = 5_000  # characters


class HeldError(ManinsoError):
    """Somebody else works on the petition; `holder` is their address."""

    def __init__(self, petition_id: int, holder: str) -> None:
        super().__init__(
            f"{holder} works on petition {petition_id}", cure="talk to them, or take it over on the petition's page"
        )
        self.holder = holder


class NotWaitingError(ManinsoError):
    """The petition does not wait for a decision (any more)."""


def claim(petition_id: int, *, actor: Actor, now: dt.datetime, take_over: bool = False) -> None:
    """Hold a petition, so that the others see who works on it. Raises HeldError unless it is to be taken over."""
    require(actor, DECIDERS, "work on petitions")
    with transaction.atomic():
        case = lock_case(petition_id)
        old = case.holder.email if case.holder else None
        if old == actor.name:
            return
        if old is not None and not take_over:
            raise HeldError(petition_id, old)
        case.holder, case.held_since = Account.objects.get(email=actor.name), now
        case.save()
        record_action(
            actor,
            "taken-over" if old else "claimed",
            f"petition/{petition_id}",
            {"holder": old},
            {"holder": actor.name},
            now=now,
        )


def release(petition_id: int, *, actor: Actor, now: dt.datetime) -> None:
    """Let go of a petition that one holds; does nothing otherwise."""
    with transaction.atomic():
        case = lock_case(petition_id)
        if case.holder is None or case.holder.email != actor.name:
            return
        case.holder, case.held_since = None, None
        case.save()
        record_action(actor, "released", f"petition/{petition_id}", {"holder": actor.name}, {"holder": None}, now=now)


def set_hold(petition_id: int, *, hold: str, actor: Actor, now: dt.datetime) -> None:
    """Set a petition aside ("flagged" for a second look, "dormant" to wait) or bring it back (""); nobody is told.

    It stays in moderation: it can be approved and rejected as before. Raises HeldError, NotWaitingError.
    """
    require(actor, DECIDERS, "set petitions aside")
    with transaction.atomic():
        case = lock_case(petition_id)
        require_waiting(petition_id)
        require_free(case, actor)
        if case.hold == hold:
            return
        old, case.hold = case.hold, hold
        case.save()
        record_action(actor, hold or "brought-back", f"petition/{petition_id}", {"hold": old}, {"hold": hold}, now=now)


def add_note(petition_id: int, *, text: str, actor: Actor, now: dt.datetime) -> None:
    """Write a note that the whole office sees. Raises UsageError for none, TextError."""
    text = clean_text("note", text, lines=True, most=LONGEST_NOTE)
    if not text:
        raise UsageError("note: it is empty", cure="write something, or leave it")
    with transaction.atomic():
        lock_case(petition_id)
        Note.objects.create(petition_id=petition_id, author=actor.name, text=text, at=now)
        record_action(actor, "noted", f"petition/{petition_id}", {}, {"note": text}, now=now)


def block_creator(petition_id: int, *, until: dt.datetime, actor: Actor, now: dt.datetime) -> bool:
    """Let the creator of a petition raise nothing until then; False where it is not known who that is."""
    require(actor, DECIDERS, "block creators")
    with transaction.atomic():
        lock_case(petition_id)
        raising = Raising.objects.filter(pk=petition_id).first()
        if raising is None or not raising.creator_key:
            return False
        BlockedCreator.objects.update_or_create(
            creator_key=bytes(raising.creator_key),
            defaults={"until": until, "reason": f"petition {petition_id}, by {actor.name}"},
        )
        day = until.date().isoformat()
        record_action(actor, "creator-blocked", f"petition/{petition_id}", {}, {"until": day}, now=now)
    return True


def lock_case(petition_id: int) -> Case:
    """Return the petition's case, locked until the commit; made at first use. Raises UnknownPetitionError."""
    if not Petition.objects.filter(pk=petition_id).exists():
        raise UnknownPetitionError(petition_id)
    Case.objects.bulk_create([Case(petition_id=petition_id)], ignore_conflicts=True)
    return Case.objects.select_for_update(of=("self",)).select_related("holder").get(pk=petition_id)


def require_free(case: Case, actor: Actor) -> None:
    """Raise HeldError where somebody else holds the petition."""
    if case.holder is not None and case.holder.email != actor.name:
        raise HeldError(case.petition_id, case.holder.email)


def require_waiting(petition_id: int) -> None:
    """Raise NotWaitingError unless the petition waits for a decision."""
    state = Petition.objects.values_list("state", flat=True).get(pk=petition_id)
    if state != "moderation":
        raise NotWaitingError(f"petition {petition_id} is {state}", cure="look at the petition again")


def require(actor: Actor, roles: frozenset[str], what: str) -> None:
    """Raise RoleError unless the actor's role is one of these."""
    if actor.role not in roles:
        raise RoleError(f"a {actor.role} may not {what}", cure=f"ask: {', '.join(sorted(roles))}")
