"""B32: who asked for a link before a petition closed confirms within the grace, and counts; later, not."""

import datetime as dt
import importlib
from collections.abc import Callable
from typing import Any

import pytest
from tests.petitions.conftest import DAY
from tests.petitions.test_lifecycle import SEOUL_MIDNIGHT_AFTER_30_DAYS as END
from tests.petitions.test_lifecycle import read_gate, state_of

from maninso.charter import Charter
from maninso.ledger.entries import Event
from maninso.petitions.access import find_petition
from maninso.petitions.lifecycle import (
    Actor,
    Reason,
    close_due_petitions,
    close_petition,
    end_graces,
    remove_petition,
    restore_petition,
)
from maninso.petitions.models import Petition
from maninso.petitions.noticeboard import end_notice, post_notice

pytestmark = pytest.mark.django_db

HOUR = dt.timedelta(hours=1)
PARK = Actor(role="operator", name="park@example.org")


def test_b32_the_gate_and_the_log_close_when_the_grace_is_over(
    opened: Callable[..., int], sign: Callable[..., None], log_entries: Callable[[int], list[bytes]]
) -> None:
    petition_id = opened()
    sign(petition_id, "Ada")
    assert close_due_petitions(now=END) == 1
    gate = read_gate(petition_id)
    assert (state_of(petition_id), gate["state"], gate["closes_at"], gate["grace"]) == ("closed", "open", END, DAY)
    view = find_petition(petition_id, now=END)
    assert view is not None
    assert (view.takes_signatures, view.confirms_until, view.closed_at) == (False, END + DAY, END)
    assert (view.may_be_asked(END), view.may_be_confirmed(END)) == (False, True)
    assert not view.may_be_confirmed(END + DAY)
    sign(petition_id, "Bo")
    assert end_graces(now=END + DAY - dt.timedelta(microseconds=1)) == 0
    assert [end_graces(now=END + DAY), end_graces(now=END + DAY)] == [1, 0]
    last = Event.parse(log_entries(petition_id)[-1])
    assert last == Event("closed", {"at": int(END.timestamp()), "count": 2})
    assert read_gate(petition_id)["state"] == "closed"
    view = find_petition(petition_id, now=END)
    assert view is not None
    assert view.confirms_until is None


@pytest.mark.parametrize(
    ("hours", "closed_at", "seen_at"),
    [(24, END - DAY, END - DAY), (0, END, END), (24, END, END + DAY), (2, END, END + 2 * HOUR)],
    ids=["closed before its time", "no grace in the rules", "seen after the grace", "a shorter grace"],
)
def test_where_no_grace_is_left_the_gate_closes_at_once(
    opened: Callable[..., int],
    make_charter: Callable[..., Charter],
    log_entries: Callable[[int], list[bytes]],
    hours: int,
    closed_at: dt.datetime,
    seen_at: dt.datetime,
) -> None:
    charter = make_charter('length = "30 days"', f'length = "30 days"\ngrace_hours = {hours}')
    petition_id = opened(charter=charter)
    close_petition(petition_id, now=seen_at)
    assert (read_gate(petition_id)["state"], Event.parse(log_entries(petition_id)[-1]).body["at"]) == (
        "closed",
        int(closed_at.timestamp()),
    )


def test_taken_down_in_its_grace_it_takes_nothing_any_more(opened: Callable[..., int]) -> None:
    petition_id = opened()
    close_due_petitions(now=END)
    remove_petition(petition_id, reason=Reason(code="duplicate"), now=END + HOUR)
    assert read_gate(petition_id)["state"] == "closed"
    assert restore_petition(petition_id, now=END + 2 * HOUR) == "closed"
    assert end_graces(now=END + DAY) == 0


def test_b33_a_pause_stops_confirming_too_and_the_grace_goes_on_after_it(opened: Callable[..., int]) -> None:
    petition_id = opened()
    close_due_petitions(now=END)
    notice = post_notice(kind="signing-paused", text={"ko": "점검", "en": "Tidying"}, actor=PARK, now=END + HOUR)
    assert read_gate(petition_id)["state"] == "paused"
    end_notice(notice, actor=PARK, now=END + 2 * HOUR)
    assert (read_gate(petition_id)["state"], Petition.objects.get(pk=petition_id).closes_at) == ("open", END)
    assert end_graces(now=END + DAY) == 1


def test_the_migration_takes_both_functions_from_the_schema() -> None:
    migration: Any = importlib.import_module("maninso.petitions.migrations.0014_grace")
    assert migration.FUNCTIONS.count("CREATE OR REPLACE FUNCTION") == 2
