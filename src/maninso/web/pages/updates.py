"""News of a petition by e-mail: asked for, confirmed by a link with a button, and ended with one click (RFC 8058)."""

from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.csrf import csrf_exempt

from maninso.identity.confirmation import TokenError, open_subscription
from maninso.identity.mailbox import AddressError, read_mailbox
from maninso.petitions import notices, raising
from maninso.petitions.access import PetitionView
from maninso.web.pages.mailbox import FAULTS, AddressForm, kept_in_folder, limit_network
from maninso.web.pages.petitions import find_petition
from maninso.web.shared.answers import page, private_page, render_page
from maninso.web.shared.problems import NO_PETITION, WRONG_LINK, Refused
from maninso.web.shared.tickets import require_own_page, see_other
from maninso.web.shared.work import require_work

UNOPENED = ("gathering", "moderation")


@csrf_exempt  # own page or none, without a cookie
@private_page
def ask_address(request: HttpRequest, number: str) -> HttpResponseBase:
    """GET and POST /petitions/{id}/updates: ask for the address that news go to, and store the message to it."""
    now = timezone.now()
    view, invited = find_told(request, number)
    form = AddressForm(faults={})
    if request.method == "POST":
        require_own_page(request)
        address = request.POST.get("email", "")[:400]
        try:
            mailbox = read_mailbox(address)
        except AddressError as error:
            form = AddressForm(address=address, faults={"email": FAULTS[error.fault]})
        else:
            require_work(request, now=now)
            limit_network(request, now=now)
            language = translation.get_language() or "ko"
            notices.ask_subscription(petition_id=view.petition_id, mailbox=mailbox, language=language, now=now)
            back = "?" + urlencode({"by": invited}) if invited else ""
            return see_other(reverse("updates_sent", args=[view.petition_id]) + back)
    works = bool(settings.MANINSO.proof_of_work)
    context = {"petition": view, "invited": invited, "form": form, "works": works}
    return render_page(request, "updates.html", context, status=422 if form.faults else 200)


def find_told(request: HttpRequest, number: str) -> tuple[PetitionView, str]:
    """Return a petition that there may be news of, a public one of our own, and "".

    Supporters hear of it before it is public: then the second is their link's token, which the request has as `by`.
    """
    now = timezone.now()
    view = find_petition(number, now=now)
    token = (request.POST if request.method == "POST" else request.GET).get("by", "")
    if view.title and not view.source:
        return view, ""
    if view.state in UNOPENED and raising.find_invitation(view.petition_id, token, now=now) is not None:
        return view, token
    raise Refused(NO_PETITION)


@page
def show_sent(request: HttpRequest, number: str) -> HttpResponseBase:
    """GET /petitions/{id}/updates/sent: look in your mailbox; the same page whatever the truth."""
    view, invited = find_told(request, number)
    context = {"petition": view, "invited": invited, "folder": kept_in_folder()}
    return render_page(request, "updates_sent.html", context)


@csrf_exempt  # the token is what an attacker lacks; and own page or none
@private_page
def confirm(request: HttpRequest, number: str) -> HttpResponseBase:
    """GET and POST /petitions/{id}/updates/confirm: the page behind the link, whose button subscribes."""
    now = timezone.now()
    view = find_petition(number, now=now)
    token = (request.POST if request.method == "POST" else request.GET).get("token", "")
    try:
        wish = open_subscription(settings.MANINSO.secrets, token, petition_id=view.petition_id, now=now.timestamp())
    except TokenError as error:
        raise Refused(WRONG_LINK) from error
    if view.source or not (view.title or view.state in UNOPENED):
        raise Refused(NO_PETITION)
    context: dict[str, object] = {"petition": view, "token": token}
    if request.method == "POST":
        require_own_page(request)
        mailbox = read_mailbox(wish.address)
        notices.subscribe(petition_id=view.petition_id, mailbox=mailbox, language=wish.language, now=now)
        context["done"] = True
    response = render_page(request, "updates_confirm.html", context)
    response.headers["Referrer-Policy"] = "strict-origin"  # as the page behind the link that signs
    return response


@csrf_exempt  # mail programs send this POST by themselves (RFC 8058): the token says whose news end
@private_page
def unsubscribe(request: HttpRequest, token: str) -> HttpResponseBase:
    """GET and POST /updates/{token}: the page whose button ends the news; a POST ends them, with one click."""
    subscription = notices.read_subscription(token)
    if subscription is None:
        raise Refused(WRONG_LINK)
    view = find_petition(str(subscription.petition_id), now=timezone.now())
    context = {"petition": view, "active": subscription.active, "done": False}
    if request.method == "POST":
        context["done"] = notices.unsubscribe(subscription)
        context["active"] = False
    response = render_page(request, "unsubscribe.html", context)
    response.headers["Referrer-Policy"] = "strict-origin"
    return response
