"""The commitment to what is kept about a signature for the audit, without telling it."""

from hashlib import sha256

SALT_LENGTH = 16


def commit_evidence(evidence: bytes) -> bytes:
    """`SHA-256("maninso/evidence/v1" 00 || evidence)`, 32 bytes; `evidence` is a salt of 16 bytes and the record.

    It fixes at signing time what an audit may later be shown; the salt keeps a guess from being tried.
    """
    if len(evidence) <= SALT_LENGTH:
        raise ValueError(f"evidence is a salt of {SALT_LENGTH} bytes and a record, not {len(evidence)} bytes")
    return sha256(b"maninso/evidence/v1\x00" + evidence).digest()
