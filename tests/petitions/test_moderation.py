"""Deciding on petitions: once, with a reason, a letter and a record; behaviours 48 to 58."""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection
from tests.petitions.conftest import BODY, DAY, TITLE
from tests.petitions.office import (
    APPROVE,
    CHOI,
    KIM,
    LEE,
    PARK,
    REJECT,
    actions,
    letters_about,
    state_of,
)
from tests.petitions.test_races import run_at_once

from maninso.identity.mailbox import read_mailbox
from maninso.petitions import moderation, notices
from maninso.petitions.access import find_petition
from maninso.petitions.audit import read_records, verify_audit
from maninso.petitions.lifecycle import Actor, ReasonError, RoleError, TransitionError
from maninso.petitions.models import Announcement, Message, Petition, StateChange
from maninso.petitions.moderation import Decision, HeldError, TooLateError, UnconfirmedError
from maninso.web.shared.letters import write_letter

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clear_logs(request: pytest.FixtureRequest, database_url: str) -> Iterator[None]:
    """Leave no log behind what is committed: Django empties its own tables alone."""
    yield
    if request.node.get_closest_marker("django_db").kwargs.get("transaction"):
        with psycopg.connect(database_url) as connection:
            connection.execute("TRUNCATE signing_gate, signing_leaf, signing_void CASCADE")


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


def test_b49_whoever_asked_is_told_that_it_is_open(waiting: Callable[..., int], now: dt.datetime) -> None:
    number = waiting()
    mailbox = read_mailbox("sponsor@example.org")
    notices.subscribe(petition_id=number, mailbox=mailbox, language="ko", now=now)
    moderation.decide(number, APPROVE, actor=KIM, now=now)
    announcement = Announcement.objects.get()
    assert announcement.kind == "opened"
    assert [notices.tell_subscribers(announcement.pk, now=now) for _ in range(2)] == [1, 0]
    message = notices.read_message(Message.objects.get(kind="update").pk)
    assert message is not None
    letter = write_letter(message, now=now)
    assert (letter.recipient, letter.language) == ("sponsor@example.org", "ko")
    assert f"/ko/petitions/{number}" in letter.text
    assert letter.unsubscribe in letter.text


def test_b50_b35_a_public_reason_leaves_it_findable_and_unsignable(
    waiting: Callable[..., int], now: dt.datetime
) -> None:
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


def test_the_queue_reads_no_more_decisions_than_it_takes_the_median_of(
    waiting: Callable[..., int], now: dt.datetime, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    monkeypatch.setattr("maninso.petitions.moderation.queue._RECENT", 2)
    for number in range(3):
        moderation.decide(waiting(person=f"p{number}"), APPROVE, actor=KIM, now=now + number * DAY)
    with django_assert_num_queries(5) as asked:
        queue = moderation.read_queue(show="waiting", holder="", now=now + 30 * DAY)
    assert (queue.median_hours, queue.refused_share) == (36, None)
    assert [each["sql"].endswith(" LIMIT 2") for each in asked.captured_queries].count(True) == 1


def test_notes_are_seen_by_the_office(waiting: Callable[..., int], now: dt.datetime) -> None:
    petition_id = waiting()
    moderation.add_note(petition_id, text=" Asked the road office. ", actor=CHOI, now=now)
    review = moderation.read_review(petition_id, now=now)
    assert review is not None
    assert [(note.author, note.text) for note in review.notes] == [(CHOI.name, "Asked the road office.")]
