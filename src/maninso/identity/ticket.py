"""Tickets: a short-lived token that proves a verified person to the signing path, without saying who.

A ticket is `mt1.` and base64url (no padding) of a fixed payload and 16 bytes of keyed BLAKE2b (RFC 7693) over it. Its
subject is a digest of the verified identity keyed with the site's secret: the identity itself is dropped where the
ticket is issued.

payload, big-endian: version u8 = 1 · assurance u8 (0-3) · age u8 (255: not known) · expires u32 (Unix seconds) ·
petition u64 (0: any) · subject 32 bytes · issuer length u8, issuer · region length u8, region (ASCII)
"""

import base64
import hashlib
import hmac
import re
import struct
from binascii import a2b_base64
from collections.abc import Sequence
from hashlib import blake2b
from typing import NamedTuple

from maninso import ManinsoError

ANY_PETITION = 0
AGE_UNKNOWN = 255
COOKIE = "maninso_ticket"
LONGEST_TOKEN = 512  # characters; what is longer is not even decoded

_PREFIX = "mt1."
_FROM_URL = bytes.maketrans(b"-_+/", b"+/-_")
_LAST = (b"", b"", b"AQgw", b"AEIMQUYcgkosw048")  # characters that end canonical base64 of length n mod 4
_MAC_LENGTH = 16
_HEAD = struct.Struct(">BBBIQ32s")
_VERSION = 1
_NAME = re.compile(r"[a-z0-9][a-z0-9./:_-]{0,99}")
_REGION = re.compile(r"(?:[A-Z]{2}(?:-[A-Z0-9]{1,3})?)?")


class TicketError(ManinsoError):
    """The ticket is missing, malformed, forged, expired or for another petition; `reason` is one of those words."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message, cure="prove who you are again, then sign")
        self.reason = reason


class Ticket(NamedTuple):
    """A verified person, as the signing path knows them. (A named tuple: it is made once a request.)

    `issuer` names who verified them, `subject` is their keyed digest (32 bytes), `region` an ISO 3166 code or "",
    `age` in whole years or AGE_UNKNOWN, `expires_at` Unix seconds, `petition_id` the one petition it is good for, or 0.
    """

    issuer: str
    subject: bytes
    assurance: int
    region: str
    age: int
    petition_id: int
    expires_at: int

    @property
    def scheme(self) -> str:
        """The root identity scheme, which the nullifier is made of: the issuer up to a colon; a mark may follow."""
        return self.issuer.partition(":")[0]


def derive_key(secret: str, *, purpose: str) -> bytes:
    """Return the 32-byte key for one purpose of the site's secret, so that no two uses share a key."""
    return hmac.digest(hashlib.sha256(secret.encode()).digest(), b"maninso/" + purpose.encode() + b"/v1", "sha256")


def digest_subject(secret: str, *, issuer: str, identity: str) -> bytes:
    """Return the 32-byte keyed digest that stands for a verified identity, which must be normalised already."""
    return hmac.digest(derive_key(secret, purpose="subject"), issuer.encode() + b"\0" + identity.encode(), "sha256")


def issue_ticket(key: bytes, ticket: Ticket) -> str:
    """Return the token for a ticket; `key` is `derive_key(secret, purpose="ticket")`."""
    payload = _render(ticket)
    mac = blake2b(payload, key=key, digest_size=_MAC_LENGTH).digest()
    return _PREFIX + base64.urlsafe_b64encode(payload + mac).rstrip(b"=").decode()


def verify_ticket(key: bytes, token: str, *, now: float) -> Ticket:
    """Return the ticket of a token that was issued under `key` and has not expired; raises TicketError."""
    return verify_any_ticket((key,), token, now=now)


def verify_any_ticket(keys: Sequence[bytes], token: str, *, now: float) -> Ticket:
    """Return the ticket of a token that was issued under any of `keys`, the present one first; raises TicketError."""
    if not keys:
        raise ValueError("there is no key")
    data = _decode(token)
    payload, theirs = data[:-_MAC_LENGTH], data[-_MAC_LENGTH:]
    for key in keys:
        if hmac.compare_digest(blake2b(payload, key=key, digest_size=_MAC_LENGTH).digest(), theirs):
            break
    else:
        raise TicketError("forged", "the ticket was not issued by this site")
    ticket = _parse(payload)
    if now >= ticket.expires_at:
        raise TicketError("expired", "the ticket has expired")
    return ticket


def _decode(token: str) -> bytes:
    """Return the bytes of a token, of which there is exactly one spelling; raises TicketError."""
    if not token:
        raise TicketError("missing", "there is no ticket")
    if len(token) > LONGEST_TOKEN or not token.startswith(_PREFIX):
        raise TicketError("malformed", "the ticket is malformed")
    try:
        body = token[len(_PREFIX) :].encode("ascii").translate(_FROM_URL)
        over = len(body) % 4
        if b"=" not in body and (not over or body[-1] in _LAST[over]):
            return a2b_base64(body + b"===="[over:] if over else body, strict_mode=True)
    except ValueError as error:
        raise TicketError("malformed", "the ticket is malformed") from error
    raise TicketError("malformed", "the ticket is malformed")


def _render(ticket: Ticket) -> bytes:
    if not _NAME.fullmatch(ticket.issuer) or not _REGION.fullmatch(ticket.region):
        raise ValueError(f"not an issuer or region: {ticket.issuer!r}, {ticket.region!r}")
    if len(ticket.subject) != 32 or not 0 <= ticket.assurance <= 3:
        raise ValueError("a subject has 32 bytes and an assurance is 0 to 3")
    head = _HEAD.pack(_VERSION, ticket.assurance, ticket.age, ticket.expires_at, ticket.petition_id, ticket.subject)
    issuer, region = ticket.issuer.encode(), ticket.region.encode()
    return head + bytes((len(issuer),)) + issuer + bytes((len(region),)) + region


def _parse(payload: bytes) -> Ticket:
    """Read a payload whose MAC was right, so it is ours; another version's is refused all the same."""
    try:
        version, assurance, age, expires_at, petition_id, subject = _HEAD.unpack_from(payload)
        issuer_end = _HEAD.size + 1 + payload[_HEAD.size]
        issuer = payload[_HEAD.size + 1 : issuer_end].decode()
        region = payload[issuer_end + 1 :].decode()
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise TicketError("malformed", "the ticket is malformed") from error
    if version != _VERSION or payload[issuer_end] != len(region):
        raise TicketError("malformed", "the ticket is of another version")
    return Ticket(issuer, subject, assurance, region, age, petition_id, expires_at)
