"""What is owed: made once, at the signature that met the threshold, then kept, declined, extended, or overdue."""

import datetime as dt
import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from maninso import UsageError
from maninso.charter import Charter, CharterError
from maninso.ledger.entries import Event
from maninso.petitions.access import find_petition
from maninso.petitions.lifecycle import Actor, TextError, close_petition, remove_petition
from maninso.petitions.lifecycle import Reason as Why
from maninso.petitions.models import Account, Extension, Obligation, Petition, Response
from maninso.petitions.obligations import (
    GroundError,
    ObligationError,
    answer,
    board,
    debts,
    decline,
    extend,
    record_met_thresholds,
)

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)
TITLE = "A crossing in front of the library"
CLERK = Actor(role="clerk", name="clerk@example.org")
LAST_DAY = dt.date(2026, 5, 1)
LATE_FROM = dt.datetime(2026, 5, 1, 15, tzinfo=dt.UTC)
"""The end of 1 May in Seoul."""

REPLY: dict[str, Any] = {
    "author": "The mayor",
    "summary": "There will be a crossing.",
    "body": "Work starts in May.\n\nIt takes a week.",
    "language": "en",
    "actor": CLERK,
}


@pytest.fixture(autouse=True)
def _clerk(now: dt.datetime) -> None:
    Account.objects.create(email=CLERK.name, role="clerk", created_at=now)


def test_a_met_threshold_makes_one_debt(
    opened: Callable[..., int],
    sign: Callable[..., None],
    sequence: Callable[[dt.datetime], None],
    now: dt.datetime,
) -> None:
    petition_id = opened()
    sign(petition_id, "Ada", "Bo")
    sequence(now)
    assert record_met_thresholds(now=now) == 0
    sign(petition_id, "Cy", "Di")
    moment = now + dt.timedelta(hours=2)
    sequence(moment)
    assert [record_met_thresholds(now=moment + each * DAY) for each in range(3)] == [1, 0, 0]
    assert list(
        Obligation.objects.values_list(
            "petition_id", "threshold_id", "needed", "met_index", "met_count", "met_at", "state", "due_on", "due_at"
        )
    ) == [(petition_id, "answer", 3, 3, 3, moment, "owed", LAST_DAY, LATE_FROM)]


def test_met_thresholds_are_found_by_their_index(opened: Callable[..., int]) -> None:
    petition_id = opened()
    with connection.cursor() as cursor:
        # Many that nobody has met: the planner must not want to read them all.
        cursor.execute(
            "INSERT INTO signing_threshold (petition_id, threshold_id, rule, registered_on) "
            "SELECT %s, 'unmet-' || n, '{}', '2026-03-02' FROM generate_series(1, 20000) AS n",
            [petition_id],
        )
        cursor.execute("ANALYZE signing_threshold")
        cursor.execute("EXPLAIN " + debts._MET_WITHOUT_OBLIGATION)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "signing_threshold_met on signing_threshold" in plan
    assert "Seq Scan on signing_threshold" not in plan


def test_a_threshold_that_owes_nothing_makes_no_debt(
    opened: Callable[..., int],
    sign: Callable[..., None],
    sequence: Callable[[dt.datetime], None],
    now: dt.datetime,
) -> None:
    petition_id = opened()
    sign(petition_id, *"abcdefg")
    sequence(now)
    assert record_met_thresholds(now=now) == 1
    view = find_petition(petition_id, now=now)
    assert view is not None
    assert [(each.threshold_id, each.met, each.met_leaf) for each in view.thresholds] == [
        ("answer", True, 3),
        ("debate", True, 5),
    ]


def test_a_deadline_from_the_threshold_counts_from_the_signature(
    met: Callable[..., int], make_charter: Callable[..., Charter]
) -> None:
    charter = make_charter('counted_from = "closing"', 'counted_from = "threshold"')
    assert Obligation.objects.get(pk=met(charter=charter)).due_on == dt.date(2026, 4, 1)


def test_a_threshold_that_stops_the_collecting_closes_the_petition(
    met: Callable[..., int], make_charter: Callable[..., Charter]
) -> None:
    obligation = Obligation.objects.get(
        pk=met(charter=make_charter("at_least = 3", "at_least = 3\nstops_collecting = true"))
    )
    assert Petition.objects.get(pk=obligation.petition_id).state == "closed"
    assert obligation.due_on == dt.date(2026, 4, 1)  # 30 days after 2 March, when it closed


def test_an_answer_keeps_the_debt_and_goes_into_the_log(
    met: Callable[..., int], log_entries: Callable[[int], list[bytes]], now: dt.datetime
) -> None:
    obligation_id = met()
    assert answer(obligation_id, **REPLY, now=now + DAY) == 1
    obligation = Obligation.objects.get(pk=obligation_id)
    assert (obligation.state, obligation.settled_at, obligation.settled_by) == ("kept", now + DAY, CLERK.name)
    canonical = (
        '{"author":"The mayor","body":"Work starts in May.\\n\\nIt takes a week.","language":"en",'
        '"summary":"There will be a crossing."}'
    )
    assert Event.parse(log_entries(obligation.petition_id)[-1]) == Event(
        "answered",
        {
            "at": int((now + DAY).timestamp()),
            "threshold": "answer",
            "response": hashlib.sha256(canonical.encode()).hexdigest(),
        },
    )


def test_a_corrected_answer_is_a_new_version_and_the_first_stays(met: Callable[..., int], now: dt.datetime) -> None:
    obligation_id = met()
    answer(obligation_id, **REPLY, now=now + DAY)
    assert answer(obligation_id, **{**REPLY, "summary": "There will be two."}, now=now + 2 * DAY) == 2
    assert list(Response.objects.order_by("version").values_list("summary", flat=True)) == [
        "There will be a crossing.",
        "There will be two.",
    ]
    (row,) = board(now=now + 3 * DAY).rows
    assert row.settled_at == now + DAY
    assert row.response is not None
    assert (row.response.version, row.response.summary, row.response.published_at) == (
        2,
        "There will be two.",
        now + 2 * DAY,
    )


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"summary": " "}, UsageError),
        ({"author": ""}, UsageError),
        ({"body": "a\0"}, TextError),
        ({"summary": "x" * 1001}, TextError),
        ({"language": "Korean"}, TextError),
    ],
)
def test_an_answer_that_says_nothing_or_cannot_be_shown_is_refused(
    changed: dict[str, str], error: type[Exception], met: Callable[..., int], now: dt.datetime
) -> None:
    obligation_id = met()
    with pytest.raises(error):
        answer(obligation_id, **{**REPLY, **changed}, now=now)
    assert Obligation.objects.get(pk=obligation_id).state == "owed"


def test_declining_needs_a_ground_of_the_charter(met: Callable[..., int], now: dt.datetime) -> None:
    obligation_id = met()
    with pytest.raises(GroundError) as caught:
        decline(obligation_id, reason="too-busy", note="", now=now, actor=CLERK)
    assert caught.value.cure == "give one of: before-a-court"
    decline(obligation_id, reason="before-a-court", note="The case is pending.", now=now + DAY, actor=CLERK)
    (row,) = board(now=now + DAY, status="declined").rows
    assert (row.state, row.decline_reason, row.decline_note, row.settled_at) == (
        "declined",
        "before-a-court",
        "The case is pending.",
        now + DAY,
    )


def test_what_is_settled_is_neither_declined_nor_extended_nor_answered(
    met: Callable[..., int], now: dt.datetime
) -> None:
    obligation_id = met()
    decline(obligation_id, reason="before-a-court", note="", now=now, actor=CLERK)
    for settle in (
        lambda: decline(obligation_id, reason="before-a-court", note="", now=now, actor=CLERK),
        lambda: extend(obligation_id, length="1 month", reason="More time.", now=now, actor=CLERK),
        lambda: answer(obligation_id, **REPLY, now=now),
    ):
        with pytest.raises(ObligationError, match=f"obligation {obligation_id} is declined"):
            settle()


def test_an_unknown_obligation_is_said(now: dt.datetime) -> None:
    with pytest.raises(ObligationError, match="there is no obligation 4711"):
        answer(4711, **REPLY, now=now)


def test_a_day_is_moved_only_as_the_charter_allows(met: Callable[..., int], now: dt.datetime) -> None:
    obligation_id = met()
    for length, reason, said in (
        ("1 month", "", "gives no reason"),
        ("2 months", "Holidays.", "extension 1 of 2 months is not allowed"),
    ):
        with pytest.raises(CharterError, match=said):
            extend(obligation_id, length=length, reason=reason, now=now, actor=CLERK)
    with pytest.raises(UsageError, match="'soon' is not a length of time"):
        extend(obligation_id, length="soon", reason="Holidays.", now=now, actor=CLERK)
    assert extend(obligation_id, length="1 month", reason="Holidays.", now=now, actor=CLERK) == dt.date(2026, 6, 1)
    with pytest.raises(CharterError, match="extension 2 is one more than the charter allows"):
        extend(obligation_id, length="1 month", reason="Holidays.", now=now, actor=CLERK)
    assert list(Extension.objects.values_list("number", "length", "reason", "old_due_on", "new_due_on")) == [
        (1, "1 month", "Holidays.", LAST_DAY, dt.date(2026, 6, 1))
    ]
    (row,) = board(now=now).rows
    assert (row.due_on, row.extended) == (dt.date(2026, 6, 1), 1)


def test_an_early_closing_keeps_the_extension(met: Callable[..., int], now: dt.datetime) -> None:
    obligation_id = met()
    extend(obligation_id, length="1 month", reason="Holidays.", now=now, actor=CLERK)
    close_petition(Obligation.objects.get(pk=obligation_id).petition_id, now=now + 10 * DAY)
    assert Obligation.objects.get(pk=obligation_id).due_on == dt.date(2026, 5, 11)


def test_overdue_is_a_question_of_the_clock(met: Callable[..., int]) -> None:
    met()
    (row,) = board(now=LATE_FROM - dt.timedelta(microseconds=1)).rows
    assert (row.overdue, row.days_late, row.due_on) == (False, 0, LAST_DAY)
    for days in (1, 2, 30):
        late = board(now=LATE_FROM + (days - 1) * DAY, status="overdue")
        assert [(row.overdue, row.days_late) for row in late.rows] == [(True, days)]
        assert (late.owed, late.overdue, late.kept) == (1, 1, 0)
    assert Obligation.objects.get().state == "owed"


def test_a_best_effort_day_is_shown_but_never_overdue(
    met: Callable[..., int], make_charter: Callable[..., Charter]
) -> None:
    charter = make_charter('extensions = [{ at_most = 1, length = "1 month" }]', "best_effort = true")
    met(charter=charter)
    shown = board(now=LATE_FROM + DAY)
    assert [(row.due_on, row.binding, row.overdue) for row in shown.rows] == [(LAST_DAY, False, False)]
    assert (shown.owed, shown.overdue) == (1, 0)


def test_no_deadline_no_day(met: Callable[..., int], make_charter: Callable[..., Charter], now: dt.datetime) -> None:
    deadline = (
        '[thresholds.obligation.deadline]\nwithin = "30 days"\ncounted_from = "closing"\n'
        'extensions = [{ at_most = 1, length = "1 month" }]\nconfidence = "confirmed"\nsource = "bylaw"\n'
    )
    obligation_id = met(charter=make_charter(deadline, ""))
    (row,) = board(now=now + 1000 * DAY).rows
    assert (row.due_on, row.overdue) == (None, False)
    with pytest.raises(ObligationError, match="has no day to move"):
        extend(obligation_id, length="1 month", reason="Holidays.", now=now, actor=CLERK)


def test_the_board_shows_the_most_late_first(met: Callable[..., int], now: dt.datetime) -> None:
    later, first, answered = met(now=now + 2 * DAY), met(now=now), met(now=now + DAY)
    answer(answered, **REPLY, now=now + 3 * DAY)
    shown = board(now=LATE_FROM)
    assert [row.obligation_id for row in shown.rows] == [first, later, answered]
    assert (shown.owed, shown.overdue, shown.kept, shown.declined) == (2, 1, 1, 0)
    numbers = {
        status: [row.obligation_id for row in board(now=LATE_FROM, status=status).rows]
        for status in ("owed", "overdue", "kept", "declined", "lost")
    }
    assert numbers == {
        "owed": [first, later],
        "overdue": [first],
        "kept": [answered],
        "declined": [],
        "lost": [first, later, answered],
    }


def test_the_board_says_what_who_and_why(met: Callable[..., int], now: dt.datetime) -> None:
    obligation_id = met()
    (row,) = board(now=now).rows
    assert (row.obligation_id, row.what, row.who, row.basis) == (
        obligation_id,
        {"ko": "서면 답변", "en": "a written answer"},
        {"ko": "읍장", "en": "the mayor"},
        {"ko": "조례 제12조", "en": "By-law 12"},
    )
    assert (row.petition_title, row.count, row.needed, row.met_leaf, row.met_count) == (TITLE, 3, 3, 3, 3)


def test_a_removed_petitions_debt_stays_without_its_title(met: Callable[..., int], now: dt.datetime) -> None:
    petition_id = Obligation.objects.get(pk=met()).petition_id
    remove_petition(petition_id, reason=Why(code="personal-data"), now=now)
    (row,) = board(now=now).rows
    assert (row.petition_id, row.petition_title, row.state) == (petition_id, "", "owed")


def test_nearest_to_the_next_threshold_comes_first(
    opened: Callable[..., int],
    sign: Callable[..., None],
    sequence: Callable[[dt.datetime], None],
    now: dt.datetime,
) -> None:
    none, two_of_three, four_of_five, all_met = opened(), opened(), opened(), opened()
    sign(two_of_three, "Ada", "Bo")
    sign(four_of_five, "Ada", "Bo", "Cy", "Di")
    sign(all_met, *"abcdef")
    sequence(now)
    nearest = board(now=now).nearest
    assert [(card.petition_id, card.count, card.needed) for card in nearest] == [
        (four_of_five, 4, 5),
        (two_of_three, 2, 3),
        (none, 0, 3),
    ]


@pytest.mark.parametrize("rows", [1, 3])
def test_the_board_asks_the_same_few_questions(
    rows: int, met: Callable[..., int], now: dt.datetime, django_assert_num_queries: Any
) -> None:
    for _ in range(rows):
        met()
    with django_assert_num_queries(9):
        assert len(board(now=now).rows) == rows
