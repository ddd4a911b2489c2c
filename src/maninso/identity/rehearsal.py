"""Made-up people, for rehearsals and demonstrations only: whoever names one is taken at their word.

The site offers this only when it was started with MANINSO_REHEARSAL=1, and then says so on every page.
"""

import hashlib

from maninso.identity.ticket import (
    AGE_UNKNOWN,
    ANY_PETITION,
    Ticket,
    derive_key,
    digest_subject,
    issue_ticket,
)

ISSUER = "rehearsal"
LIFETIME = 3600  # seconds


def make_rehearsal_ticket(
    secret: str,
    *,
    person: str,
    region: str,
    now: float,
    assurance: int = 1,
    age: int = AGE_UNKNOWN,
    lifetime: int = LIFETIME,
) -> Ticket:
    """Return the ticket of a made-up person; the same name is the same person."""
    name = hashlib.sha256(person.strip().casefold().encode()).hexdigest()
    return Ticket(
        issuer=ISSUER,
        subject=digest_subject(secret, issuer=ISSUER, identity=name),
        assurance=assurance,
        region=region,
        age=age,
        petition_id=ANY_PETITION,
        expires_at=int(now) + lifetime,
    )


def issue_rehearsal_ticket(secret: str, *, person: str, region: str, now: float) -> str:
    """Return the token for a made-up person of the region, for the next LIFETIME seconds (`now` in Unix seconds)."""
    ticket = make_rehearsal_ticket(secret, person=person, region=region, now=now)
    return issue_ticket(derive_key(secret, purpose="ticket"), ticket)
