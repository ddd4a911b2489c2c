"""The commitment to what is kept about a signature for the audit, without telling it."""

from hashlib import sha256

SALT_LENGTH = 16


def commit_evidence(salt: bytes, record: bytes) -> bytes:
    """`SHA-256("maninso/evidence/v1" 00 || salt || record)`, 32 bytes; raises ValueError unless the salt has 16.

    It fixes at signing time what an audit may later be shown; the salt keeps a guess from being tried.
    """
    if len(salt) != SALT_LENGTH:
        raise ValueError(f"the salt has {SALT_LENGTH} bytes, not {len(salt)}")
    return sha256(b"maninso/evidence/v1\x00" + salt + record).digest()
