"""What is owed lapses: on a ground of the charter's, with a term, or because nothing was handed in; nothing else."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError

from maninso import UsageError
from maninso.charter import Charter
from maninso.petitions.access import find_petition
from maninso.petitions.lifecycle import Actor, RoleError, close_due_petitions
from maninso.petitions.models import Account, AuditRecord, Obligation, Petition, SigningGate, TermEnd
from maninso.petitions.obligations import (
    GroundError,
    ObligationError,
    announce_term_end,
    answer,
    board,
    follow_term_ends,
    lapse,
    lapse_unsubmitted,
    list_term_ends,
    note_moment,
    record_met_thresholds,
)

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)
CLERK = Actor(role="clerk", name="clerk@example.org")
OPERATOR = Actor(role="operator", name="park@example.org")
REPLY: dict[str, Any] = {"author": "The mayor", "summary": "Yes.", "body": "", "language": "en", "actor": CLERK}
ENDS = dt.date(2026, 3, 12)
OVER = dt.datetime(2026, 3, 11, 15, tzinfo=dt.UTC)
"""Midnight in Seoul before that day."""
REASON = "The council’s term ends; the next one is elected on 20 March."
SECTION = '\n[dissolution]\ncloses_all = true\n{}confidence = "confirmed"\nsource = "bylaw"\n'


@pytest.fixture(autouse=True)
def _clerk(now: dt.datetime) -> None:
    Account.objects.create(email=CLERK.name, role="clerk", created_at=now)


@pytest.fixture
def ending(make_charter: Callable[..., Charter]) -> Charter:
    """The town's charter with a dissolution with which debts lapse."""
    return make_charter(added=SECTION.format("debts_lapse = true\n"))


def test_it_lapses_on_a_ground_of_the_charter_in_public(
    met: Callable[..., int], make_charter: Callable[..., Charter], now: dt.datetime
) -> None:
    grounds = 'lapses_on = [{ code = "merged", label = { ko = "읍 폐지", en = "the town was merged" } }]'
    obligation_id = met(charter=make_charter("basis = { ko", f"{grounds}\nbasis = {{ ko"))
    with pytest.raises(GroundError) as caught:
        lapse(obligation_id, reason="too-busy", note="", now=now, actor=CLERK)
    assert caught.value.cure == "give one of: merged"
    lapse(obligation_id, reason="merged", note="With the city, on 1 March.", now=now + DAY, actor=CLERK)
    (row,) = board(now=now + DAY).rows
    assert (row.state, row.settled_at, row.lapse_reason, row.lapse_ground["en"], row.lapse_note) == (
        "lapsed",
        now + DAY,
        "merged",
        "the town was merged",
        "With the city, on 1 March.",
    )
    record = AuditRecord.objects.get(action="lapsed")
    assert (record.actor, record.after) == (CLERK.name, {"state": "lapsed", "ground": "merged"})
    with pytest.raises(ObligationError):
        answer(obligation_id, **REPLY, now=now + 2 * DAY)
    with pytest.raises(ObligationError):
        lapse(obligation_id, reason="merged", note="", now=now, actor=CLERK)


def test_no_ground_no_lapse(met: Callable[..., int], now: dt.datetime) -> None:
    obligation_id = met()
    with pytest.raises(GroundError, match="no ground"):
        lapse(obligation_id, reason="dissolution", note="", now=now, actor=CLERK)
    with pytest.raises(RoleError):
        lapse(obligation_id, reason="", note="", now=now, actor=Actor(role="auditor", name="choi@example.org"))


def test_with_a_term_petitions_close_the_day_before_and_debts_lapse_b78_b79(
    met: Callable[..., int], opened: Callable[..., int], ending: Charter, now: dt.datetime
) -> None:
    obligation_id = met(charter=ending)
    petition_id = Obligation.objects.get().petition_id
    assert announce_term_end("town", on=ENDS, reason=REASON, actor=OPERATOR, now=now + DAY) == 1
    view = find_petition(petition_id, now=now + DAY)
    assert view is not None
    assert (view.state, view.closes_at, view.obligations[0].state) == ("open", OVER, "owed")
    assert SigningGate.objects.get(pk=petition_id).closes_at == OVER
    assert view.obligations[0].due_on == dt.date(2026, 4, 10)  # 30 days after the earlier closing
    # One that opens after it was announced closes with it, too.
    later = opened(charter=ending, now=now + 2 * DAY)
    assert follow_term_ends(now=now + 3 * DAY) == 1
    assert Petition.objects.get(pk=later).closes_at == OVER
    assert close_due_petitions(now=OVER) == 2
    assert [follow_term_ends(now=OVER), follow_term_ends(now=OVER + DAY)] == [0, 0]
    (row,) = board(now=OVER).rows
    assert (row.obligation_id, row.state, row.lapse_reason, row.lapse_note, row.settled_at) == (
        obligation_id,
        "lapsed",
        "dissolution",
        REASON,
        OVER,
    )
    assert list_term_ends("town") == ((ENDS, REASON),)
    assert [each.subject for each in AuditRecord.objects.filter(action="term-end-announced")] == ["calendar/town"]


def test_where_the_charter_does_not_say_so_debts_outlive_the_term(
    met: Callable[..., int], make_charter: Callable[..., Charter], now: dt.datetime
) -> None:
    met(charter=make_charter(added=SECTION.format("")))
    announce_term_end("town", on=ENDS, reason=REASON, actor=OPERATOR, now=now)
    close_due_petitions(now=OVER)
    follow_term_ends(now=OVER)
    assert Obligation.objects.get().state == "owed"


def test_what_opens_in_the_next_term_is_not_touched(
    opened: Callable[..., int], sign: Any, sequence: Any, ending: Charter, now: dt.datetime
) -> None:
    petition_id = opened(charter=ending)
    announce_term_end("town", on=ENDS, reason=REASON, actor=OPERATOR, now=now)
    close_due_petitions(now=OVER)
    after = opened(charter=ending, now=OVER + DAY)
    sign(after, "Ada", "Bo", "Cy")
    sequence(OVER + DAY)
    record_met_thresholds(now=OVER + DAY)
    assert follow_term_ends(now=OVER + 2 * DAY) == 0
    assert Petition.objects.get(pk=petition_id).state == "closed"
    assert Petition.objects.get(pk=after).closes_at != OVER
    assert Obligation.objects.get().state == "owed"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"institution": "village"}, UsageError),
        ({"on": dt.date(2026, 3, 2)}, UsageError),
        ({"reason": " "}, UsageError),
        ({"actor": CLERK}, RoleError),
    ],
)
def test_an_end_of_term_that_cannot_be_is_refused(
    changes: dict[str, Any], error: type[Exception], met: Callable[..., int], ending: Charter, now: dt.datetime
) -> None:
    met(charter=ending)
    whole: dict[str, Any] = {"institution": "town", "on": ENDS, "reason": REASON, "actor": OPERATOR, **changes}
    with pytest.raises(error):
        announce_term_end(whole.pop("institution"), **whole, now=now)
    assert not TermEnd.objects.exists()


def test_an_end_of_term_is_announced_once_and_where_the_rules_know_one(
    met: Callable[..., int], ending: Charter, now: dt.datetime
) -> None:
    met(charter=ending)
    announce_term_end("town", on=ENDS, reason=REASON, actor=OPERATOR, now=now)
    with pytest.raises(UsageError, match="given already"):
        announce_term_end("town", on=ENDS, reason=REASON, actor=OPERATOR, now=now)


def test_rules_without_dissolution_end_with_no_term(met: Callable[..., int], now: dt.datetime) -> None:
    met()
    with pytest.raises(UsageError, match="institution"):
        announce_term_end("town", on=ENDS, reason=REASON, actor=OPERATOR, now=now)


def test_what_is_not_handed_in_in_time_lapses(
    met: Callable[..., int], make_charter: Callable[..., Charter], now: dt.datetime
) -> None:
    rule = '\n[submission]\nwithin = "10 days"\ncounted_from = "certification"\nlapses = true\n'
    charter = make_charter(added=rule + 'confidence = "confirmed"\nsource = "bylaw"\n')
    first = met(charter=charter)
    second = met(charter=charter, title="A bench at the bus stop")
    handed_in, _ = (each.petition_id for each in Obligation.objects.order_by("pk"))
    for petition_id in Petition.objects.values_list("pk", flat=True):
        note_moment(petition_id, kind="certification", on=dt.date(2026, 3, 3), actor=CLERK, now=now + DAY)
    note_moment(handed_in, kind="submission", on=dt.date(2026, 3, 4), actor=CLERK, now=now + 2 * DAY)
    last_moment = dt.datetime(2026, 3, 13, 15, tzinfo=dt.UTC)
    assert lapse_unsubmitted(now=last_moment - dt.timedelta(seconds=1)) == 0
    assert [lapse_unsubmitted(now=last_moment), lapse_unsubmitted(now=last_moment)] == [1, 0]
    states = dict(Obligation.objects.values_list("pk", "state"))
    assert states == {first: "owed", second: "lapsed"}
    assert Obligation.objects.get(pk=second).lapse_reason == "not-submitted"


def test_voids_and_signatures_after_a_lapse_change_nothing(
    opened: Callable[..., int],
    sign: Any,
    void: Any,
    sequence: Any,
    make_charter: Callable[..., Charter],
    now: dt.datetime,
) -> None:
    charter = make_charter(
        *("at_least = 3", "at_least = 3\nundone_by_voids = true"), added=SECTION.format("debts_lapse = true\n")
    )
    petition_id = opened(charter=charter)
    sign(petition_id, "Ada", "Bo", "Cy")
    sequence(now)
    record_met_thresholds(now=now)
    announce_term_end("town", on=ENDS, reason=REASON, actor=OPERATOR, now=now)
    follow_term_ends(now=OVER)
    for act in (lambda: void(petition_id, 2), lambda: sign(petition_id, "Di")):
        act()
        sequence(OVER)
        record_met_thresholds(now=OVER)
        assert Obligation.objects.values_list("state", "lapse_reason").get() == ("lapsed", "dissolution")


@pytest.mark.parametrize(
    "changes",
    [{"state": "lapsed", "settled_at": dt.datetime(2026, 3, 3, tzinfo=dt.UTC)}, {"lapse_reason": "dissolution"}],
)
def test_the_database_wants_a_reason_of_a_lapse_and_of_nothing_else(
    changes: dict[str, Any], met: Callable[..., int]
) -> None:
    obligation_id = met()
    with pytest.raises(IntegrityError, match="obligation_lapse_reason"):
        Obligation.objects.filter(pk=obligation_id).update(**changes)


@pytest.mark.parametrize(
    ("constraint", "row"),
    [
        ("term_end_once", {"institution": "town", "on": ENDS, "reason": "x"}),
        ("term_end_why", {"institution": "town", "on": ENDS + DAY, "reason": ""}),
    ],
)
def test_the_database_refuses_ends_of_terms_without_a_reason_and_twice(
    constraint: str, row: dict[str, Any], now: dt.datetime
) -> None:
    TermEnd.objects.create(institution="town", on=ENDS, reason="x", role="operator", at=now)
    with pytest.raises(IntegrityError, match=constraint):
        TermEnd.objects.create(**row, role="operator", at=now)
