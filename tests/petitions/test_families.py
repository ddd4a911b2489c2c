"""Families: people bring together petitions that ask for the same, take them apart, and all of it is on the record."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, connection, transaction
from tests.petitions.office import KIM, LEE

from maninso.petitions.discovery import (
    FamilyError,
    catch_up,
    find_candidates,
    merge_petitions,
    preview_family,
    refuse_duplicate,
    show_family,
    split_petition,
)
from maninso.petitions.lifecycle import Actor, Reason, close_petition, reject_petition, remove_petition
from maninso.petitions.models import AuditRecord, Family, FamilyChange, FamilyMember, Letter, Petition
from maninso.petitions.moderation import Decision, HeldError, claim, undo_decision

pytestmark = pytest.mark.django_db

MODERATOR = Actor(role="moderator", name="Kim")
WHY = "Both ask for the crossing in Mill Street."


@pytest.fixture
def merge(now: dt.datetime) -> Callable[..., int]:
    def run(*petitions: int, actor: Actor = MODERATOR, note: str = WHY) -> int:
        return merge_petitions(petitions, note=note, actor=actor, now=now)

    return run


def others(petition_id: int, now: dt.datetime) -> list[int]:
    family = show_family(petition_id, now=now)
    return [card.petition_id for card in family.others] if family else []


def record() -> list[tuple[int, int, bool]]:
    return list(FamilyChange.objects.order_by("pk").values_list("family_id", "petition_id", "joined"))


def test_merged_petitions_show_each_other(opened: Callable[..., int], merge: Any, now: dt.datetime) -> None:
    one, two, alone = opened(), opened(), opened()
    family = merge(one, two)
    assert (others(one, now), others(two, now), others(alone, now)) == ([two], [one], [])
    assert record() == [(family, one, True), (family, two, True)]
    change = FamilyChange.objects.get(petition=one)
    assert (change.role, change.actor, change.note, change.at) == ("moderator", "Kim", WHY, now)
    assert merge(two, one) == family  # again: nothing changes
    assert len(record()) == 2


def test_families_become_one_and_a_member_moves_on_the_record(
    opened: Callable[..., int], merge: Any, now: dt.datetime
) -> None:
    a, b, c, d = (opened() for _ in range(4))
    first, second = merge(a, b), merge(c, d)
    preview = preview_family([b, c], now=now)
    assert [card.petition_id for card in preview.members] == [a, b, c, d]
    assert (preview.added, preview.swallowed, preview.opposed) == (frozenset(), {first, second}, ())
    assert others(a, now) == [b]  # nothing was changed by looking
    assert merge(b, c) == first
    assert sorted(others(d, now)) == [a, b, c]
    assert record()[4:] == [(second, c, False), (first, c, True), (second, d, False), (first, d, True)]


def test_a_preview_warns_of_opposite_demands(opened: Callable[..., int], now: dt.datetime) -> None:
    against = opened(title="Do not close the night market")
    close = opened(title="Close the night market")
    preview = preview_family([against, close], now=now)
    assert preview.opposed == ((against, close, "turned"),)
    assert preview.added == {against, close}


def test_splitting_takes_the_last_one_along(opened: Callable[..., int], merge: Any, now: dt.datetime) -> None:
    a, b, c = (opened() for _ in range(3))
    family = merge(a, b, c)
    split_petition(c, note="It asks for another street.", actor=MODERATOR, now=now)
    assert (others(a, now), others(c, now)) == ([b], [])
    split_petition(a, note="Another town.", actor=MODERATOR, now=now)
    assert (others(a, now), others(b, now), FamilyMember.objects.count()) == ([], [], 0)
    assert record()[3:] == [(family, c, False), (family, a, False), (family, b, False)]
    with pytest.raises(FamilyError, match="in no family"):
        split_petition(a, note="Again.", actor=MODERATOR, now=now)


def test_a_rejected_duplicate_points_to_its_open_twin(
    submitted: Callable[..., int], opened: Callable[..., int], merge: Any, sign: Any, sequence: Any, now: dt.datetime
) -> None:
    duplicate, few, many = submitted(), opened(), opened()
    reject_petition(duplicate, reason=Reason(code="duplicate"), now=now)
    sign(many, "Ada")
    sequence(now)
    merge(duplicate, few, many)
    family = show_family(duplicate, now=now)
    assert family is not None
    assert family.open_twin is not None
    assert family.open_twin.petition_id == many
    assert [card.petition_id for card in family.others] == [many, few]
    shown = show_family(many, now=now)
    assert shown is not None
    assert shown.open_twin is None  # it takes signatures itself
    for petition_id in (few, many):
        close_petition(petition_id, now=now + dt.timedelta(days=1))
    family = show_family(duplicate, now=now)
    assert family is not None
    assert family.open_twin is None


def test_what_waits_is_merged_and_shown_to_the_office_alone(
    submitted: Callable[..., int], opened: Callable[..., int], merge: Any, now: dt.datetime
) -> None:
    waiting, twin, member = submitted(), opened(), opened()
    merge(twin, member)
    preview = preview_family([waiting, twin], now=now)
    assert ([card.petition_id for card in preview.members], preview.added) == ([waiting, twin, member], {waiting})
    merge(waiting, twin)
    assert (others(waiting, now), others(twin, now)) == ([], [member])
    for_office = show_family(waiting, now=now, for_office=True)
    assert for_office is not None
    assert [card.petition_id for card in for_office.others] == [member, twin]
    for_office = show_family(twin, now=now, for_office=True)
    assert for_office is not None
    assert [card.petition_id for card in for_office.others] == [member, waiting]
    reject_petition(waiting, reason=Reason(code="duplicate"), now=now)
    family = show_family(waiting, now=now)
    assert family is not None
    assert family.open_twin is not None
    assert family.open_twin.petition_id == member
    assert others(twin, now) == [member, waiting]


def test_a_duplicate_is_refused_and_points_to_its_twin_in_one_step(
    waiting: Callable[..., int], opened: Callable[..., int], now: dt.datetime
) -> None:
    duplicate, twin = waiting(title="Zebra crossing at the library"), opened(title="A crossing in front of the library")
    decision = Decision(kind="reject", code="duplicate", twin=twin)
    assert refuse_duplicate(duplicate, decision, actor=LEE, now=now) == "rejected"
    family = show_family(duplicate, now=now)
    assert family is not None
    assert family.open_twin is not None
    assert family.open_twin.petition_id == twin
    letter = Letter.objects.get(petition=duplicate, once__startswith="decision/")
    assert f"number {twin}, “A crossing in front of the library”" in letter.body
    records = list(AuditRecord.objects.order_by("number").values_list("action", "subject"))[-3:]
    assert records == [
        ("reject", f"petition/{duplicate}"),
        ("family-joined", f"petition/{duplicate}"),
        ("family-joined", f"petition/{twin}"),
    ]
    assert set(FamilyChange.objects.values_list("note", flat=True)) == {f"duplicate: {twin}"}
    undo_decision(duplicate, actor=LEE, now=now)  # it waits again, and the public sees no family of it
    assert (others(duplicate, now), others(twin, now)) == ([], [])


def test_refused_and_merged_both_or_neither(
    waiting: Callable[..., int], opened: Callable[..., int], submitted: Callable[..., int], now: dt.datetime
) -> None:
    duplicate, twin = waiting(), opened()
    claim(duplicate, actor=KIM, now=now)
    for actor, wanted, error in ((LEE, twin, HeldError), (KIM, 999_999, FamilyError), (KIM, duplicate, FamilyError)):
        with pytest.raises(error):
            refuse_duplicate(duplicate, Decision(kind="reject", code="duplicate", twin=wanted), actor=actor, now=now)
    assert (Petition.objects.get(pk=duplicate).state, FamilyMember.objects.count()) == ("moderation", 0)
    assert (FamilyChange.objects.count(), Letter.objects.filter(once__startswith="decision/").count()) == (0, 0)


def test_what_left_the_lists_is_not_shown(opened: Callable[..., int], merge: Any, now: dt.datetime) -> None:
    a, b = opened(), opened()
    merge(a, b)
    remove_petition(b, reason=Reason(code="duplicate"), now=now)
    assert show_family(a, now=now) is None


@pytest.mark.parametrize("actor", [Actor(role="system"), Actor(role="creator", name="Han"), Actor(role="moderator")])
def test_only_a_named_person_of_the_office_merges(
    opened: Callable[..., int], merge: Any, now: dt.datetime, actor: Actor
) -> None:
    one, two = opened(), opened()
    with pytest.raises(FamilyError, match="only a person"):
        merge(one, two, actor=actor)
    family = merge(one, two)
    with pytest.raises(FamilyError, match="only a person"):
        split_petition(one, note=WHY, actor=actor, now=now)
    assert FamilyMember.objects.filter(family=family).count() == 2


def test_what_cannot_be_merged(
    opened: Callable[..., int], draft: Callable[..., int], merge: Any, now: dt.datetime
) -> None:
    one, unlisted = opened(), draft()
    for petitions, message in (
        ((one,), "needs two"),
        ((one, one), "needs two"),
        ((one, unlisted), "neither on the public lists nor waiting"),
    ):
        with pytest.raises(FamilyError, match=message):
            merge(*petitions)
        with pytest.raises(FamilyError, match=message):
            preview_family(petitions, now=now)
    with pytest.raises(FamilyError, match="reason is empty"):
        merge(one, opened(), note="  ")
    assert (Family.objects.count(), FamilyChange.objects.count()) == (0, 0)


def test_candidates_leave_out_itself_and_its_family(
    submitted: Callable[..., int], opened: Callable[..., int], merge: Any, now: dt.datetime
) -> None:
    waiting, twin, member = submitted(), opened(), opened()
    catch_up(now=now)
    found = find_candidates(waiting, now=now)
    assert {each.card.petition_id for each in found} == {twin, member}
    assert {"crossing", "library"} <= set(found[0].shared)
    merge(twin, member)
    assert find_candidates(twin, now=now) == ()
    with pytest.raises(FamilyError, match="there is no petition"):
        find_candidates(999_999, now=now)


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("UPDATE petitions_familychange SET note = 'x'", "petitions_familychange_never_changes"),
        ("DELETE FROM petitions_familychange", "petitions_familychange_never_changes"),
        (
            "INSERT INTO petitions_familychange (family_id, petition_id, joined, role, actor, note, at)"
            " SELECT family_id, petition_id, joined, 'system', actor, note, at FROM petitions_familychange",
            "family_change_by_a_person",
        ),
        (
            "INSERT INTO petitions_familychange (family_id, petition_id, joined, role, actor, note, at)"
            " SELECT family_id, petition_id, joined, role, actor, '', at FROM petitions_familychange",
            "family_change_says_why",
        ),
        (
            "INSERT INTO petitions_familymember SELECT petition_id, family_id FROM petitions_familymember",
            "petitions_familymember_pkey",
        ),
    ],
)
def test_constraints(opened: Callable[..., int], merge: Any, statement: str, constraint: str) -> None:
    merge(opened(), opened())
    with pytest.raises(IntegrityError) as raised, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    cause = raised.value.__cause__
    assert isinstance(cause, psycopg.IntegrityError)
    assert cause.diag.constraint_name == constraint
