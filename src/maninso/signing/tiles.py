"""A log's tiles out of the database.

Only full tiles and bundles are stored. A partial one is a prefix of what it will become: it is computed from the leaves
(or from the tiles below) when it is asked for, at any width up to what the last checkpoint covers.
"""

from maninso.ledger.merkle import HASH_LENGTH, hash_leaves
from maninso.ledger.tiles import TILE_WIDTH, TilePath, pack_bundle, unpack_bundle
from maninso.signing.gate import Cursor
from maninso.signing.queries import QUERIES


def read_tree(cursor: Cursor, petition_id: int) -> tuple[int, bytes | None]:
    """Return a log's published size and signed checkpoint; 0 and None before the first."""
    cursor.execute(QUERIES["read_tree"], {"petition_id": petition_id})
    row = cursor.fetchone()
    if row is None:
        return 0, None
    return int(row[0]), None if row[1] is None else bytes(row[1])


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
            return self._read_stored(path)[: path.width * HASH_LENGTH]
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
        bundle = self._read_stored(path)
        return bundle if path.width == TILE_WIDTH else pack_bundle(unpack_bundle(bundle, TILE_WIDTH)[: path.width])

    def _read_stored(self, path: TilePath) -> bytes:
        row = self._cursor.fetchone()
        if row is None:
            raise LookupError(f"{path.render()} of log {self._petition_id} is missing")
        return bytes(row[0])

    def _read_leaves(self, first: int, end: int) -> list[bytes]:
        self._cursor.execute(QUERIES["read_leaves"], {"petition_id": self._petition_id, "first": first, "end": end})
        return [bytes(entry) for (entry,) in self._cursor.fetchall()]

    def _read_roots(self, level: int, first: int, end: int) -> list[bytes]:
        self._cursor.execute(
            QUERIES["read_tile_roots"],
            {"petition_id": self._petition_id, "level": level, "first": first, "end": end},
        )
        return [bytes(root) for (root,) in self._cursor.fetchall()]
