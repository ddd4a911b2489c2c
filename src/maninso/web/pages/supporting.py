"""The two secret links of a petition: where its first supporters support it, and where its creator follows it."""

import contextlib
import datetime as dt
import os
from typing import Any

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from maninso import UsageError
from maninso.ledger.evidence import SALT_LENGTH
from maninso.petitions import moderation, raising
from maninso.petitions.lifecycle import TextError, TransitionError
from maninso.web.pages import proving
from maninso.web.pages.petitions import find_petition
from maninso.web.pages.ways import find_declaration
from maninso.web.shared.addresses import site_origin
from maninso.web.shared.answers import private_page, render_page
from maninso.web.shared.display import show_debt, state_tag
from maninso.web.shared.formats import last_day
from maninso.web.shared.requests import read_number
from maninso.web.shared.tickets import require_own_page, see_other

DECIDED = ("open", "closed", "rejected")
STOPPED = ("hidden", "lapsed", "withdrawn", "removed")


@csrf_exempt  # the link's token is the secret, and proving who one is comes with the form or its cookie
@private_page
def support(request: HttpRequest, number: str, token: str) -> HttpResponseBase:
    """GET and POST /petitions/{id}/support/{token}: support a petition that gathers its first supporters."""
    now = timezone.now()
    petition_id = read_number(number)
    invitation = raising.find_invitation(petition_id, token, now=now)
    if invitation is None:
        # A wrong link opens no form: the public page says that there is a petition, and no more.
        return see_other(reverse("petition", args=[find_petition(number, now=now).petition_id]))
    if invitation.state in STOPPED:
        raise Http404
    if invitation.state in DECIDED:
        return see_other(reverse("petition", args=[petition_id]))
    if request.method != "POST" or not invitation.is_open:
        return _show_invitation(request, invitation, token, now=now, error=proving.describe_note(request))
    require_own_page(request)
    wanted = proving.wanted_to_support(invitation, token)
    proof = proving.prove(request, wanted, challenge=request.POST.get("challenge", ""), now=now)
    if proof.ticket is None:
        return _show_invitation(request, invitation, token, now=now, error=proof.error, challenge=proof.challenge)
    try:
        done = raising.sponsor_petition(petition_id, token, ticket=proof.ticket, salt=os.urandom(SALT_LENGTH), now=now)
    except raising.NotEligibleError as refusal:
        words = refusal.text.in_language(translation.get_language() or "ko")
        return _show_invitation(request, invitation, token, now=now, error=words, challenge=proof.challenge)
    except raising.NotGatheringError:
        return see_other(reverse("support", args=[petition_id, token]))
    missing = max(done.needed - done.sponsors, 0)
    context = {"invitation": invitation, "token": token, "done": done, "missing": missing}
    return render_page(request, "raise/supported.html", context)


def _show_invitation(
    request: HttpRequest,
    invitation: raising.Invitation,
    token: str,
    *,
    now: dt.datetime,
    error: str = "",
    challenge: str = "",
) -> HttpResponseBase:
    wanted = proving.wanted_to_support(invitation, token)
    closes_at = invitation.closes_at
    context = {
        "invitation": invitation,
        "missing": max(invitation.needed - invitation.sponsors, 0),
        "last_day": last_day(closes_at, invitation.time_zone) if closes_at else None,
        "who_is_it": proving.show_proving(request, wanted, challenge=challenge, now=now),
        "token": token,
        "declaration": find_declaration(invitation.charter),
        "regions": invitation.regions,
        "error": error,
    }
    return render_page(
        request, "raise/support.html", context, status=422 if error and request.method == "POST" else 200
    )


@csrf_exempt  # the link's token is the secret
@private_page
def show_creators_page(request: HttpRequest, number: str, token: str) -> HttpResponseBase:
    """GET and POST /petitions/{id}/creator/{token}: the creator's own page, and what they may do there."""
    now = timezone.now()
    petition_id = read_number(number)
    view = raising.find_creators_petition(petition_id, token, now=now)
    if view is None:
        return see_other(reverse("petition", args=[find_petition(number, now=now).petition_id]))
    error = ""
    if request.method == "POST":
        error = _tell_news(request, view, token, now=now) if request.POST.get("do") == "news" else ""
        if not error:
            return _act_as_creator(request, view, token, now=now)
    link = site_origin() + reverse("support", args=[petition_id, view.links.sponsor])
    context: dict[str, Any] = {
        "view": view,
        "token": token,
        "state": state_tag(view.state),
        "steps": [(state_tag(step.state).label, step.at) for step in view.steps],
        "missing": max(view.needed - view.sponsors, 0),
        "last_day": last_day(view.sponsors_until, view.time_zone) if view.sponsors_until else None,
        "obligations": [show_debt(obligation) for obligation in view.obligations],
        "link": link,
        "share": _("“%(title)s” needs its first supporters. It takes a minute: %(link)s")
        % {"title": view.title, "link": link},
        "is_stopped": view.state in STOPPED,
        "may_appeal": moderation.may_appeal(petition_id, now=now) is not None,
        "appeal": moderation.read_appeal(petition_id),
    }
    context |= {
        "may_tell": view.state in ("open", "closed"),
        "told": raising.read_news(petition_id, for_creator=True),
        "news": request.POST.get("news", ""),
        "news_error": error,
        "longest_news": raising.LONGEST_NEWS,
    }
    return render_page(request, "raise/creator.html", context, status=422 if error else 200)


def _tell_news(request: HttpRequest, view: raising.CreatorView, token: str, *, now: dt.datetime) -> str:
    """Publish what the creator tells; return what is wrong with it, "" where nothing is."""
    try:
        raising.tell_news(view.petition_id, token, text=request.POST.get("news", ""), now=now)
    except raising.NewsError as refusal:
        if refusal.reason == "early":
            return _(
                "You told something within the last seven days. Wait until they are over; your text is still here."
            )
        return _("There can be news only once the petition is open.")
    except TextError:
        return _(
            "Write between 1 and %(most)s characters that can all be seen. Links only where the rules allow them."
        ) % {"most": f"{raising.LONGEST_NEWS:,}"}
    return ""


def _act_as_creator(
    request: HttpRequest, view: raising.CreatorView, token: str, *, now: dt.datetime
) -> HttpResponseBase:
    match request.POST.get("do"):
        case "confirm":
            raising.confirm_creator(view.petition_id, token, now=now)
        case "appeal":
            with contextlib.suppress(moderation.AppealError, UsageError):  # its page shows whether it was made
                moderation.make_appeal(view.petition_id, text=request.POST.get("text", ""), now=now)
        case "withdraw" if request.POST.get("sure") == "yes":
            with contextlib.suppress(TransitionError):  # it has ended meanwhile, which its page shows
                raising.withdraw_as_creator(view.petition_id, token, now=now)
    return see_other(reverse("creator", args=[view.petition_id, token]))
