"""Collecting ends with a legal day of the charter's time zone; pauses, dissolution, blackouts and retention."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from maninso.charter import (
    CharterError,
    Length,
    closes_at,
    count_midnights,
    cut_at_dissolution,
    end_of_day,
    extend_for_pause,
    in_blackout,
    is_in_force,
    legal_day,
    load_preset,
    preset_ids,
    retention_ends_at,
)
from maninso.charter.clock import add_length

UK, KOREA = load_preset("uk-parliament"), load_preset("blue-house-2019")
SENEDD, CANADA = load_preset("senedd"), load_preset("canada-commons")


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("charter", "opened_at", "closes"),
    [
        # 30 days from the first of May in Seoul (UTC+9): the 31st is the last day.
        (KOREA, utc(2020, 5, 1, 3), utc(2020, 5, 31, 15)),
        # 15:00 UTC is the next day in Seoul already.
        (KOREA, utc(2020, 5, 1, 14, 59, 59), utc(2020, 5, 31, 15)),
        (KOREA, utc(2020, 5, 1, 15), utc(2020, 6, 1, 15)),
        # Opened in winter time, closed in summer time, and the other way round.
        (UK, utc(2024, 1, 10, 12), utc(2024, 7, 10, 23)),
        (UK, utc(2024, 7, 10, 12), utc(2025, 1, 11)),
        # The last day is the one on which the clocks change: 31 March and 27 October 2024.
        (UK, utc(2023, 9, 30, 12), utc(2024, 3, 30) + timedelta(days=1)),
        (UK, utc(2024, 4, 27, 12), utc(2024, 10, 28)),
        # Months end on the same day, or on the last one: 31 August to 28 or 29 February.
        (UK, utc(2022, 8, 31, 12), utc(2023, 3, 1)),
        (UK, utc(2023, 8, 31, 12), utc(2024, 3, 1)),
        (UK, utc(2023, 8, 29, 12), utc(2024, 3, 1)),
        (load_preset("eu-eci"), utc(2024, 2, 29, 12), utc(2025, 2, 28, 23)),
        (load_preset("bundestag"), utc(2024, 9, 20, 12), utc(2024, 11, 1, 23)),
    ],
)
def test_collecting_ends_with_a_legal_day(charter, opened_at, closes):
    assert closes_at(charter, opened_at=opened_at) == closes


def test_a_moment_without_a_time_zone_is_refused():
    with pytest.raises(ValueError, match="needs a time zone"):
        closes_at(UK, opened_at=datetime(2024, 1, 1))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("zone", "day", "over"),
    [
        ("Europe/London", date(2024, 3, 31), utc(2024, 3, 31, 23)),
        ("Asia/Beirut", date(2022, 3, 26), utc(2022, 3, 26, 22)),  # no midnight follows: clocks went from 0:00 to 1:00
        (
            "America/Havana",
            date(2024, 11, 2),
            utc(2024, 11, 3, 4),
        ),  # midnight comes twice: clocks went from 1:00 to 0:00
    ],
)
def test_a_day_is_over_at_its_midnight_even_where_the_clocks_change(build, zone, day, over):
    charter = build(("Europe/London", zone))
    assert end_of_day(charter, day) == over
    assert legal_day(charter, over) == day + timedelta(days=1)
    assert legal_day(charter, over - timedelta(microseconds=1)) == day


@settings(deadline=None)
@given(
    st.sampled_from(preset_ids()),
    st.integers(0, 100 * 366 * 24 * 60).map(lambda minutes: utc(2000, 1, 1) + timedelta(minutes=minutes)),
)
def test_every_petition_closes_at_a_local_midnight_after_its_length(preset_id, opened_at):
    charter = load_preset(preset_id)
    length = (charter.collecting.choices or (charter.collecting.length,))[0]
    closes = closes_at(charter, opened_at=opened_at, choice=length.render())
    zone = ZoneInfo(charter.time_zone)
    assert closes.astimezone(zone).timetz().replace(tzinfo=None).isoformat() == "00:00:00"
    assert closes.tzinfo is UTC
    last = closes.astimezone(zone).date() - timedelta(days=1)
    assert last == add_length(opened_at.astimezone(zone).date(), length)


def test_a_petitioner_chooses_among_the_lengths_offered():
    opened_at = utc(2024, 5, 1, 12)
    assert closes_at(CANADA, opened_at=opened_at, choice="60 days") == utc(2024, 7, 1, 4)
    for choice in (None, "45 days", "60", "sixty days"):
        with pytest.raises(CharterError) as caught:
            closes_at(CANADA, opened_at=opened_at, choice=choice)
        assert caught.value.cure == "choose 30 days, 60 days, 90 days, 120 days"


def test_a_petitioner_may_choose_a_shorter_time_where_the_charter_says_so():
    opened_at = utc(2024, 5, 1, 12)
    assert closes_at(SENEDD, opened_at=opened_at, choice="3 weeks") == utc(2024, 5, 22, 23)
    assert closes_at(SENEDD, opened_at=opened_at, choice="6 months") == closes_at(SENEDD, opened_at=opened_at)
    # Six months from the first of May are 184 days.
    assert closes_at(SENEDD, opened_at=opened_at, choice="184 days") == closes_at(SENEDD, opened_at=opened_at)
    for choice in ("7 months", "185 days", "5 working days"):
        with pytest.raises(CharterError):
            closes_at(SENEDD, opened_at=opened_at, choice=choice)


def test_a_length_is_no_choice_where_the_charter_offers_none():
    opened_at = utc(2024, 5, 1, 12)
    assert closes_at(UK, opened_at=opened_at, choice="6 months") == closes_at(UK, opened_at=opened_at)
    with pytest.raises(CharterError) as caught:
        closes_at(UK, opened_at=opened_at, choice="3 months")
    assert str(caught.value) == "uk-parliament: '3 months' is not a length this charter offers"
    assert caught.value.cure == "choose 6 months"


def test_a_pause_adds_a_legal_day_for_each_midnight():
    closes = closes_at(UK, opened_at=utc(2024, 4, 26, 12))
    assert closes == utc(2024, 10, 26, 23)
    assert extend_for_pause(UK, closes, 0) == closes
    # Across the end of summer time a day is 25 hours long.
    assert extend_for_pause(UK, closes, 1) == utc(2024, 10, 28)
    with pytest.raises(ValueError, match="cannot take days away"):
        extend_for_pause(UK, closes, -1)


@pytest.mark.parametrize(
    ("paused_at", "resumed_at", "midnights"),
    [
        (utc(2024, 7, 1, 9), utc(2024, 7, 1, 22, 59), 0),
        (utc(2024, 7, 1, 9), utc(2024, 7, 1, 23), 1),
        (utc(2024, 7, 1, 9), utc(2024, 7, 4, 9), 3),
        (utc(2024, 7, 4, 9), utc(2024, 7, 1, 9), 0),
    ],
)
def test_midnights_are_those_of_the_charters_time_zone(paused_at, resumed_at, midnights):
    assert count_midnights(UK, paused_at=paused_at, resumed_at=resumed_at) == midnights


def test_dissolution_closes_all_the_day_before_it():
    late, early = utc(2024, 10, 1, 23), utc(2024, 5, 20, 23)
    assert cut_at_dissolution(UK, late, date(2024, 5, 30)) == utc(2024, 5, 29, 23)
    assert cut_at_dissolution(UK, early, date(2024, 5, 30)) == early
    assert cut_at_dissolution(SENEDD, late, date(2024, 5, 30)) == late


@pytest.mark.parametrize(
    ("day", "covered"),
    [
        (date(2020, 4, 1), False),
        (date(2020, 4, 2), True),
        (date(2020, 4, 15), True),
        (date(2020, 4, 16), False),
        (date(2021, 11, 12), True),
        (date(2022, 3, 9), True),
        (date(2022, 3, 10), False),
    ],
)
def test_blackouts_cover_both_their_ends(day, covered):
    blackout = in_blackout(KOREA, day)
    assert (blackout is not None) is covered
    assert blackout is None or blackout.since <= day <= blackout.until


def test_a_charter_is_in_force_between_its_days():
    days = [date(2019, 3, 30), date(2019, 3, 31), date(2022, 5, 9), date(2022, 5, 10)]
    assert [is_in_force(KOREA, day) for day in days] == [False, True, True, False]
    assert is_in_force(UK, date(1900, 1, 1)) is True
    assert is_in_force(load_preset("bundestag"), date(2024, 6, 30)) is False
    assert is_in_force(load_preset("bundestag"), date(2050, 1, 1)) is True


def test_retention_ends_with_a_legal_day_after_closing(build):
    assert retention_ends_at(build(), closed_at=utc(2024, 8, 31, 12)) == utc(2025, 3, 1)


@pytest.mark.parametrize("text", ["1 day", "30 days", "6 weeks", "100 years", "10 sitting weeks", "1 working day"])
def test_a_length_is_written_in_one_way(text):
    assert Length.parse(text).render() == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "day",
        "1 days",
        "30 day",
        "0 days",
        "-1 days",
        "1_0 days",
        " 30 days",
        "30 days ",
        "30  days",
        "３ days",
        "30 Days",
        "1.5 days",
        "101 years",
        "36601 days",
        "5 sitting months",
        "5 working weeks",
        "3 days\n",
    ],
)
def test_another_way_to_write_a_length_is_refused(text):
    with pytest.raises(ValidationError):
        Length.parse(text)


@given(st.integers(1, 1_000), st.sampled_from(["day", "week", "month", "working day", "sitting day", "sitting week"]))
def test_what_is_rendered_parses(count, unit):
    text = f"{count} {unit}" + ("" if count == 1 else "s")
    assert Length.parse(text).render() == text
