"""The key that signs checkpoints: one Ed25519 key for the site, used under one name per log.

The name (the log's origin, HOST/p/<id>/log) makes the key ID differ per petition (docs/reference/ledger.md).
"""

from dataclasses import dataclass, field

from maninso.ledger.note import ED25519, SignerKey, VerifierKey


@dataclass(frozen=True)
class LogKey:
    """The site's log key: 32 secret bytes. Only the worker holds one, and it signs nothing but checkpoints."""

    seed: bytes = field(repr=False)

    def sign_as(self, origin: str) -> SignerKey:
        """Return the key under the name of one log."""
        return SignerKey(origin, self.seed)


def name_log(host: str, petition_id: int) -> str:
    """Return a petition's log's name, its public address without scheme; stored with the gate, it never changes."""
    return f"{host}/p/{petition_id}/log"


def name_site_log(host: str) -> str:
    """Return the name of the site's own log, which names the checkpoints of all others."""
    return f"{host}/log"


def render_log_key(origin: str, public_key: bytes) -> str:
    """Return the verifier key (vkey) of one log: what auditors pass to `maninso verify --key`."""
    return VerifierKey(origin, ED25519, public_key).render()
