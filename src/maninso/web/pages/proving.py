"""Proving who one is to raise a petition, support one, or judge an answer, without leaving what one has written.

By e-mail the message brings a code, which is typed into the same form: the form carries everything, so no second window
is needed and no mail program can press anything. A provider is gone to before there is anything to lose (raising), or
from a page that holds nothing but its link (supporting). What comes of either is a proof for this purpose alone.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from maninso.charter import Charter, Person, refuse_creator, refuse_signer
from maninso.charter.admission import Refusal
from maninso.charter.model import Eligibility
from maninso.identity.confirmation import TokenError, make_mailbox_ticket
from maninso.identity.mailbox import DISPOSABLE, SCHEME, AddressError, Mailbox, read_mailbox
from maninso.identity.oidc import Provider
from maninso.identity.proof import (
    MOST_TRIES,
    RAISE,
    Challenge,
    is_code,
    make_challenge,
    name_proof_cookie,
    name_support,
    name_verdict,
    open_challenge,
    read_proof,
    seal_challenge,
    seal_proof,
)
from maninso.identity.ticket import AGE_UNKNOWN, Ticket
from maninso.petitions import notices, raising
from maninso.petitions.access import PetitionView
from maninso.web.pages.mailbox import FAULTS, describe_person, is_disposable, limit_network
from maninso.web.pages.petitions import find_petition
from maninso.web.pages.ways import needs_region
from maninso.web.shared.addresses import site_origin
from maninso.web.shared.charters import pinned_charter, site_charter
from maninso.web.shared.persons import read_made_up_person
from maninso.web.shared.problems import NO_PAGE, Refused
from maninso.web.shared.requests import read_number
from maninso.web.shared.work import require_work

RAISING_LIFETIME = 3 * 3600  # seconds: as long as somebody may take to write
SUPPORTING_LIFETIME = 15 * 60
NOTES = {
    "late": _("You came back too late, or in another browser. Choose a way again."),
    "stopped": _("You came back without proving who you are. Choose a way again."),
    "unproven": _("What came back proves nothing. Choose a way again, or another one."),
    "low": _("A stronger proof is needed than you gave. Choose another way."),
    "young": _("The rules ask for a certain age, and yours is below it or not known."),
    "region": _("The rules are for certain regions, and yours is another or not known."),
}
"""What `?note=` says to whoever is back without a proof."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """For what somebody proves who they are, under which rule, and where they come back to from a provider."""

    purpose: str
    petition_id: int  # 0: there is none yet
    charter: Charter
    rule: Eligibility
    back: str

    @property
    def by_region(self) -> bool:
        """Whether a region has to be known: supporters become signatures."""
        return bool(self.petition_id) and needs_region(self.charter)

    @property
    def lifetime(self) -> int:
        """Seconds for which a provider's answer holds."""
        return SUPPORTING_LIFETIME if self.petition_id else RAISING_LIFETIME

    def refuse(self, person: Person) -> Refusal | None:
        """Return why the rule does not let this person do it."""
        return (refuse_signer if self.petition_id else refuse_creator)(self.charter, person)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proving:
    """What came of a form: who it is, or what to say; and what the next form carries."""

    ticket: Ticket | None = None
    error: str = ""
    challenge: str = ""


def wanted_to_raise(*, beside: bool = False) -> Wanted:
    """Return what raising a petition asks for; `beside`: they come back to a window beside the form."""
    charter = site_charter()
    back = reverse("new_proved") + ("?beside=1" if beside else "")
    return Wanted(purpose=RAISE, petition_id=0, charter=charter, rule=charter.creator, back=back)


def wanted_to_support(invitation: raising.Invitation, token: str) -> Wanted:
    """Return what supporting a petition asks for."""
    return Wanted(
        purpose=name_support(invitation.petition_id),
        petition_id=invitation.petition_id,
        charter=invitation.charter,
        rule=invitation.charter.signer,
        back=reverse("support", args=[invitation.petition_id, token]),
    )


def wanted_to_judge(view: PetitionView, obligation_id: int) -> Wanted:
    """Return what judging an answer asks for: the same as signing did."""
    charter = pinned_charter(view)
    return Wanted(
        purpose=name_verdict(view.petition_id),
        petition_id=view.petition_id,
        charter=charter,
        rule=charter.signer,
        back=reverse("verdict", args=[view.petition_id, obligation_id]),
    )


def takes_email(wanted: Wanted) -> bool:
    """Whether a mailbox is proof enough."""
    rule = wanted.rule
    return rule.minimum_assurance == 0 and rule.scheme in (None, SCHEME) and not wanted.by_region


def takes_provider(wanted: Wanted, provider: Provider) -> bool:
    """Whether a provider can prove what is asked: no provider says that somebody has an address at a domain."""
    rule = wanted.rule
    return (
        max((provider.assurance, *provider.acr.values())) >= rule.minimum_assurance
        and rule.scheme in (None, provider.scheme)
        and not rule.mail_domains
        and (bool(provider.claims.region) or not wanted.by_region)
    )


def find_providers(wanted: Wanted) -> tuple[tuple[str, str], ...]:
    """Return the identifiers and names of the providers that can prove it."""
    language = translation.get_language() or "ko"
    providers: Iterable[Provider] = settings.MANINSO.providers.values()
    return tuple((each.id, each.name.in_language(language)) for each in providers if takes_provider(wanted, each))


def read_proof_cookie(request: HttpRequest, wanted: Wanted, *, now: dt.datetime) -> Ticket | None:
    """Return who it is, by a provider's answer that is still good for this."""
    token = request.COOKIES.get(name_proof_cookie(wanted.purpose), "")
    return read_proof(settings.MANINSO.secrets, token, purpose=wanted.purpose, now=now.timestamp())


def keep_proof(response: HttpResponseBase, ticket: Ticket, wanted: Wanted) -> None:
    """Put the proof into its cookie."""
    response.set_cookie(
        name_proof_cookie(wanted.purpose),
        seal_proof(settings.MANINSO.secret_key, ticket, purpose=wanted.purpose),
        max_age=wanted.lifetime,
        httponly=True,
        samesite="Lax",
        secure=site_origin().startswith("https:"),
    )


def show_proving(
    request: HttpRequest, wanted: Wanted, *, challenge: str = "", address: str = "", now: dt.datetime
) -> dict[str, Any]:
    """Return what parts/who.html needs: what is proved already, or the ways to do it."""
    asked = _open(challenge, wanted, now=now)
    return {
        "proved": read_proof_cookie(request, wanted, now=now) is not None,
        "by_email": takes_email(wanted),
        "by_provider": find_providers(wanted),
        "asked": asked,
        "challenge": challenge if asked else "",
        "proof_email": request.POST.get("proof_email", "") or (asked.address if asked else address),
        "purpose": wanted.purpose.partition(" ")[0],
        "domains": ", ".join(wanted.rule.mail_domains),
        "works": bool(settings.MANINSO.proof_of_work),
    }


def prove(request: HttpRequest, wanted: Wanted, *, challenge: str, now: dt.datetime) -> Proving:
    """Return who sent a form: by a rehearsal's name, a provider's proof, or the code; else send one, or say why not."""
    if "person" in request.POST:
        ticket, error = read_made_up_person(
            request, regions=wanted.charter.regions, assurance=wanted.rule.minimum_assurance, now=now
        )
        if ticket is not None or error:
            return Proving(ticket=ticket, error=error, challenge=challenge)
    ticket = read_proof_cookie(request, wanted, now=now)
    if ticket is not None:
        return Proving(ticket=ticket)
    if not takes_email(wanted):
        return Proving(error=gettext("Prove who you are first."))
    asked, typed = _open(challenge, wanted, now=now), request.POST.get("code", "").strip()
    if request.POST.get("do") != "code" and asked is not None:
        if not typed:
            return Proving(error=gettext("Type the code from the message."), challenge=challenge)
        return _check(asked, typed, wanted, challenge=challenge, now=now)
    if not request.POST.get("proof_email", "").strip() and request.POST.get("do") != "code":
        return Proving(error=gettext("Prove who you are first."), challenge=challenge)
    return _send(request, wanted, challenge=challenge, now=now)


def _open(challenge: str, wanted: Wanted, *, now: dt.datetime) -> Challenge | None:
    try:
        return open_challenge(settings.MANINSO.secrets, challenge, purpose=wanted.purpose, now=now.timestamp())
    except TokenError:
        return None


def _check(asked: Challenge, typed: str, wanted: Wanted, *, challenge: str, now: dt.datetime) -> Proving:
    until = dt.datetime.fromtimestamp(asked.expires_at, dt.UTC)
    if not notices.take_allowance(f"try {asked.nonce}", most=MOST_TRIES, until=until):
        error = gettext("This code was tried too often. Have another one sent.")
        return Proving(error=error, challenge=challenge)
    if not is_code(settings.MANINSO.secrets, asked, typed):
        error = gettext("This is not the code. Look into the newest message: its subject begins with the code.")
        return Proving(error=error, challenge=challenge)
    mailbox = read_mailbox(asked.address)
    refusal = _refuse_mailbox(wanted, mailbox)
    if refusal:
        return Proving(error=refusal, challenge=challenge)
    ticket = make_mailbox_ticket(
        settings.MANINSO_SUBJECT_SECRET(),
        mailbox=mailbox,
        petition_id=wanted.petition_id,
        issuer=DISPOSABLE if is_disposable(mailbox) else SCHEME,
        age=wanted.rule.minimum_age or AGE_UNKNOWN,  # declared, since nobody knows it
        now=now.timestamp(),
    )
    return Proving(ticket=ticket, challenge=challenge)


def _send(request: HttpRequest, wanted: Wanted, *, challenge: str, now: dt.datetime) -> Proving:
    """Have a code sent; what follows is the same whether it was one too many."""
    try:
        mailbox = read_mailbox(request.POST.get("proof_email", "")[:400])
    except AddressError as fault:
        return Proving(error=str(FAULTS[fault.fault]), challenge=challenge)
    error = _refuse_mailbox(wanted, mailbox)
    if error:
        return Proving(error=error, challenge=challenge)
    try:
        require_work(request, now=now)
        limit_network(request, now=now)
    except Refused:  # said in the form, so that what was written there stays
        error = gettext("Too many messages were asked for from your network. Wait a minute, then press it again.")
        return Proving(error=error, challenge=challenge)
    asked = make_challenge(purpose=wanted.purpose, address=mailbox.address, now=now.timestamp())
    notices.ask_code(
        purpose=wanted.purpose,
        petition_id=wanted.petition_id,
        mailbox=mailbox,
        language=translation.get_language() or "ko",
        facts={"purpose": asked.purpose, "nonce": asked.nonce, "expires_at": asked.expires_at},
        now=now,
    )
    return Proving(challenge=seal_challenge(settings.MANINSO.secret_key, asked))


def _refuse_mailbox(wanted: Wanted, mailbox: Mailbox) -> str:
    refusal = wanted.refuse(describe_person(mailbox, declared=True))
    return refusal.text.in_language(translation.get_language() or "ko") if refusal else ""


def find_wish(request: HttpRequest, *, now: dt.datetime) -> Wanted:
    """Return for what somebody wants to go to a provider (`?for=`); refuses what is not there (404)."""
    match request.GET.get("for"):
        case "raise":
            return wanted_to_raise()
        case "raise-beside":
            return wanted_to_raise(beside=True)
        case "support":
            token = request.GET.get("token", "")
            invitation = raising.find_invitation(read_number(request.GET.get("petition", "")), token, now=now)
            if invitation is not None and invitation.is_open:
                return wanted_to_support(invitation, token)
        case "verdict":
            view = find_petition(request.GET.get("petition", ""), now=now)
            return wanted_to_judge(view, read_number(request.GET.get("debt", "")))
    raise Refused(NO_PAGE)


def find_wanted(purpose: str, back: str, *, now: dt.datetime) -> Wanted:
    """Return for what somebody went to a provider who comes back (both from the sealed cookie)."""
    if purpose == RAISE:
        return wanted_to_raise(beside=back.endswith("?beside=1"))
    *_, number, kind, token = back.split("/")
    if kind == "verdict":
        return wanted_to_judge(find_petition(number, now=now), read_number(token))
    invitation = raising.find_invitation(read_number(number), token, now=now)
    if invitation is None:
        raise Refused(NO_PAGE)
    return wanted_to_support(invitation, token)


def describe_note(request: HttpRequest) -> str:
    """Return why somebody is back without a proof; "" where they are not."""
    return str(NOTES.get(request.GET.get("note", ""), ""))
