"""Calendars through the office: days of sitting, moments that clocks count from, lapses, the end of a term."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from maninso.charter import Charter, load_charter, load_preset
from maninso.petitions.access import find_petition
from maninso.petitions.models import Account, CalendarDay, Moment, Obligation, Petition, TermEnd

pytestmark = pytest.mark.django_db

CLOCK = """
[thresholds.obligation.deadline]
within = "{within}"
counted_from = "{counted_from}"
confidence = "unconfirmed"
source = "{source}"
"""


@pytest.fixture
def sitting_university() -> Callable[..., Charter]:
    """The university's rules with a clock, a dissolution and a ground on which debts lapse."""

    def make(within: str = "2 sitting days", counted_from: str = "threshold") -> Charter:
        university = load_preset("university")
        source = next(iter(university.sources))
        text = re.sub(r"figures\.deadline = .*\n", "", university.source.decode())
        clock = CLOCK.format(within=within, counted_from=counted_from, source=source)
        text = text.replace("\n[text]\n", clock + "\n[text]\n")
        text = text.replace(
            "[thresholds.obligation]\n",
            "[thresholds.obligation]\n"
            'lapses_on = [{ code = "moved", label = { ko = "이전", en = "It moved away" } }]\n',
        )
        text += f'\n[dissolution]\ncloses_all = true\nconfidence = "unconfirmed"\nsource = "{source}"\n'
        return load_charter(text.encode(), name="university.toml")

    return make


@pytest.fixture
def owed(
    opened: Callable[..., int], sign: Any, seal: Any, sitting_university: Callable[..., Charter], now: dt.datetime
) -> Callable[..., Obligation]:
    """Let a petition meet the threshold under a clock; return what is owed."""

    def make(*clock: str) -> Obligation:
        petition_id = opened(charter=sitting_university(*clock))
        sign(petition_id, 50)
        seal(now)
        return Obligation.objects.get(petition_id=petition_id)

    return make


def give(day: dt.date, *days: dt.date, **changes: str) -> dict[str, str]:
    return {
        "do": "give",
        "kind": "sitting",
        "since": day.isoformat(),
        "until": (day + dt.timedelta(days=365)).isoformat(),
        "days": "\n".join(each.isoformat() for each in days),
        **changes,
    }


def test_a_clerk_gives_the_sittings_and_the_debt_gets_its_day(
    enter: Any, owed: Any, client: Client, now: dt.datetime
) -> None:
    debt, clerk, today = owed(), enter("clerk"), now.date()
    assert "waits for the calendar" in clerk.get("/en/office/debts").content.decode()
    public = client.get(f"/en/petitions/{debt.petition_id}").content.decode()
    assert "The clock counts sittings, and too few are announced." in public
    assert "its clocks count sittings" in clerk.get("/en/office/calendar").content.decode()
    days = [today + dt.timedelta(days=each) for each in (10, 17)]
    assert clerk.post("/office/calendar/university", give(today, *days)).status_code == 303
    assert Obligation.objects.get().due_on == days[1]
    shown = clerk.get("/en/office/calendar/university").content.decode()
    assert "None known." in shown  # of the days off
    for page in (client.get(f"/en/petitions/{debt.petition_id}"), clerk.get(f"/en/office/debts/{debt.pk}")):
        assert "Reason: the calendar of sittings and days off." in page.content.decode()
    assert "gave a calendar" in clerk.get("/en/office/record?subject=calendar/university").content.decode()


@pytest.mark.parametrize(
    "changes", [{"days": "tomorrow"}, {"since": ""}, {"kind": "party"}, {"until": "2001-01-01"}, {"days": "2001-01-01"}]
)
def test_a_calendar_that_cannot_be_is_said_and_nothing_is_lost(
    changes: dict[str, str], enter: Any, owed: Any, now: dt.datetime
) -> None:
    owed()
    today = now.date()
    answer = enter("clerk").post("/en/office/calendar/university", give(today, today, **changes))
    assert answer.status_code == 409
    assert changes.get("days", today.isoformat()) in answer.content.decode()
    assert not CalendarDay.objects.exists()


def test_others_read_calendars_and_another_institutions_clerk_changes_none(
    enter: Any, owed: Any, now: dt.datetime
) -> None:
    owed()
    auditor, clerk = enter("auditor"), enter("clerk")
    Account.objects.filter(role="clerk").update(institution="town")
    for member in (auditor, clerk):
        page = member.get("/en/office/calendar/university")
        assert (page.status_code, "Give the calendar" in page.content.decode()) == (200, False)
        assert member.post("/office/calendar/university", give(now.date())).status_code == 403
    assert clerk.get("/office/calendar/nowhere").status_code == 404


def test_a_clerk_records_a_submission_and_the_clock_starts(
    enter: Any, owed: Any, client: Client, now: dt.datetime
) -> None:
    debt, clerk = owed("30 days", "submission"), enter("clerk")
    assert "once handed in" in clerk.get("/en/office/debts").content.decode()
    assert "The clock starts when the petition is handed in." in (
        client.get(f"/en/petitions/{debt.petition_id}").content.decode()
    )
    view = find_petition(debt.petition_id, now=now)
    assert view is not None
    assert view.opened_at is not None
    opened_on = view.opened_at.astimezone(ZoneInfo(view.time_zone)).date()
    address = f"/en/office/debts/{debt.pk}"
    for on, status in (("soon", 409), ("2001-01-01", 409), (opened_on.isoformat(), 303)):
        assert clerk.post(address, {"do": "moment", "kind": "submission", "on": on}).status_code == status
    assert Moment.objects.get().kind == "submission"
    assert "Reason: the petition was handed in." in clerk.get(address).content.decode()


def test_a_clerk_records_that_a_debt_lapsed(enter: Any, owed: Any, client: Client) -> None:
    debt, clerk = owed(), enter("clerk")
    address = f"/en/office/debts/{debt.pk}"
    assert clerk.post(address, {"do": "lapse", "lapse_ground": "tired", "lapse_note": "Long story."}).status_code == 409
    given = {"do": "lapse", "lapse_ground": "moved", "lapse_note": "To the city."}
    assert clerk.post(address, given).status_code == 303
    public = client.get(f"/en/petitions/{debt.petition_id}").content.decode()
    assert ("It moved away" in public, "To the city." in public) == (True, True)


def test_an_operator_ends_a_term_and_a_clerk_does_not(enter: Any, owed: Any, now: dt.datetime) -> None:
    owed()
    on = now.date() + dt.timedelta(days=5)
    given = {"do": "end", "on": on.isoformat(), "reason": "A new senate is elected."}
    assert enter("clerk").post("/office/calendar/university", given).status_code == 409
    operator = enter("operator")
    assert operator.post("/office/calendar/university", given).status_code == 303
    assert (TermEnd.objects.get().on, Petition.objects.get().closes_at.date() <= on) == (on, True)  # type: ignore[union-attr]
    assert "A new senate is elected." in operator.get("/en/office/calendar/university").content.decode()
