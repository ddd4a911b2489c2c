"""Races: many at once, and exactly one wins."""

import datetime as dt
import threading
from collections import Counter
from collections.abc import Callable, Iterator

import psycopg
import pytest
from django.db import connection

from maninso.charter import Charter
from maninso.petitions.accounts import add_member
from maninso.petitions.lifecycle import (
    Actor,
    Reason,
    TransitionError,
    close_due_petitions,
    close_petition,
    end_graces,
    open_petition,
    reject_petition,
    remove_petition,
    withdraw_petition,
)
from maninso.petitions.models import Obligation, Petition, Response, StateChange
from maninso.petitions.obligations import (
    ReplyError,
    ReplyText,
    approve_reply,
    edit_reply,
    propose_reply,
    publish_due_replies,
    record_met_thresholds,
    retract_reply,
    start_reply,
)

pytestmark = pytest.mark.django_db(transaction=True)

DAY = dt.timedelta(days=1)
DUPLICATE = Reason(code="duplicate")


@pytest.fixture(autouse=True)
def _clear_logs(database_url: str) -> Iterator[None]:
    """Leave no log behind: what is committed stays, and Django empties its own tables alone."""
    yield
    with psycopg.connect(database_url) as connection:
        connection.execute("TRUNCATE signing_gate, signing_leaf, signing_void CASCADE")


def run_at_once(calls: list[Callable[[], object]]) -> list[object]:
    """Run each call in a thread of its own, all let go at the same moment; return what each returned or raised."""
    barrier = threading.Barrier(len(calls))
    results: list[object] = [None] * len(calls)

    def run(index: int) -> None:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=30)
            results[index] = calls[index]()
        except Exception as error:  # noqa: BLE001 - what was raised is the result
            results[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


def test_of_twenty_who_open_reject_or_close_one_decides(submitted: Callable[..., int], now: dt.datetime) -> None:
    petition_id = submitted()
    results = run_at_once(
        [lambda: open_petition(petition_id, now=now)] * 7
        + [lambda: reject_petition(petition_id, reason=DUPLICATE, now=now)] * 7
        + [lambda: close_petition(petition_id, now=now + dt.timedelta(days=1))] * 6
    )
    opened = Petition.objects.get(pk=petition_id).state != "rejected"
    won = [index for index, result in enumerate(results) if not isinstance(result, Exception)]
    assert Counter(type(result) for result in results if isinstance(result, Exception)).keys() == {TransitionError}
    if opened:  # whoever closed came after the one who opened
        assert [index < 7 for index in won] == [True] + [False] * (len(won) - 1)
        assert len(won) <= 2
    else:
        assert len(won) == 1
    assert StateChange.objects.filter(petition_id=petition_id).count() == 2 + len(won)


def test_of_twenty_who_close_withdraw_or_remove_one_ends_the_log(
    opened: Callable[..., int], log_entries: Callable[[int], list[bytes]], now: dt.datetime
) -> None:
    petition_id = opened()
    later = now + dt.timedelta(days=1)
    results = run_at_once(
        [lambda: close_petition(petition_id, now=later)] * 10 + [lambda: withdraw_petition(petition_id, now=later)] * 10
    )
    won = [result for result in results if not isinstance(result, Exception)]
    assert len(won) == 1
    assert all(isinstance(result, TransitionError) for result in results if isinstance(result, Exception))
    assert [entry[0] for entry in log_entries(petition_id)] == [0, 4]


def test_two_workers_that_close_what_is_due_close_it_once(
    opened: Callable[..., int], log_entries: Callable[[int], list[bytes]], now: dt.datetime
) -> None:
    numbers = [opened() for _ in range(5)]
    results = run_at_once([lambda: close_due_petitions(now=now + dt.timedelta(days=40))] * 4)
    assert sum(int(str(result)) for result in results) == 5
    assert [[entry[0] for entry in log_entries(number)] for number in numbers] == [[0, 4]] * 5


def test_b32_workers_that_end_graces_at_once_close_each_log_once(
    opened: Callable[..., int], log_entries: Callable[[int], list[bytes]], now: dt.datetime
) -> None:
    numbers = [opened() for _ in range(5)]
    ends_at = Petition.objects.get(pk=numbers[0]).closes_at
    assert ends_at is not None
    assert close_due_petitions(now=ends_at) == 5
    results = run_at_once([lambda: end_graces(now=ends_at + dt.timedelta(days=1))] * 4)
    assert sum(int(str(result)) for result in results) == 5
    assert [[entry[0] for entry in log_entries(number)] for number in numbers] == [[0, 4]] * 5


def test_eight_who_follow_voids_let_a_debt_lapse_once(
    opened: Callable[..., int],
    make_charter: Callable[..., Charter],
    sign: Callable[..., None],
    void: Callable[[int, int], None],
    sequence: Callable[[dt.datetime], None],
    now: dt.datetime,
) -> None:
    petition_id = opened(charter=make_charter("at_least = 3", "at_least = 3\nundone_by_voids = true"))
    sign(petition_id, "Ada", "Bo", "Cy")
    sequence(now)
    assert record_met_thresholds(now=now) == 1
    void(petition_id, 1)
    moment = now + dt.timedelta(hours=1)
    sequence(moment)
    results = run_at_once([lambda: record_met_thresholds(now=now + dt.timedelta(days=1))] * 8)
    assert results == [0] * 8
    row = Obligation.objects.values_list("state", "turns", "settled_at", "settled_role").get()
    assert row == ("lapsed", 1, moment, "system")


def test_eight_who_record_a_met_threshold_make_one_debt(
    opened: Callable[..., int],
    sign: Callable[..., None],
    sequence: Callable[[dt.datetime], None],
    now: dt.datetime,
) -> None:
    petition_id = opened()
    sign(petition_id, "Ada", "Bo", "Cy")
    sequence(now)
    results = run_at_once([lambda: record_met_thresholds(now=now)] * 8)
    assert sorted(int(str(result)) for result in results) == [0] * 7 + [1]
    assert Obligation.objects.filter(petition_id=petition_id).count() == 1


def test_closing_and_recording_at_once_agree_on_the_day_due(
    opened: Callable[..., int],
    sign: Callable[..., None],
    sequence: Callable[[dt.datetime], None],
    now: dt.datetime,
) -> None:
    later = now + dt.timedelta(days=10)
    numbers = [opened() for _ in range(6)]
    for number in numbers:
        sign(number, "Ada", "Bo", "Cy")
    sequence(now)
    closing = [lambda number=number: close_petition(number, now=later) for number in numbers]
    results = run_at_once([*closing, *[lambda: record_met_thresholds(now=later)] * 3])
    assert [result for result in results if isinstance(result, Exception)] == []
    assert set(Obligation.objects.values_list("due_on", flat=True)) == {dt.date(2026, 4, 11)}


def test_removing_while_closing_leaves_no_gate_open(opened: Callable[..., int], now: dt.datetime) -> None:
    petition_id = opened()
    later = now + dt.timedelta(days=1)
    run_at_once(
        [
            lambda: close_petition(petition_id, now=later),
            lambda: remove_petition(petition_id, reason=DUPLICATE, now=later),
        ]
        * 5
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT state FROM signing_gate WHERE petition_id = %s", [petition_id])
        gate = cursor.fetchone()[0]
    both = (Petition.objects.get(pk=petition_id).state, gate)
    assert both in {("removed", "paused"), ("removed", "closed"), ("closed", "closed")}


def test_of_all_who_publish_edit_or_take_back_one_at_a_time_does(met: Callable[..., int], now: dt.datetime) -> None:
    kim, lee = (Actor(role="clerk", name=f"{name}@example.org") for name in ("kim", "lee"))
    for each in (kim, lee):
        add_member(email=each.name, role="clerk", now=now)
    owed = [met(), met()]
    text = ReplyText(author="The mayor", summary="Yes.", body="So.", language="en", publish_at=now + DAY)
    reply = start_reply(obligations=owed, language="en", actor=kim, now=now)
    seen = edit_reply(reply, text=text, obligations=owed, seen=1, actor=kim, now=now)
    propose_reply(reply, seen=seen, actor=kim, now=now)
    approvals = run_at_once([lambda: approve_reply(reply, seen=seen, actor=lee, now=now)] * 4)
    assert [result for result in approvals if not isinstance(result, Exception)] == [False]
    published = run_at_once(
        [lambda: publish_due_replies(now=now + DAY)] * 5
        + [lambda: edit_reply(reply, text=text, obligations=owed, seen=seen, actor=kim, now=now)] * 3
    )
    assert sum(int(str(result)) for result in published[:5]) == 1
    assert [type(result) for result in published[5:]] == [ReplyError] * 3
    assert Counter(Response.objects.values_list("obligation", "version")) == Counter((each, 1) for each in owed)
    back = run_at_once([lambda: retract_reply(reply, reason="Too early.", actor=kim, now=now)] * 4)
    assert sorted(result is None for result in back) == [False, False, False, True]
    assert set(Obligation.objects.values_list("state", flat=True)) == {"owed"}
