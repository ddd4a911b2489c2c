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
    secret: str, *, person: str, region: str, now: float, assurance: int = 1, lifetime: int = LIFETIME
) -> Ticket:
    """Return the ticket of a made-up person; the same name is the same person."""
    name = hashlib.sha256(person.strip().casefold().encode()).hexdigest()
    return Ticket(
        issuer=ISSUER,
        subject=digest_subject(secret, issuer=ISSUER, identity=name),
        assurance=assurance,
        region=region,
        age=AGE_UNKNOWN,
        petition_id=ANY_PETITION,
        expires_at=int(now) + lifetime,
    )


def issue_rehearsal_ticket(
    secret: str, *, person: str, region: str, now: float, assurance: int = 1, lifetime: int = LIFETIME
) -> str:
    """Return the token for a made-up person (`now` in Unix seconds, `lifetime` in seconds)."""
    ticket = make_rehearsal_ticket(
        secret, person=person, region=region, now=now, assurance=assurance, lifetime=lifetime
    )
    return issue_ticket(derive_key(secret, purpose="ticket"), ticket)
