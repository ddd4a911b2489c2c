"""Answers where nothing is owed: below a threshold, beside debts, corrected, taken back, found by search."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from maninso import UsageError
from maninso.ledger.entries import Event
from maninso.petitions.access import find_petition
from maninso.petitions.accounts import add_member
from maninso.petitions.discovery import catch_up, list_choices, search_petitions, understand
from maninso.petitions.lifecycle import Actor, RoleError
from maninso.petitions.models import Obligation, Reply, ReplyPetition, Response
from maninso.petitions.obligations import (
    ReplyText,
    TargetError,
    approve_reply,
    board,
    edit_reply,
    propose_reply,
    publish_due_replies,
    record_met_thresholds,
    retract_reply,
    revise_reply,
    start_reply,
)

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)
KIM = Actor(role="clerk", name="kim@example.org")
LEE = Actor(role="clerk", name="lee@example.org")
TEXT = ReplyText(author="The mayor", summary="A xylophone crossing.", body="In **May**.", language="en")


@pytest.fixture(autouse=True)
def _cast(now: dt.datetime) -> None:
    for actor in (KIM, LEE):
        add_member(email=actor.name, role="clerk", now=now)


@pytest.fixture
def written(now: dt.datetime) -> Callable[..., tuple[int, int]]:
    """Let Kim write and propose an answer to debts and petitions; return its number and revision."""

    def write(petitions: list[int], debts: list[int] | None = None, **changes: Any) -> tuple[int, int]:
        targets: dict[str, Any] = {"obligations": debts or [], "petitions": petitions}
        reply = start_reply(**targets, language="en", actor=KIM, now=now)
        text = ReplyText(**{**vars(TEXT), **changes})
        seen = edit_reply(reply, text=text, **targets, seen=1, actor=KIM, now=now)
        propose_reply(reply, seen=seen, actor=KIM, now=now)
        return reply, seen

    return write


def answers_to(petition_id: int, now: dt.datetime) -> list[tuple[str, int, int, bool]]:
    view = find_petition(petition_id, now=now)
    assert view is not None
    return [
        (each.newest.summary, len(each.versions), len(each.obligations), each.retracted_at is not None)
        for each in view.answers
    ]


def test_an_institution_answers_below_the_threshold_and_the_log_says_so(
    opened: Callable[..., int], written: Any, log_entries: Callable[[int], list[bytes]], now: dt.datetime
) -> None:
    petition_id = opened()
    reply, seen = written([petition_id])
    assert approve_reply(reply, seen=seen, actor=LEE, now=now)
    assert answers_to(petition_id, now) == [(TEXT.summary, 1, 0, False)]
    response = Response.objects.get()
    logged = {"at": int(now.timestamp()), "threshold": "", "response": bytes(response.digest).hex()}
    assert Event.parse(log_entries(petition_id)[-1]) == Event("answered", logged)
    assert (board(now=now).scores, Obligation.objects.count()) == ((), 0)


def test_one_answer_meets_a_debt_and_petitions_below_it(
    met: Callable[..., int], opened: Callable[..., int], written: Any, now: dt.datetime
) -> None:
    debt, first, second = met(), opened(title="A bench"), opened(title="A lamp")
    reply, seen = written([first, second], [debt])
    approve_reply(reply, seen=seen, actor=LEE, now=now)
    owed = Obligation.objects.get()
    assert owed.state == "kept"
    view = find_petition(first, now=now)
    assert view is not None
    assert {each.petition_id for each in view.answers[0].besides} == {owed.petition_id, second}
    view = find_petition(owed.petition_id, now=now)
    assert view is not None
    assert {each.petition_id for each in view.answers[0].besides} == {first, second}


def test_a_correction_and_its_taking_back_reach_it(
    opened: Callable[..., int], written: Any, log_entries: Callable[[int], list[bytes]], now: dt.datetime
) -> None:
    petition_id = opened()
    reply, seen = written([petition_id])
    approve_reply(reply, seen=seen, actor=LEE, now=now)
    revise_reply(reply, actor=KIM, now=now)
    other = opened(title="A bench")
    text = ReplyText(**{**vars(TEXT), "summary": "Two crossings."})
    # What was answered once stays, whatever the form says.
    seen = edit_reply(reply, text=text, obligations=[], petitions=[other], seen=seen + 1, actor=KIM, now=now)
    propose_reply(reply, seen=seen, actor=KIM, now=now)
    approve_reply(reply, seen=seen, actor=LEE, now=now + DAY)
    assert answers_to(petition_id, now) == [("Two crossings.", 2, 0, False)]
    assert answers_to(other, now) == [("Two crossings.", 1, 0, False)]
    retract_reply(reply, reason="The wrong street.", actor=LEE, now=now + 2 * DAY)
    assert answers_to(petition_id, now) == [("Two crossings.", 2, 0, True)]
    for each in (petition_id, other):
        assert Event.parse(log_entries(each)[-1]).name == "answer taken back"


def test_a_threshold_that_is_met_before_it_is_published_is_kept_by_it(
    opened: Callable[..., int], sign: Any, sequence: Any, written: Any, now: dt.datetime
) -> None:
    petition_id = opened()
    reply, seen = written([petition_id], publish_at=now + DAY)
    assert not approve_reply(reply, seen=seen, actor=LEE, now=now)
    sign(petition_id, "Ada", "Bo", "Cy")
    sequence(now)
    record_met_thresholds(now=now)
    assert publish_due_replies(now=now + DAY) == 1
    assert Obligation.objects.get().state == "kept"
    assert answers_to(petition_id, now) == [(TEXT.summary, 1, 1, False)]


def test_search_finds_its_words_until_it_is_taken_back(
    opened: Callable[..., int], written: Any, now: dt.datetime
) -> None:
    petition_id = opened()
    reply, seen = written([petition_id])
    approve_reply(reply, seen=seen, actor=LEE, now=now)

    def find(words: str) -> list[int]:
        catch_up(now=now)
        choices = list_choices()
        wanted = understand(query=words, choices=choices)
        page = search_petitions(wanted=wanted, choices=choices, page=1, per_page=10, now=now)
        return [each.petition_id for each in page.cards]

    assert (find("xylophone"), find('"xylophone crossing"')) == ([petition_id], [petition_id])
    retract_reply(reply, reason="The wrong street.", actor=LEE, now=now)
    assert (find("xylophone"), find('"xylophone crossing"')) == ([], [])


def test_it_counts_as_answered_until_it_is_taken_back(
    opened: Callable[..., int], written: Any, client: Client, now: dt.datetime
) -> None:
    silent, earlier, later = opened(title="A bench"), opened(title="A lamp"), opened()
    for petition_id, at in ((earlier, now), (later, now + DAY)):
        reply, seen = written([petition_id])
        approve_reply(reply, seen=seen, actor=LEE, now=at)

    def find_answered() -> list[int]:
        choices = list_choices()
        wanted = understand(state="with_response", sort="settled", choices=choices)
        page = search_petitions(wanted=wanted, choices=choices, page=1, per_page=10, now=now)
        assert all(each.is_answered_unowed and each.owed == "" for each in page.cards)
        return [each.petition_id for each in page.cards]

    def read(petition_id: int) -> tuple[Any, Any, Any]:
        alone = client.get(f"/petitions/{petition_id}.json").json()["data"]["attributes"]
        counted = client.get(f"/petitions/{petition_id}/count.json").json()
        response = alone["government_response"]
        return response and response["summary"], alone["government_response_at"], counted["government_response_at"]

    moment = f"{now + DAY:%Y-%m-%dT%H:%M:%S}"
    assert find_answered() == [later, earlier]
    summary, at, counted_at = read(later)
    assert (summary, at[:19], counted_at) == (TEXT.summary, moment, at)
    assert read(silent) == (None, None, None)
    retract_reply(reply, reason="The wrong street.", actor=LEE, now=now + 2 * DAY)
    assert find_answered() == [earlier]
    assert read(later) == (None, None, None)


def test_what_is_not_open_or_closed_here_or_another_institutions_is_not_answered(
    draft: Callable[..., int], opened: Callable[..., int], make_charter: Any, now: dt.datetime
) -> None:
    village = make_charter('id = "town"', 'id = "village"')
    mine, theirs, written = opened(), opened(charter=village), draft()
    for petitions in ([], [theirs, mine], [written], [999_999], [mine, 999_999]):
        with pytest.raises(UsageError):
            start_reply(obligations=[], petitions=petitions, language="en", actor=KIM, now=now)
    with pytest.raises(TargetError):
        start_reply(obligations=[], petitions=[written], language="en", actor=KIM, now=now)
    stranger = Actor(role="clerk", name="park@example.org")
    add_member(email=stranger.name, role="clerk", institution="village", now=now)
    with pytest.raises(RoleError):
        start_reply(obligations=[], petitions=[mine], language="en", actor=stranger, now=now)


def test_the_database_wants_a_debt_or_a_petition_that_the_answer_is_for(
    met: Callable[..., int], opened: Callable[..., int], written: Any, now: dt.datetime
) -> None:
    debt, petition_id, other = met(), opened(title="A bench"), opened(title="A lamp")
    reply, _ = written([petition_id])
    whole: dict[str, Any] = {
        "reply_id": reply,
        "version": 1,
        "author": "x",
        "summary": "x",
        "body": "",
        "language": "en",
        "digest": bytes(32),
        "role": "clerk",
        "actor": "a",
        "proposed_by": "b",
        "published_at": now,
    }
    Response.objects.create(**whole, petition_id=petition_id)
    for constraint, changes in (
        ("response_to_a_debt_or_a_petition", {}),
        ("response_to_a_debt_or_a_petition", {"petition_id": petition_id, "obligation_id": debt}),
        ("response_to_a_debt_or_a_petition", {"petition_id": petition_id, "reply_id": None}),
        ("response_version_once", {"petition_id": petition_id}),
        ("response_to_its_petition", {"petition_id": other}),
    ):
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            Response.objects.create(**{**whole, **changes})
    with pytest.raises(IntegrityError, match="reply_petition_once"), transaction.atomic():
        ReplyPetition.objects.create(reply_id=reply, petition_id=petition_id)
    assert Reply.objects.get().petitions.count() == 1
