"""The list of petitions, and a petition's own page."""

import datetime as dt
from collections.abc import Sequence

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from maninso.petitions import access, discovery, raising
from maninso.petitions.access import PetitionView, Stretch
from maninso.petitions.discovery import FamilyView
from maninso.web.pages.finding import show_filter, show_pager
from maninso.web.shared.addresses import data_path, site_origin
from maninso.web.shared.answers import page, render_page
from maninso.web.shared.charters import pinned_charter, say_promise
from maninso.web.shared.charts import show_curve, show_regions
from maninso.web.shared.display import (
    build_steps,
    days_left,
    pick_threshold,
    show_bill,
    show_card,
    show_debt,
    show_reported,
    state_tag,
)
from maninso.web.shared.filters import link_filter, search
from maninso.web.shared.problems import NO_FORMAT, NO_PETITION, Refused
from maninso.web.shared.requests import LAST_PAGE, read_count, read_number

PER_PAGE = 20
VERSION_DIGITS = 12  # of a charter's digest, as links have it
GONE = ("hidden", "removed")
ASSURANCES = (_("e-mail"), _("social log-in"), _("phone or real name"), _("national e-ID"))


@page
def list_petitions(request: HttpRequest) -> HttpResponseBase:
    """GET /petitions?q=&state=&topic=&…&sort=&page=&after=: what was found, a page of cards at a time."""
    now = timezone.now()
    page_number = read_count(request, "page", most=LAST_PAGE, default=1)
    found = search(request, page=page_number, per_page=PER_PAGE, now=now)
    first = (found.page - 1) * PER_PAGE + 1
    context = {
        "found": found,
        "cards": [show_card(card, now=now, marks=found.marks.get(card.petition_id)) for card in found.cards],
        "first": first,
        "last": first + len(found.cards) - 1,
        **show_filter(found),
        **show_pager(found),
        "json": data_path("petitions_json") + link_filter(found.wanted),
        "csv": data_path("petitions_csv") + link_filter(found.wanted),
        "atom": data_path("petitions_atom_feed") + link_filter(found.wanted, lang=translation.get_language() or "ko"),
    }
    return render_page(request, "petitions.html", context)


@page
def refuse_format(request: HttpRequest, ending: str) -> HttpResponseBase:
    """GET /petitions.xml and the like."""
    raise Refused(NO_FORMAT)


@page
def show_petition(request: HttpRequest, number: str) -> HttpResponseBase:
    """GET /petitions/{id}: its text, its count, what is owed. A tombstone where it was hidden or removed."""
    now = timezone.now()
    view = find_petition(number, now=now)
    return render_petition(
        request,
        view,
        now=now,
        family=discovery.show_family(view.petition_id, now=now),
        curve=access.read_curve(view, now=now),
    )


def find_petition(number: str, *, now: dt.datetime) -> PetitionView:
    """Return the petition of an address; refuses what is no number and what is nobody's."""
    view = access.find_petition(read_number(number), now=now)
    if view is None:
        raise Refused(NO_PETITION)
    return view


def render_petition(
    request: HttpRequest,
    view: PetitionView,
    *,
    now: dt.datetime,
    family: FamilyView | None = None,
    curve: Sequence[Stretch] = (),
) -> HttpResponseBase:
    """Return a petition's page, with status 410 for a tombstone."""
    threshold = pick_threshold(view)
    promise = None
    if threshold and not threshold.met and view.takes_signatures:
        promise = say_promise(pinned_charter(view), threshold.threshold_id)
    context = {
        "petition": view,
        "summary": access.summarise(view.body),
        "page_address": f"{site_origin()}/petitions/{view.petition_id}",
        "family": family,
        "relatives": [show_card(card, now=now) for card in family.others] if family else [],
        "state": state_tag(view.state),
        "steps": build_steps(view, now=now),
        "threshold": threshold,
        "charter_version": view.charter_digest.hex()[:VERSION_DIGITS],
        "promise": promise,
        "missing": max(threshold.needed - view.count, 0) if threshold else 0,
        "others": [other for other in view.thresholds if other is not threshold],
        "obligations": [
            {
                **show_debt(obligation),
                "answers": [each for each in view.answers if obligation.obligation_id in each.obligations],
                "verdicts": next(
                    (each for each in view.verdicts if each.obligation_id == obligation.obligation_id), None
                ),
            }
            for obligation in view.obligations
        ],
        "unowed": [each for each in view.answers if not each.obligations],
        "bills": [show_bill(each) for each in view.bills],
        "is_law": any(each.is_law for each in view.bills),
        "curve": show_curve(view, curve, now=now, language=translation.get_language() or "ko") if curve else None,
        "regions": show_regions(view.signatures_by_region) if any(view.signatures_by_region.values()) else None,
        "assurances": [
            {"label": ASSURANCES[level], "count": count}
            for level, count in sorted(view.signatures_by_assurance.items())
            if count
        ],
        **show_reported(view.reported),
        "news": raising.read_news(view.petition_id) if view.title and not view.source else (),
        "days": days_left(view.closes_at, now=now, zone=view.time_zone) if view.closes_at else None,
    }
    return render_page(request, "petition.html", context, status=410 if view.state in GONE else 200)
