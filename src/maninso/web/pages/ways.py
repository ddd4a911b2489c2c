"""The ways to prove who you are that a petition's charter accepts, and why somebody is back to choose one."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from maninso.charter import Charter
from maninso.identity.mailbox import SCHEME
from maninso.petitions.access import PetitionView
from maninso.web.pages.charters import pinned_charter

NOTES = {
    "expired": _("This link has expired: links hold for an hour. Nothing was signed. Ask for a new one below."),
    "invalid": _("This link is not whole, or not from this site. Nothing was signed. Open it again from the message."),
    "elsewhere": _("This link was for another petition. Nothing was signed. To sign this one, choose a way below."),
}
"""What `?note=` says on the page with the ways."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """What the page offers. `who` is asked to be declared where nobody can check it; "" where nothing is."""

    email: bool
    none: bool


def find_ways(view: PetitionView) -> Ways:
    """Return the ways that the petition's charter accepts."""
    charter = pinned_charter(view)
    email = takes_email(charter)
    return Ways(email=email, none=not email)


def takes_email(charter: Charter) -> bool:
    """Whether the charter lets people sign by e-mail: their region is not known then."""
    signer = charter.signer
    return (
        signer.minimum_assurance == 0
        and signer.scheme in (None, SCHEME)
        and not any(threshold.regional for threshold in charter.thresholds)
    )
