"""Takes signatures out of the count and puts them back: the one door through which voids enter a log.

Everything happens under the petition's head, so that a signature is voided once, whoever asks at the same time; the
table signing_void, which indexes the log's own entries, refuses the rest. The functions take a cursor of psycopg and
never commit. Formats: docs/reference/ledger.md, "Entries".
"""

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from maninso import ManinsoError
from maninso.ledger.canonical import render_json
from maninso.ledger.entries import MAX_BUCKET, Reinstate, Void
from maninso.signing.gate import Cursor, append_entries, lock_head
from maninso.signing.queries import QUERIES

WITHDRAWN = 1
"""The reason of a void that the signer asked for, and of its reinstatement when they sign again."""

WITHDRAWN_DECISION = render_json({"by": "signer", "decision": "withdrawn"})
RETURNED_DECISION = render_json({"by": "signer", "decision": "signed again"})
"""What a signer's void and its reinstatement carry the SHA-256 of; signing_return() in schema.sql has the second."""


class VoidError(ManinsoError):
    """A leaf cannot be voided or reinstated."""


class NotOpenError(VoidError):
    """The petition takes no signatures, so none can be withdrawn."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which signatures a decision is about; None does not choose. `first_bucket` and `last_bucket` are inclusive."""

    leaves: tuple[int, ...] | None = None
    first_bucket: int | None = None
    last_bucket: int | None = None
    regions: tuple[int, ...] | None = None  # numbers in the log
    assurances: tuple[int, ...] | None = None

    def parameters(self) -> dict[str, object]:
        """Return what the queries compare entries with: two bytes for what has two bytes in an entry."""
        return {
            "leaves": None if self.leaves is None else list(self.leaves),
            "first_bucket": _u16(self.first_bucket),
            "last_bucket": _u16(self.last_bucket),
            "regions": None if self.regions is None else [_u16(number) for number in self.regions],
            "methods": None if self.assurances is None else list(self.assurances),
        }


def void_leaves(
    cursor: Cursor,
    *,
    petition_id: int,
    leaf_indices: Sequence[int],
    reason: int,
    decision: bytes,
    now: dt.datetime,
    batch_id: int | None = None,
) -> int:
    """Take signatures out of the count, and return the first void's leaf. `decision` is the public decision's SHA-256.

    `batch_id` is the decision's number; without one the signer withdrew, for reason 1. All or none: raises VoidError
    for a leaf that is no signature or does not count now.
    """
    lock_head(cursor, petition_id=petition_id)
    leaves = sorted(leaf_indices)
    cursor.execute(QUERIES["judge_targets"], {"petition_id": petition_id, "leaves": leaves})
    for leaf, is_signature, void, _ in cursor.fetchall():
        if not is_signature:
            raise VoidError(
                f"leaf {leaf} of petition {petition_id} is no signature", cure="give the leaves of signatures"
            )
        if void is not None:
            raise VoidError(
                f"the signature at leaf {leaf} of petition {petition_id} is voided already, by leaf {void}",
                cure="leave it out",
            )
    bucket = _read_bucket(cursor, petition_id=petition_id, now=now)
    entries = [Void(reason, bucket, leaf, decision).render() for leaf in leaves]
    first = append_entries(cursor, petition_id=petition_id, entries=entries)
    cursor.execute(
        QUERIES["record_voids"],
        {
            "petition_id": petition_id,
            "targets": leaves,
            "first": first,
            "batch_id": batch_id,
            "by_signer": batch_id is None,
        },
    )
    return first


def reinstate_leaves(
    cursor: Cursor,
    *,
    petition_id: int,
    leaf_indices: Sequence[int],
    reason: int,
    decision: bytes,
    batch_id: int,
    now: dt.datetime,
) -> int:
    """Let voided signatures (their own leaves) count again, and return the first reinstatement's leaf.

    All or none: raises VoidError for a leaf that is not voided, or that its signer withdrew: only they undo that.
    """
    lock_head(cursor, petition_id=petition_id)
    leaves = sorted(leaf_indices)
    cursor.execute(QUERIES["judge_targets"], {"petition_id": petition_id, "leaves": leaves})
    voids = []
    for leaf, _, void, by_signer in cursor.fetchall():
        if void is None or by_signer:
            what = "was withdrawn by its signer" if by_signer else "is not voided"
            raise VoidError(f"the signature at leaf {leaf} of petition {petition_id} {what}", cure="leave it out")
        voids.append(int(void))
    bucket = _read_bucket(cursor, petition_id=petition_id, now=now)
    entries = [Reinstate(reason, bucket, void, decision).render() for void in voids]
    first = append_entries(cursor, petition_id=petition_id, entries=entries)
    cursor.execute(
        QUERIES["record_reinstatements"],
        {"petition_id": petition_id, "voids": voids, "first": first, "batch_id": batch_id},
    )
    return first


def withdraw_leaf(cursor: Cursor, *, petition_id: int, leaf_index: int, now: dt.datetime) -> bool:
    """Void a signature for its signer; False where it does not count already. Raises NotOpenError, VoidError."""
    lock_head(cursor, petition_id=petition_id)
    cursor.execute(QUERIES["read_void_gate"], {"petition_id": petition_id, "now": now})
    if not cursor.fetchone()[0]:
        raise NotOpenError(
            f"petition {petition_id} takes no signatures now, so none can be withdrawn",
            cure="ask the institution, which can void a signature for a reason",
        )
    cursor.execute(QUERIES["judge_targets"], {"petition_id": petition_id, "leaves": [leaf_index]})
    if cursor.fetchone()[2] is not None:
        return False
    void_leaves(
        cursor,
        petition_id=petition_id,
        leaf_indices=[leaf_index],
        reason=WITHDRAWN,
        decision=hashlib.sha256(WITHDRAWN_DECISION).digest(),
        now=now,
    )
    return True


def count_selected(cursor: Cursor, *, petition_id: int, selection: Selection, end: int) -> int:
    """Return how many signatures before leaf `end` are selected and count, or may again where the signer withdrew."""
    cursor.execute(QUERIES["count_selected"], {"petition_id": petition_id, "end": end, **selection.parameters()})
    return int(cursor.fetchone()[0])


def next_selected(
    cursor: Cursor, *, petition_id: int, selection: Selection, first: int, end: int, limit: int
) -> list[int]:
    """Return the next selected leaves from `first` on that count now; call it under the head to act upon them."""
    cursor.execute(
        QUERIES["next_selected"],
        {"petition_id": petition_id, "first": first, "end": end, "limit": limit, **selection.parameters()},
    )
    return [int(leaf) for (leaf,) in cursor.fetchall()]


def count_voided(cursor: Cursor, *, batch_id: int) -> int:
    """Return how many signatures a batch took out that are out still."""
    cursor.execute(QUERIES["count_voided"], {"batch_id": batch_id})
    return int(cursor.fetchone()[0])


def next_voided(cursor: Cursor, *, batch_id: int, first: int, limit: int) -> list[int]:
    """Return the next leaves from `first` on that a batch took out and that are out still."""
    cursor.execute(QUERIES["next_voided"], {"batch_id": batch_id, "first": first, "limit": limit})
    return [int(leaf) for (leaf,) in cursor.fetchall()]


def _read_bucket(cursor: Cursor, *, petition_id: int, now: dt.datetime) -> int:
    cursor.execute(QUERIES["read_void_gate"], {"petition_id": petition_id, "now": now})
    row: tuple[bool, dt.datetime, int] = cursor.fetchone()
    return max(0, min(MAX_BUCKET, int((now - row[1]).total_seconds()) // row[2]))


def _u16(number: int | None) -> bytes | None:
    return None if number is None else number.to_bytes(2, "big")
