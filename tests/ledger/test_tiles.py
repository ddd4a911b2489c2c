"""Tiles: canonical paths alone, the growing edge, bundles."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maninso.ledger.errors import LedgerError
from maninso.ledger.merkle import hash_leaves, root_of
from maninso.ledger.tiles import (
    Edge,
    TilePath,
    cut_bundle,
    pack_bundle,
    partial_widths,
    tile_paths,
    unpack_bundle,
)

LEAVES = hash_leaves(str(number).encode() for number in range(66_400))
BUNDLES = st.lists(st.binary(max_size=70), max_size=256)


@given(
    st.one_of(st.integers(0, 63), st.just("entries")),
    st.one_of(st.integers(0, 2**40 - 1), st.integers(0, 2_000)),
    st.integers(1, 256),
)
def test_paths_round_trip(level, index, width):
    path = TilePath(level, index, width)
    assert TilePath.parse(path.render()) == path


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("tile/0/000", TilePath(0, 0)),
        ("tile/63/999.p/255", TilePath(63, 999, 255)),
        ("tile/0/x001/x234/067", TilePath(0, 1_234_067)),
        ("tile/entries/x001/000.p/1", TilePath("entries", 1_000, 1)),
    ],
)
def test_paths_are_spelt_as_the_specification_spells_them(text, path):
    assert TilePath.parse(text) == path
    assert path.render() == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/00/000",
        "tile/01/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/entry/000",
        "tile/0/x000/000",
        "tile/0/x001",
        "tile/0/001/000",
        "tile/0/x01/000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p/+5",
        "tile/0/000.p/",
        "tile/0/000.p",
        "tile/0/000/",
        "/tile/0/000",
        "tile/0/000\n",
        "tile/0/000 ",
        "tile/٠/000",
        "tile/0/٠٠٠",
        "tile/0/000.p/٥",
        "TILE/0/000",
        "tile/0/" + "x999/" * 12 + "999",
        "tile/0/x001/" + "x000/" * 4 + "000",
    ],
)
def test_other_spellings_are_refused(text):
    with pytest.raises(LedgerError) as refusal:
        TilePath.parse(text)
    assert refusal.value.reason == "malformed-path"


@given(st.text(alphabet="tile/0123456789xp.entris\n", max_size=30))
def test_whatever_is_parsed_is_rendered_the_same(text):
    try:
        path = TilePath.parse(text)
    except LedgerError:
        return
    assert path.render() == text


@pytest.mark.parametrize("fields", [(64, 0), (-1, 0), (0, -1), (0, 2**40), (0, 0, 0), (0, 0, 257)])
def test_tiles_that_cannot_be_are_refused(fields):
    with pytest.raises(LedgerError, match="There is no tile"):
        TilePath(*fields)


def test_partial_widths_are_the_digits_of_the_size_in_base_256():
    assert partial_widths(0) == []
    assert partial_widths(256) == [0, 1]
    assert partial_widths(70_000) == [112, 17, 1]


def test_a_log_of_256_has_one_full_tile_and_its_parent():
    assert [path.render() for path in tile_paths(256)] == ["tile/0/000", "tile/1/000.p/1", "tile/entries/000"]
    assert list(tile_paths(0)) == []


@given(st.lists(st.one_of(st.integers(0, 5), st.integers(0, 700)), max_size=8))
def test_the_edge_grows_the_same_however_it_is_fed(steps):
    fed, size = Edge.empty(), 0
    tiles = []
    for step in steps:
        tiles += fed.append(LEAVES[size : size + step])
        size += step
    at_once = Edge.empty()
    all_tiles = at_once.append(LEAVES[:size])
    assert fed.size == at_once.size == size
    assert fed.levels() == at_once.levels() or fed.root() == at_once.root()
    assert {(tile.level, tile.index): tile for tile in tiles} == {(tile.level, tile.index): tile for tile in all_tiles}
    assert len(tiles) == len(all_tiles)
    assert Edge.restore(size, fed.levels()).root() == root_of(LEAVES[:size]) == fed.copy().root()


def test_full_tiles_hold_the_hashes_below_them():
    edge = Edge.empty()
    tiles = edge.append(LEAVES[:65_792])
    assert [(tile.level, tile.index) for tile in tiles if tile.level] == [(1, 0)]
    upper = next(tile for tile in tiles if tile.level == 1)
    lower = [tile for tile in tiles if tile.level == 0]
    assert [tile.index for tile in lower] == list(range(257))
    assert upper.data == b"".join(tile.root for tile in lower[:256])
    assert all(tile.data == b"".join(LEAVES[tile.index * 256 : tile.index * 256 + 256]) for tile in lower)
    assert all(tile.root == root_of(LEAVES[tile.index * 256 : tile.index * 256 + 256]) for tile in lower)
    assert upper.root == root_of(LEAVES[:65_536])
    assert [edge.level(level) for level in range(4)] == [b"", lower[256].root, upper.root, b""]


def test_a_growing_partial_tile_is_a_prefix_of_its_tile():
    edge = Edge.empty()
    edge.append(LEAVES[:300])
    before = edge.level(0)
    tiles = edge.append(LEAVES[300:520])
    assert tiles[0].data.startswith(before)


@pytest.mark.parametrize(
    ("size", "partial"),
    [
        (300, []),
        (300, [b"x" * 32 * 44]),
        (300, [b"x" * 32 * 43, b"x" * 32]),
        (300, [b"x" * 32 * 44, b"x" * 32, b"x" * 32]),
        (256, [b"x" * 32, b"x" * 32]),
        (0, [b"x" * 32]),
        (1, [b"x" * 31]),
    ],
)
def test_an_edge_of_other_widths_than_the_size_says_is_refused(size, partial):
    with pytest.raises(LedgerError) as refusal:
        Edge.restore(size, partial)
    assert refusal.value.reason == "malformed-tile"


def test_an_edge_of_broken_or_full_levels_is_refused():
    for levels in ([b"x" * 33], [b"x" * 8192]):
        with pytest.raises(LedgerError) as refusal:
            Edge(levels)
        assert refusal.value.reason == "malformed-tile"


def test_a_leaf_hash_of_another_length_changes_nothing():
    edge = Edge.empty()
    edge.append(LEAVES[:3])
    with pytest.raises(ValueError, match="32 bytes"):
        edge.append([b"x" * 31, b"x" * 33])
    assert edge.root() == root_of(LEAVES[:3])


@given(BUNDLES)
def test_bundles_round_trip_and_are_cut_at_entries(entries):
    data = pack_bundle(entries)
    assert unpack_bundle(data, len(entries)) == entries
    for width in {0, len(entries) // 2, len(entries)}:
        assert cut_bundle(data, width) == pack_bundle(entries[:width])


@given(BUNDLES.filter(bool), st.data())
def test_a_bundle_that_is_cut_short_or_continued_is_refused(entries, data):
    whole = pack_bundle(entries)
    cut = data.draw(st.integers(0, len(whole) - 1))
    between = {len(pack_bundle(entries[:number])) for number in range(len(entries))}
    for refused in (unpack_bundle, cut_bundle):
        with pytest.raises(LedgerError) as refusal:
            refused(whole[:cut], len(entries))
        assert refusal.value.reason == ("dropped-leaf" if cut in between else "truncated-bundle")
    with pytest.raises(LedgerError) as refusal:
        unpack_bundle(whole + b"\x00", len(entries))
    assert refusal.value.reason == "malformed-bundle"


def test_the_longest_entry_fits_and_a_longer_one_does_not():
    assert unpack_bundle(pack_bundle([b"x" * 65_535]), 1) == [b"x" * 65_535]
    with pytest.raises(ValueError, match=re.escape("65536 bytes does not fit")):
        pack_bundle([b"x" * 65_536])
