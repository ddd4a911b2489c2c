"""Which days are working days: public holidays by country and subdivision, further days off, days of sitting."""

from datetime import date

import pytest

from maninso.charter import Calendar, CharterError, Length, calendar_of, count_from

WORKING = Length.parse("3 working days")


@pytest.fixture
def with_calendar(build):
    def make(lines):
        return build(
            ("[collecting]", f'[calendar]\n{lines}\nconfidence = "confirmed"\nsource = "bylaw"\n\n[collecting]')
        )

    return make


@pytest.mark.parametrize(
    ("lines", "start", "due"),
    [
        # 1 October 2025: three of the next eight days are the harvest feast, one the day of the script.
        ('country = "KR"', date(2025, 10, 1), date(2025, 10, 13)),
        ("", date(2025, 10, 1), date(2025, 10, 6)),
        # Epiphany is a holiday in Bavaria, and none in Berlin.
        ('country = "DE"\nsubdivision = "BY"', date(2026, 1, 2), date(2026, 1, 8)),
        ('country = "DE"\nsubdivision = "BE"', date(2026, 1, 2), date(2026, 1, 7)),
        # Canada Day, and the day that a province has in August.
        ('country = "CA"', date(2026, 6, 30), date(2026, 7, 6)),
        ("days_off = [2026-03-03]", date(2026, 3, 2), date(2026, 3, 6)),
    ],
)
def test_working_days_leave_out_the_holidays_of_the_charters_country(with_calendar, lines, start, due):
    charter = with_calendar(lines)
    assert count_from(start, WORKING, calendar_of(charter.calendar)) == due


def test_days_that_are_given_besides_count_with_the_charters(with_calendar):
    charter = with_calendar('country = "KR"\nsitting_days = [2026-03-05]')
    calendar = calendar_of(charter.calendar, days_off=[date(2026, 3, 3)], sitting_days=[date(2026, 3, 9)])
    assert calendar == Calendar(
        holidays=frozenset({date(2026, 3, 3)}),
        sitting_days=frozenset({date(2026, 3, 5), date(2026, 3, 9)}),
        country="KR",
    )
    # 2 March 2026 stands in for Independence Day, which is a Sunday.
    assert [day for day in range(1, 7) if calendar.is_working_day(date(2026, 3, day))] == [4, 5, 6]


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        ('country = "XX"', "calendar.country: is no country whose public holidays are known"),
        ('subdivision = "BE"', "calendar.subdivision: has no meaning without 'country'"),
        ('country = "DE"\nsubdivision = "QQ"', "calendar.subdivision: is none of those whose holidays are known: BB,"),
        ("sitting_days = [2026-03-03, 2026-03-03]", "calendar.sitting_days[1]: '2026-03-03' is used twice"),
    ],
)
def test_a_calendar_that_nobody_knows_is_refused(with_calendar, lines, fault):
    with pytest.raises(CharterError) as caught:
        with_calendar(lines)
    assert fault in str(caught.value)
