"""What is kept of a provider's claims for a moment: a subject, an assurance, an age, a region. Then a ticket of it."""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from maninso.identity.oidc.errors import ProviderError
from maninso.identity.oidc.provider import Provider
from maninso.identity.ticket import AGE_UNKNOWN, Ticket, derive_key, digest_subject, issue_ticket

LIFETIME = 900  # seconds that the ticket holds
OLDEST_PERSON = 130  # years
LONGEST_SUBJECT = 255  # characters (OpenID Connect Core 1.0, section 2)

_BIRTH_DATE = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})", re.ASCII)
_BIRTH_YEAR = re.compile(r"\d{4}", re.ASCII)


@dataclass(frozen=True, slots=True, repr=False)
class Verified:
    """A person, as far as signing needs to know: `age` in whole years or AGE_UNKNOWN, `region` ISO 3166 or ""."""

    subject: str
    assurance: int
    age: int
    region: str


def read_claims(provider: Provider, claims: Mapping[str, Any], *, acr: object, today: dt.date) -> Verified:
    """Return what the provider's mapping makes of its claims; `acr` is the ID token's own, whatever was asked for."""
    subject = find_claim(claims, provider.claims.subject)
    if isinstance(subject, int) and not isinstance(subject, bool):
        subject = str(subject)
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT or "\0" in subject:
        raise ProviderError("claims", "the provider does not say who this is")
    assurance = provider.acr.get(acr, provider.assurance) if isinstance(acr, str) else provider.assurance
    region = find_claim(claims, provider.claims.region) if provider.claims.region else None
    return Verified(
        subject=subject,
        assurance=assurance,
        age=read_age(find_claim(claims, provider.claims.birth_date) if provider.claims.birth_date else None, today),
        region=provider.regions.get(region, "") if isinstance(region, str) else "",
    )


def find_claim(claims: Mapping[str, Any], name: str) -> object:
    """Return a claim; a dot goes into an object. None where it is not there."""
    if name in claims:  # names of claims are often addresses, with dots of their own
        return claims[name]
    found: object = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def read_age(birth: object, today: dt.date) -> int:
    """Return the age in whole years of somebody born on a day (2000-12-31, 20001231) or in a year: the younger one."""
    text = str(birth) if isinstance(birth, (str, int)) and not isinstance(birth, bool) else ""
    born = _BIRTH_DATE.fullmatch(text)
    year, month, day = (int(part) for part in born.groups()) if born else (0, 12, 31)
    if not born and _BIRTH_YEAR.fullmatch(text):
        year = int(text)
    try:
        dt.date(year, month, day) if (month, day) != (2, 29) else dt.date(year, 2, 29)
    except ValueError:
        return AGE_UNKNOWN
    age = today.year - year - ((today.month, today.day) < (month, day))
    return age if 0 <= age <= OLDEST_PERSON else AGE_UNKNOWN


def make_provider_ticket(
    subject_secret: str, secret: str, *, provider: Provider, verified: Verified, petition_id: int, now: float
) -> str:
    """Return the ticket of a verified person for one petition and LIFETIME seconds; `now` in Unix seconds."""
    ticket = describe_verified(
        subject_secret, provider=provider, verified=verified, petition_id=petition_id, expires_at=int(now) + LIFETIME
    )
    return issue_ticket(derive_key(secret, purpose="ticket"), ticket)


def describe_verified(
    subject_secret: str, *, provider: Provider, verified: Verified, petition_id: int, expires_at: int
) -> Ticket:
    """Return what is kept of a verified person until `expires_at` (Unix seconds)."""
    return Ticket(
        issuer=provider.scheme,
        subject=digest_subject(subject_secret, issuer=provider.scheme, identity=verified.subject),
        assurance=verified.assurance,
        region=verified.region,
        age=verified.age,
        petition_id=petition_id,
        expires_at=expires_at,
    )
