"""Cosignatures with ML-DSA-44 (c2sp.org/tlog-cosignature, FIPS 204), which no quantum computer is known to forge.

They sign not a checkpoint's text but what it says, and the witness's own name. They are verified here; the program's
own witness signs with Ed25519.
"""

from struct import Struct

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from maninso import UsageError
from maninso.ledger.canonical import decode_base64, parse_decimal

PUBLIC_KEY_LENGTH = 1_312
SIGNATURE_LENGTH = 2_420

_LABEL = b"subtree/v1\n\x00"
_U64 = Struct(">Q")


def make_cosigned_message(*, name: str, time: int, text: str) -> bytes:
    """What witness `name` signs of a checkpoint's text at `time` (Unix seconds). Raises ValueError if it is none."""
    origin, size, root, *_ = text.split("\n")
    parts = [_LABEL, _prefixed(name), _U64.pack(time), _prefixed(origin)]
    parts += [_U64.pack(0), _U64.pack(parse_decimal(size)), decode_base64(root)]
    return b"".join(parts)


def verify_cosigned(public_key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the signature fits. Raises UsageError where the installed `cryptography` has no ML-DSA."""
    cure = "Install a newer one: python -m pip install --upgrade cryptography."
    try:
        from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey
    except ImportError as error:
        raise UsageError("This version of `cryptography` cannot verify ML-DSA signatures.", cure=cure) from error
    try:
        MLDSA44PublicKey.from_public_bytes(public_key).verify(signature, message)
    except UnsupportedAlgorithm as error:
        raise UsageError("The OpenSSL behind `cryptography` cannot verify ML-DSA signatures.", cure=cure) from error
    except (InvalidSignature, ValueError):
        return False
    return True


def _prefixed(text: str) -> bytes:
    data = text.encode()
    return bytes([len(data)]) + data  # raises ValueError above 255
