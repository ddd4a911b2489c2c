"""The list of petitions, and a petition's own page."""

import datetime as dt

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from maninso.petitions import access, discovery, raising
from maninso.petitions.access import PetitionView
from maninso.web.shared.addresses import data_path
from maninso.web.shared.answers import page, render_page
from maninso.web.shared.charters import pinned_charter, say_promise
from maninso.web.shared.display import (
    build_steps,
    days_left,
    pick_threshold,
    show_card,
    show_debt,
    state_tag,
)
from maninso.web.shared.filters import link_filter, search
from maninso.web.shared.problems import NO_FORMAT, NO_PETITION, Refused
from maninso.web.shared.requests import LAST_PAGE, read_count, read_number

PER_PAGE = 20
VERSION_DIGITS = 12  # of a charter's digest, as links have it
STATES = (
    ("all", _("All")),
    ("open", _("Open")),
    ("reached", _("Reached a threshold")),
    ("awaiting_response", _("Answer owed")),
    ("overdue", _("Overdue")),
    ("with_response", _("Answered")),
    ("closed", _("Closed")),
    ("rejected", _("Rejected")),
)
SORTS = (
    ("signatures", _("Most signatures")),
    ("newest", _("Newest")),
    ("ending", _("Ending soon")),
    ("relevance", _("Best match")),
)
GONE = ("hidden", "removed")
ASSURANCES = (_("e-mail"), _("social log-in"), _("phone or real name"), _("national e-ID"))


@page
def list_petitions(request: HttpRequest) -> HttpResponseBase:
    """GET /petitions?q=&state=&sort=&topic=&page=: what was found, a page of cards at a time."""
    now = timezone.now()
    page_number = read_count(request, "page", most=LAST_PAGE, default=1)
    found = search(request, page=page_number, per_page=PER_PAGE, now=now)
    first = (found.page - 1) * PER_PAGE + 1
    context = {
        "found": found,
        "cards": [show_card(card, now=now) for card in found.cards],
        "first": first,
        "last": first + len(found.cards) - 1,
        "states": [(*state, link_filter(found, state=state[0])) for state in STATES],
        "sorts": SORTS,
        "without_query": link_filter(found, q=""),
        "without_topic": link_filter(found, topic=""),
        "pages": [(number, number and link_filter(found, page=number)) for number in pages_around(found)],
        "before": link_filter(found, page=found.page - 1) if found.page > 1 else None,
        "after": link_filter(found, page=found.page + 1) if found.page < found.pages else None,
        "json": data_path("petitions_json") + link_filter(found),
        "csv": data_path("petitions_csv") + link_filter(found),
    }
    return render_page(request, "petitions.html", context)


def pages_around(found: discovery.PetitionPage) -> list[int]:
    """Return the page numbers that a pager shows: first, last, and those around the current; 0 for a gap."""
    near = {1, found.pages, *range(found.page - 1, found.page + 2)}
    shown: list[int] = []
    for number in sorted(number for number in near if 1 <= number <= found.pages):
        if shown and number - shown[-1] > 1:
            shown.append(0)
        shown.append(number)
    return shown


@page
def refuse_format(request: HttpRequest, ending: str) -> HttpResponseBase:
    """GET /petitions.xml and the like."""
    raise Refused(NO_FORMAT)


@page
def show_petition(request: HttpRequest, number: str) -> HttpResponseBase:
    """GET /petitions/{id}: its text, its count, what is owed. A tombstone where it was hidden or removed."""
    now = timezone.now()
    return render_petition(request, find_petition(number, now=now), now=now)


def find_petition(number: str, *, now: dt.datetime) -> PetitionView:
    """Return the petition of an address; refuses what is no number and what is nobody's."""
    view = access.find_petition(read_number(number), now=now)
    if view is None:
        raise Refused(NO_PETITION)
    return view


def render_petition(request: HttpRequest, view: PetitionView, *, now: dt.datetime) -> HttpResponseBase:
    """Return a petition's page, with status 410 for a tombstone."""
    threshold = pick_threshold(view)
    promise = None
    if threshold and not threshold.met and view.takes_signatures:
        promise = say_promise(pinned_charter(view), threshold.threshold_id)
    context = {
        "petition": view,
        "state": state_tag(view.state),
        "steps": build_steps(view, now=now),
        "threshold": threshold,
        "charter_version": view.charter_digest.hex()[:VERSION_DIGITS],
        "promise": promise,
        "missing": max(threshold.needed - view.count, 0) if threshold else 0,
        "others": [other for other in view.thresholds if other is not threshold],
        "obligations": [show_debt(obligation) for obligation in view.obligations],
        "assurances": [
            {"label": ASSURANCES[level], "count": count}
            for level, count in sorted(view.signatures_by_assurance.items())
            if count
        ],
        "news": raising.read_news(view.petition_id) if view.title and not view.source else (),
        "days": days_left(view.closes_at, now=now, zone=view.time_zone) if view.closes_at else None,
    }
    return render_page(request, "petition.html", context, status=410 if view.state in GONE else 200)
