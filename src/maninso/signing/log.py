"""Reads a petition's log for the public: checkpoint, tiles, entry bundles, receipts (c2sp.org/tlog-tiles).

Only full tiles and bundles are stored. A partial one is a prefix of what it will become: it is computed from the leaves
(or from the tiles below) when it is asked for, at any width up to what the last checkpoint covers.
"""

from dataclasses import dataclass

from maninso.ledger.errors import LedgerError
from maninso.ledger.merkle import HASH_LENGTH, hash_leaf, hash_leaves, prove_inclusion
from maninso.ledger.proof import Receipt
from maninso.ledger.reader import read_hashes_from
from maninso.ledger.tiles import TILE_WIDTH, TilePath, pack_bundle, unpack_bundle
from maninso.signing.gate import Cursor
from maninso.signing.keys import render_log_key
from maninso.signing.queries import QUERIES

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
    """A leaf and whether the last checkpoint covers it. `receipt` is its .tlog-proof then."""

    index: int
    entry: bytes
    receipt: bytes | None


def read_log_file(cursor: Cursor, *, petition_id: int, path: str) -> LogFile | None:
    """Return `checkpoint` or a tile of a petition's log; None where there is no such file (yet)."""
    size, checkpoint = _read_tree(cursor, petition_id)
    if path == "checkpoint":
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
    """Return the leaf with this hash (32 bytes), with its receipt where a checkpoint covers it already."""
    cursor.execute(QUERIES["find_leaf"], {"petition_id": petition_id, "leaf_hash": leaf_hash})
    row = cursor.fetchone()
    if row is None:
        return None
    index, entry = int(row[0]), bytes(row[1])
    size, checkpoint = _read_tree(cursor, petition_id)
    if checkpoint is None or index >= size:
        return FoundLeaf(index, entry, None)
    tiles = LogTiles(cursor, petition_id=petition_id, size=size)
    hashes = prove_inclusion(index, size, read_hashes_from(tiles, size))
    return FoundLeaf(index, entry, Receipt(entry, index, tuple(hashes), checkpoint).render())


class LogTiles:
    """The tiles of one petition's log of `size` leaves, out of the database (a ledger.reader.TileReader)."""

    def __init__(self, cursor: Cursor, *, petition_id: int, size: int) -> None:
        self._cursor = cursor
        self._petition_id = petition_id
        self._size = size

    def read_tile(self, path: TilePath) -> bytes:
        """Return a tile that the log has; raises LookupError for another."""
        body = self.find_tile(path)
        if body is None:
            raise LookupError(path.render())
        return body

    def find_tile(self, path: TilePath) -> bytes | None:
        """Return the tile or bundle at any width that the log has reached, else None."""
        if path.level == "entries":
            return self._find_bundle(path)
        complete = self._size >> 8 * path.level  # hashes at this level
        width = min(TILE_WIDTH, complete - TILE_WIDTH * path.index)
        if path.width > width:
            return None
        if width == TILE_WIDTH:
            self._cursor.execute(
                QUERIES["read_tile"],
                {"petition_id": self._petition_id, "level": path.level, "tile_index": path.index},
            )
            return bytes(self._cursor.fetchone()[0])[: path.width * HASH_LENGTH]
        first = TILE_WIDTH * path.index
        if path.level == 0:
            return b"".join(hash_leaves(self._read_leaves(first, first + path.width)))
        return b"".join(self._read_roots(path.level - 1, first, first + path.width))

    def _find_bundle(self, path: TilePath) -> bytes | None:
        first = TILE_WIDTH * path.index
        width = min(TILE_WIDTH, self._size - first)
        if path.width > width:
            return None
        if width < TILE_WIDTH:
            return pack_bundle(self._read_leaves(first, first + path.width))
        self._cursor.execute(QUERIES["read_bundle"], {"petition_id": self._petition_id, "bundle_index": path.index})
        bundle = bytes(self._cursor.fetchone()[0])
        return bundle if path.width == TILE_WIDTH else pack_bundle(unpack_bundle(bundle, TILE_WIDTH)[: path.width])

    def _read_leaves(self, first: int, end: int) -> list[bytes]:
        self._cursor.execute(QUERIES["read_leaves"], {"petition_id": self._petition_id, "first": first, "end": end})
        return [bytes(entry) for (entry,) in self._cursor.fetchall()]

    def _read_roots(self, level: int, first: int, end: int) -> list[bytes]:
        self._cursor.execute(
            QUERIES["read_tile_roots"],
            {"petition_id": self._petition_id, "level": level, "first": first, "end": end},
        )
        return [bytes(root) for (root,) in self._cursor.fetchall()]


def _read_tree(cursor: Cursor, petition_id: int) -> tuple[int, bytes | None]:
    cursor.execute(QUERIES["read_tree"], {"petition_id": petition_id})
    row = cursor.fetchone()
    if row is None:
        return 0, None
    return int(row[0]), None if row[1] is None else bytes(row[1])


def hash_entry(entry: bytes) -> str:
    """Return a leaf's hash as its addresses spell it: 64 lower-case hex digits."""
    return hash_leaf(entry).hex()
