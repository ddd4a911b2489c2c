"""The secret that comes with a receipt: whoever has it signed, and may take the signature back.

It is derived and never stored: 16 bytes of keyed BLAKE2b (RFC 7693), under a key of its own, over the petition's number
(u64, big-endian) and the leaf's hash, in base64url without padding (docs/reference/addresses.md).
"""

import hmac
from binascii import b2a_base64
from hashlib import blake2b

PURPOSE = "withdraw"
"""What the key is derived for: `derive_key(secret, purpose=PURPOSE)`."""

_LENGTH = 16
_TO_URL = bytes.maketrans(b"+/", b"-_")


def make_receipt_secret(key: bytes, *, petition_id: int, leaf_hash: bytes) -> str:
    """Return the secret (22 characters) of one signature; `leaf_hash` has 32 bytes."""
    mac = blake2b(petition_id.to_bytes(8, "big") + leaf_hash, key=key, digest_size=_LENGTH).digest()
    return b2a_base64(mac, newline=False)[:22].translate(_TO_URL).decode()


def is_receipt_secret(key: bytes, secret: str, *, petition_id: int, leaf_hash: bytes) -> bool:
    """Whether this is the signature's secret, compared in constant time."""
    made = make_receipt_secret(key, petition_id=petition_id, leaf_hash=leaf_hash)
    return hmac.compare_digest(made.encode(), secret.encode("utf-8", "surrogatepass"))


def name_cookie(petition_id: int) -> str:
    """Return the name of the cookie that holds the secret in a browser that signed."""
    return f"maninso_receipt_{petition_id}"
