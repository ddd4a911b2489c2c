"""The two secret links of a petition: its creator's, and the sponsors'. The database knows neither, only their digests.

The creator's token is derived from the form's random number under the site's secret, so that a form that is sent twice
gives the same link; the sponsors' token is derived from the creator's, so that the creator's page can show it.
"""

import hashlib
import hmac
import os
from dataclasses import dataclass

from maninso.identity.encoding import encode_token

NONCE_LENGTH = 16
LONGEST_TOKEN = 40  # characters

_CREATOR_LENGTH, _SPONSOR_LENGTH = 18, 12  # bytes: 24 and 16 characters
_SPONSOR_LABEL = b"maninso/sponsor-link/v1"


@dataclass(frozen=True, kw_only=True)
class Links:
    """The tokens of a petition's two links."""

    creator: str
    sponsor: str


def make_nonce() -> bytes:
    """Return the random number of a new form: 16 bytes."""
    return os.urandom(NONCE_LENGTH)


def make_links(key: bytes, nonce: bytes) -> Links:
    """Return the links that a form with this number leads to; `key` is the site's for this purpose."""
    return join_links(encode_token(hmac.digest(key, nonce, "sha256")[:_CREATOR_LENGTH]))


def join_links(creator: str) -> Links:
    """Return both links from the creator's."""
    sponsor = hmac.digest(creator.encode(), _SPONSOR_LABEL, "sha256")[:_SPONSOR_LENGTH]
    return Links(creator=creator, sponsor=encode_token(sponsor))


def digest_token(token: str) -> bytes:
    """Return the 32 bytes by which a link is known again."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def is_token(token: str, digest: bytes) -> bool:
    """Whether a token is the one with this digest."""
    return len(token) <= LONGEST_TOKEN and hmac.compare_digest(digest_token(token), digest)
