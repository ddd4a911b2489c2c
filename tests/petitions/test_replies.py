"""The clerk's desk: answers by two people, at once or at their time, for several debts, corrected and taken back."""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from maninso import ManinsoError, UsageError
from maninso.ledger.entries import Event
from maninso.petitions import obligations
from maninso.petitions.access import find_petition
from maninso.petitions.accounts import add_member
from maninso.petitions.lifecycle import Actor, RoleError
from maninso.petitions.models import AuditRecord, Obligation, Reply, Response
from maninso.petitions.obligations import (
    InstitutionError,
    ObligationError,
    OwnReplyError,
    ReplyError,
    ReplyText,
    StaleReplyError,
    answer,
    approve_reply,
    assign,
    decline,
    drop_reply,
    edit_reply,
    propose_reply,
    publish_due_replies,
    read_debt,
    read_desk,
    read_reply,
    retract_reply,
    revise_reply,
    send_back_reply,
    start_reply,
)

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)
KIM = Actor(role="clerk", name="kim@example.org")
LEE = Actor(role="clerk", name="lee@example.org")
STRANGER = Actor(role="clerk", name="park@example.org")
MODERATOR = Actor(role="moderator", name="choi@example.org")
TEXT = ReplyText(author="The mayor", summary="There will be a crossing.", body="In **May**.", language="en")


@pytest.fixture(autouse=True)
def _cast(now: dt.datetime) -> None:
    add_member(email=KIM.name, role="clerk", institution="town", now=now)
    add_member(email=LEE.name, role="clerk", now=now)
    add_member(email=STRANGER.name, role="clerk", institution="village", now=now)
    add_member(email=MODERATOR.name, role="moderator", now=now)


@pytest.fixture
def proposed(met: Callable[..., int], now: dt.datetime) -> Callable[..., tuple[int, list[int]]]:
    """Let Kim write and propose an answer to so many debts; return its number and theirs."""

    def make(debts: int = 1, **changes: Any) -> tuple[int, list[int]]:
        owed = [met() for _ in range(debts)]
        reply = start_reply(obligations=owed, language="en", actor=KIM, now=now)
        text = ReplyText(**{**vars(TEXT), **changes})
        seen = edit_reply(reply, text=text, obligations=owed, seen=1, actor=KIM, now=now)
        propose_reply(reply, seen=seen, actor=KIM, now=now)
        return reply, owed

    return make


def state_of(obligation_id: int) -> tuple[str, dt.datetime | None]:
    return Obligation.objects.values_list("state", "settled_at").get(pk=obligation_id)


def test_one_answer_approved_by_somebody_else_keeps_several_debts(
    proposed: Callable[..., Any], log_entries: Callable[[int], list[bytes]], now: dt.datetime
) -> None:
    reply, owed = proposed(2)
    assert approve_reply(reply, seen=2, actor=LEE, now=now + DAY) is True
    assert [state_of(each) for each in owed] == [("kept", now + DAY)] * 2
    assert (
        list(Response.objects.values_list("reply", "version", "proposed_by", "actor"))
        == [(reply, 1, KIM.name, LEE.name)] * 2
    )
    for each in Obligation.objects.all():
        event = Event.parse(log_entries(each.petition_id)[-1])
        assert (event.name, event.body["threshold"]) == ("answered", "answer")
    record = AuditRecord.objects.order_by("-number")[0]
    assert (record.action, record.actor, record.after["obligations"]) == ("answer-published", LEE.name, owed)
    petition_id = Obligation.objects.get(pk=owed[0]).petition_id
    view = find_petition(petition_id, now=now + DAY)
    assert view is not None
    (shown,) = view.answers
    assert (shown.newest.body, [each.petition_id for each in shown.besides]) == (
        "In **May**.",
        [Obligation.objects.get(pk=owed[1]).petition_id],
    )


def test_nobody_approves_what_they_wrote_or_proposed(proposed: Callable[..., Any], now: dt.datetime) -> None:
    reply, owed = proposed()
    with pytest.raises(OwnReplyError):
        approve_reply(reply, seen=2, actor=KIM, now=now)
    # Lee changes a word, Kim proposes it: now it is Lee's and Kim's, and neither approves it.
    edit_reply(reply, text=TEXT, obligations=owed, seen=2, actor=LEE, now=now)
    propose_reply(reply, seen=3, actor=KIM, now=now)
    for each in (KIM, LEE):
        with pytest.raises(OwnReplyError):
            approve_reply(reply, seen=3, actor=each, now=now)
    assert state_of(owed[0]) == ("owed", None)


def test_what_is_approved_is_what_was_read(proposed: Callable[..., Any], now: dt.datetime) -> None:
    reply, owed = proposed()
    seen = edit_reply(reply, text=TEXT, obligations=owed, seen=2, actor=KIM, now=now)
    assert Reply.objects.get().state == "writing"  # a change takes the proposal back
    propose_reply(reply, seen=seen, actor=KIM, now=now)
    with pytest.raises(StaleReplyError):
        approve_reply(reply, seen=2, actor=LEE, now=now)
    with pytest.raises(StaleReplyError):
        edit_reply(reply, text=TEXT, obligations=owed, seen=2, actor=LEE, now=now)
    assert Reply.objects.get().revision == 3


def test_it_is_published_at_its_time_and_once(proposed: Callable[..., Any], now: dt.datetime) -> None:
    reply, owed = proposed(publish_at=now + DAY)
    assert approve_reply(reply, seen=2, actor=LEE, now=now) is False
    assert [publish_due_replies(now=now + DAY - HOUR), state_of(owed[0])] == [0, ("owed", None)]
    assert [publish_due_replies(now=now + DAY + each * HOUR) for each in range(3)] == [1, 0, 0]
    assert state_of(owed[0]) == ("kept", now + DAY)
    assert Response.objects.get().actor == LEE.name


def test_what_was_declined_meanwhile_is_not_answered_and_the_answer_comes_back(
    proposed: Callable[..., Any], now: dt.datetime
) -> None:
    reply, owed = proposed(publish_at=now + DAY)
    approve_reply(reply, seen=2, actor=LEE, now=now)
    decline(owed[0], reason="before-a-court", note="", now=now, actor=KIM)
    assert publish_due_replies(now=now + DAY) == 0
    assert (Reply.objects.get().state, state_of(owed[0])[0]) == ("writing", "declined")


def test_a_correction_takes_two_people_again_and_every_version_stays(
    proposed: Callable[..., Any], now: dt.datetime
) -> None:
    reply, owed = proposed()
    approve_reply(reply, seen=2, actor=LEE, now=now)
    revise_reply(reply, actor=LEE, now=now + DAY)
    better = ReplyText(**{**vars(TEXT), "summary": "There will be two."})
    seen = edit_reply(reply, text=better, obligations=owed, seen=3, actor=LEE, now=now + DAY)
    propose_reply(reply, seen=seen, actor=LEE, now=now + DAY)
    approve_reply(reply, seen=seen, actor=KIM, now=now + DAY)
    assert state_of(owed[0]) == ("kept", now)  # kept by the first version
    view = find_petition(Obligation.objects.get().petition_id, now=now + DAY)
    assert view is not None
    assert [(each.version, each.summary) for each in view.answers[0].versions] == [
        (2, "There will be two."),
        (1, "There will be a crossing."),
    ]
    assert view.obligations[0].response is not None
    assert view.obligations[0].response.version == 2


def test_a_version_in_work_is_given_up_and_the_published_one_stays(
    proposed: Callable[..., Any], now: dt.datetime
) -> None:
    reply, owed = proposed()
    approve_reply(reply, seen=2, actor=LEE, now=now)
    revise_reply(reply, actor=LEE, now=now)
    edit_reply(reply, text=ReplyText(**{**vars(TEXT), "body": "Hm."}), obligations=owed, seen=3, actor=LEE, now=now)
    drop_reply(reply, actor=LEE, now=now)
    shown = read_reply(reply, now=now)
    assert shown is not None
    assert (shown.state, shown.body, len(shown.published)) == ("published", "In **May**.", 1)


def test_b62_what_is_taken_back_is_owed_again_and_stays_on_the_record(
    proposed: Callable[..., Any], log_entries: Callable[[int], list[bytes]], now: dt.datetime
) -> None:
    reply, owed = proposed()
    approve_reply(reply, seen=2, actor=LEE, now=now)
    with pytest.raises(UsageError):
        retract_reply(reply, reason=" ", actor=KIM, now=now)
    retract_reply(reply, reason="It was about another street.", actor=KIM, now=now + DAY)
    assert state_of(owed[0]) == ("owed", None)
    obligation = Obligation.objects.get()
    assert Event.parse(log_entries(obligation.petition_id)[-1]).name == "answer taken back"
    view = find_petition(obligation.petition_id, now=now + DAY)
    assert view is not None
    assert (view.answers[0].retraction, view.answers[0].newest.body) == ("It was about another street.", "In **May**.")
    assert view.obligations[0].response is None
    with pytest.raises(ReplyError):
        revise_reply(reply, actor=KIM, now=now)


def test_another_answer_stands_beside_the_first_and_keeps_the_debt_when_that_is_taken_back(
    proposed: Callable[..., Any], now: dt.datetime
) -> None:
    first, owed = proposed()
    approve_reply(first, seen=2, actor=LEE, now=now)
    second = start_reply(obligations=owed, language="en", actor=KIM, now=now + DAY)
    edit_reply(second, text=TEXT, obligations=owed, seen=1, actor=KIM, now=now + DAY)
    propose_reply(second, seen=2, actor=KIM, now=now + DAY)
    approve_reply(second, seen=2, actor=LEE, now=now + DAY)
    assert Obligation.objects.get().response == Response.objects.get(reply=first)
    retract_reply(first, reason="Too early.", actor=KIM, now=now + 2 * DAY)
    assert state_of(owed[0]) == ("kept", now + DAY)
    assert Obligation.objects.get().response == Response.objects.get(reply=second)


STEPS: dict[str, Callable[[int, int, Actor, dt.datetime], object]] = {
    "edit": lambda reply, owed, by, now: edit_reply(reply, text=TEXT, obligations=[owed], seen=2, actor=by, now=now),
    "approve": lambda reply, owed, by, now: approve_reply(reply, seen=2, actor=by, now=now),
    "send back": lambda reply, owed, by, now: send_back_reply(reply, note="", actor=by, now=now),
    "drop": lambda reply, owed, by, now: drop_reply(reply, actor=by, now=now),
    "start": lambda reply, owed, by, now: start_reply(obligations=[owed], language="en", actor=by, now=now),
    "assign": lambda reply, owed, by, now: assign(owed, email=KIM.name, actor=by, now=now),
    "decline": lambda reply, owed, by, now: decline(owed, reason="before-a-court", note="", actor=by, now=now),
    "extend": lambda reply, owed, by, now: obligations.extend(
        owed, length="1 month", reason="Snow.", actor=by, now=now
    ),
}


@pytest.mark.parametrize("step", STEPS)
def test_another_institutions_clerk_and_a_moderator_change_nothing(
    step: str, proposed: Callable[..., Any], now: dt.datetime
) -> None:
    reply, (owed,) = proposed()
    before = (Reply.objects.values().get(), Obligation.objects.values().get())
    with pytest.raises(InstitutionError):
        STEPS[step](reply, owed, STRANGER, now)
    with pytest.raises(RoleError):
        STEPS[step](reply, owed, MODERATOR, now)
    assert (Reply.objects.values().get(), Obligation.objects.values().get()) == before


def test_a_removed_clerk_is_out_at_once(proposed: Callable[..., Any], now: dt.datetime) -> None:
    from maninso.petitions.accounts import remove_member

    reply, _ = proposed()
    remove_member(email=LEE.name, now=now)
    with pytest.raises(InstitutionError):
        approve_reply(reply, seen=2, actor=LEE, now=now)


def wrong_uses(reply: int, owed: list[int], now: dt.datetime) -> Iterator[Callable[[], object]]:
    yield lambda: start_reply(obligations=[], language="en", actor=KIM, now=now)
    yield lambda: start_reply(obligations=[4711], language="en", actor=KIM, now=now)
    yield lambda: start_reply(obligations=owed, language="Klingon!", actor=KIM, now=now)
    yield lambda: edit_reply(
        reply,
        text=ReplyText(**{**vars(TEXT), "publish_at": now + 400 * DAY}),
        obligations=owed,
        seen=2,
        actor=KIM,
        now=now,
    )
    yield lambda: edit_reply(
        reply, text=ReplyText(**{**vars(TEXT), "body": "a\0"}), obligations=owed, seen=2, actor=KIM, now=now
    )
    yield lambda: approve_reply(4711, seen=1, actor=KIM, now=now)
    yield lambda: propose_reply(reply, seen=2, actor=KIM, now=now)
    yield lambda: revise_reply(reply, actor=KIM, now=now)
    yield lambda: retract_reply(reply, reason="No.", actor=KIM, now=now)
    yield lambda: assign(owed[0], email="nobody@example.org", actor=KIM, now=now)


def test_what_cannot_be_done_is_said_and_changes_nothing(proposed: Callable[..., Any], now: dt.datetime) -> None:
    reply, owed = proposed()
    before = Reply.objects.values().get()
    for use in wrong_uses(reply, owed, now):
        with pytest.raises(ManinsoError) as caught:
            use()
        assert caught.value.cure
    assert Reply.objects.values().get() == before


def test_an_answer_without_words_is_not_handed_on(met: Callable[..., int], now: dt.datetime) -> None:
    reply = start_reply(obligations=[met()], language="en", actor=KIM, now=now)
    with pytest.raises(UsageError):
        propose_reply(reply, seen=1, actor=KIM, now=now)


def test_the_desk_shows_ones_own_institution_the_late_ones_first(met: Callable[..., int], now: dt.datetime) -> None:
    later, first = met(now=now + 2 * DAY), met(now=now)
    late = dt.datetime(2026, 5, 2, 3, tzinfo=dt.UTC)
    assign(later, email=LEE.name, actor=KIM, now=now)
    desk = read_desk(institution="town", show="", member=LEE.name, now=late)
    assert [(row.debt.obligation_id, row.band, row.days_left, row.assignee) for row in desk.rows] == [
        (first, "late", -1, ""),
        (later, "soon", 1, LEE.name),
    ]
    assert (desk.owed, desk.overdue, desk.soon) == (2, 1, 1)
    mine = read_desk(institution="", show="mine", member=LEE.name, now=late)
    assert [row.debt.obligation_id for row in mine.rows] == [later]
    assert read_desk(institution="village", show="", member=LEE.name, now=late).rows == ()
    answer(
        first,
        **{k: v for k, v in vars(TEXT).items() if k in ("author", "summary", "body", "language")},
        now=late,
        actor=KIM,
    )
    settled = read_desk(institution="town", show="settled", member="", now=late)
    assert [row.debt.obligation_id for row in settled.rows] == [first]


@pytest.mark.parametrize("rows", [1, 3])
def test_the_desk_asks_the_same_few_questions(
    rows: int, met: Callable[..., int], now: dt.datetime, django_assert_num_queries: Any
) -> None:
    for _ in range(rows):
        met()
    with django_assert_num_queries(4):
        assert len(read_desk(institution="town", show="owed", member="", now=now).rows) == rows


def test_a_debt_says_what_its_rules_allow(met: Callable[..., int], now: dt.datetime) -> None:
    owed = met()
    debt = read_debt(owed, now=now)
    assert debt is not None
    assert (debt.extensions_left, debt.longest_extension, [code for code, _ in debt.grounds]) == (
        1,
        "1 month",
        ["before-a-court"],
    )
    obligations.extend(owed, length="1 month", reason="Snow.", now=now, actor=KIM)
    debt = read_debt(owed, now=now)
    assert debt is not None
    assert (debt.extensions_left, debt.longest_extension) == (0, "")
    assert [each.reason for each in debt.row.debt.extensions] == ["Snow."]
    assert read_debt(4711, now=now) is None


def test_scores_say_how_each_institution_keeps_its_word(met: Callable[..., int], now: dt.datetime) -> None:
    words = {"author": "The mayor", "summary": "Yes.", "body": "", "language": "en", "actor": KIM}
    in_time, late, _overdue, declined = (met() for _ in range(4))
    answer(in_time, **words, now=now + 10 * DAY + HOUR)
    answer(late, **words, now=now + 70 * DAY + HOUR)
    decline(declined, reason="before-a-court", note="", now=now, actor=KIM)
    (score,) = obligations.read_scores(now=now + 80 * DAY)
    assert (score.institution, score.owed, score.overdue, score.kept, score.kept_late, score.declined) == (
        "town",
        1,
        1,
        2,
        1,
        1,
    )
    assert (score.median_days, score.on_time) == (40.0, 33)
    assert obligations.board(now=now, institution="town").institution == "town"
    assert obligations.board(now=now, institution="nowhere").institution == ""


def test_what_lapsed_is_not_answered(met: Callable[..., int], now: dt.datetime) -> None:
    owed = met()
    Obligation.objects.filter(pk=owed).update(
        state="lapsed", settled_at=now, turns=1, turned_index=9, turned_count=2, turned_at=now
    )
    reply = start_reply(obligations=[owed], language="en", actor=KIM, now=now)
    seen = edit_reply(reply, text=TEXT, obligations=[owed], seen=1, actor=KIM, now=now)
    propose_reply(reply, seen=seen, actor=KIM, now=now)
    with pytest.raises(ReplyError):
        approve_reply(reply, seen=seen, actor=LEE, now=now)
    with pytest.raises(ObligationError):
        answer(owed, author="A", summary="B", body="", language="en", now=now, actor=LEE)
