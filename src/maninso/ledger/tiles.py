"""Tiles: how a log is cut into files (c2sp.org/tlog-tiles), and the growing edge that writes them.

A tile at level l holds up to 256 hashes; hash i of tile n is the tree hash of leaves `(256n + i) * 256**l` up to
`(256n + i + 1) * 256**l`. Only full tiles are hashed upwards. A partial tile is a prefix of the tile that comes to be.
An entry bundle holds the entries under one level-0 tile.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Self

from maninso.ledger.errors import LedgerError, Reason
from maninso.ledger.merkle import EMPTY_ROOT, HASH_LENGTH, root_of_packed

TILE_WIDTH = 256
TILE_BYTES = TILE_WIDTH * HASH_LENGTH
MAX_ENTRY_LENGTH = 65_535
MAX_SIZE = 1 << 48
"""Leaves in the largest log that is accepted, so that no loop over a claimed size runs for ever."""

_MAX_INDEX = MAX_SIZE // TILE_WIDTH
_PATH = re.compile(
    r"tile/(?P<L>[0-9]|[1-5][0-9]|6[0-3]|entries)"
    r"/(?P<N>(?:x(?!000)[0-9]{3}/(?:x[0-9]{3}/)*)?[0-9]{3})"
    r"(?:\.p/(?P<W>[1-9][0-9]?|1[0-9][0-9]|2[0-4][0-9]|25[0-5]))?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class TilePath:
    """The address of one tile below a log's prefix: level 0 to 63 or "entries", tile number, width 1 to 256."""

    level: int | Literal["entries"]
    index: int
    width: int = TILE_WIDTH

    def __post_init__(self) -> None:
        level_known = self.level == "entries" or 0 <= self.level <= 63
        if not (level_known and 0 <= self.index < _MAX_INDEX and 1 <= self.width <= TILE_WIDTH):
            raise LedgerError(Reason.MALFORMED_PATH, f"There is no tile {self.level}/{self.index} of {self.width}.")

    @classmethod
    def parse(cls, text: str) -> Self:
        """The path in its one canonical spelling, such as `tile/0/x001/234.p/5`. Raises LedgerError otherwise."""
        match = _PATH.fullmatch(text) if len(text) <= 64 else None
        if match is None:
            raise LedgerError(Reason.MALFORMED_PATH, f"{text[:80]!r} is not the path of a tile.")
        level, index, width = match.group("L", "N", "W")
        return cls(
            "entries" if level == "entries" else int(level),
            int(index.replace("x", "").replace("/", "")),
            int(width) if width else TILE_WIDTH,
        )

    def render(self) -> str:
        """The path as served, without a leading slash."""
        digits = f"{self.index:03d}"
        digits = "0" * (-len(digits) % 3) + digits
        groups = [digits[start : start + 3] for start in range(0, len(digits), 3)]
        number = "/".join([*("x" + group for group in groups[:-1]), groups[-1]])
        return f"tile/{self.level}/{number}" + ("" if self.width == TILE_WIDTH else f".p/{self.width}")

    def full(self) -> "TilePath":
        """The same tile at its full width."""
        return TilePath(self.level, self.index)


@dataclass(frozen=True, slots=True)
class FullTile:
    """A tile that has just become full: `data` is its 8,192 bytes, `root` the 32-byte hash of its subtree."""

    level: int
    index: int
    data: bytes
    root: bytes


def partial_widths(size: int) -> list[int]:
    """Widths of the partial tiles of a log of `size` leaves by level: `floor(size / 256**level) mod 256`; 0 is none."""
    widths: list[int] = []
    while size:
        widths.append(size % TILE_WIDTH)
        size //= TILE_WIDTH
    return widths


def tile_paths(size: int) -> Iterator[TilePath]:
    """Every tile and bundle that a log of `size` leaves serves: hashes by rising level, then the entries."""
    for level, width in enumerate(partial_widths(size)):
        yield from _paths_at(level, size >> 8 * (level + 1), width)
    yield from _paths_at("entries", size // TILE_WIDTH, size % TILE_WIDTH)


def _paths_at(level: int | Literal["entries"], full: int, width: int) -> Iterator[TilePath]:
    for index in range(full):
        yield TilePath(level, index)
    if width:
        yield TilePath(level, full, width)


class Edge:
    """The growing right edge of a tiled tree: for each level the hashes of its partial tile, end to end.

    That is all a log needs to grow; the size follows from the widths.
    """

    __slots__ = ("_levels", "_size")

    def __init__(self, levels: Sequence[bytes]) -> None:
        for level, hashes in enumerate(levels):
            if len(hashes) % HASH_LENGTH or len(hashes) >= TILE_BYTES:
                raise LedgerError(Reason.MALFORMED_TILE, f"The partial tile at level {level} has {len(hashes)} bytes.")
        self._levels = list(levels)
        self._size = sum(len(hashes) // HASH_LENGTH << 8 * level for level, hashes in enumerate(levels))

    @classmethod
    def empty(cls) -> Self:
        """The edge of a log without leaves."""
        return cls([])

    @classmethod
    def restore(cls, size: int, partial: Sequence[bytes]) -> Self:
        """The edge of a log of `size` from its partial tiles by level; raises LedgerError if a width is not the size's.

        An empty `bytes` stands for a level without a partial tile; empty ones at the top may be left out.
        """
        widths = partial_widths(size)
        found = [len(hashes) for hashes in partial]
        found += [0] * (len(widths) - len(found))
        if [width * HASH_LENGTH for width in widths] != found[: len(widths)] or any(found[len(widths) :]):
            raise LedgerError(
                Reason.MALFORMED_TILE, f"Partial tiles of {found} bytes do not belong to a log of {size} leaves."
            )
        return cls(partial)

    @property
    def size(self) -> int:
        """Number of leaves."""
        return self._size

    def level(self, level: int) -> bytes:
        """Hashes of the partial tile at `level`, end to end; empty if there is none."""
        return self._levels[level] if level < len(self._levels) else b""

    def levels(self) -> list[bytes]:
        """All partial tiles by level, as `Edge` and `restore` take them."""
        return list(self._levels)

    def copy(self) -> "Edge":
        """An independent edge of the same tree."""
        return Edge(self._levels)

    def append(self, leaf_hashes: Sequence[bytes]) -> list[FullTile]:
        """Adds leaf hashes at the end; returns the tiles that became full, each after the tiles it is made of.

        Raises ValueError, and changes nothing, if a hash is not 32 bytes long.
        """
        if not set(map(len, leaf_hashes)) <= {HASH_LENGTH}:
            raise ValueError("a leaf hash has 32 bytes")
        full: list[FullTile] = []
        added = b"".join(leaf_hashes)
        level = 0
        while added:
            if level == len(self._levels):
                self._levels.append(b"")
            hashes = self._levels[level] + added
            index = self._size >> 8 * (level + 1)
            roots: list[bytes] = []
            for start in range(0, len(hashes) - TILE_BYTES + 1, TILE_BYTES):
                data = hashes[start : start + TILE_BYTES]
                roots.append(root_of_packed(data))
                full.append(FullTile(level, index + len(roots) - 1, data, roots[-1]))
            self._levels[level] = hashes[len(roots) * TILE_BYTES :]
            added = b"".join(roots)
            level += 1
        self._size += len(leaf_hashes)
        return full

    def root(self) -> bytes:
        """The root of the whole tree; `EMPTY_ROOT` without leaves."""
        below = b""
        for hashes in self._levels:
            # The incomplete subtree below is the last, smaller sibling of this level's complete ones.
            below = root_of_packed(hashes + below) if hashes or below else b""
        return below or EMPTY_ROOT


def pack_bundle(entries: Sequence[bytes]) -> bytes:
    """An entry bundle: each entry after its length as a big-endian u16. Raises ValueError for an entry over 65,535."""
    parts: list[bytes] = []
    for entry in entries:
        if len(entry) > MAX_ENTRY_LENGTH:
            raise ValueError(f"an entry of {len(entry)} bytes does not fit into a bundle")
        parts += (len(entry).to_bytes(2, "big"), entry)
    return b"".join(parts)


def unpack_bundle(data: bytes, width: int) -> list[bytes]:
    """The `width` entries of a bundle.

    Raises LedgerError: truncated-bundle if it ends inside an entry, dropped-leaf if it ends early between two entries,
    malformed-bundle if bytes are left over.
    """
    entries, end = _unpack_prefix(data, width)
    if end != len(data):
        raise LedgerError(Reason.MALFORMED_BUNDLE, f"The bundle has {len(data) - end} bytes after its {width} entries.")
    return entries


def cut_bundle(data: bytes, width: int) -> bytes:
    """The first `width` entries of a bundle of at least as many, still packed. Raises LedgerError if it has fewer."""
    return data[: _unpack_prefix(data, width)[1]]


def _unpack_prefix(data: bytes, width: int) -> tuple[list[bytes], int]:
    """The first `width` entries, and where the last of them ends."""
    entries: list[bytes] = []
    position, end = 0, len(data)
    for number in range(width):
        if position == end:
            raise LedgerError(Reason.DROPPED_LEAF, f"The bundle holds {number} entries where {width} belong.")
        start = position + 2
        position = start + int.from_bytes(data[position:start], "big")
        if position > end:
            raise LedgerError(Reason.TRUNCATED_BUNDLE, f"The bundle ends inside entry {number} of {width}.")
        entries.append(data[start:position])
    return entries, position
