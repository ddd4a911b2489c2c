"""The site's own log, number 0 in the same tables: who appends to it, and what it proves of a petition's receipt.

Its entries name the checkpoints of petitions' logs (maninso.ledger.sitelog). Only the holder of the sequencer's lock
appends one, and only when the last one is published: where the site's log stands still, it does not pile up.
"""

import datetime as dt
from dataclasses import dataclass
from itertools import islice
from typing import Any

from maninso.ledger.checkpoint import peek_checkpoint
from maninso.ledger.merkle import EMPTY_ROOT, prove_inclusion
from maninso.ledger.note import NoteSignature, SignedNote, VerifierKey
from maninso.ledger.proof import Receipt
from maninso.ledger.reader import read_hashes_from
from maninso.ledger.sitelog import MAX_NAMED, NamedCheckpoint, SiteEntry
from maninso.signing.gate import Cursor, append_entries
from maninso.signing.keys import name_site_log
from maninso.signing.queries import QUERIES
from maninso.signing.tiles import LogTiles, read_tree

SITE = 0
"""The site's log's number; petitions count from 1."""


@dataclass(frozen=True, slots=True)
class Cosignature:
    """What one witness has cosigned of the site's log: its checkpoint as it was sent, and the witness's line."""

    witness: VerifierKey
    size: int
    checkpoint: bytes
    line: str
    cosigned_at: dt.datetime


def start_site_log(cursor: Cursor, *, host: str) -> None:
    """Give the site its log's name for ever, HOST/log, unless it has one."""
    cursor.execute(QUERIES["start_site_log"], {"origin": name_site_log(host)})
    if cursor.rowcount == 1:
        cursor.execute(QUERIES["start_head"], {"petition_id": SITE})
        cursor.execute(QUERIES["start_tree"], {"petition_id": SITE, "root": EMPTY_ROOT})


def name_checkpoints(cursor: Cursor, *, now: dt.datetime) -> int:
    """Append the entries that name every checkpoint published since; returns how many checkpoints that are.

    Names nothing while an entry waits to be published. The site's log must have been started. Never commits.
    """
    cursor.execute(QUERIES["lock_site_log"])
    head_size, size, _ = cursor.fetchone()
    if head_size > size:
        return 0
    cursor.execute(QUERIES["unnamed_trees"])
    rows = iter(cursor.fetchall())
    time = max(int(now.timestamp()), _last_time(cursor))
    named = 0
    while chunk := list(islice(rows, MAX_NAMED)):
        _append(cursor, chunk, time)
        named += len(chunk)
    return named


def _append(cursor: Cursor, rows: list[Any], time: int) -> None:
    entry = SiteEntry(time, tuple(NamedCheckpoint(number, size, bytes(root)) for number, size, root, _ in rows))
    index = append_entries(cursor, petition_id=SITE, entries=[entry.render()])
    cursor.execute(
        QUERIES["name_trees"],
        {
            "entry_index": index,
            "petitions": [number for number, _, _, _ in rows],
            "sizes": [size for _, size, _, _ in rows],
            "checkpoints": [bytes(checkpoint) for _, _, _, checkpoint in rows],
        },
    )


def _last_time(cursor: Cursor) -> int:
    """The last entry's time: a clock that was set back must not date a later entry before it."""
    cursor.execute(QUERIES["read_last_entry"], {"petition_id": SITE})
    row = cursor.fetchone()
    return SiteEntry.parse(bytes(row[0])).time if row else 0


def read_cosignatures(cursor: Cursor) -> list[Cosignature]:
    """Return the last cosignature of each witness, those of the newest checkpoint first."""
    cursor.execute(QUERIES["read_cosignatures"])
    return [
        Cosignature(VerifierKey.parse(witness), size, bytes(checkpoint), line, cosigned_at)
        for witness, size, checkpoint, line, cosigned_at in cursor.fetchall()
    ]


def keep_cosignature(cursor: Cursor, cosignature: Cosignature) -> None:
    """Store what a witness answered; its signature must have been verified. Raises psycopg's error if it goes back."""
    cursor.execute(
        QUERIES["keep_cosignature"],
        {
            "witness": cosignature.witness.render(),
            "size": cosignature.size,
            "checkpoint": cosignature.checkpoint,
            "line": cosignature.line,
            "cosigned_at": cosignature.cosigned_at,
        },
    )


def add_cosignatures(checkpoint: bytes, cosignatures: list[Cosignature]) -> bytes:
    """Return a signed checkpoint with the lines of those witnesses that cosigned this very text."""
    note = SignedNote.parse(checkpoint)
    lines = [
        NoteSignature.parse(each.line)
        for each in sorted(cosignatures, key=lambda each: each.witness.name)
        if SignedNote.parse(each.checkpoint).text == note.text
    ]
    return SignedNote(note.text, (*note.signatures, *lines)).render()


def read_site_checkpoint(cursor: Cursor) -> bytes | None:
    """Return the last checkpoint of the site's log, with the lines of the witnesses that have cosigned it by now."""
    _, checkpoint = read_tree(cursor, SITE)
    return None if checkpoint is None else add_cosignatures(checkpoint, read_cosignatures(cursor))


def is_named(cursor: Cursor, *, petition_id: int, leaf_index: int) -> bool:
    """Return whether the published site's log names a checkpoint that covers a leaf."""
    cursor.execute(QUERIES["find_named"], {"petition_id": petition_id, "leaf_index": leaf_index})
    return cursor.fetchone() is not None


def prove_named(cursor: Cursor, *, entry_index: int) -> bytes:
    """Return the .tlog-proof that an entry is in the site's log.

    Of the checkpoints that cover it (the last one, and those that witnesses have cosigned) it is against the one that
    most witnesses have cosigned, the newest of these. The entry must be published.
    """
    newest_size, newest = read_tree(cursor, SITE)
    cosignatures = read_cosignatures(cursor)
    notes = {newest or b"", *(each.checkpoint for each in cosignatures if entry_index < each.size < newest_size)}
    checkpoint, size = max(
        ((note, peek_checkpoint(note).size) for note in (add_cosignatures(each, cosignatures) for each in notes)),
        key=lambda pair: (len(SignedNote.parse(pair[0]).signatures), pair[1]),
    )
    tiles = LogTiles(cursor, petition_id=SITE, size=size)
    hashes = prove_inclusion(entry_index, size, read_hashes_from(tiles, size))
    cursor.execute(QUERIES["read_leaves"], {"petition_id": SITE, "first": entry_index, "end": entry_index + 1})
    entry = bytes(cursor.fetchone()[0])
    return Receipt(entry, entry_index, tuple(hashes), checkpoint).render()
