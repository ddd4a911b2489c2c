"""Families: petitions that ask for the same thing, brought together by people and shown on each member's page.

A family is a set of links. It has no count: whoever signed two members counts in both, so their sum says nothing of how
many people stand behind the demand. What the program finds are candidates; merging and splitting are acts of a person,
each with a reason, and all of them stay on the record. What waits for a decision may be a member, which the office
alone sees: refused as a duplicate, its tombstone points to the twin that takes signatures.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q

from maninso import ManinsoError
from maninso.charter import Charter
from maninso.petitions.access.build import build_cards
from maninso.petitions.access.rows import LISTED, card_rows
from maninso.petitions.access.views import PetitionCard
from maninso.petitions.audit import record_action
from maninso.petitions.discovery.similar import Similar, find_similar
from maninso.petitions.discovery.stance import compare_stances
from maninso.petitions.lifecycle import Actor
from maninso.petitions.models import FAMILY_ROLES, Family, FamilyChange, FamilyMember, Petition
from maninso.petitions.moderation import Decision, decide
from maninso.petitions.moderation.desk import lock_case

MOST_MEMBERS = 200
UNPUBLISHED = ("draft", "gathering", "moderation")

_MERGEABLE = LISTED | Q(state="moderation")


class FamilyError(ManinsoError):
    """These petitions cannot be one family, or not by this person."""


@dataclass(frozen=True, kw_only=True)
class FamilyView:
    """The other members of a petition's family, those that take signatures first, then by signatures."""

    family_id: int
    others: tuple[PetitionCard, ...]
    open_twin: PetitionCard | None  # where to sign instead, if this petition takes no signatures and another does


@dataclass(frozen=True, kw_only=True)
class FamilyChangeView:
    """One petition that somebody put into a family, or took out of it."""

    joined: bool
    role: str
    actor: str
    note: str
    at: dt.datetime


@dataclass(frozen=True, kw_only=True)
class FamilyPreview:
    """What a merge would make: nothing is changed by looking."""

    members: tuple[PetitionCard, ...]  # all of the family to be, members of families that it would swallow included
    added: frozenset[int]  # those that are in no family yet
    swallowed: frozenset[int]  # families that would be one
    opposed: tuple[tuple[int, int, str], ...]  # pairs that seem to ask for opposite things: "turned" or "rival"


def show_family(petition_id: int, *, now: dt.datetime, for_office: bool = False) -> FamilyView | None:
    """Return a petition's family as the public may see it; None where no other listed petition is in it.

    The office also sees members that wait for a decision, and the families of those.
    """
    place = FamilyMember.objects.filter(petition=petition_id).values_list("family_id", "petition__state").first()
    if place is None or (place[1] in UNPUBLISHED and not for_office):
        return None
    family = place[0]
    cards = build_cards(card_rows(_MERGEABLE if for_office else LISTED).filter(membership__family=family), now=now)
    others = sorted(
        (card for card in cards if card.petition_id != petition_id),
        key=lambda card: (card.state != "open", -card.count, -card.petition_id),
    )
    if not others:
        return None
    itself = next((card.state for card in cards if card.petition_id == petition_id), "")
    twin = others[0] if others[0].state == "open" and itself != "open" else None
    return FamilyView(family_id=family, others=tuple(others), open_twin=twin)


def find_candidates(petition_id: int, *, limit: int = 20, now: dt.datetime) -> tuple[Similar, ...]:
    """Return listed petitions that may ask for the same as a petition (of any state) and are not in its family yet.

    Raises FamilyError for a petition that is not there, and SearchTooSlowError.
    """
    petition = Petition.objects.filter(pk=petition_id).values_list("title", "body").first()
    if petition is None:
        raise FamilyError(f"there is no petition {petition_id}", cure="check the number")
    family = FamilyMember.objects.filter(petition=petition_id).values("family")
    known = FamilyMember.objects.filter(family__in=family).values_list("petition_id", flat=True)
    exclude = [str(number) for number in {petition_id, *known}]
    return find_similar(title=petition[0], text=petition[1], limit=limit, exclude=exclude, now=now)


def preview_family(petition_ids: Sequence[int], *, now: dt.datetime) -> FamilyPreview:
    """Return what merging these petitions would make. Raises FamilyError where they cannot be merged."""
    named, members = _gather(petition_ids)
    families = dict(FamilyMember.objects.filter(petition__in=members).values_list("petition_id", "family_id"))
    cards = build_cards(card_rows(_MERGEABLE).filter(pk__in=members).order_by("pk"), now=now)
    return FamilyPreview(
        members=cards,
        added=frozenset(named - families.keys()),
        swallowed=frozenset(families.values()),
        opposed=tuple(
            (one.petition_id, other.petition_id, stance)
            for number, one in enumerate(cards)
            for other in cards[number + 1 :]
            if (stance := compare_stances(one.title, other.title, my_text=one.summary, their_text=other.summary))
        ),
    )


@transaction.atomic
def merge_petitions(petition_ids: Sequence[int], *, note: str, actor: Actor, now: dt.datetime) -> int:
    """Bring petitions (and the families that they are in) together as one family; returns its number.

    Each petition that joins, or moves from another family, is put on the record with the note. Two merges at once wait
    for each other. Raises FamilyError.
    """
    family, changes = _join(petition_ids, note=note, actor=actor, now=now)
    _put_on_record(changes, note=note, actor=actor, now=now)
    return family


@transaction.atomic
def refuse_duplicate(
    petition_id: int, decision: Decision, *, actor: Actor, now: dt.datetime, charter: Charter | None = None
) -> str:
    """Refuse a petition that waits and make it one family with `decision.twin`, both or neither; return its new state.

    Taking the decision back leaves it in the family. Raises FamilyError, and what `moderation.decide` raises.
    """
    # The locks in the order in which everybody takes them, and the record's, which others wait for, last.
    lock_case(petition_id)
    note = decision.note.strip() or f"{decision.code}: {decision.twin}"
    _, changes = _join([petition_id, decision.twin], note=note, actor=actor, now=now)
    state = decide(petition_id, decision, actor=actor, now=now, charter=charter)
    _put_on_record(changes, note=note, actor=actor, now=now)
    return state


def _join(
    petition_ids: Sequence[int], *, note: str, actor: Actor, now: dt.datetime
) -> tuple[int, list[tuple[int, int, bool]]]:
    """Make these petitions one family; return its number and what changed: family, petition, whether it joined."""
    _require_person(actor, note)
    _, members = _gather(petition_ids)
    # Who locks the petitions first decides; the other finds what that made.
    list(Petition.objects.select_for_update().filter(pk__in=sorted(members)).order_by("pk").values_list("pk"))
    _, members = _gather(petition_ids)
    places = dict(FamilyMember.objects.filter(petition__in=members).values_list("petition_id", "family_id"))
    list(Family.objects.select_for_update().filter(pk__in=places.values()).order_by("pk").values_list("pk"))
    family = min(places.values(), default=None) or Family.objects.create(created_at=now).pk
    changes = []
    for petition_id in sorted(members):
        old = places.get(petition_id)
        if old == family:
            continue
        if old is not None:
            changes.append((old, petition_id, False))
        FamilyMember.objects.update_or_create(petition_id=petition_id, defaults={"family_id": family})
        changes.append((family, petition_id, True))
    return family, changes


@transaction.atomic
def split_petition(petition_id: int, *, note: str, actor: Actor, now: dt.datetime) -> None:
    """Take a petition out of its family; a member that is left alone goes with it. Raises FamilyError."""
    _require_person(actor, note)
    family = FamilyMember.objects.filter(petition=petition_id).values_list("family_id", flat=True).first()
    left: list[int] = []
    if family is not None:
        Family.objects.select_for_update().get(pk=family)
        left = list(FamilyMember.objects.filter(family=family).order_by("pk").values_list("petition_id", flat=True))
    if family is None or petition_id not in left:
        raise FamilyError(f"petition {petition_id} is in no family", cure="look at its page again")
    leaving = left if len(left) <= 2 else [petition_id]
    FamilyMember.objects.filter(petition__in=leaving).delete()
    _put_on_record([(family, each, False) for each in leaving], note=note, actor=actor, now=now)


def list_family_changes(petition_id: int) -> tuple[FamilyChangeView, ...]:
    """Return what was done with a petition's place in families, the latest first."""
    return tuple(
        FamilyChangeView(joined=row.joined, role=row.role, actor=row.actor, note=row.note, at=row.at)
        for row in FamilyChange.objects.filter(petition_id=petition_id).order_by("-pk")
    )


def _gather(petition_ids: Sequence[int]) -> tuple[set[int], set[int]]:
    """Return the petitions that are named, and with them the members of their families. Raises FamilyError."""
    named = set(petition_ids)
    families = FamilyMember.objects.filter(petition__in=named).values("family")
    members = named | set(FamilyMember.objects.filter(family__in=families).values_list("petition_id", flat=True))
    known = set(Petition.objects.filter(_MERGEABLE, pk__in=named).values_list("pk", flat=True))
    if len(members) < 2:
        raise FamilyError("a family needs two petitions", cure="name another petition that asks for the same")
    if missing := sorted(named - known):
        raise FamilyError(
            f"neither on the public lists nor waiting for a decision: {', '.join(map(str, missing))}",
            cure="merge petitions that anybody can read, or that the office has before it",
        )
    if len(members) > MOST_MEMBERS:
        raise FamilyError(f"{len(members)} petitions are too many for one family", cure="merge fewer")
    return named, members


def _require_person(actor: Actor, note: str) -> None:
    if actor.role not in FAMILY_ROLES or not actor.name:
        raise FamilyError("only a person of the office merges and splits", cure="sign in as a moderator or clerk")
    if not note.strip():
        raise FamilyError("the reason is empty", cure="say why these petitions ask for the same, or do not")


def _put_on_record(changes: Sequence[tuple[int, int, bool]], *, note: str, actor: Actor, now: dt.datetime) -> None:
    """Note who put which petition into which family, or took it out; after everything else (audit.append_record)."""
    for family, petition_id, joined in changes:
        FamilyChange.objects.create(
            family_id=family,
            petition_id=petition_id,
            joined=joined,
            role=actor.role,
            actor=actor.name,
            note=note.strip(),
            at=now,
        )
    for family, petition_id, joined in changes:
        action = "family-joined" if joined else "family-left"
        record_action(actor, action, f"petition/{petition_id}", {}, {"family": family}, now=now, reason=note.strip())
