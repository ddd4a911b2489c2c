"""The tree: every way to compute a root agrees, every proof verifies, no other proof does."""

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maninso.ledger.errors import LedgerError
from maninso.ledger.merkle import (
    EMPTY_ROOT,
    hash_leaf,
    hash_leaves,
    hash_node,
    prove_consistency,
    prove_inclusion,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from maninso.ledger.tiles import Edge

MOST = 66_400
LEAVES = hash_leaves(str(number).encode() for number in range(MOST))
EDGES = [0, 1, 2, 3, 255, 256, 257, 300, 511, 512, 513, 65_535, 65_536, 65_537, 65_791, 65_792, 65_793, 66_311, MOST]
SIZES = st.one_of(st.integers(0, 1_100), st.sampled_from(EDGES), st.integers(0, MOST))


@cache
def root_by_recursion(low: int, high: int) -> bytes:
    """RFC 6962 section 2.1, to the letter, over the leaves from `low` on and before `high`."""
    if low == high:
        return EMPTY_ROOT
    if high - low == 1:
        return LEAVES[low]
    split = 1
    while split * 2 < high - low:
        split *= 2
    return hash_node(root_by_recursion(low, low + split), root_by_recursion(low + split, high))


def read_hashes(subtrees):
    return [root_by_recursion(index << height, (index + 1) << height) for height, index in subtrees]


def test_hash_leaves_is_hash_leaf_of_each():
    entries = [b"", b"a", b"b" * 54]
    assert hash_leaves(entries) == [hash_leaf(entry) for entry in entries]


@given(st.integers(0, 1_100))
def test_edge_and_pairing_agree_with_the_recursion(size):
    edge = Edge.empty()
    edge.append(LEAVES[:size])
    assert edge.root() == root_of(LEAVES[:size]) == root_by_recursion(0, size)


@pytest.mark.parametrize("size", EDGES)
def test_edge_agrees_with_the_recursion_at_the_boundaries(size):
    edge = Edge.empty()
    edge.append(LEAVES[:size])
    assert edge.root() == root_of(LEAVES[:size]) == root_by_recursion(0, size)


@given(SIZES.filter(bool), st.data())
def test_inclusion_proofs_verify_and_no_altered_one_does(size, data):
    index = data.draw(st.one_of(st.integers(0, size - 1), st.sampled_from([0, size - 1])))
    root = root_by_recursion(0, size)
    proof = prove_inclusion(index, size, read_hashes)
    right = {"leaf_hash": LEAVES[index], "index": index, "size": size, "proof": proof, "root": root}
    verify_inclusion(**right)
    wrongs = [
        {"leaf_hash": hash_leaf(b"another")},
        {"root": hash_leaf(b"another")},
        {"proof": [*proof, LEAVES[0]]},
        {"index": size},
        {"index": -1},
        {"proof": [*proof, b"short"]},
    ]
    if proof:
        place = data.draw(st.integers(0, len(proof) - 1))
        wrongs += [
            {"proof": proof[:place] + proof[place + 1 :]},
            {"proof": [*proof[:place], hash_leaf(b"another"), *proof[place + 1 :]]},
            {"index": index ^ 1 if index ^ 1 < size else index - 1},
        ]
    for wrong in wrongs:
        with pytest.raises(LedgerError) as refusal:
            verify_inclusion(**{**right, **wrong})
        assert refusal.value.reason == "bad-proof"


@given(SIZES, SIZES, st.data())
def test_consistency_proofs_verify_and_no_altered_one_does(one, other, data):
    old, new = sorted((one, other))
    proof = prove_consistency(old, new, read_hashes)
    right = {
        "old_size": old,
        "old_root": root_by_recursion(0, old),
        "new_size": new,
        "new_root": root_by_recursion(0, new),
        "proof": proof,
    }
    verify_consistency(**right)
    wrongs = [
        {"old_root": hash_leaf(b"another")},
        {"proof": [*proof, LEAVES[0]]},
        {"old_size": new + 1},
    ]
    if old:
        wrongs.append({"new_root": hash_leaf(b"another")})
    if proof:
        place = data.draw(st.integers(0, len(proof) - 1))
        wrongs += [
            {"proof": []},
            {"proof": proof[:place] + proof[place + 1 :]},
            {"proof": [*proof[:place], hash_leaf(b"another"), *proof[place + 1 :]]},
        ]
    for wrong in wrongs:
        with pytest.raises(LedgerError) as refusal:
            verify_consistency(**{**right, **wrong})
        assert refusal.value.reason == "bad-proof"


@pytest.mark.parametrize(("old", "new"), [(1, 2), (4, 5), (4, 9), (256, 300)])
def test_one_root_for_two_sizes_is_refused(old, new):
    root = root_of(LEAVES[:old])
    with pytest.raises(LedgerError):
        verify_consistency(old_size=old, old_root=root, new_size=new, new_root=root, proof=[])


def test_proofs_of_what_cannot_be_are_refused():
    with pytest.raises(ValueError, match="leaf 5 is not in a tree of 5"):
        prove_inclusion(5, 5, read_hashes)
    with pytest.raises(ValueError, match="a tree of 6 is no prefix"):
        prove_consistency(6, 5, read_hashes)
    with pytest.raises(ValueError, match="another number of hashes"):
        prove_inclusion(0, 5, lambda subtrees: [])
