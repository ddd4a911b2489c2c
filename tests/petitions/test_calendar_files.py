"""Calendars from files: what they say by kind, from when to when, and what is wrong with them."""

import datetime as dt
from pathlib import Path

import pytest

from maninso import UnreadableError, UsageError
from maninso.petitions.obligations import GivenDays
from maninso.petitions.opendata.calendars import read_calendar_file

FIRST, LAST, OFF = dt.date(2026, 3, 10), dt.date(2026, 3, 24), dt.date(2026, 5, 4)
EXPECTED = (
    GivenDays(kind="day-off", since=OFF, until=OFF, days=frozenset({OFF})),
    GivenDays(kind="sitting", since=FIRST, until=LAST, days=frozenset({FIRST, LAST})),
)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("days.csv", "day,kind\r\n2026-03-10,sitting\r\n2026-03-24, sitting\r\n\r\n2026-05-04,day-off\r\n"),
        (
            "days.json",
            '[{"day": "2026-03-10", "kind": "sitting"}, {"day": "2026-03-24", "kind": "sitting"},'
            ' {"day": "2026-05-04", "kind": "day-off"}]',
        ),
    ],
)
def test_days_are_read_by_kind(name: str, text: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_text(text, encoding="utf-8-sig")
    assert read_calendar_file(file) == EXPECTED
    since, until = dt.date(2026, 1, 1), dt.date(2026, 12, 31)
    assert {(each.since, each.until) for each in read_calendar_file(file, since=since, until=until)} == {(since, until)}


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("days.csv", "", "does not name the columns"),
        ("days.csv", "on,what\n2026-03-10,sitting\n", "does not name the columns"),
        ("days.csv", "day,kind\n", "holds no days"),
        ("days.csv", "day,kind\n2026-03-10\n", "row 2 has not two columns"),
        ("days.csv", "day,kind\n10.3.2026,sitting\n", "row 2: '10.3.2026' is no day"),
        ("days.csv", 'day,kind\n"2026', "is not CSV"),
        ("days.json", "[", "is not JSON"),
        ("days.json", "[]", "holds no days"),
        ("days.json", '[{"day": "2026-03-10"}]', "record 1 is no day with its kind"),
        ("days.json", '[{"day": 20260310, "kind": "sitting"}]', "record 1 is no day with its kind"),
        ("days.json", '"2026-03-10"', "record 1 is no day with its kind"),
        ("days.txt", "2026-03-10", "is neither .json nor .csv"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(name: str, text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=said):
        read_calendar_file(file)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError):
        read_calendar_file(tmp_path / "days.csv")
