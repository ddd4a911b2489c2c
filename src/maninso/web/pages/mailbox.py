"""Signing by e-mail: the address, "look in your mailbox", and the page behind the link with the button that signs.

The link is the ticket. Opening it changes nothing, for programs that scan mail open links too; the button moves the
ticket from the address into the cookie and sends the same request on to the signing path (307), which signs.
"""

import datetime as dt
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt

from maninso.charter import Charter, Person, refuse_signer
from maninso.identity.mailbox import DISPOSABLE, SCHEME, AddressError, Mailbox, read_disposable_domains, read_mailbox
from maninso.identity.ticket import TicketError
from maninso.petitions import notices
from maninso.petitions.access import PetitionView
from maninso.web.pages.petitions import find_petition
from maninso.web.pages.ways import declared_age, find_declaration, takes_email
from maninso.web.shared.answers import page, private_page, render_page
from maninso.web.shared.charters import pinned_charter
from maninso.web.shared.problems import NO_PAGE, TOO_MANY_ASKED, Refused
from maninso.web.shared.tickets import keep_ticket, name_network, read_ticket, require_own_page, see_other
from maninso.web.shared.work import require_work

FAULTS = {
    "empty": _("Write your e-mail address."),
    "form": _("An e-mail address has a name, one @ and a domain: name@example.org"),
    "local": _("There is something in front of the @ that addresses do not have. Write it as name@example.org"),
    "domain": _("There can be no such domain behind the @. Write it as name@example.org"),
    "long": _("This address is too long to be one."),
}
UNDECLARED = _("Tick the box if this is so. If it is not, you cannot sign this petition.")
REASONS = {"expired": "expired", "elsewhere": "elsewhere"}


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressForm:
    """What somebody wrote, and what is wrong with it: faults by field."""

    address: str = ""
    declared: bool = False
    faults: dict[str, object]


@csrf_exempt  # own page or none (require_own_page), without a cookie, so that the form is the same for everybody
@private_page
def ask_address(request: HttpRequest, number: str) -> HttpResponseBase:
    """GET and POST /petitions/{id}/sign/email: ask for the address, and store the message to it."""
    now = timezone.now()
    view = find_petition(number, now=now)
    charter = pinned_charter(view)
    if not view.may_be_asked(now):
        return see_other(reverse("petition", args=[view.petition_id]))
    if not takes_email(charter):
        raise Refused(NO_PAGE)
    form = AddressForm(faults={})
    if request.method == "POST":
        require_own_page(request)
        form = read_form(request, charter)
        if not form.faults:
            require_work(request, now=now)
            send_link(request, view, charter, read_mailbox(form.address), now=now)
            return see_other(reverse("sign_sent", args=[view.petition_id]))
    context = {
        "petition": view,
        "form": form,
        "declaration": find_declaration(charter),
        "works": bool(settings.MANINSO.proof_of_work),
    }
    return render_page(request, "sign_email.html", context, status=422 if form.faults else 200)


def read_form(request: HttpRequest, charter: Charter) -> AddressForm:
    """Return what was sent, with its faults."""
    address = request.POST.get("email", "")[:400]
    declared = request.POST.get("declared") == "1"
    faults: dict[str, object] = {}
    try:
        mailbox = read_mailbox(address)
    except AddressError as error:
        faults["email"] = FAULTS[error.fault]
    else:
        refusal = refuse_signer(charter, describe_person(mailbox, declared=declared))
        if refusal is not None and refusal.code == "not-declared":
            faults["declared"] = UNDECLARED
        elif refusal is not None:
            faults["email"] = refusal.text.in_language(translation.get_language() or "ko")
    return AddressForm(address=address, declared=declared, faults=faults)


def describe_person(mailbox: Mailbox, *, declared: bool) -> Person:
    """Return what is known of whoever reads a mailbox, which is little."""
    return Person(
        assurance=0,
        mail_domain=mailbox.domain,
        mail_disposable=is_disposable(mailbox),
        scheme=SCHEME,
        declared_eligible=declared,
    )


def is_disposable(mailbox: Mailbox) -> bool:
    """Whether a mailbox is at a domain that gives throw-away addresses."""
    return read_disposable_domains(settings.MANINSO.disposable_domains).covers(mailbox.domain)


def send_link(
    request: HttpRequest, view: PetitionView, charter: Charter, mailbox: Mailbox, *, now: dt.datetime
) -> None:
    """Store the message with the link. What follows is the same whether it was one too many, or they had signed."""
    limit_network(request, now=now)
    notices.ask_confirmation(
        petition_id=view.petition_id,
        mailbox=mailbox,
        language=translation.get_language() or "ko",
        issuer=DISPOSABLE if is_disposable(mailbox) else SCHEME,
        # Declared, where the charter sets an age: nobody knows it (docs/reference/charter.md, "signer").
        age=declared_age(charter),
        until=view.closes_at or now,
        grace=dt.timedelta(hours=charter.collecting.grace_hours),
        now=now,
    )


def limit_network(request: HttpRequest, *, now: dt.datetime) -> None:
    """Refuse a network that has asked for too many messages in this minute."""
    network = name_network(request)
    minute = now.replace(second=0, microsecond=0)
    if network and not notices.take_allowance(
        f"ask {network} {minute.isoformat()}",
        most=settings.MANINSO.limits.network,
        until=minute + dt.timedelta(minutes=1),
    ):
        raise Refused(TOO_MANY_ASKED)


@page
def show_sent(request: HttpRequest, number: str) -> HttpResponseBase:
    """GET /petitions/{id}/sign/email/sent: look in your mailbox; the same page whatever the truth."""
    view = find_petition(number, now=timezone.now())
    context = {"petition": view, "most": notices.MOST_MESSAGES, "folder": kept_in_folder()}
    return render_page(request, "sign_sent.html", context)


def kept_in_folder() -> str:
    """Return the folder that messages are kept in on a rehearsal that sends none; "" elsewhere."""
    url: str = settings.MANINSO.email_url
    return url.removeprefix("file:") if settings.MANINSO.rehearsal and url.startswith("file:") else ""


@csrf_exempt  # the ticket in the form is what an attacker lacks; and own page or none
@private_page
def confirm(request: HttpRequest, number: str) -> HttpResponseBase:
    """GET and POST /petitions/{id}/confirm: the page behind the link, whose button signs."""
    now = timezone.now()
    view = find_petition(number, now=now)
    if not view.may_be_confirmed(now):
        return see_other(reverse("petition", args=[view.petition_id]))
    token = (request.POST if request.method == "POST" else request.GET).get("ticket", "")
    try:
        ticket = read_ticket(token, petition_id=view.petition_id, now=now.timestamp())
    except TicketError as error:
        return see_other(f"{reverse('sign', args=[view.petition_id])}?note={REASONS.get(error.reason, 'invalid')}")
    if request.method != "POST":
        response = render_page(request, "confirm.html", {"petition": view, "ticket": token})
        # Not "no-referrer": the browser would then send the form with "Origin: null". This one names the host alone.
        response.headers["Referrer-Policy"] = "strict-origin"
        return response
    require_own_page(request)
    signed = HttpResponseRedirect(f"{reverse('petition', args=[view.petition_id])}/signatures")
    signed.status_code = 307  # the same request again, at the signing path
    keep_ticket(signed, token, max_age=int(ticket.expires_at - now.timestamp()))
    return signed
