"""Nullifiers: equal for the same person within one petition, meaningless to others.

A nullifier is HMAC-SHA256 under the petition's own key over the verified identity, cut to 16 bytes
(docs/reference/ledger.md, "sign"). The key lies in the database only sealed, under a key of which one half is the
site's and the other half is the petition's own; both are files outside it. When the petition's half is deleted, nobody
can compute the nullifier of a known person any more, from whatever backup of the database.
"""

import hashlib
import hmac
import os
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from maninso import ManinsoError
from maninso.identity.mac import Mac

KEY_LENGTH = 32
NULLIFIER_LENGTH = 16

_NULLIFIER_LABEL = b"maninso/nullifier/v1\0"
_SEAL_LABEL = b"maninso/petition-key/v1\0"
_WRAP_LABEL = b"maninso/petition-wrap/v1\0"
_NONCE_LENGTH = 12


class SealError(ManinsoError):
    """A petition's sealed key does not open under this wrapping key."""


def make_petition_key() -> bytes:
    """Return a new K_petition: 32 random bytes."""
    return os.urandom(KEY_LENGTH)


def commit_key(key: bytes) -> bytes:
    """Return the SHA-256 of the key, which the log's first entry publishes: the key was fixed at the start."""
    return hashlib.sha256(_checked(key)).digest()


def ready_key(key: bytes) -> Mac:
    """Return K_petition ready to derive many nullifiers."""
    return Mac(_checked(key))


def derive_nullifier(key: bytes | Mac, *, issuer: str, subject: bytes) -> bytes:
    """Return the 16-byte nullifier of `subject` (as `issuer` names it) under one petition's key.

    `issuer` holds no NUL, so that no two pairs of issuer and subject run together.
    """
    mac = key if isinstance(key, Mac) else ready_key(key)
    return mac.digest(_begin_message(issuer) + subject)[:NULLIFIER_LENGTH]


@lru_cache(256)
def _begin_message(issuer: str) -> bytes:
    """What is hashed before the subject; a site has few issuers."""
    if "\0" in issuer:
        raise ValueError("an issuer holds no NUL")
    return _NULLIFIER_LABEL + issuer.encode() + b"\0"


def join_wrapping_key(site_half: bytes, petition_half: bytes) -> bytes:
    """Return the 32-byte key that seals K_petition, of two halves of 32 bytes; neither alone tells anything of it."""
    return hmac.digest(_checked(site_half), _WRAP_LABEL + _checked(petition_half), "sha256")


def seal_key(wrapping_key: bytes, *, petition_id: int, key: bytes) -> bytes:
    """Seal K_petition for the database: nonce, then AES-256-GCM bound to the petition's number (60 bytes in all)."""
    nonce = os.urandom(_NONCE_LENGTH)
    return nonce + AESGCM(wrapping_key).encrypt(nonce, _checked(key), _bound_to(petition_id))


def open_sealed_key(wrapping_key: bytes, *, petition_id: int, sealed: bytes) -> bytes:
    """Return K_petition. Raises SealError where it was sealed under another key or for another petition."""
    try:
        return AESGCM(wrapping_key).decrypt(sealed[:_NONCE_LENGTH], sealed[_NONCE_LENGTH:], _bound_to(petition_id))
    except (InvalidTag, ValueError) as error:
        raise SealError(
            f"the key of petition {petition_id} does not open with this site's wrapping key",
            cure=f"restore keys/wrap.key and keys/petitions/{petition_id}.key of the machine that opened the petition",
        ) from error


def _bound_to(petition_id: int) -> bytes:
    return _SEAL_LABEL + petition_id.to_bytes(8, "big")


def _checked(key: bytes) -> bytes:
    if len(key) != KEY_LENGTH:
        raise ValueError(f"a petition's key has {KEY_LENGTH} bytes, not {len(key)}")
    return key
