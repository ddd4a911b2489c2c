"""An obligation is due on a legal day: calendar, working and sitting time, extensions, best effort."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maninso.charter import Calendar, CharterError, Due, Extension, Length, due_at, load_preset
from maninso.charter.deadlines import count_from

NO_CALENDAR = Calendar()
MET = datetime(2024, 5, 1, 12, tzinfo=UTC)
CLOSED = datetime(2024, 6, 1, 12, tzinfo=UTC)
CERTIFIED = datetime(2024, 7, 1, 12, tzinfo=UTC)
SUBMITTED = datetime(2024, 8, 1, 12, tzinfo=UTC)
WITHIN = 'within = "30 days"\ncounted_from = "threshold"'


def due_of(charter, *, calendar=NO_CALENDAR, extensions=(), step=None, met=MET):
    return due_at(
        charter,
        step or charter.thresholds[0].obligation,
        threshold_met_at=met,
        closed_at=CLOSED,
        certified_at=CERTIFIED,
        submitted_at=SUBMITTED,
        calendar=calendar,
        extensions=extensions,
    )


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("threshold", date(2024, 5, 31)),
        ("closing", date(2024, 7, 1)),
        ("certification", date(2024, 7, 31)),
        ("submission", date(2024, 8, 31)),
    ],
)
def test_a_deadline_counts_from_its_moment(build, moment, day):
    due = due_of(build((WITHIN, f'within = "30 days"\ncounted_from = "{moment}"')))
    assert (due.on, due.counted_from) == (day, moment)


def test_a_due_day_says_everything_about_itself(build):
    due = due_of(build((WITHIN, WITHIN + '\ntarget = "14 days"')))
    assert due == Due(
        at=datetime(2024, 5, 31, 23, tzinfo=UTC),
        on=date(2024, 5, 31),
        counted_from="threshold",
        counted_from_at=MET,
        target_on=date(2024, 5, 15),
        binding=True,
        provisional=False,
    )


def test_a_clock_that_has_not_started_gives_no_day(build):
    for moment in ("threshold", "closing", "certification", "submission"):
        charter = build((WITHIN, f'within = "30 days"\ncounted_from = "{moment}"'))
        obligation = charter.thresholds[0].obligation
        assert due_at(charter, obligation, threshold_met_at=None, closed_at=None, calendar=NO_CALENDAR) is None


def test_no_deadline_gives_no_day():
    assert due_of(load_preset("university")) is None
    with pytest.raises(CharterError, match="answer: there is no deadline to extend"):
        due_of(load_preset("university"), extensions=[Extension("much work")])


def test_the_day_is_that_of_the_time_zone():
    # 15:30 UTC is the second of May in Seoul.
    due = due_of(load_preset("blue-house-2017"), met=datetime(2018, 5, 1, 15, 30, tzinfo=UTC))
    assert (due.on, due.at) == (date(2018, 6, 1), datetime(2018, 6, 1, 15, tzinfo=UTC))


def test_a_best_effort_binds_nobody():
    due = due_of(load_preset("we-the-people"))
    assert (due.on, due.binding) == (date(2024, 6, 30), False)


def test_uk_government_aims_at_14_days_and_is_late_after_21():
    due = due_of(load_preset("uk-parliament"))
    assert (due.target_on, due.on) == (date(2024, 5, 15), date(2024, 5, 22))


def test_a_step_has_a_deadline_of_its_own():
    charter = load_preset("eu-eci")
    assert due_of(charter).on == date(2025, 2, 1)
    assert due_of(charter, step=charter.thresholds[0].obligation.steps[0]).on == date(2024, 11, 1)


@pytest.mark.parametrize(
    ("start", "count", "holidays", "end"),
    [
        (date(2024, 5, 3), 1, [], date(2024, 5, 6)),  # Friday to Monday
        (date(2024, 5, 4), 1, [], date(2024, 5, 6)),  # from a Saturday
        (date(2024, 5, 3), 1, [date(2024, 5, 6)], date(2024, 5, 7)),
        (date(2024, 5, 3), 5, [date(2024, 5, 6)], date(2024, 5, 13)),
        (date(2024, 5, 3), 1, [date(2024, 5, 5)], date(2024, 5, 6)),  # a holiday on a Sunday moves nothing
        (date(2024, 12, 24), 2, [date(2024, 12, 25), date(2024, 12, 26)], date(2024, 12, 30)),
    ],
)
def test_working_days_pass_over_weekends_and_holidays(build, start, count, holidays, end):
    unit = "working day" if count == 1 else "working days"
    charter = build((WITHIN, f'within = "{count} {unit}"\ncounted_from = "threshold"'))
    met = datetime(start.year, start.month, start.day, 12, tzinfo=UTC)
    assert due_of(charter, met=met, calendar=Calendar(holidays=frozenset(holidays))).on == end


SITTINGS = frozenset(
    date(2024, month, day)
    for month, days in {5: (1, 2, 7, 8, 14, 28), 6: (3, 4, 19), 7: (1, 15), 9: (10, 17)}.items()
    for day in days
)


def test_sitting_days_are_those_after_the_event(build):
    charter = build((WITHIN, 'within = "3 sitting days"\ncounted_from = "threshold"'))
    assert due_of(charter, calendar=Calendar(sitting_days=SITTINGS)).on == date(2024, 5, 8)
    # The sitting on the day of the event does not count.
    known = sorted(SITTINGS)
    assert due_of(charter, calendar=Calendar(sitting_days=frozenset(known[:4]))).on == date(2024, 5, 8)
    assert due_of(charter, calendar=Calendar(sitting_days=frozenset(known[:3]))) is None


def test_sitting_weeks_end_on_their_sunday_and_pass_over_weeks_without_a_sitting(build):
    charter = build((WITHIN, 'within = "3 sitting weeks"\ncounted_from = "threshold"'))
    # The weeks of 6 May, 13 May and, with none in the week of 20 May, 27 May; that of 1 May does not count.
    assert due_of(charter, calendar=Calendar(sitting_days=SITTINGS)).on == date(2024, 6, 2)
    assert due_of(load_preset("bundestag"), calendar=Calendar(sitting_days=SITTINGS)) is None


@pytest.mark.parametrize(
    ("day", "end"), [(6, date(2024, 5, 19)), (11, date(2024, 5, 19)), (12, date(2024, 5, 19)), (13, date(2024, 6, 2))]
)
def test_the_week_of_the_event_is_no_sitting_week_of_the_deadline(build, day, end):
    charter = build((WITHIN, 'within = "1 sitting week"\ncounted_from = "threshold"'))
    met = datetime(2024, 5, day, 12, tzinfo=UTC)
    assert due_of(charter, met=met, calendar=Calendar(sitting_days=SITTINGS)).on == end


def test_a_day_without_a_sitting_moves_to_the_next_one():
    canada = load_preset("canada-commons")
    # 45 days from 1 August 2024 are 15 September.
    due = due_of(canada, calendar=Calendar(sitting_days=SITTINGS))
    assert (due.on, due.provisional) == (date(2024, 9, 17), False)
    due = due_of(canada, calendar=Calendar(sitting_days=SITTINGS | {date(2024, 9, 15)}))
    assert (due.on, due.provisional) == (date(2024, 9, 15), False)


def test_where_no_later_sitting_is_announced_the_day_is_provisional():
    due = due_of(load_preset("canada-commons"), calendar=Calendar(sitting_days=frozenset([date(2024, 9, 10)])))
    assert (due.on, due.provisional) == (date(2024, 9, 15), True)


def test_the_national_assembly_extends_once_by_sixty_days_then_by_votes():
    charter = load_preset("national-assembly-kr")
    first = Extension("the committee needs another hearing")
    vote = Extension("the committee voted", Length.parse("3 months"))
    # 90 days from 1 August 2024.
    assert due_of(charter).on == date(2024, 10, 30)
    assert due_of(charter, extensions=[first]).on == date(2024, 12, 29)
    assert due_of(charter, extensions=[first, vote, vote]).on == date(2025, 6, 29)
    shorter = Extension("a few days are enough", Length.parse("10 days"))
    assert due_of(charter, extensions=[shorter]).on == date(2024, 11, 9)


@pytest.mark.parametrize(
    ("extensions", "message", "cure"),
    [
        ([Extension("")], "examination: extension 1 gives no reason", "say why"),
        ([Extension("  ")], "examination: extension 1 gives no reason", "say why"),
        (
            [Extension("more", Length.parse("61 days"))],
            "examination: extension 1 of 61 days is not allowed",
            "extend by at most 60 days",
        ),
        (
            [Extension("more", Length.parse("1 month"))],
            "examination: extension 1 of 1 month is not allowed",
            "extend by at most 60 days",
        ),
        ([Extension("more"), Extension("again")], "examination: extension 2 has no length", "say how long"),
    ],
)
def test_an_extension_the_charter_does_not_allow_is_refused(extensions, message, cure):
    with pytest.raises(CharterError) as caught:
        due_of(load_preset("national-assembly-kr"), extensions=extensions)
    assert str(caught.value) == message
    assert caught.value.cure.startswith(cure)


def test_no_more_extensions_than_the_charter_has(build):
    once = build((WITHIN, WITHIN + '\nextensions = [{ at_most = 1, length = "1 week", reason_required = false }]'))
    assert due_of(once, extensions=[Extension()]).on == date(2024, 6, 7)
    for charter, extensions, number in ((once, [Extension()] * 3, 2), (build(), [Extension("why")], 1)):
        with pytest.raises(CharterError) as caught:
            due_of(charter, extensions=extensions)
        assert str(caught.value) == f"answer: extension {number} is one more than the charter allows"
        assert caught.value.cure == f"the charter allows {number - 1}; the deadline stands"


def test_an_extension_is_checked_even_before_the_clock_starts(build):
    obligation = build().thresholds[0].obligation
    with pytest.raises(CharterError):
        due_at(
            build(),
            obligation,
            threshold_met_at=None,
            closed_at=None,
            calendar=NO_CALENDAR,
            extensions=[Extension("why")],
        )


@settings(deadline=None)
@given(
    st.dates(date(2000, 1, 1), date(2050, 1, 1)),
    st.integers(1, 60),
    st.frozensets(st.dates(date(2000, 1, 1), date(2050, 12, 31)), max_size=20),
)
def test_so_many_working_days_lie_between(start, count, holidays):
    end = count_from(
        start, Length.parse("1 working day" if count == 1 else f"{count} working days"), Calendar(holidays=holidays)
    )
    days = [start + timedelta(days=number) for number in range(1, (end - start).days + 1)]
    working = [day for day in days if day.weekday() < 5 and day not in holidays]
    assert len(working) == count
    assert working[-1] == end
