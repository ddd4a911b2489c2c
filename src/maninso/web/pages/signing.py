"""Before signing: the ways to prove who you are, and the button that signs.

Signing itself is answered by `maninso.signing.app`. No page here looks at the ticket, so none holds anything personal;
opening a page never signs, only the button's POST does.
"""

import datetime as dt
import secrets

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from maninso.identity.rehearsal import LIFETIME, make_rehearsal_ticket
from maninso.identity.ticket import derive_key, issue_ticket
from maninso.petitions.access import PetitionView
from maninso.web.pages.petitions import find_petition
from maninso.web.pages.ways import NOTES, find_ways
from maninso.web.shared.answers import page, private_page, render_page
from maninso.web.shared.charters import pinned_charter
from maninso.web.shared.problems import BAD_NUMBER, NO_PAGE, Refused
from maninso.web.shared.tickets import keep_ticket, see_other

LONGEST_NAME = 60  # characters
MADE_UP_AGE = 40  # old enough for every charter
MADE_UP_ASSURANCE = 1


@page
def show_sign_page(request: HttpRequest, number: str) -> HttpResponseBase:
    """GET /petitions/{id}/sign?note=: the ways to prove who you are; `note` says why somebody is back here."""
    view = find_petition(number, now=timezone.now())
    if not view.may_be_asked(timezone.now()):
        return see_other(reverse("petition", args=[view.petition_id]))
    note = NOTES.get(request.GET.get("note", ""))
    return render_page(request, "sign.html", {"petition": view, "ways": find_ways(view), "note": note})


@page
def show_button(request: HttpRequest, number: str) -> HttpResponseBase:
    """GET /petitions/{id}/sign/now: the button that signs, for whoever has proved who they are."""
    view = find_petition(number, now=timezone.now())
    if not view.may_be_confirmed(timezone.now()):
        return see_other(reverse("petition", args=[view.petition_id]))
    return render_page(request, "sign_now.html", {"petition": view})


@private_page
def make_up_person(request: HttpRequest) -> HttpResponseBase:
    """GET and POST /identity/rehearsal?petition=ID: become a made-up person; there on rehearsal sites only."""
    if not settings.MANINSO.rehearsal:
        raise Refused(NO_PAGE)
    now = timezone.now()
    given = request.POST if request.method == "POST" else request.GET
    number = given.get("petition", "")
    if not number:
        raise Refused(BAD_NUMBER)
    view = find_petition(number, now=now)
    if not view.may_be_asked(now):
        return see_other(reverse("petition", args=[view.petition_id]))
    regions = counted_regions(view)
    if request.method != "POST":
        return render_page(request, "rehearsal.html", {"petition": view, "regions": regions})
    name = given.get("person", "").strip()
    region = given.get("region", "")
    error = ""
    if len(name) > LONGEST_NAME:
        error = _("This name is too long: use at most %(most)s characters.") % {"most": LONGEST_NAME}
    elif "\0" in name:
        error = _("This name cannot be read: write it again.")
    if error:
        context = {"petition": view, "regions": regions, "region": region, "name": name[:LONGEST_NAME], "error": error}
        return render_page(request, "rehearsal.html", context, status=422)
    return give_ticket(
        view, person=name or f"made-up {secrets.token_hex(8)}", region=region if region in regions else "", now=now
    )


def counted_regions(view: PetitionView) -> tuple[str, ...]:
    """Return the regions that the petition's charter counts by."""
    return pinned_charter(view).regions


def needed_assurance(view: PetitionView) -> int:
    """Return how well a made-up person must be verified to sign the petition."""
    return max(MADE_UP_ASSURANCE, pinned_charter(view).signer.minimum_assurance)


def give_ticket(view: PetitionView, *, person: str, region: str, now: dt.datetime) -> HttpResponseBase:
    """Return the redirect to the button that signs, with the made-up person's ticket in the cookie."""
    response = see_other(reverse("sign_now", args=[view.petition_id]))
    secret = settings.MANINSO.secret_key
    ticket = make_rehearsal_ticket(
        secret,
        person=person,
        region=region,
        now=now.timestamp(),
        assurance=needed_assurance(view),
        age=MADE_UP_AGE,
    )
    token = issue_ticket(derive_key(secret, purpose="ticket"), ticket)
    keep_ticket(response, token, max_age=LIFETIME)
    return response
