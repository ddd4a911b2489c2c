"""The gate of a petition: opened, paused and closed by petitions.lifecycle in its own transaction.

Every function takes a cursor of psycopg (a Django cursor is one), never commits, and holds the petition's head from
its first change to the caller's commit, so that a batch of signatures comes wholly before or wholly after it.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any, Protocol

from maninso import ManinsoError
from maninso.ledger.entries import Event, Genesis
from maninso.ledger.events import CLOSED, KEY_DESTROYED
from maninso.ledger.merkle import EMPTY_ROOT
from maninso.signing.queries import QUERIES


class Cursor(Protocol):
    """What is used of a database cursor."""

    @property
    def rowcount(self) -> int:
        """Rows that the last statement touched."""

    def execute(self, query: Any, params: Any = None, /) -> Any:
        """Run one statement."""

    def fetchone(self) -> Any:
        """Return the next row, or None."""

    def fetchall(self) -> Any:
        """Return the rows that are left."""


class GateError(ManinsoError):
    """The petition's gate is not in a state that allows the change."""


def prepare_gate(cursor: Cursor, *, petition_id: int, origin: str) -> None:
    """Give a petition that is not open yet its gate and its log's name for ever (HOST/p/<id>/log)."""
    cursor.execute(QUERIES["prepare_gate"], {"petition_id": petition_id, "origin": origin})


def open_gate(
    cursor: Cursor,
    *,
    petition_id: int,
    opened_at: dt.datetime,
    closes_at: dt.datetime,
    wrapped_key: bytes,
    bucket_seconds: int,
    regions: Sequence[str],
    min_assurance: int,
    min_age: int,
    region_needed: bool,
    registered_on: dt.date,
    thresholds: Sequence[tuple[str, str]],
    genesis: bytes,
    grace: dt.timedelta = dt.timedelta(0),
) -> None:
    """Open a waiting gate: its window, key, regions (the first is ""), thresholds (id, rule as JSON) and leaf 0.

    `grace`: how long after the window those may confirm who asked in time. Raises GateError where the gate is not
    waiting.
    """
    cursor.execute(
        QUERIES["open_gate"],
        {
            "petition_id": petition_id,
            "opened_at": opened_at,
            "closes_at": closes_at,
            "grace": grace,
            "wrapped_key": wrapped_key,
            "bucket_seconds": bucket_seconds,
            "regions": list(regions),
            "min_assurance": min_assurance,
            "min_age": min_age,
            "region_needed": region_needed,
        },
    )
    if cursor.rowcount != 1:
        raise GateError(f"petition {petition_id} has no gate that waits to be opened")
    cursor.execute(QUERIES["start_head"], {"petition_id": petition_id})
    cursor.execute(QUERIES["start_tree"], {"petition_id": petition_id, "root": EMPTY_ROOT})
    for threshold_id, rule in thresholds:
        cursor.execute(
            QUERIES["set_threshold"],
            {
                "petition_id": petition_id,
                "threshold_id": threshold_id,
                "rule": rule,
                "registered_on": registered_on,
            },
        )
    append_entries(cursor, petition_id=petition_id, entries=[genesis])


def append_entries(
    cursor: Cursor, *, petition_id: int, entries: Sequence[bytes], evidences: Sequence[bytes | None] | None = None
) -> int:
    """Append leaves to a petition's log and return the first one's index. Locks the head."""
    first = lock_head(cursor, petition_id=petition_id)
    cursor.execute(
        QUERIES["append_entries"],
        {
            "petition_id": petition_id,
            "first": first,
            "entries": list(entries),
            "evidences": list(evidences) if evidences is not None else [None] * len(entries),
        },
    )
    cursor.execute(QUERIES["grow_head"], {"petition_id": petition_id, "size": first + len(entries)})
    return first


def pause_gate(cursor: Cursor, *, petition_id: int) -> None:
    """Take no signatures for a while. Raises GateError where the gate is not open."""
    _move(cursor, petition_id, old=("open",), new="paused")


def resume_gate(cursor: Cursor, *, petition_id: int, closes_at: dt.datetime | None = None) -> None:
    """Take signatures again, with the window extended where `closes_at` says so."""
    _move(cursor, petition_id, old=("paused",), new="open", closes_at=closes_at)


def close_gate(cursor: Cursor, *, petition_id: int, closed_at: dt.datetime) -> int:
    """Take no more signatures, ever; return the count at this moment, which the log's `closed` event states.

    That is the log's last leaf but for voids and later events. Raises GateError where the gate is closed already or
    never opened (`cancel_gate`).
    """
    _move(cursor, petition_id, old=("open", "paused"), new="closed", closes_at=closed_at)
    # The head is held, so no batch comes between the count and the leaf that states it.
    cursor.execute(QUERIES["count_at_head"], {"petition_id": petition_id})
    count = int(cursor.fetchone()[0])
    event = Event(CLOSED, {"at": int(closed_at.timestamp()), "count": count})
    append_entries(cursor, petition_id=petition_id, entries=[event.render()])
    return count


def destroy_key(cursor: Cursor, *, petition_id: int, now: dt.datetime) -> bool:
    """Destroy the sealed key of a closed petition and the evidence behind its signatures; the log says so.

    False where it was done before. The caller deletes the half of the wrapping key that is kept outside the database.
    Raises GateError where there is no log.
    """
    lock_head(cursor, petition_id=petition_id)
    cursor.execute(QUERIES["destroy_key"], {"petition_id": petition_id})
    if cursor.rowcount != 1:
        return False
    cursor.execute(QUERIES["destroy_evidence"], {"petition_id": petition_id})
    cursor.execute(QUERIES["read_genesis"], {"petition_id": petition_id})
    genesis = Genesis.parse(bytes(cursor.fetchone()[0]))
    event = Event(KEY_DESTROYED, {"at": int(now.timestamp()), "key": genesis.key})
    append_entries(cursor, petition_id=petition_id, entries=[event.render()])
    return True


def cancel_gate(cursor: Cursor, *, petition_id: int) -> None:
    """Close the gate of a petition that will not open: who signs is refused, not told to come later.

    It never had a window or a log. Raises GateError where the gate is not waiting.
    """
    cursor.execute(
        QUERIES["move_gate"], {"petition_id": petition_id, "old": ["waiting"], "new": "closed", "closes_at": None}
    )
    if cursor.rowcount != 1:
        raise GateError(f"petition {petition_id} has no gate that waits to be opened")


def revive_gate(cursor: Cursor, *, petition_id: int) -> None:
    """Let a cancelled gate wait again. Raises GateError where the gate was not cancelled."""
    cursor.execute(QUERIES["revive_gate"], {"petition_id": petition_id})
    if cursor.rowcount != 1:
        raise GateError(f"the gate of petition {petition_id} was not cancelled")


def _move(
    cursor: Cursor, petition_id: int, *, old: Sequence[str], new: str, closes_at: dt.datetime | None = None
) -> None:
    lock_head(cursor, petition_id=petition_id)
    cursor.execute(
        QUERIES["move_gate"], {"petition_id": petition_id, "old": list(old), "new": new, "closes_at": closes_at}
    )
    if cursor.rowcount != 1:
        raise GateError(f"the gate of petition {petition_id} is not {' or '.join(old)}")


def lock_head(cursor: Cursor, *, petition_id: int) -> int:
    """Hold the petition's head until the commit and return how many leaves are numbered. Raises GateError."""
    cursor.execute(QUERIES["lock_head"], {"petition_id": petition_id})
    row = cursor.fetchone()
    if row is None:
        raise GateError(f"petition {petition_id} has no log")
    return int(row[0])
