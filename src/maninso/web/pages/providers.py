"""Proving who you are at a provider: going there, and coming back with nothing but a ticket.

Nothing about anybody is stored. What has to be known when they come back lies in a signed cookie of their own browser;
what the provider said is dropped as soon as the ticket is made. Opening these addresses signs nothing.
"""

import datetime as dt
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import get_script_prefix, reverse, set_script_prefix
from django.utils import timezone, translation

from maninso.charter import Person, refuse_signer
from maninso.charter.admission import Refusal
from maninso.identity import oidc
from maninso.identity.oidc import Pending, Provider, ProviderDown, ProviderError, Verified
from maninso.identity.oidc.verified import LIFETIME as TICKET_LIFETIME
from maninso.identity.ticket import AGE_UNKNOWN
from maninso.web.pages import proving
from maninso.web.pages.petitions import find_petition
from maninso.web.pages.proving import Wanted
from maninso.web.pages.ways import declared_age, find_declaration, takes_provider
from maninso.web.shared.addresses import data_path, site_origin
from maninso.web.shared.answers import private_page, render_page
from maninso.web.shared.charters import pinned_charter
from maninso.web.shared.problems import BAD_NUMBER, NO_PAGE, Refused
from maninso.web.shared.tickets import keep_ticket, see_other

NOTES = {"state": "late", "denied": "stopped", "low": "low"}
COOKIE_PATH = "/identity/oidc/"


@private_page
def go(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """GET /identity/oidc/{provider}?petition=ID&declared=1: to the provider, with a cookie for the way back."""
    provider = find_provider(provider_id)
    now = timezone.now()
    if "for" in request.GET:
        return go_to_prove(request, provider, proving.find_wish(request, now=now), now=now)
    if not request.GET.get("petition"):
        raise Refused(BAD_NUMBER)
    view = find_petition(request.GET["petition"], now=now)
    charter = pinned_charter(view)
    connection.close()  # what follows may wait for the provider, and the database has few places
    if not view.may_be_asked(now):
        return see_other(reverse("petition", args=[view.petition_id]))
    if not takes_provider(charter, provider):
        raise Refused(NO_PAGE)
    declared = request.GET.get("declared") == "1"
    if find_declaration(charter) and not declared:
        return see_other(sign_address(view.petition_id, "declare"))
    language = translation.get_language() or "ko"
    try:
        address, pending = oidc.begin(
            provider,
            petition_id=view.petition_id,
            language=language,
            assurance=charter.signer.minimum_assurance,
            age=declared_age(charter) if declared else AGE_UNKNOWN,
            return_to=return_address(provider),
            now=now.timestamp(),
        )
    except (ProviderDown, ProviderError):
        return render_down(request, provider, view.petition_id)
    return send_away(address, pending)


def go_to_prove(request: HttpRequest, provider: Provider, wanted: Wanted, *, now: dt.datetime) -> HttpResponseBase:
    """Return the way to the provider for whoever raises or supports a petition, and has declared that they may."""
    connection.close()
    if not proving.takes_provider(wanted, provider):
        raise Refused(NO_PAGE)
    try:
        address, pending = oidc.begin(
            provider,
            petition_id=wanted.petition_id,
            language=translation.get_language() or "ko",
            assurance=wanted.rule.minimum_assurance,
            age=wanted.rule.minimum_age or AGE_UNKNOWN,
            return_to=return_address(provider),
            now=now.timestamp(),
            purpose=wanted.purpose,
            back=wanted.back,
        )
    except (ProviderDown, ProviderError):
        return render_down(request, provider, wanted.petition_id, back=wanted.back)
    return send_away(address, pending)


def send_away(address: str, pending: Pending) -> HttpResponseBase:
    """Return the way to a provider, with the cookie for the way back."""
    response = HttpResponseRedirect(address)
    response.status_code = 303
    response.headers["Referrer-Policy"] = "no-referrer"
    response.set_cookie(
        oidc.name_cookie(pending.state),
        oidc.seal_pending(settings.MANINSO.secret_key, pending),
        max_age=oidc.LIFETIME,
        path=COOKIE_PATH,
        httponly=True,
        samesite="Lax",  # the provider's redirect is a link that is followed from there
        secure=site_origin().startswith("https:"),
    )
    return response


@private_page
def come_back(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """GET /identity/oidc/{provider}/return: check what came back, make a ticket of it, and show the button that signs.

    The cookie for the way back is taken away, whatever comes of it: an answer is looked at once.
    """
    provider = find_provider(provider_id)
    name = oidc.name_cookie(request.GET.get("state", ""))
    try:
        pending = oidc.read_pending(settings.MANINSO.secrets, request.COOKIES.get(name, ""))
    except ProviderError:
        pending = None
    if pending is None or pending.provider != provider.id:
        return render_lost(request)
    outer = get_script_prefix()
    set_script_prefix(f"/{pending.language}/")
    try:
        with translation.override(pending.language):
            response = finish(request, provider, pending)
    finally:
        set_script_prefix(outer)
    response.delete_cookie(name, path=COOKIE_PATH, samesite="Lax")
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def finish(request: HttpRequest, provider: Provider, pending: Pending) -> HttpResponse:
    """Return the way to the button that signs, with the ticket in the cookie, or back to the ways with the reason."""
    now = timezone.now()
    answer = {key: request.GET[key] for key in ("code", "state", "error", "iss") if key in request.GET}
    try:
        verified = oidc.finish(
            provider,
            pending,
            answer=answer,
            return_to=return_address(provider),
            now=now.timestamp(),
            today=now.astimezone(ZoneInfo(settings.TIME_ZONE)).date(),
        )
    except ProviderDown:
        return render_down(request, provider, pending.petition_id, back=pending.back)
    except ProviderError as error:
        note = NOTES.get(error.fault, "unproven")
        return see_other(add_note(pending.back, note) if pending.back else sign_address(pending.petition_id, note))
    if pending.purpose:
        return finish_proof(provider, pending, with_declared_age(verified, pending), now=now)
    view = find_petition(str(pending.petition_id), now=now)
    verified = with_declared_age(verified, pending)
    note = find_obstacle(refuse_signer(pinned_charter(view), describe(provider, verified)))
    connection.close()
    if note:
        return see_other(sign_address(pending.petition_id, note))
    response = see_other(reverse("sign_now", args=[pending.petition_id]))
    token = oidc.make_provider_ticket(
        settings.MANINSO_SUBJECT_SECRET(),
        settings.MANINSO.secret_key,
        provider=provider,
        verified=verified,
        petition_id=pending.petition_id,
        now=now.timestamp(),
    )
    keep_ticket(response, token, max_age=TICKET_LIFETIME)
    return response


def with_declared_age(verified: Verified, pending: Pending) -> Verified:
    """Return the person with the age that they declared, where the provider does not say it."""
    if verified.age != AGE_UNKNOWN:
        return verified
    return Verified(verified.subject, verified.assurance, pending.age, verified.region)


def finish_proof(provider: Provider, pending: Pending, verified: Verified, *, now: dt.datetime) -> HttpResponse:
    """Return the way back to where a petition is raised or supported, with the proof in its cookie."""
    wanted = proving.find_wanted(pending.purpose, pending.back, now=now)
    note = find_obstacle(wanted.refuse(describe(provider, verified)))
    connection.close()
    if note:
        return see_other(add_note(wanted.back, note))
    response = see_other(wanted.back)
    ticket = oidc.describe_verified(
        settings.MANINSO_SUBJECT_SECRET(),
        provider=provider,
        verified=verified,
        petition_id=wanted.petition_id,
        expires_at=int(now.timestamp()) + wanted.lifetime,
    )
    proving.keep_proof(response, ticket, wanted)
    return response


def add_note(address: str, note: str) -> str:
    """Return an address of this site with the reason why somebody is back."""
    return f"{address}{'&' if '?' in address else '?'}note={note}"


def describe(provider: Provider, verified: Verified) -> Person:
    """Return what is known of somebody whom a provider has verified."""
    return Person(
        assurance=verified.assurance,
        age=None if verified.age == AGE_UNKNOWN else verified.age,
        residence=verified.region or None,
        scheme=provider.scheme,
        declared_eligible=True,  # asked before they went, where it is to be declared
    )


def find_obstacle(refusal: Refusal | None) -> str:
    """Return why the charter does not let somebody do it, as a note of the page with the ways; "" if it does."""
    if refusal is None:
        return ""
    return {"assurance-too-low": "low", "too-young": "young"}.get(refusal.code, "region")


def find_provider(provider_id: str) -> Provider:
    """Return a provider that the site has; refuses any other (404)."""
    found: Provider | None = settings.MANINSO.providers.get(provider_id)
    if found is None:
        raise Refused(NO_PAGE)
    return found


def return_address(provider: Provider) -> str:
    """Return where the provider sends people back to: what is registered with it."""
    return site_origin() + data_path("oidc_return", provider.id)


def sign_address(petition_id: int, note: str) -> str:
    """Return the page with the ways, which says why somebody is back."""
    return f"{reverse('sign', args=[petition_id])}?note={note}"


def render_down(request: HttpRequest, provider: Provider, petition_id: int, *, back: str = "") -> HttpResponse:
    """Return the page that says that a provider does not answer, and that other ways do."""
    name = provider.name.in_language(translation.get_language() or "ko")
    context = {"name": name, "petition_id": petition_id, "provider_id": provider.id, "back": back}
    response = render_page(request, "provider_down.html", context, status=503)
    response.headers["Retry-After"] = "10"
    return response


def render_lost(request: HttpRequest) -> HttpResponse:
    """Return the page for whoever comes back without the cookie: it is not known what they were about to sign.

    (There are providers that forget the state where somebody says no.)
    """
    return render_page(request, "provider_lost.html", {"stopped": "error" in request.GET}, status=400)
