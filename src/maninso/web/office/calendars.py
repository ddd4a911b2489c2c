"""The calendars that clocks count by: days of sitting and days off, and the end of a term."""

import datetime as dt

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone

from maninso import ManinsoError
from maninso.petitions import obligations
from maninso.petitions.accounts import Member
from maninso.petitions.obligations import CalendarView, GivenDays
from maninso.web.office.debts import may_act
from maninso.web.office.say import read_day, say_error
from maninso.web.shared.accounts import office_page
from maninso.web.shared.answers import render_page
from maninso.web.shared.problems import NO_PAGE, WRONG_ROLE, Refused
from maninso.web.shared.tickets import see_other

SHOWN_FROM = dt.timedelta(days=60)  # past days that are still shown


@office_page()
def list_calendars(request: HttpRequest, member: Member) -> HttpResponseBase:
    """GET /office/calendar: the institutions of this site, each with its calendar."""
    views = obligations.read_calendars(institution=member.institution, since=_since())
    return render_page(request, "office/calendars.html", {"calendars": views})


@office_page()
def edit_calendar(request: HttpRequest, member: Member, institution: str) -> HttpResponseBase:
    """GET and POST /office/calendar/{institution}: give days of sitting or days off, or announce the end of a term."""
    calendar = _find(institution)
    error, status = "", 200
    if request.method == "POST":
        if not may_act(member, institution):
            raise Refused(WRONG_ROLE)
        try:
            _act(request, institution, member)
        except ManinsoError as fault:
            error, status = say_error(fault), 409
        else:
            return see_other(reverse("office_calendar", args=[institution]))
    context = {
        "calendar": calendar,
        "ends": obligations.list_term_ends(institution),
        "given": request.POST,
        "error": error,
        "may_act": may_act(member, institution),
        "may_end": member.role == "operator" and calendar.ends_with_dissolution,
    }
    return render_page(request, "office/calendar.html", context, status=status)


def _act(request: HttpRequest, institution: str, member: Member) -> None:
    now = timezone.now()
    match request.POST.get("do"):
        case "give":
            given = GivenDays(
                kind=request.POST.get("kind", ""),
                since=read_day(request.POST.get("since", "")),
                until=read_day(request.POST.get("until", "")),
                days=frozenset(map(read_day, request.POST.get("days", "").replace(",", " ").split())),
            )
            obligations.give_calendar(institution, [given], actor=member.actor, now=now)
        case "end":
            obligations.announce_term_end(
                institution,
                on=read_day(request.POST.get("on", "")),
                reason=request.POST.get("reason", ""),
                actor=member.actor,
                now=now,
            )


def _find(institution: str) -> CalendarView:
    found = [each for each in obligations.read_calendars(since=_since()) if each.institution == institution]
    if not found:
        raise Refused(NO_PAGE)
    return found[0]


def _since() -> dt.date:
    return timezone.localdate() - SHOWN_FROM
