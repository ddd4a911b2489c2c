"""Calendars and moments that institutions give, and the days of debts that follow from them, each change on record."""

import datetime as dt
import hashlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Max

from maninso import UsageError
from maninso.charter import Charter, Deadline, legal_day, needs_calendar
from maninso.petitions.access.rules import due_columns, find_due, read_charter_version, words
from maninso.petitions.access.views import Words
from maninso.petitions.audit import record_action
from maninso.petitions.lifecycle import Actor, read_petition
from maninso.petitions.models import (
    DAY_KINDS,
    MOMENT_KINDS,
    CalendarDay,
    CharterVersion,
    DueChange,
    Moment,
    Obligation,
    Petition,
)
from maninso.petitions.obligations.settling import lock_obligation, require_desk

LONGEST_SPAN = dt.timedelta(days=3660)


@dataclass(frozen=True, kw_only=True)
class GivenDays:
    """Days of one kind ("sitting" or "day-off"): all of them from `since` to `until`, both included."""

    kind: str
    since: dt.date
    until: dt.date
    days: frozenset[dt.date]


@dataclass
class CalendarReport:
    """What a calendar changed: days that came and went, and debts whose day moved."""

    added: int = 0
    removed: int = 0
    moved: list[int] = field(default_factory=list)  # obligations


@dataclass(frozen=True, kw_only=True)
class CalendarView:
    """What an institution's calendar is known of: `days` from a day on, by kind, and the span that was given."""

    institution: str
    name: Words
    sitting: tuple[dt.date, ...]
    days_off: tuple[dt.date, ...]
    country: str  # whose public holidays count besides, "" for none
    needs_sittings: bool  # whether a clock of its charter counts them
    ends_with_dissolution: bool  # whether its charter knows dissolutions


class _Undo(Exception):
    """Ends a dry run."""


def give_calendar(
    institution: str, given: Collection[GivenDays], *, actor: Actor, now: dt.datetime, dry: bool = False
) -> CalendarReport:
    """Put these days in place of those of their kind in their span, and let the days of debts follow.

    With `dry` nothing is kept. Raises UsageError for an unknown institution, kind or span, RoleError.
    """
    if not CharterVersion.objects.filter(charter_id=institution).exists():
        raise UsageError(f"institution: {institution!r}", cure="give the id of a charter that a petition here follows")
    for each in given:
        _check(each)
    report = CalendarReport()
    try:
        with transaction.atomic():
            if actor.role != "system":
                require_desk(actor, institution)
            for each in given:
                _replace(institution, each, report)
            report.moved += recount_due_days(institution=institution, states=("owed", "kept"), now=now)
            if dry:
                raise _Undo
            if report.added or report.removed:
                _write_calendar(institution, given, report, actor=actor, now=now)
    except _Undo:
        pass
    return report


def note_moment(petition_id: int, *, kind: str, on: dt.date, actor: Actor, now: dt.datetime) -> list[int]:
    """Record when a petition was certified or handed in, in place of an earlier record; return the debts that moved.

    Raises UsageError for a kind that its charter counts nothing from, or a day before it opened or to come, RoleError.
    """
    petition = read_petition(petition_id)
    charter = read_charter_version(petition.charter)
    require_desk(actor, charter.id)
    if kind not in moments_of(charter):
        raise UsageError(
            f"kind: {kind!r}", cure=f"{charter.id} counts from: {', '.join(moments_of(charter)) or 'none'}"
        )
    if petition.opened_at is None or not legal_day(charter, petition.opened_at) <= on <= legal_day(charter, now):
        raise UsageError(f"on: {on}", cure="give a day from its opening until today")
    with transaction.atomic():
        Petition.objects.select_for_update(no_key=True).only("pk").get(pk=petition_id)
        old = Moment.objects.filter(petition=petition_id, kind=kind).values_list("on", flat=True).first()
        Moment.objects.update_or_create(
            petition_id=petition_id,
            kind=kind,
            defaults={"on": on, "role": actor.role, "actor": actor.name, "at": now},
        )
        before, after = {"kind": kind, "on": old.isoformat() if old else None}, {"kind": kind, "on": on.isoformat()}
        record_action(actor, "moment-noted", f"petition/{petition_id}", before, after, now=now)
        owed = Obligation.objects.filter(petition=petition_id, state__in=("owed", "kept")).order_by("pk")
        return [pk for pk in owed.values_list("pk", flat=True) if _recount(pk, cause=kind, now=now)]


def moments_of(charter: Charter) -> tuple[str, ...]:
    """Return which moments ("certification", "submission") the charter's clocks count from, or end with."""
    deadlines = [each.obligation.deadline for each in charter.thresholds if each.obligation]
    counted = {each.counted_from for each in deadlines if each}
    if charter.submission is not None:
        counted |= {"submission", charter.submission.counted_from}
    return tuple(kind for kind in MOMENT_KINDS if kind in counted)


def read_moment_days(petition_id: int) -> dict[str, dt.date]:
    """Return the days on which a petition was certified and handed in, as far as it was."""
    return dict(Moment.objects.filter(petition=petition_id).values_list("kind", "on"))


def recount_due_days(*, now: dt.datetime, institution: str = "", states: Collection[str] = ("owed",)) -> list[int]:
    """Bring the days of debts up to date that count working days or sittings; return the debts whose day moved.

    Each change is recorded. Any number may run this at once.
    """
    rows = Obligation.objects.filter(state__in=states, petition__charter__in=_find_counting(institution))
    found = rows.order_by("petition", "pk").values_list("pk", flat=True)
    return [pk for pk in list(found) if _recount(pk, cause="calendar", now=now)]


def read_calendars(*, institution: str = "", since: dt.date) -> tuple[CalendarView, ...]:
    """Return the calendars of the institutions that petitions here follow, or of one, from a day on."""
    rows = CharterVersion.objects.filter(petitions__isnull=False)
    if institution:
        rows = rows.filter(charter_id=institution)
    newest = rows.values("charter_id").annotate(newest=Max("pk")).values("newest")
    charters = [read_charter_version(each) for each in CharterVersion.objects.filter(pk__in=newest)]
    views = []
    for charter in sorted(charters, key=lambda each: each.id):
        days: dict[str, set[dt.date]] = {kind: set() for kind in DAY_KINDS}
        for kind, on in CalendarDay.objects.filter(institution=charter.id, on__gte=since).values_list("kind", "on"):
            days[kind].add(on)
        rules = charter.calendar
        days["sitting"].update(day for day in (rules.sitting_days if rules else ()) if day >= since)
        days["day-off"].update(day for day in (rules.days_off if rules else ()) if day >= since)
        country = "-".join(part for part in (rules.country, rules.subdivision) if part) if rules else ""
        views.append(
            CalendarView(
                institution=charter.id,
                name=words(charter.institution),
                sitting=tuple(sorted(days["sitting"])),
                days_off=tuple(sorted(days["day-off"])),
                country=country,
                needs_sittings=_counts_sittings(charter),
                ends_with_dissolution=charter.dissolution is not None,
            )
        )
    return tuple(views)


def _check(given: GivenDays) -> None:
    if given.kind not in DAY_KINDS:
        raise UsageError(f"kind: {given.kind!r}", cure=f"give one of: {', '.join(DAY_KINDS)}")
    if not dt.timedelta(0) <= given.until - given.since <= LONGEST_SPAN:
        raise UsageError(
            f"from {given.since} to {given.until}", cure="give the first day, then the last; ten years at most"
        )
    outside = sorted(day for day in given.days if not given.since <= day <= given.until)
    if outside:
        raise UsageError(
            f"{outside[0]} lies outside {given.since} to {given.until}", cure="give a span that holds all days"
        )


def _replace(institution: str, given: GivenDays, report: CalendarReport) -> None:
    known = CalendarDay.objects.filter(institution=institution, kind=given.kind, on__range=(given.since, given.until))
    report.removed += known.exclude(on__in=given.days).delete()[0]
    before = set(known.values_list("on", flat=True))
    fresh = [CalendarDay(institution=institution, kind=given.kind, on=day) for day in sorted(given.days - before)]
    CalendarDay.objects.bulk_create(fresh, ignore_conflicts=True)
    report.added += len(fresh)


def _write_calendar(
    institution: str, given: Iterable[GivenDays], report: CalendarReport, *, actor: Actor, now: dt.datetime
) -> None:
    known = CalendarDay.objects.filter(institution=institution).order_by("kind", "on").values_list("kind", "on")
    whole = "".join(f"{kind} {on}\n" for kind, on in known)
    record_action(
        actor,
        "calendar-given",
        f"calendar/{institution}",
        {"removed": report.removed},
        {
            "added": report.added,
            "given": [f"{each.kind} {each.since}..{each.until}: {len(each.days)}" for each in given],
            "sha256": hashlib.sha256(whole.encode()).hexdigest(),
            "moved": report.moved,
        },
        now=now,
    )


def _find_counting(institution: str) -> list[int]:
    """Return the charter versions with a clock that days off or sittings can move."""
    rows = CharterVersion.objects.filter(petitions__obligations__isnull=False).distinct()
    if institution:
        rows = rows.filter(charter_id=institution)
    return [row.pk for row in rows.defer("source") if any(map(needs_calendar, _deadlines(row)))]


def _deadlines(version: CharterVersion) -> Iterator[Deadline]:
    for threshold in read_charter_version(version).thresholds:
        if threshold.obligation and threshold.obligation.deadline:
            yield threshold.obligation.deadline


def _recount(obligation_id: int, *, cause: str, now: dt.datetime) -> bool:
    with transaction.atomic():
        # Held, as where a debt is made, against a closing at the same time.
        petition_id = Obligation.objects.values_list("petition", flat=True).get(pk=obligation_id)
        Petition.objects.select_for_update(no_key=True).only("pk").get(pk=petition_id)
        obligation = lock_obligation(obligation_id)
        due = find_due(
            obligation.petition,
            obligation.threshold_id,
            met_at=obligation.owed_since,
            granted=obligation.extensions.order_by("number"),
        )
        columns = due_columns(due)
        if all(getattr(obligation, name) == value for name, value in columns.items()):
            return False
        Obligation.objects.filter(pk=obligation_id).update(**columns)
        if columns["due_on"] == obligation.due_on:
            return False  # it is sure now, where the next sitting could have moved it
        DueChange.objects.create(
            obligation=obligation, old_due_on=obligation.due_on, new_due_on=columns["due_on"], cause=cause, at=now
        )
    return True


def _counts_sittings(charter: Charter) -> bool:
    deadlines = [each.obligation.deadline for each in charter.thresholds if each.obligation]
    return any(
        each.or_next_sitting_day or each.within.unit.startswith("sitting") for each in deadlines if each is not None
    )
