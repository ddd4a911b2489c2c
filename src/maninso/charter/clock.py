"""Legal days: when collecting ends, pauses, dissolution, blackouts, retention.

A legal day is a day of the charter's time zone. Every end is an instant in UTC that is itself no longer inside: the
midnight at which the last legal day is over. The day a period starts does not count; a period in months ends on the
day of the same number, or on the month's last day where there is none (Regulation (EEC, Euratom) No 1182/71,
Article 3, counts so; so do the presets' institutions).
"""

import calendar
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from maninso.charter.base import CharterError, Length
from maninso.charter.model import Blackout, Charter


def legal_day(charter: Charter, at: datetime) -> date:
    """Returns the legal day that an instant (aware) falls on; raises ValueError for a naive one."""
    if at.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return at.astimezone(ZoneInfo(charter.time_zone)).date()


def end_of_day(charter: Charter, day: date) -> datetime:
    """Returns the instant (UTC) at which a legal day is over."""
    midnight = datetime.combine(day + timedelta(days=1), time.min, ZoneInfo(charter.time_zone))
    return midnight.astimezone(UTC)


def add_length(day: date, length: Length) -> date:
    """Returns the last day of a period of days, weeks, months or years that starts during `day`."""
    if length.unit == "day":
        return day + timedelta(days=length.count)
    if length.unit == "week":
        return day + timedelta(weeks=length.count)
    if length.unit not in ("month", "year"):
        raise ValueError(f"{length.render()} needs a calendar of sittings or holidays")
    months = day.year * 12 + day.month - 1 + length.count * (12 if length.unit == "year" else 1)
    year, month = divmod(months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def closes_at(charter: Charter, *, opened_at: datetime, choice: str | None = None) -> datetime:
    """Returns the instant (UTC) from which a petition opened at `opened_at` takes no more signatures.

    `choice` is the petitioner's, such as `60 days`: needed where the charter offers choices, allowed where it lets a
    petition be shorter, else refused. Raises CharterError.
    """
    opened_on = legal_day(charter, opened_at)
    return end_of_day(charter, add_length(opened_on, _choose_length(charter, choice, opened_on)))


def _choose_length(charter: Charter, choice: str | None, opened_on: date) -> Length:
    collecting = charter.collecting
    offered = ", ".join(length.render() for length in collecting.choices)
    if choice is None:
        if collecting.length is None:
            raise CharterError(f"{charter.id}: the petitioner chooses how long to collect", cure=f"choose {offered}")
        return collecting.length
    for length in collecting.choices or (collecting.length,):
        if length is not None and length.render() == choice:
            return length
    try:
        chosen = Length.parse(choice)
    except ValidationError:
        chosen = None
    longest = collecting.length
    if chosen is not None and chosen.in_calendar and longest is not None and collecting.shorter_allowed:
        if add_length(opened_on, chosen) <= add_length(opened_on, longest):
            return chosen
        raise CharterError(
            f"{charter.id}: {choice!r} is too long", cure=f"choose a length of at most {longest.render()}"
        )
    raise CharterError(
        f"{charter.id}: {choice!r} is not a length this charter offers",
        cure=f"choose {offered or (longest.render() if longest else '')}",
    )


def count_midnights(charter: Charter, *, paused_at: datetime, resumed_at: datetime) -> int:
    """Returns how many legal days ended while collecting was paused."""
    return max((legal_day(charter, resumed_at) - legal_day(charter, paused_at)).days, 0)


def extend_for_pause(charter: Charter, closes_at: datetime, midnights: int) -> datetime:
    """Returns the later instant of closing after a pause over that many midnights: a legal day for each."""
    if midnights < 0:
        raise ValueError("a pause cannot take days away")
    # An instant of closing is the first of the day after the last one.
    return end_of_day(charter, legal_day(charter, closes_at) + timedelta(days=midnights - 1))


def cut_at_dissolution(charter: Charter, closes_at: datetime, dissolves_on: date) -> datetime:
    """Returns when a petition closes once dissolution is announced: with the day before it, if that is earlier.

    Unchanged where the charter knows no dissolution.
    """
    if charter.dissolution is None:
        return closes_at
    return min(closes_at, end_of_day(charter, dissolves_on - timedelta(days=1)))


def in_blackout(charter: Charter, on: date) -> Blackout | None:
    """Returns the blackout that covers a legal day, or None."""
    return next((each for each in charter.blackouts if each.since <= on <= each.until), None)


def is_in_force(charter: Charter, on: date) -> bool:
    """Returns whether these are the institution's rules on that legal day, as far as the charter says."""
    period = charter.in_force
    return period is None or (period.since <= on and (period.until is None or on <= period.until))


def retention_ends_at(charter: Charter, *, closed_at: datetime) -> datetime:
    """Returns the instant (UTC) from which the petition's key and personal data are to be destroyed."""
    return end_of_day(charter, add_length(legal_day(charter, closed_at), charter.retention.after_closing))
