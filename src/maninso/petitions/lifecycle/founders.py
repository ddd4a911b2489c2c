"""A petition's first people: its key from the day it was raised, and its sponsors, who become its first signatures."""

from collections.abc import Sequence

from django.conf import settings

from maninso.charter import Charter
from maninso.identity.nullifier import make_petition_key, open_sealed_key
from maninso.ledger.entries import render_sign
from maninso.ledger.evidence import commit_evidence
from maninso.petitions.models import Raising, Sponsor
from maninso.signing.gate import Cursor, append_entries


def take_key(petition_id: int) -> bytes:
    """Return K_petition: the one that its sponsors' nullifiers were made with, else a new one."""
    raising = Raising.objects.filter(petition_id=petition_id, sealed_key__isnull=False).first()
    if raising is None or raising.sealed_key is None:
        return make_petition_key()
    wrapping_key = settings.MANINSO_KEPT_WRAPPING_KEY(petition_id)
    return open_sealed_key(wrapping_key, petition_id=petition_id, sealed=bytes(raising.sealed_key))


def sign_for_sponsors(cursor: Cursor, *, petition_id: int, charter: Charter, regions: Sequence[str]) -> int:
    """Make the creator and the sponsors the first signatures of a petition that opens just now; return how many.

    Call it in the transaction that opened the gate. What was kept of them for that goes.
    """
    numbers = {code: number for number, code in enumerate(regions)}
    rows = list(
        Sponsor.objects.filter(petition_id=petition_id, assurance__gte=charter.signer.minimum_assurance).order_by("pk")
    )
    entries, evidences = [], []
    for row in rows:
        evidence = bytes(row.evidence)
        commitment = commit_evidence(evidence)
        entries.append(render_sign(row.assurance, numbers.get(row.region, 0), 0, bytes(row.nullifier), commitment))
        evidences.append(evidence)
    if entries:
        append_entries(cursor, petition_id=petition_id, entries=entries, evidences=evidences)
    Sponsor.objects.filter(petition_id=petition_id).delete()
    Raising.objects.filter(petition_id=petition_id).update(sealed_key=None)
    return len(entries)
