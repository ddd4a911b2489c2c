"""By when an obligation is due: calendar, working and sitting time, the next sitting day, and extensions.

Periods are counted as in `clock.py`: the day of the event does not count, the last day counts to its end. Which days
are working days and days of sitting is the calendar's (`days.py`). A sitting week is a week (Monday to Sunday, ISO
8601) with a sitting in it; the week of the event does not count, and the last one counts to its Sunday.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from maninso.charter.base import CharterError, Length
from maninso.charter.clock import add_length, end_of_day, legal_day
from maninso.charter.days import Calendar
from maninso.charter.model import Charter
from maninso.charter.thresholds import Deadline, ExtensionRule, Moment, Step


@dataclass(frozen=True)
class Extension:
    """One extension granted: its reason, and its length where it is not the longest the charter allows."""

    reason: str = ""
    length: Length | None = None


@dataclass(frozen=True)
class Due:
    """When something is due.

    `at` is the instant (UTC) from which it is late, `on` the last legal day, `target_on` an earlier aim. Missing a
    deadline that is not `binding` breaks no rule. `provisional`: the next sitting day is not announced yet, so the day
    can only move later.
    """

    at: datetime
    on: date
    counted_from: Moment
    counted_from_at: datetime
    target_on: date | None
    binding: bool
    provisional: bool


def due_at(
    charter: Charter,
    obligation: Step,
    *,
    threshold_met_at: datetime | None,
    closed_at: datetime | None,
    certified_at: datetime | None = None,
    submitted_at: datetime | None = None,
    calendar: Calendar,
    extensions: Sequence[Extension] = (),
) -> Due | None:
    """Returns when an obligation, or one step of it, is due.

    None when the rules set no deadline, when the moment it counts from has not come, or when it counts sittings and
    too few are announced. Raises CharterError for an extension that the charter does not allow.
    """
    deadline = obligation.deadline
    if deadline is None:
        if extensions:
            raise CharterError(f"{obligation.id}: there is no deadline to extend", cure="grant no extension")
        return None
    moments: dict[Moment, datetime | None] = {
        "threshold": threshold_met_at,
        "closing": closed_at,
        "certification": certified_at,
        "submission": submitted_at,
    }
    steps = [deadline.within, *_allowed_lengths(obligation.id, deadline, extensions)]
    start = moments[deadline.counted_from]
    if start is None:
        return None
    started_on = legal_day(charter, start)
    on: date | None = started_on
    for length in steps:
        on = count_from(on, length, calendar) if on is not None else None
    if on is None:
        return None
    provisional = False
    if deadline.or_next_sitting_day:
        sitting = min((day for day in calendar.sitting_days if day >= on), default=None)
        on, provisional = sitting or on, sitting is None
    return Due(
        at=end_of_day(charter, on),
        on=on,
        counted_from=deadline.counted_from,
        counted_from_at=start,
        target_on=count_from(started_on, deadline.target, calendar) if deadline.target else None,
        binding=not deadline.best_effort,
        provisional=provisional,
    )


def count_from(day: date, length: Length, calendar: Calendar) -> date | None:
    """Returns the last day of a period that starts during `day`; None when too few sittings are announced."""
    if length.in_calendar:
        return add_length(day, length)
    if length.unit == "working day":
        return _add_working_days(day, length.count, calendar)
    if length.unit == "sitting day":
        ahead = sorted(sitting for sitting in calendar.sitting_days if sitting > day)
    else:
        sundays = {sitting + timedelta(days=6 - sitting.weekday()) for sitting in calendar.sitting_days}
        ahead = sorted(sunday for sunday in sundays if sunday > day + timedelta(days=6 - day.weekday()))
    return ahead[length.count - 1] if len(ahead) >= length.count else None


def _add_working_days(day: date, count: int, calendar: Calendar) -> date:
    while count:
        day += timedelta(days=1)
        count -= calendar.is_working_day(day)
    return day


def needs_calendar(deadline: Deadline) -> bool:
    """Returns whether its day depends on days off or days of sitting, or may by an extension."""
    lengths = [deadline.within, *(rule.length for rule in deadline.extensions)]
    open_ended = any(rule.length is None for rule in deadline.extensions)
    return deadline.or_next_sitting_day or open_ended or not all(each.in_calendar for each in lengths if each)


def _allowed_lengths(name: str, deadline: Deadline, extensions: Sequence[Extension]) -> list[Length]:
    # The rules are used up in order: so many extensions of the first, then of the second.
    rules: list[ExtensionRule] = []
    for rule in deadline.extensions:
        rules += [rule] * min(rule.at_most or len(extensions), len(extensions))
    if len(extensions) > len(rules):
        allowed = sum(rule.at_most or 0 for rule in deadline.extensions)
        raise CharterError(
            f"{name}: extension {len(rules) + 1} is one more than the charter allows",
            cure=f"the charter allows {allowed}; the deadline stands",
        )
    return [
        _allowed_length(f"{name}: extension {number}", rule, extension)
        for number, (rule, extension) in enumerate(zip(rules, extensions, strict=False), start=1)
    ]


def _allowed_length(name: str, rule: ExtensionRule, extension: Extension) -> Length:
    if rule.reason_required and not extension.reason.strip():
        raise CharterError(f"{name} gives no reason", cure="say why; the charter requires it")
    if rule.length is None:
        if extension.length is None:
            raise CharterError(f"{name} has no length", cure="say how long; the charter leaves it open")
        return extension.length
    length = extension.length or rule.length
    if length.unit != rule.length.unit or length.count > rule.length.count:
        raise CharterError(
            f"{name} of {length.render()} is not allowed", cure=f"extend by at most {rule.length.render()}"
        )
    return length
