"""Clocks that count working days, sittings, or from a certification or submission, and what moves them."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from maninso import UsageError
from maninso.charter import Charter, load_charter, load_preset
from maninso.petitions.access import find_petition
from maninso.petitions.lifecycle import (
    SYSTEM,
    Actor,
    RoleError,
    close_petition,
    open_petition,
    pass_to_moderation,
)
from maninso.petitions.models import Account, AuditRecord, CalendarDay, DueChange, Moment, Obligation
from maninso.petitions.obligations import (
    GivenDays,
    ObligationError,
    answer,
    board,
    extend,
    give_calendar,
    note_moment,
    read_calendars,
    record_met_thresholds,
    recount_due_days,
)

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)
CLERK = Actor(role="clerk", name="clerk@example.org")
REPLY: dict[str, Any] = {"author": "The mayor", "summary": "Yes.", "body": "", "language": "en", "actor": CLERK}
TABLED = dt.date(2026, 3, 2)


@pytest.fixture(autouse=True)
def _clerk(now: dt.datetime) -> None:
    Account.objects.create(email=CLERK.name, role="clerk", created_at=now)


@pytest.fixture
def clock(make_charter: Callable[..., Charter]) -> Callable[..., Charter]:
    """The town's charter with another clock, from the signature that met the threshold."""

    def make(within: str, *, counted_from: str = "threshold", more: str = "", added: str = "") -> Charter:
        changes = ('within = "30 days"', f'within = "{within}"', 'counted_from = "closing"')
        extensions = 'extensions = [{ at_most = 1, length = "1 month" }]'
        moved = f'counted_from = "{counted_from}"{more}'
        return make_charter(
            *changes, moved, extensions, 'extensions = [{ at_most = 1, length = "5 working days" }]', added=added
        )

    return make


def sittings(*days: dt.date, since: dt.date = dt.date(2026, 1, 1), until: dt.date = dt.date(2026, 12, 31)) -> GivenDays:
    return GivenDays(kind="sitting", since=since, until=until, days=frozenset(days))


def days_off(*days: dt.date) -> GivenDays:
    return GivenDays(kind="day-off", since=dt.date(2026, 1, 1), until=dt.date(2026, 12, 31), days=frozenset(days))


CALENDAR = '\n[calendar]\ncountry = "KR"\nconfidence = "confirmed"\nsource = "bylaw"\n'


def test_working_days_leave_out_the_holidays_of_the_country_and_those_given_later(
    met: Callable[..., int], clock: Callable[..., Charter], now: dt.datetime
) -> None:
    # From Monday, 2 March, which is a holiday itself: five working days end on Monday, 9 March.
    obligation_id = met(charter=clock("5 working days", added=CALENDAR))
    assert Obligation.objects.get().due_on == dt.date(2026, 3, 9)
    report = give_calendar("town", [days_off(dt.date(2026, 3, 4))], actor=CLERK, now=now + DAY)
    assert (report.added, report.removed, report.moved) == (1, 0, [obligation_id])
    obligation = Obligation.objects.get()
    assert (obligation.due_on, obligation.due_at) == (
        dt.date(2026, 3, 10),
        dt.datetime(2026, 3, 10, 15, tzinfo=dt.UTC),
    )
    # An extension in working days follows the same calendar.
    give_calendar("town", [days_off(dt.date(2026, 3, 4), dt.date(2026, 3, 12))], actor=CLERK, now=now + DAY)
    assert extend(obligation_id, length="5 working days", reason="Frost.", now=now, actor=CLERK) == dt.date(2026, 3, 18)


def test_public_holidays_in_the_span_of_a_clock_move_its_day(
    met: Callable[..., int], clock: Callable[..., Charter], now: dt.datetime
) -> None:
    # Children's Day, 5 May 2026, is a Tuesday.
    met(charter=clock("3 working days", added=CALENDAR), now=now + 60 * DAY)  # 1 May, a Friday and a holiday
    assert Obligation.objects.get().due_on == dt.date(2026, 5, 7)


def test_a_clock_of_sitting_weeks_has_no_day_until_the_calendar_is_given_and_every_change_is_on_record(
    met: Callable[..., int], clock: Callable[..., Charter], now: dt.datetime
) -> None:
    obligation_id = met(charter=clock("2 sitting weeks"))
    (row,) = board(now=now).rows
    assert (row.due_on, row.waits_for, row.overdue) == (None, "calendar", False)
    first, second, third = dt.date(2026, 3, 10), dt.date(2026, 3, 24), dt.date(2026, 4, 14)
    report = give_calendar("town", [sittings(first, second)], actor=CLERK, now=now + DAY)
    assert (report.added, report.moved) == (2, [obligation_id])
    (row,) = board(now=now + DAY).rows
    assert (row.due_on, row.waits_for) == (dt.date(2026, 3, 29), "")
    # One is called off, another announced; the same calendar again changes nothing.
    for moved in ([obligation_id], []):
        report = give_calendar("town", [sittings(first, third)], actor=CLERK, now=now + 2 * DAY)
        assert report.moved == moved
    (row,) = board(now=now + 2 * DAY).rows
    assert [(each.old_due_on, each.new_due_on, each.cause, each.at) for each in row.due_changes] == [
        (None, dt.date(2026, 3, 29), "calendar", now + DAY),
        (dt.date(2026, 3, 29), dt.date(2026, 4, 19), "calendar", now + 2 * DAY),
    ]
    records = AuditRecord.objects.filter(action="calendar-given").order_by("number")
    assert [(each.subject, each.after["added"], each.after["moved"]) for each in records] == [
        ("calendar/town", 2, [obligation_id]),
        ("calendar/town", 1, [obligation_id]),
    ]


def test_a_calendar_can_take_the_day_away_again(
    met: Callable[..., int], clock: Callable[..., Charter], now: dt.datetime
) -> None:
    met(charter=clock("1 sitting day"))
    give_calendar("town", [sittings(dt.date(2026, 3, 10))], actor=CLERK, now=now)
    report = give_calendar("town", [sittings()], actor=CLERK, now=now)
    assert (report.added, report.removed) == (0, 1)
    (row,) = board(now=now).rows
    assert (row.due_on, row.waits_for) == (None, "calendar")


def test_an_answer_before_the_calendar_was_given_is_judged_by_it(
    met: Callable[..., int], clock: Callable[..., Charter], now: dt.datetime
) -> None:
    obligation_id = met(charter=clock("1 sitting day"))
    answer(obligation_id, **REPLY, now=now + 10 * DAY)
    give_calendar("town", [sittings(dt.date(2026, 3, 5))], actor=CLERK, now=now + 11 * DAY)
    (score,) = board(now=now + 11 * DAY).scores
    assert (score.kept, score.kept_late) == (1, 1)


def test_a_calendar_that_is_tried_keeps_nothing(
    met: Callable[..., int], clock: Callable[..., Charter], now: dt.datetime
) -> None:
    obligation_id = met(charter=clock("1 sitting day"))
    report = give_calendar("town", [sittings(dt.date(2026, 3, 5))], actor=SYSTEM, now=now, dry=True)
    assert (report.added, report.moved) == (1, [obligation_id])
    assert not CalendarDay.objects.exists()
    assert not AuditRecord.objects.filter(action="calendar-given").exists()
    assert Obligation.objects.get().due_on is None


@pytest.mark.parametrize(
    ("institution", "given"),
    [
        ("village", sittings()),
        ("town", GivenDays(kind="holiday", since=TABLED, until=TABLED, days=frozenset())),
        ("town", sittings(since=TABLED, until=TABLED - DAY)),
        ("town", sittings(until=dt.date(2037, 1, 1))),
        ("town", sittings(dt.date(2027, 1, 1))),
    ],
)
def test_a_calendar_that_cannot_be_is_refused(
    institution: str, given: GivenDays, met: Callable[..., int], now: dt.datetime
) -> None:
    met()
    with pytest.raises(UsageError):
        give_calendar(institution, [given], actor=CLERK, now=now)


def test_only_its_own_clerks_give_an_institutions_calendar(met: Callable[..., int], now: dt.datetime) -> None:
    met()
    other = Actor(role="clerk", name="other@example.org")
    Account.objects.create(email=other.name, role="clerk", institution="village", created_at=now)
    for actor in (other, Actor(role="auditor", name="choi@example.org")):
        with pytest.raises(RoleError):
            give_calendar("town", [sittings()], actor=actor, now=now)
        with pytest.raises(RoleError):
            note_moment(Obligation.objects.get().petition_id, kind="submission", on=TABLED, actor=actor, now=now)


def test_canada_45_days_from_tabling_or_the_next_sitting_day(
    submitted: Callable[..., int], sign: Any, sequence: Any, now: dt.datetime
) -> None:
    source = load_preset("canada-commons").source.replace(b"at_least = 500\n", b"at_least = 3\n")
    petition_id = submitted(charter=load_charter(source, name="canada.toml"), length="30 days")
    pass_to_moderation(petition_id, now=now)
    open_petition(petition_id, now=now)
    sign(petition_id, "Ada", "Bo", "Cy", region=0)
    sequence(now)
    record_met_thresholds(now=now)
    (row,) = board(now=now).rows
    assert (row.due_on, row.waits_for) == (None, "submission")
    tabled = dt.date(2026, 3, 1)  # in Ottawa
    moved = note_moment(petition_id, kind="submission", on=tabled, actor=CLERK, now=now)
    (row,) = board(now=now).rows
    # As long as nobody knows the next sitting, nothing is late.
    assert (moved, row.due_on, row.waits_for, row.binding) == (
        [row.obligation_id],
        tabled + 45 * DAY,
        "calendar",
        False,
    )
    assert not board(now=now + 60 * DAY).rows[0].overdue
    give_calendar("canada-commons", [sittings(dt.date(2026, 4, 20))], actor=CLERK, now=now)
    (row,) = board(now=now + 51 * DAY).rows
    assert (row.due_on, row.waits_for, row.binding, row.days_late) == (dt.date(2026, 4, 20), "", True, 1)
    assert [each.cause for each in row.due_changes] == ["submission", "calendar"]
    record = AuditRecord.objects.get(action="moment-noted")
    assert (record.subject, record.after) == (
        f"petition/{petition_id}",
        {"kind": "submission", "on": tabled.isoformat()},
    )


def test_the_bundestags_ten_sitting_weeks_from_closing(
    opened: Callable[..., int], sign: Any, sequence: Any, now: dt.datetime
) -> None:
    source = load_preset("bundestag").source.replace(b"at_least = 30_000\n", b"at_least = 3\n")
    petition_id = opened(charter=load_charter(source, name="bundestag.toml"))
    sign(petition_id, "Ada", "Bo", "Cy", region=0)
    sequence(now)
    record_met_thresholds(now=now)
    tuesdays = [dt.date(2026, 3, 3) + 7 * number * DAY for number in range(30)]
    give_calendar("bundestag", [sittings(*tuesdays)], actor=CLERK, now=now)
    # Six weeks from 2 March are over on 13 April; the tenth week after that week ends on 28 June.
    assert Obligation.objects.get().due_on == dt.date(2026, 6, 28)
    close_petition(petition_id, now=now + 8 * DAY)
    assert Obligation.objects.get().due_on == dt.date(2026, 5, 24)


def test_a_moment_is_of_a_kind_that_the_charter_counts_from_and_of_a_day_that_was(
    met: Callable[..., int], clock: Callable[..., Charter], now: dt.datetime
) -> None:
    met(charter=clock("30 days", counted_from="certification"))
    petition_id = Obligation.objects.get().petition_id
    for kind, on in (("submission", TABLED), ("certification", TABLED + DAY), ("certification", TABLED - DAY)):
        with pytest.raises(UsageError):
            note_moment(petition_id, kind=kind, on=on, actor=CLERK, now=now)
    note_moment(petition_id, kind="certification", on=TABLED, actor=CLERK, now=now)
    note_moment(petition_id, kind="certification", on=TABLED + 2 * DAY, actor=CLERK, now=now + 2 * DAY)
    assert list(Moment.objects.values_list("kind", "on")) == [("certification", TABLED + 2 * DAY)]
    assert Obligation.objects.get().due_on == TABLED + 32 * DAY
    view = find_petition(petition_id, now=now)
    assert view is not None
    assert [each.new_due_on for each in view.obligations[0].due_changes] == [TABLED + 30 * DAY, TABLED + 32 * DAY]


def test_the_worker_follows_what_is_known_of_holidays_now(
    met: Callable[..., int], clock: Callable[..., Charter], now: dt.datetime
) -> None:
    obligation_id = met(charter=clock("5 working days", added=CALENDAR))
    assert recount_due_days(now=now) == []
    Obligation.objects.update(due_on=dt.date(2026, 3, 6))  # as an older list of holidays had it
    assert recount_due_days(now=now) == [obligation_id]
    assert Obligation.objects.get().due_on == dt.date(2026, 3, 9)


def test_a_clock_that_the_calendar_alone_moves_is_left_alone(met: Callable[..., int], now: dt.datetime) -> None:
    met()
    Obligation.objects.update(due_on=dt.date(2026, 3, 6))
    assert recount_due_days(now=now) == []


def test_what_is_known_of_a_calendar(met: Callable[..., int], clock: Callable[..., Charter], now: dt.datetime) -> None:
    met(charter=clock("2 sitting days", added=CALENDAR.replace("country", "sitting_days = [2026-03-05]\ncountry")))
    give_calendar("town", [sittings(dt.date(2026, 3, 9)), days_off(dt.date(2026, 3, 6))], actor=CLERK, now=now)
    (view,) = read_calendars(since=TABLED)
    assert (view.institution, view.country, view.needs_sittings) == ("town", "KR", True)
    assert (view.sitting, view.days_off) == ((dt.date(2026, 3, 5), dt.date(2026, 3, 9)), (dt.date(2026, 3, 6),))
    assert Obligation.objects.get().due_on == dt.date(2026, 3, 9)


@pytest.mark.parametrize(
    ("constraint", "row"),
    [
        ("calendar_day_once", {"institution": "town", "kind": "sitting", "on": TABLED}),
        ("calendar_day_known", {"institution": "town", "kind": "holiday", "on": TABLED}),
        ("calendar_day_known", {"institution": "", "kind": "sitting", "on": TABLED}),
    ],
)
def test_the_database_refuses_days_that_are_none(constraint: str, row: dict[str, Any]) -> None:
    CalendarDay.objects.create(institution="town", kind="sitting", on=TABLED)
    with pytest.raises(IntegrityError, match=constraint):
        CalendarDay.objects.create(**row)


@pytest.mark.parametrize(("constraint", "kind"), [("moment_once", "submission"), ("moment_known", "posting")])
def test_the_database_refuses_moments_that_are_none(
    constraint: str, kind: str, met: Callable[..., int], now: dt.datetime
) -> None:
    obligation = Obligation.objects.get(pk=met())
    row = {"petition_id": obligation.petition_id, "on": TABLED, "role": "clerk", "at": now}
    Moment.objects.create(**row, kind="submission")
    with pytest.raises(IntegrityError, match=constraint):
        Moment.objects.create(**row, kind=kind)


@pytest.mark.parametrize(
    ("constraint", "changes"),
    [
        ("due_change_cause_known", {"cause": "whim"}),
        ("due_change_moves", {"new_due_on": TABLED}),
        ("due_change_moves", {"old_due_on": None, "new_due_on": None}),
    ],
)
def test_the_database_refuses_changes_that_change_nothing(
    constraint: str, changes: dict[str, Any], met: Callable[..., int], now: dt.datetime
) -> None:
    whole = {"obligation_id": met(), "old_due_on": TABLED, "new_due_on": TABLED + DAY, "cause": "calendar", "at": now}
    row = DueChange.objects.create(**whole)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        DueChange.objects.create(**{**whole, **changes})
    with pytest.raises(IntegrityError, match="petitions_duechange never change"):
        DueChange.objects.filter(pk=row.pk).update(cause="submission")


def test_what_has_no_day_is_not_extended(
    met: Callable[..., int], clock: Callable[..., Charter], now: dt.datetime
) -> None:
    obligation_id = met(charter=clock("1 sitting day"))
    with pytest.raises(ObligationError):
        extend(obligation_id, length="5 working days", reason="Frost.", now=now, actor=CLERK)
