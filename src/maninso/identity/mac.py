"""HMAC-SHA-256 under one key, many times: what depends on the key alone is hashed once (RFC 2104, section 4).

The signing path computes one a signature, and `hmac.digest` would spend most of its time on the key.
"""

from hashlib import sha256

_BLOCK_LENGTH = 64
_INNER = bytes(value ^ 0x36 for value in range(256))
_OUTER = bytes(value ^ 0x5C for value in range(256))


class Mac:
    """A key that is ready for use."""

    __slots__ = ("_inner", "_outer")

    def __init__(self, key: bytes) -> None:
        block = (key if len(key) <= _BLOCK_LENGTH else sha256(key).digest()).ljust(_BLOCK_LENGTH, b"\0")
        self._inner = sha256(block.translate(_INNER))
        self._outer = sha256(block.translate(_OUTER))

    def digest(self, message: bytes) -> bytes:
        """Return the 32 bytes that `hmac.digest(key, message, "sha256")` returns."""
        inner = self._inner.copy()
        inner.update(message)
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.digest()
