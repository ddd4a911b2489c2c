"""The curve of a count: what was signed in each stretch, less voids, by one question with a bounded answer."""

import datetime as dt
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pytest_django import DjangoAssertNumQueries

from maninso.ledger.entries import MIN_BUCKET_SECONDS, render_sign
from maninso.petitions.access import PetitionView, find_petition, read_curve
from maninso.petitions.access.curve import MOST_STRETCHES

pytestmark = pytest.mark.django_db

SEOUL = ZoneInfo("Asia/Seoul")  # where the town's petitions open at noon
SignAt = Callable[..., None]


@pytest.fixture
def sign_at() -> SignAt:
    """Let somebody sign so many hours after the opening, for each number given."""
    from django.db import connection

    from maninso.signing.gate import append_entries

    def append(petition_id: int, *hours: int) -> None:
        entries = [
            render_sign(1, 1, hour * 3600 // MIN_BUCKET_SECONDS, number.to_bytes(16, "big"), number.to_bytes(32, "big"))
            for number, hour in enumerate(hours, start=1)
        ]
        with connection.cursor() as cursor:
            append_entries(cursor, petition_id=petition_id, entries=entries)

    return append


def find(petition_id: int, now: dt.datetime) -> PetitionView:
    view = find_petition(petition_id, now=now)
    assert view is not None
    return view


def test_a_young_petition_is_told_by_the_hour_without_its_voids(
    opened: Callable[..., int],
    sign_at: SignAt,
    void: Any,
    sequence: Any,
    now: dt.datetime,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    petition_id, later = opened(), now + dt.timedelta(hours=30)
    sign_at(petition_id, 0, 0, 5, 29)
    void(petition_id, 2)
    sequence(later)
    view = find(petition_id, later)
    with django_assert_num_queries(1):
        curve = read_curve(view, now=later)
    assert [(each.begins.astimezone(SEOUL).isoformat(), each.added, each.count) for each in curve] == [
        ("2026-03-02T12:00:00+09:00", 1, 1),
        ("2026-03-02T17:00:00+09:00", 1, 2),
        ("2026-03-03T17:00:00+09:00", 1, 3),
    ]
    assert curve[0].ends - curve[0].begins == dt.timedelta(hours=1)
    assert curve[-1].count == view.count


def test_an_old_petition_is_told_in_days_that_begin_at_midnight(
    opened: Callable[..., int], sign_at: SignAt, sequence: Any, now: dt.datetime
) -> None:
    petition_id, later = opened(), now + dt.timedelta(days=29)
    sign_at(petition_id, 0, 11, 12, 28 * 24)
    sequence(later)
    curve = read_curve(find(petition_id, later), now=now + dt.timedelta(days=MOST_STRETCHES))
    assert [(each.begins.astimezone(SEOUL).isoformat(), each.added) for each in curve] == [
        ("2026-03-02T12:00:00+09:00", 2),  # from the opening on
        ("2026-03-03T00:00:00+09:00", 1),
        ("2026-03-30T00:00:00+09:00", 1),
    ]


def test_there_is_no_curve_before_a_petition_opens(submitted: Callable[..., int], now: dt.datetime) -> None:
    assert read_curve(find(submitted(), now), now=now) == ()
