"""Reads logs for the public: checkpoint, tiles, entry bundles, receipts (c2sp.org/tlog-tiles).

Log number 0 is the site's own; its checkpoint is served with the lines of the witnesses that have cosigned it.
"""

from dataclasses import dataclass

from maninso.ledger.errors import LedgerError
from maninso.ledger.merkle import prove_inclusion
from maninso.ledger.proof import Receipt
from maninso.ledger.reader import read_hashes_from
from maninso.ledger.tiles import TilePath
from maninso.signing.gate import Cursor
from maninso.signing.keys import render_log_key
from maninso.signing.queries import QUERIES
from maninso.signing.sitelog import SITE, prove_named, read_site_checkpoint
from maninso.signing.tiles import LogTiles, read_tree

TEXT = "text/plain; charset=utf-8"
BYTES = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class LogFile:
    """One file of a log as served. `immutable`: these bytes will be here for ever under this address."""

    body: bytes
    content_type: str
    immutable: bool


@dataclass(frozen=True, slots=True)
class FoundLeaf:
    """A leaf and whether the last checkpoint covers it. `receipt` is its .tlog-proof then.

    `named_at` is the entry of the site's log that names the receipt's checkpoint; None where none does yet.
    """

    index: int
    entry: bytes
    receipt: bytes | None
    named_at: int | None = None


def read_log_file(cursor: Cursor, *, petition_id: int, path: str) -> LogFile | None:
    """Return `checkpoint` or a tile of a log; None where there is no such file (yet)."""
    size, checkpoint = read_tree(cursor, petition_id)
    if path == "checkpoint":
        if petition_id == SITE:
            checkpoint = read_site_checkpoint(cursor)
        return None if checkpoint is None else LogFile(checkpoint, TEXT, immutable=False)
    try:
        tile = TilePath.parse(path)
    except LedgerError:
        return None
    body = LogTiles(cursor, petition_id=petition_id, size=size).find_tile(tile)
    return None if body is None else LogFile(body, BYTES, immutable=True)


def read_log_key(cursor: Cursor, *, petition_id: int) -> str | None:
    """Return the verifier key (vkey) of a log, for `maninso verify --key`; None before its first checkpoint."""
    cursor.execute(QUERIES["read_log_key"], {"petition_id": petition_id})
    row = cursor.fetchone()
    return None if row is None else render_log_key(str(row[0]), bytes(row[1]))


def find_leaf(cursor: Cursor, *, petition_id: int, leaf_hash: bytes) -> FoundLeaf | None:
    """Return the leaf with this hash (32 bytes), with its receipt where a checkpoint covers it already.

    The receipt is against the first checkpoint that the site's log names, from the moment that one does: from then on
    it never changes.
    """
    cursor.execute(QUERIES["find_leaf"], {"petition_id": petition_id, "leaf_hash": leaf_hash})
    row = cursor.fetchone()
    if row is None:
        return None
    index, entry = int(row[0]), bytes(row[1])
    size, checkpoint = read_tree(cursor, petition_id)
    if checkpoint is None or index >= size:
        return FoundLeaf(index, entry, None)
    named_at = None
    cursor.execute(QUERIES["find_named"], {"petition_id": petition_id, "leaf_index": index})
    named = cursor.fetchone()
    if named is not None:
        size, checkpoint, named_at = int(named[0]), bytes(named[1]), int(named[2])
    tiles = LogTiles(cursor, petition_id=petition_id, size=size)
    hashes = prove_inclusion(index, size, read_hashes_from(tiles, size))
    return FoundLeaf(index, entry, Receipt(entry, index, tuple(hashes), checkpoint).render(), named_at)


def read_site_proof(cursor: Cursor, *, petition_id: int, leaf_hash: bytes) -> bytes | None:
    """Return the .tlog-proof that the site's log names the checkpoint of a leaf's receipt; None where it does not."""
    leaf = find_leaf(cursor, petition_id=petition_id, leaf_hash=leaf_hash)
    if leaf is None or leaf.named_at is None:
        return None
    return prove_named(cursor, entry_index=leaf.named_at)
