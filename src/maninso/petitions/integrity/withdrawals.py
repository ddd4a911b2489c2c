"""A signer takes a signature back: a void like any other, at the signer's word instead of the office's."""

import datetime as dt
from dataclasses import dataclass

from django.db import connection, transaction

from maninso import ManinsoError
from maninso.petitions.access import Words
from maninso.petitions.access.rules import read_charter_version
from maninso.petitions.integrity.record import reason_words
from maninso.petitions.models import Petition
from maninso.signing.log import find_leaf
from maninso.signing.queries import QUERIES
from maninso.signing.voids import NotOpenError, withdraw_leaf


class NoSignatureError(ManinsoError):
    """The petition's log has no such signature."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Whether a signature counts: if not, the reason and the void's leaf, and the batch (None: its signer withdrew)."""

    leaf: int
    counts: bool
    reason: Words
    void: int | None
    batch_id: int | None
    by_signer: bool
    may_withdraw: bool


def read_standing(petition_id: int, leaf_hash: bytes, *, now: dt.datetime) -> Standing | None:
    """Return how a signature stands, by its leaf's hash (32 bytes); None where that is no signature's."""
    with connection.cursor() as cursor:
        leaf = find_leaf(cursor, petition_id=petition_id, leaf_hash=leaf_hash)
        if leaf is None or leaf.entry[0] != 1:
            return None
        cursor.execute(QUERIES["find_void"], {"petition_id": petition_id, "target": leaf.index})
        row = cursor.fetchone()
        cursor.execute(QUERIES["read_void_gate"], {"petition_id": petition_id, "now": now})
        is_open = bool(cursor.fetchone()[0]) and _may_withdraw(petition_id)
    voided = row is not None and row[2] is None
    return Standing(
        leaf=leaf.index,
        counts=not voided,
        reason=reason_words(row[4]) if voided else {},
        void=row[0] if voided else None,
        batch_id=row[3] if voided else None,
        by_signer=bool(voided and row[1]),
        may_withdraw=is_open and not voided,
    )


def withdraw_signature(petition_id: int, leaf_hash: bytes, *, now: dt.datetime) -> bool:
    """Void the signature for its signer; False where it did not count already, so that nothing changed.

    Whoever calls has made sure that it is the signer who asks. Raises NoSignatureError; NotOpenError where the petition
    takes no signatures, or its charter forbids it.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        leaf = find_leaf(cursor, petition_id=petition_id, leaf_hash=leaf_hash)
        if leaf is None or leaf.entry[0] != 1:
            raise NoSignatureError(f"petition {petition_id} has no such signature", cure="check the receipt's address")
        if not _may_withdraw(petition_id):
            raise NotOpenError(
                f"petition {petition_id} is not open, or its charter lets nobody withdraw", cure="ask the institution"
            )
        return withdraw_leaf(cursor, petition_id=petition_id, leaf_index=leaf.index, now=now)


def _may_withdraw(petition_id: int) -> bool:
    """Whether the petition is open and its charter does not forbid withdrawing."""
    petition = Petition.objects.select_related("charter").filter(pk=petition_id, state="open").first()
    return petition is not None and read_charter_version(petition.charter).counting.withdrawals
