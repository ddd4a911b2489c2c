"""Authenticated reading: no forged tile is believed, at any size."""

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maninso.ledger.errors import LedgerError
from maninso.ledger.merkle import hash_leaf, hash_leaves, prove_inclusion, root_of
from maninso.ledger.reader import AuthenticatedTiles, read_hashes_from, tile_of
from maninso.ledger.tiles import Edge, TilePath, tile_paths

LEAVES = hash_leaves(str(number).encode() for number in range(70_000))
FORGED = b"".join(hash_leaf(b"forged %d" % number) for number in range(256))


@cache
def grow(size):
    """The edge, the full tiles and the root of the honest log."""
    edge = Edge.empty()
    full = {(tile.level, tile.index): tile.data for tile in edge.append(LEAVES[:size])}
    return edge, full, root_of(LEAVES[:size])


class Tiles:
    """A log's tiles in memory, some of them forged; remembers what was read."""

    def __init__(self, size, forged=()):
        self.edge, self.full, _ = grow(size)
        self.forged = dict(forged)
        self.read = []

    def read_tile(self, path):
        self.read.append(path)
        data = self.forged.get(path) or self.full.get((path.level, path.index)) or self.edge.level(path.level)
        return data[: path.width * 32]


def authenticate(size, forged=()):
    return AuthenticatedTiles(Tiles(size, forged), size, grow(size)[2])


def reason_of(function, *arguments):
    with pytest.raises(LedgerError) as refusal:
        function(*arguments)
    return refusal.value.reason


@pytest.mark.parametrize("size", [257, 300, 66_311, 70_000])
def test_a_wholly_forged_first_tile_is_refused(size):
    tiles = authenticate(size, {TilePath(0, 0): FORGED})
    assert reason_of(tiles.read_tile, TilePath(0, 0)) == "forged-tile"
    read_hashes = read_hashes_from(tiles, size)
    for leaf in (0, 1, 100, 255):
        assert reason_of(prove_inclusion, leaf, size, read_hashes) == "forged-tile"
        assert reason_of(read_hashes, [(0, leaf)]) == "forged-tile"
    # Hashes of several heights from one tile are no reason to believe the tile.
    assert reason_of(read_hashes, [(0, 256), (8, 0), (0, 3)]) == "forged-tile"


@pytest.mark.parametrize("size", [300, 66_311, 70_000])
def test_each_forged_full_tile_is_refused(size):
    for path in tile_paths(size):
        if path.width == 256 and path.level != "entries" and path.index in (0, 1, 255, 256, 272):
            tiles = authenticate(size, {path: FORGED})
            assert reason_of(tiles.read_tile, path) == "forged-tile"


@pytest.mark.parametrize("size", [1, 255, 256, 300, 65_536, 66_311, 70_000])
def test_forged_partial_tiles_do_not_make_the_root(size):
    for path in tile_paths(size):
        if path.width < 256 and path.level != "entries":
            assert reason_of(authenticate, size, {path: FORGED}) == "wrong-root"


def test_a_forged_tile_below_a_forged_parent_is_refused():
    parent = root_of(LEAVES[:256]) + FORGED[32:]
    tiles = authenticate(70_000, {TilePath(1, 0): parent})
    assert reason_of(tiles.read_tile, TilePath(0, 0)) == "forged-tile"


@settings(max_examples=30)
@given(st.sampled_from([1, 255, 256, 257, 300, 65_536, 65_537, 66_311, 70_000]), st.data())
def test_proofs_from_tiles_are_those_from_leaves(size, data):
    index = data.draw(st.one_of(st.integers(0, size - 1), st.sampled_from([0, size - 1])))
    tiles = authenticate(size)
    expected = prove_inclusion(
        index, size, lambda wanted: [root_of(LEAVES[i << height : (i + 1) << height]) for height, i in wanted]
    )
    assert prove_inclusion(index, size, read_hashes_from(tiles, size)) == expected


def test_a_proof_takes_few_tiles():
    tiles = Tiles(70_000)
    prove_inclusion(12_345, 70_000, read_hashes_from(tiles, 70_000))
    assert len(tiles.read) == len(set(tiles.read)) <= 5


def test_more_tiles_than_are_remembered_are_read_again():
    tiles = authenticate(70_000)
    for _ in range(2):
        for index in range(100):
            assert tiles.read_tile(TilePath(0, index)) == b"".join(LEAVES[index * 256 : index * 256 + 256])


def test_tiles_of_another_size_are_not_given():
    tiles = authenticate(300)
    assert tiles.read_tile(tile_of(0, 1, 300)) == b"".join(LEAVES[256:300])
    for path in (TilePath(0, 1), TilePath(0, 0, 44), TilePath(1, 0), TilePath(0, 1, 43)):
        with pytest.raises(ValueError, match="no tile of a log of 300"):
            tiles.read_tile(path)


def test_a_tile_of_another_length_is_refused():
    assert reason_of(authenticate, 300, {TilePath(0, 1, 44): b"short"}) == "malformed-tile"
    tiles = authenticate(300, {TilePath(0, 0): b"short"})
    assert reason_of(tiles.read_tile, TilePath(0, 0)) == "malformed-tile"
