"""The transition table, and the only writer of a petition's state.

A move is one conditional UPDATE whose row count says who won, and one row of StateChange, in one transaction.
docs/reference/states.md shows the table.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from maninso import ManinsoError
from maninso.petitions.models import Petition, StateChange

TRANSITIONS: Mapping[tuple[str, str], frozenset[str]] = {
    ("draft", "gathering"): frozenset({"creator"}),
    ("draft", "moderation"): frozenset({"creator"}),
    ("draft", "withdrawn"): frozenset({"creator"}),
    ("gathering", "moderation"): frozenset({"sponsor"}),
    ("gathering", "hidden"): frozenset({"moderator", "operator"}),
    ("gathering", "withdrawn"): frozenset({"creator"}),
    ("gathering", "lapsed"): frozenset({"operator"}),
    ("moderation", "open"): frozenset({"moderator", "operator"}),
    ("moderation", "rejected"): frozenset({"moderator", "operator"}),
    ("moderation", "hidden"): frozenset({"moderator", "operator"}),
    ("moderation", "withdrawn"): frozenset({"creator"}),
    ("open", "closed"): frozenset({"operator"}),
    ("open", "withdrawn"): frozenset({"creator"}),
    ("open", "removed"): frozenset({"moderator", "operator"}),
    ("closed", "removed"): frozenset({"moderator", "operator"}),
    ("rejected", "hidden"): frozenset({"moderator", "operator"}),
    ("rejected", "moderation"): frozenset({"operator"}),
    ("hidden", "moderation"): frozenset({"operator"}),
    ("removed", "open"): frozenset({"operator"}),
    ("removed", "closed"): frozenset({"operator"}),
}
"""Which state follows which, and who may bring it about; the program itself (role "system") may do all of it."""


class TransitionError(ManinsoError):
    """The petition is not in a state from which this move goes; `state` is the one it is in."""

    def __init__(self, petition_id: int, *, state: str, new: str) -> None:
        super().__init__(
            f"petition {petition_id} is {state}, and from there it cannot become {new}",
            cure="look at the petition again: somebody may have decided it meanwhile",
        )
        self.state = state


class RoleError(ManinsoError):
    """The role does not allow this move."""


class UnknownPetitionError(ManinsoError):
    """There is no petition of that number."""

    def __init__(self, petition_id: int) -> None:
        super().__init__(f"there is no petition {petition_id}", cure="check the number")


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Who does something: a role, and who in that role ("" for the program itself)."""

    role: str
    name: str = ""


SYSTEM = Actor(role="system")


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Why: a code of the charter's (or of lifecycle's own), and a note in the office's words."""

    code: str = ""
    note: str = ""


NO_REASON = Reason()


def read_petition(petition_id: int) -> Petition:
    """Return the petition with its charter version. Raises UnknownPetitionError."""
    petition = Petition.objects.select_related("charter").filter(pk=petition_id).first()
    if petition is None:
        raise UnknownPetitionError(petition_id)
    return petition


def move(
    petition: Petition,
    *,
    new: str,
    actor: Actor,
    now: dt.datetime,
    reason: Reason = NO_REASON,
    changes: Mapping[str, Any] | None = None,
) -> None:
    """Move a petition from the state and text in which it was read to `new`, with `changes` of other columns.

    Call it inside the transaction that does the rest of the step. Raises TransitionError where the table has no such
    move, or where somebody else moved or edited the petition since it was read; RoleError where the role may not.
    """
    roles = TRANSITIONS.get((petition.state, new))
    if roles is None:
        raise TransitionError(petition.pk, state=petition.state, new=new)
    if actor.role != "system" and actor.role not in roles:
        raise RoleError(
            f"a {actor.role} may not make petition {petition.pk} {new}", cure=f"ask: {', '.join(sorted(roles))}"
        )
    with transaction.atomic():
        won = Petition.objects.filter(
            pk=petition.pk, state=petition.state, title=petition.title, body=petition.body
        ).update(state=new, reason_code=reason.code, reason_note=reason.note, updated_at=now, **(changes or {}))
        if not won:
            raise TransitionError(petition.pk, state=read_petition(petition.pk).state, new=new)
        StateChange.objects.create(
            petition_id=petition.pk,
            old=petition.state,
            new=new,
            at=now,
            role=actor.role,
            actor=actor.name,
            reason_code=reason.code,
            reason_note=reason.note,
        )
