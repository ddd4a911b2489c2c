"""Reading a log's hashes from its tiles, trusted or authenticated.

An authenticated reader starts at the signed root and accepts a full tile only if its subtree hash is the one its
parent holds: each tile, also where several of the hashes asked for lie in one tile. A reader that authenticates only
some of them accepts forged tiles at sizes such as 300 (GO-2026-6179).
"""

from collections.abc import Sequence
from typing import Protocol

from maninso.ledger.errors import LedgerError, Reason
from maninso.ledger.merkle import HASH_LENGTH, ReadHashes, Subtree, root_of_packed
from maninso.ledger.tiles import TILE_WIDTH, Edge, TilePath, partial_widths

_CACHED_TILES = 64


class TileReader(Protocol):
    """Where tiles come from: a database, a folder, a site. Answers exactly the path's width, or raises."""

    def read_tile(self, path: TilePath) -> bytes:
        """The tile's bytes, `32 * path.width`; for "entries", the bundle of `path.width` entries."""
        ...


def tile_of(level: int, index: int, size: int) -> TilePath:
    """The path, at its width in a log of `size` leaves, of tile `index` at `level`."""
    return TilePath(level, index, min(TILE_WIDTH, (size >> 8 * level) - TILE_WIDTH * index))


def read_hashes_from(reader: TileReader, size: int) -> ReadHashes:
    """The subtree hashes of a log of `size` leaves, as proofs need them, from tiles that are believed.

    For the log's own database, or for an `AuthenticatedTiles`; each tile is read once a call.
    """

    def read_hashes(subtrees: Sequence[Subtree]) -> list[bytes]:
        tiles: dict[TilePath, bytes] = {}
        answer: list[bytes] = []
        for height, index in subtrees:
            level, rest = divmod(height, 8)
            first, count = index << rest, 1 << rest
            path = tile_of(level, first // TILE_WIDTH, size)
            if path not in tiles:
                tiles[path] = reader.read_tile(path)
            start = first % TILE_WIDTH * HASH_LENGTH
            answer.append(root_of_packed(tiles[path][start : start + count * HASH_LENGTH]))
        return answer

    return read_hashes


class AuthenticatedTiles:
    """A log's hash tiles, each checked against the signed root before it is believed.

    Reads the partial tiles at once (at most one a level); raises LedgerError (wrong-root) if they do not make the root.
    """

    def __init__(self, reader: TileReader, size: int, root: bytes) -> None:
        self._reader = reader
        self._size = size
        partial = [
            self._read(tile_of(level, size >> 8 * (level + 1), size)) if width else b""
            for level, width in enumerate(partial_widths(size))
        ]
        self._edge = Edge.restore(size, partial)
        self._full: dict[TilePath, bytes] = {}
        if self._edge.root() != root:
            raise LedgerError(Reason.WRONG_ROOT, f"The tiles of the log of {size} leaves do not make its signed root.")

    def read_tile(self, path: TilePath) -> bytes:
        """A hash tile at its width in this log. Raises LedgerError (forged-tile) if its parent says otherwise."""
        level = int(path.level)
        if path != tile_of(level, path.index, self._size):
            raise ValueError(f"{path.render()} is no tile of a log of {self._size} leaves")
        if path.width < TILE_WIDTH:
            return self._edge.level(level)
        if path in self._full:
            return self._full[path]
        # Every full tile has a parent, full or partial, since a full tile is what puts a hash there.
        parent = self.read_tile(tile_of(level + 1, path.index // TILE_WIDTH, self._size))
        start = path.index % TILE_WIDTH * HASH_LENGTH
        data = self._read(path)
        if root_of_packed(data) != parent[start : start + HASH_LENGTH]:
            raise LedgerError(Reason.FORGED_TILE, f"{path.render()} does not belong to the signed root.")
        if len(self._full) >= _CACHED_TILES:
            del self._full[next(iter(self._full))]
        self._full[path] = data
        return data

    def _read(self, path: TilePath) -> bytes:
        data = self._reader.read_tile(path)
        if len(data) != path.width * HASH_LENGTH:
            raise LedgerError(Reason.MALFORMED_TILE, f"{path.render()} has {len(data)} bytes.")
        return data
