"""Voids undo a threshold where the charter lets them: its debt lapses, and is owed again when it is met again."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.petitions.test_recount import save_log

from maninso.charter import Charter
from maninso.ledger.entries import Reinstate
from maninso.ledger.report import LogReport
from maninso.ledger.verify import verify_log
from maninso.petitions.access import ObligationView, find_count, find_petition
from maninso.petitions.discovery import list_choices, search_petitions, understand
from maninso.petitions.lifecycle import Actor, close_petition
from maninso.petitions.models import Account, Obligation
from maninso.petitions.obligations import ObligationError, answer, board, decline, extend, record_met_thresholds

pytestmark = pytest.mark.django_db

HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
CLERK = Actor(role="clerk", name="clerk@example.org")
REPLY: dict[str, Any] = {"author": "The mayor", "summary": "Yes.", "body": "", "language": "en", "actor": CLERK}


@pytest.fixture(autouse=True)
def _clerk(now: dt.datetime) -> None:
    Account.objects.create(email=CLERK.name, role="clerk", created_at=now)


@pytest.fixture
def undoable(make_charter: Callable[..., Charter]) -> Charter:
    """The town's charter, but an answer is owed 30 days from the threshold, which voids can undo."""
    return make_charter(
        "at_least = 3", "at_least = 3\nundone_by_voids = true", 'counted_from = "closing"', 'counted_from = "threshold"'
    )


@pytest.fixture
def step(sequence: Callable[[dt.datetime], None]) -> Callable[[dt.datetime], ObligationView]:
    """Let the worker work once, and return the one debt that there is."""

    def work(moment: dt.datetime) -> ObligationView:
        sequence(moment)
        record_met_thresholds(now=moment)
        assert record_met_thresholds(now=moment) == 0
        (row,) = board(now=moment).rows
        return row

    return work


def test_it_lapses_with_the_void_and_is_owed_again_from_the_signature_that_meets_it_again(
    opened: Callable[..., int], sign: Any, void: Any, step: Any, undoable: Charter, now: dt.datetime
) -> None:
    petition_id = opened(charter=undoable)
    sign(petition_id, "Ada", "Bo", "Cy")
    first = step(now)
    assert (first.state, first.met_leaf, first.undone_leaf, first.due_on) == ("owed", 3, None, dt.date(2026, 4, 1))
    void(petition_id, 2)  # leaf 4 is the record that it was met
    row = step(now + DAY)
    assert (row.state, row.settled_at, row.undone_leaf, row.undone_count) == ("lapsed", now + DAY, 5, 2)
    assert (row.met_at, row.met_leaf, row.met_count) == (now, 3, 3)
    assert not row.overdue
    with pytest.raises(ObligationError, match="is lapsed"):
        answer(row.obligation_id, **REPLY, now=now + DAY)
    sign(petition_id, "Di")  # leaf 7, behind the record that it was undone
    row = step(now + 2 * DAY)
    assert (row.state, row.settled_at, row.undone_leaf, row.undone_count) == ("owed", None, None, None)
    assert (row.met_at, row.met_leaf, row.met_count) == (now + 2 * DAY, 7, 3)
    assert row.due_on == dt.date(2026, 4, 3)
    assert extend(row.obligation_id, length="1 month", reason="Roadworks.", now=now, actor=CLERK) == dt.date(2026, 5, 3)
    close_petition(petition_id, now=now + 3 * DAY)
    assert Obligation.objects.get().due_on == dt.date(2026, 5, 3)


def test_views_say_that_it_is_not_met_while_it_is_undone(
    opened: Callable[..., int], sign: Any, void: Any, step: Any, undoable: Charter, now: dt.datetime
) -> None:
    petition_id = opened(charter=undoable)
    sign(petition_id, "Ada", "Bo", "Cy")
    for moment, change, since in (
        (now, None, now),
        (now + DAY, lambda: void(petition_id, 1), None),
        (now + 2 * DAY, lambda: sign(petition_id, "Di"), now + 2 * DAY),
    ):
        if change:
            change()
        step(moment)
        view, count = find_petition(petition_id, now=moment), find_count(petition_id)
        assert view is not None
        assert count is not None
        assert (view.thresholds[0].met, view.thresholds[0].met_at) == (since is not None, since)
        assert count.reached_at == since
        choices = list_choices()
        wanted = understand(state="reached", sort="newest", choices=choices)
        found = search_petitions(wanted=wanted, choices=choices, page=1, per_page=9, now=moment)
        assert found.total == int(since is not None)


def test_undone_and_met_again_before_anybody_looked_it_is_owed_from_the_last_time(
    opened: Callable[..., int], sign: Any, void: Any, sequence: Any, step: Any, undoable: Charter, now: dt.datetime
) -> None:
    petition_id = opened(charter=undoable)
    sign(petition_id, "Ada", "Bo", "Cy")
    sequence(now)
    void(petition_id, 1)
    sequence(now + HOUR)
    sign(petition_id, "Di")
    row = step(now + DAY)
    assert (row.state, row.met_at, row.met_leaf, row.due_on) == ("owed", now + DAY, 7, dt.date(2026, 4, 2))


def test_undone_before_anybody_looked_it_lapses_at_once(
    opened: Callable[..., int], sign: Any, void: Any, sequence: Any, step: Any, undoable: Charter, now: dt.datetime
) -> None:
    petition_id = opened(charter=undoable)
    sign(petition_id, "Ada", "Bo", "Cy")
    sequence(now)
    void(petition_id, 1)
    assert step(now + HOUR).state == "lapsed"


@pytest.mark.parametrize("settled", ["kept", "declined"])
def test_what_was_answered_or_declined_before_stays_so(
    settled: str, opened: Callable[..., int], sign: Any, void: Any, step: Any, undoable: Charter, now: dt.datetime
) -> None:
    petition_id = opened(charter=undoable)
    sign(petition_id, "Ada", "Bo", "Cy")
    row = step(now)
    if settled == "kept":
        answer(row.obligation_id, **REPLY, now=now + HOUR)
    else:
        decline(row.obligation_id, reason="before-a-court", note="", now=now + HOUR, actor=CLERK)
    void(petition_id, 1)
    row = step(now + DAY)
    assert (row.state, row.settled_at, row.undone_count) == (settled, now + HOUR, 2)
    sign(petition_id, "Di")
    row = step(now + 2 * DAY)
    assert (row.state, row.settled_at, row.undone_count) == (settled, now + HOUR, None)


def test_it_recounts(
    opened: Callable[..., int],
    sign: Any,
    void: Any,
    step: Any,
    undoable: Charter,
    now: dt.datetime,
    tmp_path: Path,
) -> None:
    from django.db import connection

    from maninso.signing.gate import append_entries

    petition_id = opened(charter=undoable)
    sign(petition_id, "Ada", "Bo", "Cy")
    step(now)
    void(petition_id, 1)
    step(now + HOUR)
    with connection.cursor() as cursor:
        append_entries(cursor, petition_id=petition_id, entries=[Reinstate(1, 0, 5, bytes(32)).render()])
    assert step(now + 2 * HOUR).state == "owed"
    close_petition(petition_id, now=now + DAY)
    step(now + DAY)
    view = find_petition(petition_id, now=now + DAY)
    assert view is not None
    assert view.ledger is not None
    save_log(petition_id, view.ledger.size, tmp_path)
    report = verify_log(str(tmp_path))
    assert isinstance(report, LogReport)
    assert report.problems == []
    assert report.tally is not None
    assert [(each.met, each.leaf, each.ok) for each in report.tally.thresholds] == [
        (True, 3, True),
        (False, 5, True),
        (True, 7, True),
    ]
    assert "The threshold answer of 3 was undone by leaf 5, with 2." in report.render()
