"""The ways to prove who you are that a petition's charter accepts, and why somebody is back to choose one."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from maninso.charter import Charter, Person, refuse_signer
from maninso.identity.mailbox import SCHEME
from maninso.identity.oidc import Provider
from maninso.identity.ticket import AGE_UNKNOWN
from maninso.petitions.access import PetitionView
from maninso.web.shared.charters import pinned_charter

NOTES = {
    "expired": _("This link has expired: links hold for an hour. Nothing was signed. Ask for a new one below."),
    "invalid": _("This link is not whole, or not from this site. Nothing was signed. Open it again from the message."),
    "stopped": _("You came back without proving who you are. Nothing was signed. Choose a way below."),
    "late": _("You came back too late, or in another browser. Nothing was signed. Start again below."),
    "unproven": _("What came back proves nothing, so nothing was signed. Start again below, or choose another way."),
    "low": _("This petition asks for a stronger proof than you gave. Nothing was signed. Choose another way below."),
    "young": _("This petition is for people of a certain age, and yours is below it or not known. Nothing was signed."),
    "region": _("This petition is for residents of certain regions, and yours is another or not known."),
    "declare": _("You have not declared that you are among those who may sign. Start again below."),
    "elsewhere": _("This link was for another petition. Nothing was signed. To sign this one, choose a way below."),
}
"""What `?note=` says on the page with the ways."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """What the page offers. `declaration` says what who goes to a provider must declare; "" where nothing."""

    email: bool
    providers: tuple[tuple[str, str], ...]  # id and name
    declaration: str

    @property
    def none(self) -> bool:
        """Whether nobody can sign."""
        return not self.email and not self.providers


def find_ways(view: PetitionView) -> Ways:
    """Return the ways that the petition's charter accepts, of those that the site has."""
    charter = pinned_charter(view)
    language = translation.get_language() or "ko"
    providers: Iterable[Provider] = settings.MANINSO.providers.values()
    return Ways(
        email=takes_email(charter),
        providers=tuple(
            (each.id, each.name.in_language(language)) for each in providers if takes_provider(charter, each)
        ),
        declaration=find_declaration(charter),
    )


def takes_provider(charter: Charter, provider: Provider) -> bool:
    """Whether the charter lets people sign whom a provider has verified as well as it ever does."""
    signer = charter.signer
    best = max((provider.assurance, *provider.acr.values()))
    return (
        best >= signer.minimum_assurance
        and signer.scheme in (None, provider.scheme)
        and not signer.mail_domains
        and (bool(provider.claims.region) or not needs_region(charter))
    )


def needs_region(charter: Charter) -> bool:
    """Whether signatures are counted by region to meet a threshold."""
    return any(threshold.regional for threshold in charter.thresholds)


def find_declaration(charter: Charter) -> str:
    """Return what a signer must declare, since nobody can check it: who may sign; "" where nothing is."""
    refusal = refuse_signer(charter, Person(assurance=3, mail_domain=next(iter(charter.signer.mail_domains), None)))
    if refusal is None or refusal.code != "not-declared":
        return ""
    who: str = charter.signer.who.in_language(translation.get_language() or "ko")
    return who


def declared_age(charter: Charter) -> int:
    """Return the age that a ticket says where nobody knows it: what was declared, if the charter sets one."""
    return charter.signer.minimum_age or AGE_UNKNOWN


def takes_email(charter: Charter) -> bool:
    """Whether the charter lets people sign by e-mail: their region is not known then."""
    signer = charter.signer
    return signer.minimum_assurance == 0 and signer.scheme in (None, SCHEME) and not needs_region(charter)
