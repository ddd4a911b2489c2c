"""What a page works out from the read models: steps, days left, the threshold that the bar shows."""

import datetime as dt

import pytest
from tests.web.samples import (
    CLOSES,
    NOW,
    imported_petition,
    make_obligation,
    make_petition,
    make_response,
    make_threshold,
)

from maninso.petitions.access import PetitionView
from maninso.web.shared.display import build_steps, days_left, ended_on, pick_threshold, show_debt

MET = make_threshold(met=True, met_at=dt.datetime(2026, 11, 12, 4, 20, tzinfo=dt.UTC), met_leaf=200_121)
CLOSED = {"state": "closed", "closed_at": CLOSES}


def steps_of(view: PetitionView) -> list[tuple[str, str, str]]:
    return [(str(s.label), s.state, (s.day or s.until or dt.date.min).isoformat()) for s in build_steps(view, now=NOW)]


@pytest.fixture(autouse=True)
def _english() -> object:
    from django.utils import translation

    with translation.override("en"):
        yield


def test_steps_of_an_open_petition() -> None:
    assert steps_of(make_petition()) == [
        ("Raised", "done", "2026-10-24"),
        ("Published", "done", "2026-10-31"),
        ("Collecting signatures", "now", "2026-11-30"),
        ("Threshold", "next", "0001-01-01"),
    ]


def test_steps_of_an_open_petition_that_is_owed_an_answer() -> None:
    view = make_petition(thresholds=(MET,), obligations=(make_obligation(),))
    assert steps_of(view)[2:] == [
        ("Threshold reached", "done", "2026-11-12"),
        ("Collecting signatures", "now", "2026-11-30"),
        ("Answer due", "next", "2026-12-30"),
    ]


def test_steps_of_a_closed_petition_whose_answer_is_late() -> None:
    late = make_obligation(due_on=dt.date(2026, 11, 9), days_late=12)
    assert steps_of(make_petition(**CLOSED, thresholds=(MET,), obligations=(late,)))[-1] == (
        "Answer overdue",
        "late",
        "2026-11-09",
    )


def test_steps_of_an_answered_petition_end_with_the_answer() -> None:
    kept = make_obligation(state="kept", settled_at=dt.datetime(2026, 12, 20, tzinfo=dt.UTC), response=make_response())
    assert steps_of(make_petition(**CLOSED, thresholds=(MET,), obligations=(kept,)))[-2:] == [
        ("Signing ended", "done", "2026-11-30"),
        ("Answered", "now", "2026-12-20"),
    ]


def test_steps_of_petitions_before_they_open_and_of_those_that_never_do() -> None:
    gathering = make_petition(state="gathering", opened_at=None, closes_at=None, ledger=None)
    assert [step[:2] for step in steps_of(gathering)] == [
        ("Raised", "done"),
        ("Gathering supporters", "now"),
        ("Published", "next"),
        ("Threshold", "next"),
    ]
    rejected = make_petition(state="rejected", opened_at=None, closes_at=None, ledger=None)
    assert [step[:2] for step in steps_of(rejected)] == [("Raised", "done"), ("Rejected", "now")]


def test_steps_of_an_imported_petition_say_nothing_that_is_not_known() -> None:
    assert steps_of(imported_petition()) == [
        ("Published", "done", "2026-10-31"),
        ("Signing ended", "now", "2026-11-30"),
    ]


@pytest.mark.parametrize(
    ("moment", "left"),
    [
        (dt.datetime(2026, 11, 21, 14, 59, tzinfo=dt.UTC), 9),
        (dt.datetime(2026, 11, 21, 15, 0, tzinfo=dt.UTC), 8),
        (dt.datetime(2026, 11, 30, 14, 59, tzinfo=dt.UTC), 0),
        (dt.datetime(2026, 11, 30, 15, 0, tzinfo=dt.UTC), -1),
    ],
)
def test_days_left_are_counted_on_the_charters_calendar(moment: dt.datetime, left: int) -> None:
    assert days_left(CLOSES, now=moment, zone="Asia/Seoul") == left


def test_the_last_day_of_signing() -> None:
    early = dt.datetime(2026, 11, 5, 3, tzinfo=dt.UTC)
    assert ended_on(CLOSES, CLOSES) == dt.date(2026, 11, 30)
    assert ended_on(CLOSES, CLOSES + dt.timedelta(minutes=1)) == dt.date(2026, 11, 30)
    assert ended_on(CLOSES, early) == dt.date(2026, 11, 5)
    assert ended_on(CLOSES, None) is None


def test_the_bar_shows_the_next_threshold() -> None:
    second = make_threshold(threshold_id="debate", needed=1_000_000)
    assert pick_threshold(make_petition(thresholds=(MET, second))) is second
    assert pick_threshold(make_petition(thresholds=(MET,))) is MET
    assert pick_threshold(make_petition(thresholds=())) is None


def test_an_answer_after_its_day_is_not_called_kept_in_time() -> None:
    settled = dt.datetime(2027, 1, 2, 3, tzinfo=dt.UTC)
    assert show_debt(make_obligation(state="kept", settled_at=settled))["late_by"] == 3
    assert show_debt(make_obligation(state="kept", settled_at=settled, binding=False))["late_by"] == 0
    assert show_debt(make_obligation(state="kept", settled_at=settled, due_on=None))["late_by"] == 0
    assert show_debt(make_obligation())["late_by"] == 0
