"""Deciding on petitions: once, with a reason, a letter and a record; behaviours 48 to 57."""

import datetime as dt
import hashlib
import os
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection
from tests.petitions.conftest import BODY, DAY, TITLE
from tests.petitions.test_races import run_at_once
from tests.petitions.test_raising import PAGE, ticket_of

from maninso.charter import Charter
from maninso.petitions import moderation, raising
from maninso.petitions.access import find_petition
from maninso.petitions.accounts import add_member
from maninso.petitions.audit import read_records, verify_audit
from maninso.petitions.lifecycle import Actor, ReasonError, RoleError, TransitionError
from maninso.petitions.models import AuditRecord, Letter, Mask, Petition, StateChange
from maninso.petitions.moderation import Decision, HeldError, NotWaitingError, TooLateError, UnconfirmedError

pytestmark = pytest.mark.django_db

KIM = Actor(role="moderator", name="kim@example.org")
LEE = Actor(role="moderator", name="lee@example.org")
PARK = Actor(role="operator", name="park@example.org")
CHOI = Actor(role="auditor", name="choi@example.org")
REJECT = Decision(kind="reject", code="duplicate", note="See petition 1.")
APPROVE = Decision(kind="approve")


@pytest.fixture(autouse=True)
def _clear_logs(request: pytest.FixtureRequest, database_url: str) -> Iterator[None]:
    """Leave no log behind what is committed: Django empties its own tables alone."""
    yield
    if request.node.get_closest_marker("django_db").kwargs.get("transaction"):
        with psycopg.connect(database_url) as connection:
            connection.execute("TRUNCATE signing_gate, signing_leaf, signing_void CASCADE")


@pytest.fixture
def cast(db: None, now: dt.datetime) -> None:
    for actor in (KIM, LEE, PARK, CHOI):
        add_member(email=actor.name, role=actor.role, now=now)


@pytest.fixture
def waiting(cast: None, town: Charter, now: dt.datetime) -> Callable[..., int]:
    """Raise a petition that waits for a decision, its creator confirmed; return its number."""

    def make(*, confirmed: bool = True, person: str = "Ada", **given: Any) -> int:
        draft = raising.Draft(**{"title": TITLE, "body": BODY, "language": "en", "address": "ada@x.example", **given})
        raised = raising.raise_petition(
            charter=town,
            draft=draft,
            ticket=ticket_of(person),
            nonce=raising.make_nonce(),
            page=PAGE,
            salt=os.urandom(16),
            now=now,
        )
        if confirmed:
            raising.confirm_creator(raised.petition_id, raised.links.creator, now=now)
        return raised.petition_id

    return make


def state_of(petition_id: int) -> str:
    return Petition.objects.get(pk=petition_id).state


def letters_about(petition_id: int) -> list[Letter]:
    return list(Letter.objects.filter(petition_id=petition_id, once__startswith="decision/").order_by("pk"))


def actions() -> list[str]:
    rows = AuditRecord.objects.filter(subject__startswith="petition/").order_by("number")
    return list(rows.values_list("action", flat=True))


def test_b48_an_unconfirmed_creators_petition_is_not_published(waiting: Callable[..., int], now: dt.datetime) -> None:
    petition_id = waiting(confirmed=False)
    with pytest.raises(UnconfirmedError, match="has not used their own link"):
        moderation.decide(petition_id, APPROVE, actor=KIM, now=now)
    assert (state_of(petition_id), letters_about(petition_id), actions()) == ("moderation", [], [])


def test_b49_approving_opens_it_until_the_end_of_a_day_and_tells_the_creator(
    waiting: Callable[..., int], now: dt.datetime
) -> None:
    petition_id = waiting()
    assert moderation.decide(petition_id, APPROVE, actor=KIM, now=now) == "open"
    petition = Petition.objects.get(pk=petition_id)
    assert (petition.opened_at, petition.closes_at) == (now, dt.datetime(2026, 4, 1, 15, tzinfo=dt.UTC))
    (letter,) = letters_about(petition_id)
    assert (letter.address, letter.send_at, letter.subject) == ("ada@x.example", now, "Your petition is open")
    assert StateChange.objects.latest("pk").actor == KIM.name
    (record, *_), total = read_records(subject=f"petition/{petition_id}")
    assert (record.action, record.actor, record.after, total) == ("approve", KIM.name, {"state": "open"}, 1)


def test_b50_a_public_reason_leaves_it_findable_and_unsignable(waiting: Callable[..., int], now: dt.datetime) -> None:
    petition_id = waiting()
    assert moderation.decide(petition_id, REJECT, actor=KIM, now=now) == "rejected"
    view = find_petition(petition_id, now=now)
    assert view is not None
    assert (view.state, view.title, view.reason_code, view.reason_note) == (
        "rejected",
        TITLE,
        "duplicate",
        "See petition 1.",
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT state FROM signing_gate WHERE petition_id = %s", [petition_id])
        assert cursor.fetchone() == ("closed",)


@pytest.mark.parametrize("kind", ["reject", "hide"])
def test_b51_a_hiding_reason_leaves_a_tombstone_and_the_office_the_text(
    waiting: Callable[..., int], kind: str, now: dt.datetime
) -> None:
    petition_id = waiting()
    assert moderation.decide(petition_id, Decision(kind=kind, code="personal-data"), actor=KIM, now=now) == "hidden"
    view = find_petition(petition_id, now=now)
    assert view is not None
    assert (view.title, view.body, view.reason_code) == ("", "", "personal-data")
    review = moderation.read_review(petition_id, now=now)
    assert review is not None
    assert (review.title, review.body) == (TITLE, BODY)


@pytest.mark.parametrize("kind", ["reject", "hide"])
@pytest.mark.parametrize("code", ["", "no such reason"])
def test_b52_without_a_reason_nothing_changes(
    waiting: Callable[..., int], kind: str, code: str, now: dt.datetime
) -> None:
    petition_id = waiting()
    with pytest.raises(ReasonError):
        moderation.decide(petition_id, Decision(kind=kind, code=code), actor=KIM, now=now)
    assert (state_of(petition_id), letters_about(petition_id), actions()) == ("moderation", [], [])


@pytest.mark.parametrize("hold", ["flagged", "dormant"])
def test_b53_what_is_set_aside_is_not_public_writes_to_nobody_and_can_still_be_decided(
    waiting: Callable[..., int], hold: str, now: dt.datetime
) -> None:
    first, second, third = waiting(), waiting(), waiting()
    for petition_id in (first, second, third):
        moderation.set_hold(petition_id, hold=hold, actor=KIM, now=now)
        assert letters_about(petition_id) == []
        view = find_petition(petition_id, now=now)
        assert view is not None
        assert (view.state, view.title) == ("moderation", "")
    assert [row.hold for row in moderation.read_queue(show=hold, holder="", now=now).rows] == [hold] * 3
    assert moderation.decide(first, APPROVE, actor=LEE, now=now) == "open"
    assert moderation.decide(second, REJECT, actor=LEE, now=now) == "rejected"
    moderation.set_hold(third, hold="", actor=KIM, now=now)
    assert moderation.read_queue(show=hold, holder="", now=now).rows == ()


def test_b54_a_take_down_needs_two_people_and_the_higher_role_restores(
    waiting: Callable[..., int], now: dt.datetime
) -> None:
    petition_id = waiting()
    moderation.decide(petition_id, APPROVE, actor=KIM, now=now)
    proposal = moderation.propose_takedown(petition_id, code="personal-data", note="", actor=KIM, now=now)
    with pytest.raises(moderation.TakedownError, match="is your own"):
        moderation.decide_takedown(proposal, agree=True, actor=KIM, now=now)
    assert state_of(petition_id) == "open"
    with pytest.raises(moderation.TakedownError, match="is proposed already"):
        moderation.propose_takedown(petition_id, code="duplicate", note="", actor=LEE, now=now)
    moderation.decide_takedown(proposal, agree=True, actor=LEE, now=now)
    petition = Petition.objects.get(pk=petition_id)
    assert (petition.state, petition.reason_code) == ("removed", "personal-data")
    with pytest.raises(RoleError):
        moderation.restore(petition_id, actor=KIM, now=now)
    assert moderation.restore(petition_id, actor=PARK, now=now) == "open"


def test_b54_a_declined_take_down_changes_nothing(waiting: Callable[..., int], now: dt.datetime) -> None:
    petition_id = waiting()
    moderation.decide(petition_id, APPROVE, actor=KIM, now=now)
    proposal = moderation.propose_takedown(petition_id, code="duplicate", note="", actor=KIM, now=now)
    moderation.decide_takedown(proposal, agree=False, actor=LEE, now=now)
    assert state_of(petition_id) == "open"
    with pytest.raises(moderation.TakedownError):
        moderation.decide_takedown(proposal, agree=True, actor=LEE, now=now)
    with pytest.raises(TransitionError):
        moderation.propose_takedown(waiting(person="Bo"), code="duplicate", note="", actor=KIM, now=now)


def test_b55_what_comes_back_keeps_its_dates(waiting: Callable[..., int], now: dt.datetime) -> None:
    petition_id = waiting()
    moderation.decide(petition_id, APPROVE, actor=KIM, now=now)
    dates = Petition.objects.values_list("opened_at", "closes_at").get(pk=petition_id)
    proposal = moderation.propose_takedown(petition_id, code="duplicate", note="", actor=KIM, now=now)
    moderation.decide_takedown(proposal, agree=True, actor=LEE, now=now + DAY)
    moderation.restore(petition_id, actor=PARK, now=now + 2 * DAY)
    assert Petition.objects.values_list("opened_at", "closes_at").get(pk=petition_id) == dates


def test_b56_of_two_who_decide_the_second_is_told(waiting: Callable[..., int], now: dt.datetime) -> None:
    petition_id = waiting()
    moderation.decide(petition_id, REJECT, actor=KIM, now=now)
    for decision in (APPROVE, REJECT, Decision(kind="hide", code="personal-data")):
        if decision.kind != "hide":  # what is rejected may still be hidden
            with pytest.raises(TransitionError, match="is rejected"):
                moderation.decide(petition_id, decision, actor=LEE, now=now)
    assert (state_of(petition_id), len(letters_about(petition_id))) == ("rejected", 1)


@pytest.mark.django_db(transaction=True)
def test_fifty_decisions_at_once_leave_one_decision_one_letter_one_record(
    waiting: Callable[..., int], now: dt.datetime
) -> None:
    petition_id = waiting()
    moderators = [Actor(role="moderator", name=f"m{number}@example.org") for number in range(50)]

    def decide(number: int) -> Callable[[], object]:
        decision = APPROVE if number % 2 else REJECT
        return lambda: moderation.decide(petition_id, decision, actor=moderators[number], now=now)

    results = run_at_once([decide(number) for number in range(50)])
    won = [result for result in results if isinstance(result, str)]
    lost = [result for result in results if not isinstance(result, str)]
    assert (len(won), {type(error) for error in lost}) == (1, {TransitionError})
    assert state_of(petition_id) == won[0]
    assert len(letters_about(petition_id)) == 1
    assert StateChange.objects.filter(petition_id=petition_id, old="moderation").count() == 1
    assert len(actions()) == 1
    assert verify_audit().wrong is None


def test_b57_who_works_on_it_is_seen_and_can_be_taken_over_from(waiting: Callable[..., int], now: dt.datetime) -> None:
    petition_id = waiting()
    moderation.claim(petition_id, actor=KIM, now=now)
    review = moderation.read_review(petition_id, now=now)
    assert review is not None
    assert (review.holder, review.held_since) == (KIM.name, now)
    for attempt in (
        lambda: moderation.claim(petition_id, actor=LEE, now=now),
        lambda: moderation.decide(petition_id, REJECT, actor=LEE, now=now),
        lambda: moderation.set_hold(petition_id, hold="flagged", actor=LEE, now=now),
        lambda: moderation.unmask_last(petition_id, actor=LEE, now=now),
    ):
        with pytest.raises(HeldError) as caught:
            attempt()
        assert caught.value.holder == KIM.name
    moderation.claim(petition_id, actor=LEE, now=now, take_over=True)
    with pytest.raises(HeldError):
        moderation.decide(petition_id, REJECT, actor=KIM, now=now)
    moderation.release(petition_id, actor=KIM, now=now)  # it is not theirs any more
    moderation.decide(petition_id, REJECT, actor=LEE, now=now)
    assert actions() == ["claimed", "taken-over", "reject"]


def test_b58_age_bands_and_the_earliest_day_first(waiting: Callable[..., int], now: dt.datetime) -> None:
    old = waiting()
    queue = moderation.read_queue(show="waiting", holder="", now=now + 4 * DAY)
    assert [(row.band, row.days_left, row.binding) for row in queue.rows] == [("fresh", 3, False)]
    bands = [moderation.read_queue(show="waiting", holder="", now=now + days * DAY).rows[0].band for days in (5, 7, 8)]
    assert bands == ["soon", "soon", "late"]
    queue = moderation.read_queue(show="waiting", holder="", now=now + 8 * DAY)
    assert (queue.waiting, queue.late, queue.rows[0].petition_id) == (1, 1, old)


@pytest.mark.parametrize("actor", [CHOI, Actor(role="clerk", name="x@example.org"), Actor(role="creator")])
def test_only_moderators_and_operators_decide(waiting: Callable[..., int], actor: Actor, now: dt.datetime) -> None:
    petition_id = waiting()
    for attempt in (
        lambda: moderation.decide(petition_id, REJECT, actor=actor, now=now),
        lambda: moderation.claim(petition_id, actor=actor, now=now),
        lambda: moderation.set_hold(petition_id, hold="flagged", actor=actor, now=now),
        lambda: moderation.propose_takedown(petition_id, code="duplicate", note="", actor=actor, now=now),
    ):
        with pytest.raises(RoleError):
            attempt()
    assert actions() == []


def test_a_refusal_can_be_taken_back_until_its_letter_is_sent(waiting: Callable[..., int], now: dt.datetime) -> None:
    petition_id = waiting()
    moderation.decide(petition_id, REJECT, actor=KIM, now=now)
    later = now + dt.timedelta(minutes=9)
    moderation.undo_decision(petition_id, actor=LEE, now=later)
    assert state_of(petition_id) == "moderation"
    assert letters_about(petition_id)[0].cancelled_at == later
    moderation.decide(petition_id, REJECT, actor=KIM, now=later)
    with pytest.raises(TooLateError):
        moderation.undo_decision(petition_id, actor=KIM, now=later + dt.timedelta(minutes=10))
    assert (state_of(petition_id), len(letters_about(petition_id))) == ("rejected", 2)


def test_an_approval_is_not_taken_back(waiting: Callable[..., int], now: dt.datetime) -> None:
    petition_id = waiting()
    moderation.decide(petition_id, APPROVE, actor=KIM, now=now)
    with pytest.raises(TooLateError):
        moderation.undo_decision(petition_id, actor=KIM, now=now)


def test_the_letter_is_in_the_petitions_language_and_may_be_changed(
    waiting: Callable[..., int], now: dt.datetime
) -> None:
    korean = waiting(language="ko", title="건널목")
    text = moderation.preview_letter(korean, REJECT)
    assert text.subject == "청원이 반려되었습니다"
    assert "이미 있는 청원" in text.body
    moderation.decide(korean, REJECT, actor=KIM, now=now)
    assert letters_about(korean)[0].body == text.body
    other = waiting()
    moderation.decide(other, Decision(kind="reject", code="duplicate", letter="Dear Ada"), actor=KIM, now=now)
    assert letters_about(other)[0].body == "Dear Ada"


def mask(petition_id: int, passages: list[tuple[str, int, int]], now: dt.datetime, **given: Any) -> int:
    review = moderation.read_review(petition_id, now=now)
    assert review is not None
    return moderation.mask_passages(
        petition_id,
        **{
            "passages": passages,
            "seen": bytes.fromhex(review.seen),
            "reason_code": "personal-data",
            "salts": [bytes([number]) * 16 for number in range(len(passages))],
            "actor": KIM,
            "now": now,
            **given,
        },
    )


def test_masked_passages_leave_a_reason_and_a_commitment_and_can_be_put_back(
    waiting: Callable[..., int], now: dt.datetime
) -> None:
    body = "Call 010-1234-5678 or write to mill@example.org today."
    petition_id = waiting(body=body)
    review = moderation.read_review(petition_id, now=now)
    assert review is not None
    found = [("body", passage.start, passage.end) for passage in review.in_body]
    assert mask(petition_id, found, now) == 2
    assert Petition.objects.get(pk=petition_id).body == "Call ■■■ or write to ■■■ today."
    rows = list(Mask.objects.order_by("start"))
    assert [row.original for row in rows] == ["010-1234-5678", "mill@example.org"]
    for row in rows:
        assert hashlib.sha256(bytes(row.salt) + row.original.encode()).digest() == bytes(row.commitment)
    moderation.decide(petition_id, APPROVE, actor=KIM, now=now)
    view = find_petition(petition_id, now=now)
    assert view is not None
    assert [each.reason["en"] for each in view.masked] == ["Personal data"] * 2
    assert {each.commitment for each in view.masked} == {bytes(row.commitment).hex() for row in rows}
    assert "010-1234-5678" not in str(view)
    records = AuditRecord.objects.filter(action="masked")
    assert "010-1234-5678" not in str(records.values())


def test_masks_are_put_back_last_first(waiting: Callable[..., int], now: dt.datetime) -> None:
    petition_id = waiting()
    original = Petition.objects.get(pk=petition_id).body
    mask(petition_id, [("body", 0, 4), ("body", 10, 14), ("title", 2, 10)], now)
    mask(petition_id, [("body", 6, 9)], now)
    assert [moderation.unmask_last(petition_id, actor=KIM, now=now) for _ in range(5)] == [True] * 4 + [False]
    petition = Petition.objects.get(pk=petition_id)
    assert (petition.title, petition.body) == (TITLE, original)
    assert find_petition(petition_id, now=now).masked == ()  # type: ignore[union-attr]


def test_an_edit_of_a_text_that_is_being_signed_is_refused(waiting: Callable[..., int], now: dt.datetime) -> None:
    petition_id = waiting()
    moderation.decide(petition_id, APPROVE, actor=KIM, now=now)
    with pytest.raises(NotWaitingError, match="is open"):
        mask(petition_id, [("body", 0, 4)], now)
    with pytest.raises(NotWaitingError):
        moderation.unmask_last(petition_id, actor=KIM, now=now)
    assert Petition.objects.get(pk=petition_id).body == BODY


@pytest.mark.parametrize(
    "passages",
    [
        [("body", 5, 5)],
        [("body", -1, 4)],
        [("body", 0, 10_000)],
        [("topic", 0, 1)],
        [("body", 0, 10), ("body", 5, 12)],
    ],
)
def test_what_is_no_passage_is_refused(
    waiting: Callable[..., int], passages: list[tuple[str, int, int]], now: dt.datetime
) -> None:
    from maninso import UsageError

    petition_id = waiting()
    with pytest.raises(UsageError):
        mask(petition_id, passages, now)
    with pytest.raises(ReasonError):
        mask(petition_id, [("body", 0, 4)], now, reason_code="no such")
    with pytest.raises(moderation.StaleTextError):
        mask(petition_id, [("body", 0, 4)], now, seen=bytes(32))
    assert (Petition.objects.get(pk=petition_id).body, Mask.objects.count()) == (BODY, 0)


def test_an_appeal_is_decided_by_somebody_else_and_may_restore(waiting: Callable[..., int], now: dt.datetime) -> None:
    petition_id = waiting()
    moderation.decide(petition_id, REJECT, actor=PARK, now=now)
    moderation.make_appeal(petition_id, text="It asks for something else.", now=now + DAY)
    with pytest.raises(moderation.AppealError):
        moderation.make_appeal(petition_id, text="Again.", now=now + DAY)
    (appeal,) = moderation.list_appeals()
    with pytest.raises(moderation.AppealError, match="yourself"):
        moderation.decide_appeal(appeal.appeal_id, uphold=True, answer="Yes.", actor=PARK, now=now)
    boss = Actor(role="operator", name="boss@example.org")
    with pytest.raises(RoleError):
        moderation.decide_appeal(appeal.appeal_id, uphold=True, answer="Yes.", actor=KIM, now=now)
    assert find_petition(petition_id, now=now).appeal == "open"  # type: ignore[union-attr]
    moderation.decide_appeal(appeal.appeal_id, uphold=True, answer="You are right.", actor=boss, now=now + 2 * DAY)
    assert (state_of(petition_id), moderation.list_appeals()) == ("moderation", ())
    assert Letter.objects.get(once=f"appeal/{appeal.appeal_id}").body == "You are right."


def test_a_dismissed_appeal_is_public_and_final(waiting: Callable[..., int], now: dt.datetime) -> None:
    petition_id = waiting()
    moderation.decide(petition_id, REJECT, actor=KIM, now=now)
    moderation.make_appeal(petition_id, text="No.", now=now)
    (appeal,) = moderation.list_appeals()
    moderation.decide_appeal(appeal.appeal_id, uphold=False, answer="No.", actor=PARK, now=now)
    assert find_petition(petition_id, now=now).appeal == "dismissed"  # type: ignore[union-attr]
    assert moderation.may_appeal(petition_id, now=now) is None


def test_an_appeal_comes_within_thirty_days(waiting: Callable[..., int], now: dt.datetime) -> None:
    petition_id = waiting()
    assert moderation.may_appeal(petition_id, now=now) is None
    moderation.decide(petition_id, REJECT, actor=KIM, now=now)
    assert moderation.may_appeal(petition_id, now=now + 29 * DAY) is not None
    with pytest.raises(moderation.AppealError):
        moderation.make_appeal(petition_id, text="Late.", now=now + 30 * DAY)


def test_statistics_say_how_the_office_decides(waiting: Callable[..., int], now: dt.datetime) -> None:
    numbers = [waiting(person=f"p{n}") for n in range(4)]
    later = now + dt.timedelta(hours=5)
    moderation.decide(numbers[0], APPROVE, actor=KIM, now=later)
    moderation.decide(numbers[1], REJECT, actor=KIM, now=later)
    moderation.decide(numbers[2], Decision(kind="hide", code="personal-data"), actor=KIM, now=later)
    figures = moderation.read_statistics(now=later)
    assert (figures.opened, figures.rejected, figures.hidden, figures.waiting) == (1, 1, 1, 1)
    assert (figures.median_hours, figures.reasons) == (5, (("duplicate", 1), ("personal-data", 1)))
    queue = moderation.read_queue(show="waiting", holder="", now=later)
    assert (queue.median_hours, queue.refused_share) == (5, 67)


def test_notes_are_seen_by_the_office(waiting: Callable[..., int], now: dt.datetime) -> None:
    petition_id = waiting()
    moderation.add_note(petition_id, text=" Asked the road office. ", actor=CHOI, now=now)
    review = moderation.read_review(petition_id, now=now)
    assert review is not None
    assert [(note.author, note.text) for note in review.notes] == [(CHOI.name, "Asked the road office.")]
