"""Proving who one is in the middle of a form: a code by e-mail, and the proof that a provider's answer becomes.

Neither signs anything. A code is a MAC over what it is for, the mailbox and a nonce; the form carries them sealed, so
nothing is stored, and no second window is needed: the code is read on any device and typed where one was writing. A
proof is a ticket under a key of its own purpose: the signing path does not know it, and one made for raising a petition
is no good for supporting one.
"""

import hmac
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from maninso.identity.confirmation import TokenError
from maninso.identity.encoding import decode_token, encode_token
from maninso.identity.ticket import Ticket, TicketError, derive_key, issue_ticket, verify_any_ticket

RAISE = "raise"
"""The purpose of whoever raises a petition."""

ACCOUNT = "account"
"""The purpose of whoever keeps a petition in an account."""

CODE_LIFETIME = 3600  # seconds
MOST_TRIES = 5
"""Codes that may be typed for one message: a wrong one is right with a probability of 5 in 100 million."""

_DIGITS = 8
_NONCE_LENGTH = 12
_LONGEST_TOKEN = 1000  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """A code that was asked for: what it is for, the address it went to, and until when it holds (Unix seconds)."""

    purpose: str
    address: str
    nonce: str
    expires_at: int


def name_support(petition_id: int) -> str:
    """Return the purpose of whoever supports a petition before it opens."""
    return f"support {petition_id}"


def name_verdict(petition_id: int) -> str:
    """Return the purpose of a signer who judges an answer."""
    return f"verdict {petition_id}"


def make_challenge(*, purpose: str, address: str, now: float) -> Challenge:
    """Return a new challenge, good for CODE_LIFETIME seconds from `now` on."""
    nonce = os.urandom(_NONCE_LENGTH).hex()
    return Challenge(purpose=purpose, address=address, nonce=nonce, expires_at=int(now) + CODE_LIFETIME)


def derive_code(secret: str, challenge: Challenge) -> str:
    """Return the digits that the message brings."""
    about = json.dumps([challenge.purpose, challenge.address, challenge.nonce, challenge.expires_at]).encode()
    digest = hmac.digest(derive_key(secret, purpose="code"), about, "sha256")
    return f"{int.from_bytes(digest[:8], 'big') % 10**_DIGITS:0{_DIGITS}}"


def is_code(secrets: Sequence[str], challenge: Challenge, typed: str) -> bool:
    """Whether somebody typed the code, with spaces or hyphens or without, made under any of the site's secrets."""
    given = "".join(sign for sign in typed if sign not in " -\u00a0\u2013").encode()
    return any(hmac.compare_digest(derive_code(secret, challenge).encode(), given) for secret in secrets)


def seal_challenge(secret: str, challenge: Challenge) -> str:
    """Return a challenge as a form carries it: nobody reads or changes it (AES-256-GCM, base64url)."""
    body = json.dumps([challenge.address, challenge.nonce, challenge.expires_at]).encode()
    nonce = os.urandom(_NONCE_LENGTH)
    sealed = nonce + AESGCM(_key(secret)).encrypt(nonce, body, challenge.purpose.encode())
    return encode_token(sealed)


def open_challenge(secrets: Sequence[str], token: str, *, purpose: str, now: float) -> Challenge:
    """Return the challenge that a form carries. Raises TokenError for another purpose's, and one that is too old."""
    if len(token) > _LONGEST_TOKEN:
        raise TokenError
    try:
        sealed = decode_token(token)
    except ValueError as error:
        raise TokenError from error
    for secret in secrets:
        try:
            body = AESGCM(_key(secret)).decrypt(sealed[:_NONCE_LENGTH], sealed[_NONCE_LENGTH:], purpose.encode())
        except (InvalidTag, ValueError):
            continue
        address, nonce, expires_at = json.loads(body)
        if now >= expires_at:
            raise TokenError
        return Challenge(purpose=purpose, address=address, nonce=nonce, expires_at=expires_at)
    raise TokenError


def seal_proof(secret: str, ticket: Ticket, *, purpose: str) -> str:
    """Return the token that says who somebody is, for one purpose."""
    return issue_ticket(derive_key(secret, purpose=f"proof to {purpose}"), ticket)


def read_proof(secrets: Sequence[str], token: str, *, purpose: str, now: float) -> Ticket | None:
    """Return who somebody is; None where the token was made for another purpose, not here, or is too old."""
    keys = [derive_key(secret, purpose=f"proof to {purpose}") for secret in secrets]
    try:
        return verify_any_ticket(keys, token, now=now)
    except TicketError:
        return None


def name_proof_cookie(purpose: str) -> str:
    """Return the name of the cookie that holds a proof."""
    return f"maninso_{purpose.partition(' ')[0]}"


def _key(secret: str) -> bytes:
    return derive_key(secret, purpose="challenge")
