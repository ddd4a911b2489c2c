"""What the links in messages hold: the ticket that signs, and the sealed wish to be told of a petition.

Nothing is stored for either. Both hold for an hour and for one petition; the second hides the address, which only
becomes a row once its owner has pressed the button.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from maninso.identity.encoding import decode_token, encode_token
from maninso.identity.mailbox import SCHEME, Mailbox
from maninso.identity.ticket import Ticket, derive_key, digest_subject, issue_ticket

LIFETIME = 3600  # seconds
ASSURANCE = 0

_NONCE_LENGTH = 12
_LONGEST_TOKEN = 1000  # characters


class TokenError(Exception):
    """A token that was not made here, was changed, is too old, or is for another petition."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Whose news of a petition go where, in which language."""

    address: str
    petition_id: int
    language: str


def make_confirmation(
    subject_secret: str,
    secret: str,
    *,
    mailbox: Mailbox,
    petition_id: int,
    issuer: str,
    age: int,
    now: float,
    lifetime: int = LIFETIME,
) -> str:
    """Return the ticket of whoever reads this mailbox, for one petition and `lifetime` seconds from `now` on.

    `issuer` is mailbox.SCHEME or mailbox.DISPOSABLE; the digest is the same for both.
    """
    ticket = make_mailbox_ticket(
        subject_secret, mailbox=mailbox, petition_id=petition_id, issuer=issuer, age=age, now=now
    )._replace(expires_at=int(now) + lifetime)
    return issue_ticket(derive_key(secret, purpose="ticket"), ticket)


def make_mailbox_ticket(
    subject_secret: str, *, mailbox: Mailbox, petition_id: int, issuer: str, age: int, now: float
) -> Ticket:
    """Return what is known of whoever reads this mailbox."""
    return Ticket(
        issuer=issuer,
        subject=digest_subject(subject_secret, issuer=SCHEME, identity=mailbox.person),
        assurance=ASSURANCE,
        region="",
        age=age,
        petition_id=petition_id,
        expires_at=int(now) + LIFETIME,
    )


def choose_lifetime(*, closes_at: float, grace: float, now: float) -> int:
    """Return for how many seconds a link that was asked for before the closing holds.

    An hour; where the petition closes before that, until the grace is over, if that is later. Times in Unix seconds.
    """
    if now + LIFETIME <= closes_at:
        return LIFETIME
    return max(LIFETIME, int(closes_at + grace - now))


def seal_subscription(secret: str, *, address: str, petition_id: int, language: str, now: float) -> str:
    """Return the token by which a mailbox subscribes: nobody reads the address in it (AES-256-GCM, base64url)."""
    body = json.dumps([address, language, int(now) + LIFETIME]).encode()
    nonce = os.urandom(_NONCE_LENGTH)
    sealed = nonce + AESGCM(_key(secret)).encrypt(nonce, body, petition_id.to_bytes(8, "big"))
    return encode_token(sealed)


def open_subscription(secrets: Sequence[str], token: str, *, petition_id: int, now: float) -> Wish:
    """Return what a token asks for, sealed under any of the site's secrets. Raises TokenError."""
    try:
        if len(token) > _LONGEST_TOKEN:
            raise TokenError
        sealed = decode_token(token)
    except ValueError as error:
        raise TokenError from error
    for secret in secrets:
        try:
            body = AESGCM(_key(secret)).decrypt(
                sealed[:_NONCE_LENGTH], sealed[_NONCE_LENGTH:], petition_id.to_bytes(8, "big")
            )
        except (InvalidTag, ValueError):
            continue
        address, language, expires_at = json.loads(body)
        if now >= expires_at:
            raise TokenError
        return Wish(address, petition_id, language)
    raise TokenError


def _key(secret: str) -> bytes:
    return derive_key(secret, purpose="subscription")
