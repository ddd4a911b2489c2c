"""Builds a log's tree anew from its entries, and tells which file is the false one when the root is not the signed one.

Bundles are read in order and forgotten. Tiles are compared with what the entries make; they are believed only where
they lead to the signed root.
"""

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from maninso.ledger.checkpoint import Checkpoint
from maninso.ledger.errors import LedgerError, Reason
from maninso.ledger.fetch import read_ahead
from maninso.ledger.merkle import HASH_LENGTH, hash_leaves
from maninso.ledger.reader import AuthenticatedTiles, TileReader, tile_of
from maninso.ledger.recount import Problem
from maninso.ledger.tiles import TILE_WIDTH, Edge, TilePath, partial_widths, unpack_bundle

Progress = Callable[[int, int], None]
"""Called with the number of leaves done and of leaves in all."""

_MAX_MISMATCHES = 20


class EntryReader(Protocol):
    """What reads a log's entries for their meaning, in order."""

    def add_entries(self, first: int, entries: Sequence[bytes]) -> None:
        """Takes the entries of leaves `first`, `first + 1` and so on."""
        ...


@dataclass(slots=True)
class Recomputed:
    """What the entries make: the tree's edge, the roots and leaf hashes asked for, and tiles that say otherwise.

    A mismatch is a tile's path and what the entries make of it; of a multitude the first 20 are kept.
    """

    edge: Edge = field(default_factory=Edge.empty)
    prefix_roots: dict[int, bytes] = field(default_factory=dict)
    leaves: dict[int, bytes] = field(default_factory=dict)
    mismatches: list[tuple[TilePath, bytes]] = field(default_factory=list)


def recompute_log(
    reader: TileReader,
    size: int,
    *,
    recount: EntryReader,
    prefixes: Collection[int],
    leaves: Collection[int],
    progress: Progress | None,
    jobs: int,
) -> Recomputed:
    """Reads all `size` entries into `recount` and the tree, and compares every hash tile.

    `prefixes` are sizes whose roots, `leaves` indices whose hashes, the answer shall hold; those beyond the log are
    left out. Raises LedgerError if a bundle is malformed, UnreadableError if something cannot be read.
    """
    made = Recomputed()
    sizes = sorted(prefixes)
    made.prefix_roots = {length: Edge.empty().root() for length in sizes if length == 0}
    wanted = sorted(leaves)
    tiles = read_ahead(reader, _bundles_and_leaf_tiles(size), jobs=jobs)
    for path, bundle in tiles:
        first = path.index * TILE_WIDTH
        tile_path, tile = next(tiles)
        entries = _unpack(path, bundle, tile)
        hashes = hash_leaves(entries)
        _compare(made, tile_path, b"".join(hashes), tile)
        for length in sizes[bisect_right(sizes, first) : bisect_right(sizes, first + len(hashes))]:
            edge = made.edge.copy()
            edge.append(hashes[: length - first])
            made.prefix_roots[length] = edge.root()
        made.leaves.update({leaf: hashes[leaf - first] for leaf in wanted if first <= leaf < first + len(hashes)})
        recount.add_entries(first, entries)
        for full in made.edge.append(hashes):
            if full.level > 0:
                upper = TilePath(full.level, full.index)
                _compare(made, upper, full.data, reader.read_tile(upper))
        if progress:
            progress(made.edge.size, size)
    for level, width in enumerate(partial_widths(size)):
        if level > 0 and width:
            upper = tile_of(level, size >> 8 * (level + 1), size)
            _compare(made, upper, made.edge.level(level), reader.read_tile(upper))
    return made


def explain_wrong_root(reader: TileReader, checkpoint: Checkpoint, made: Recomputed) -> list[Problem]:
    """Why the entries do not make the signed root: which entry or tile is false, as far as the tiles can tell."""
    try:
        tiles = AuthenticatedTiles(reader, checkpoint.size, checkpoint.root)
    except LedgerError as error:
        return [Problem(error.reason, f"Neither the entries nor the tiles make the signed root. {error}")]
    problems: list[Problem] = []
    for path, computed in made.mismatches:
        try:
            genuine = tiles.read_tile(path)
            for position in _differences(genuine, computed):
                problems += _explain_difference(tiles, path, path.index * TILE_WIDTH + position, made)
        except LedgerError as error:
            problems.append(Problem(error.reason, f"{error} The entries below it do not either."))
    unique = list(dict.fromkeys(problems))
    return unique or [
        Problem(Reason.WRONG_ROOT, f"The {checkpoint.size} entries make another root than the signed one.")
    ]


def _explain_difference(tiles: AuthenticatedTiles, path: TilePath, place: int, made: Recomputed) -> list[Problem]:
    """A genuine tile's hash is not what the entries make: at level 0 the entry is false, above it what lies below."""
    if path.level == 0:
        return [Problem(Reason.CHANGED_ENTRY, f"The entry of leaf {place} is not the one that was signed.")]
    child = TilePath(int(path.level) - 1, place)
    if all(child != mismatch for mismatch, _ in made.mismatches):
        tiles.read_tile(child)  # it agrees with the entries, so it cannot belong to the root: this raises
    return []


def _bundles_and_leaf_tiles(size: int) -> Iterator[TilePath]:
    for index in range(-(-size // TILE_WIDTH)):
        tile = tile_of(0, index, size)
        yield TilePath("entries", index, tile.width)
        yield tile


def _unpack(path: TilePath, bundle: bytes, tile: bytes) -> list[bytes]:
    """The bundle's entries; a refusal says where the bundle departs from the tile."""
    try:
        return unpack_bundle(bundle, path.width)
    except LedgerError as error:
        found = hash_leaves(_unpack_rest(bundle))
        same = next(
            (i for i, value in enumerate(found) if value != tile[i * HASH_LENGTH : (i + 1) * HASH_LENGTH]), len(found)
        )
        leaf = path.index * TILE_WIDTH + same
        raise LedgerError(error.reason, f"{path.render()}: {error} It departs from the log at leaf {leaf}.") from error


def _unpack_rest(bundle: bytes) -> list[bytes]:
    """As many whole entries as a broken bundle begins with."""
    entries: list[bytes] = []
    start = 2
    while start <= len(bundle) and len(entries) < TILE_WIDTH:
        end = start + int.from_bytes(bundle[start - 2 : start], "big")
        if end > len(bundle):
            break
        entries.append(bundle[start:end])
        start = end + 2
    return entries


def _compare(made: Recomputed, path: TilePath, computed: bytes, found: bytes) -> None:
    if computed != found and len(made.mismatches) < _MAX_MISMATCHES:
        made.mismatches.append((path, computed))


def _differences(one: bytes, other: bytes) -> Sequence[int]:
    """Positions of hashes that differ in two tiles of equal width."""
    starts = range(0, len(one), HASH_LENGTH)
    return [
        start // HASH_LENGTH
        for start in starts
        if one[start : start + HASH_LENGTH] != other[start : start + HASH_LENGTH]
    ]
