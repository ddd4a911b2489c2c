"""The published test vectors: roots, proofs and tiles as Go's golang.org/x/mod computes them."""

from base64 import b64decode
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from maninso.ledger.checkpoint import Checkpoint, open_checkpoint
from maninso.ledger.entries import Genesis, Sign, Void, parse_entry
from maninso.ledger.merkle import EMPTY_ROOT, hash_leaves, prove_inclusion, root_of, verify_inclusion
from maninso.ledger.note import VerifierKey, open_note
from maninso.ledger.proof import Promise, Receipt, open_cosignatures, open_promise, verify_receipt
from maninso.ledger.tiles import Edge, TilePath, pack_bundle, tile_paths, unpack_bundle

SIZE = 70_000
ENTRIES = [str(number).encode() for number in range(SIZE)]


@pytest.fixture(scope="module")
def leaves() -> list[bytes]:
    return hash_leaves(ENTRIES)


def read_key(path: Path) -> VerifierKey:
    return VerifierKey.parse(path.read_text().strip())


def test_roots(vectors: Any, leaves: list[bytes]) -> None:
    for size, root in vectors["roots"].items():
        edge = Edge.empty()
        edge.append(leaves[: int(size)])
        assert edge.root() == root_of(leaves[: int(size)]) == b64decode(root)
    assert b64decode(vectors["roots"]["0"]) == EMPTY_ROOT


def test_inclusion_proofs(vectors: Any, leaves: list[bytes]) -> None:
    for vector in vectors["inclusion"]:
        index, size = vector["index"], vector["size"]
        proof = prove_inclusion(index, size, lambda wanted: [root_of(leaves[i << h : (i + 1) << h]) for h, i in wanted])
        assert proof == [b64decode(value) for value in vector["proof"]]
        verify_inclusion(leaf_hash=leaves[index], index=index, size=size, proof=proof, root=root_of(leaves[:size]))


def test_tiles(vectors: Any, leaves: list[bytes]) -> None:
    edge = Edge.empty()
    tiles = {TilePath(tile.level, tile.index): tile.data for tile in edge.append(leaves)}
    for name, digest in vectors["tile sha256 (70000)"].items():
        path = TilePath.parse(name)
        assert path in set(tile_paths(SIZE))
        if path.level == "entries":
            data = pack_bundle(ENTRIES[path.index * 256 : path.index * 256 + path.width])
            assert unpack_bundle(data, path.width) == ENTRIES[path.index * 256 : path.index * 256 + path.width]
        else:
            data = tiles.get(path) or edge.level(path.level)
        assert sha256(data).hexdigest() == digest


def test_tiles_of_70000_are_those_of_the_specification() -> None:
    hash_tiles = [path.render() for path in tile_paths(SIZE) if path.level not in ("entries", 0)]
    assert hash_tiles == ["tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1"]


def test_entries_of_the_example_bundle(examples: Path) -> None:
    data = (examples / "tile/entries/000.p/5").read_bytes()
    entries = unpack_bundle(data, 5)
    parsed = [parse_entry(entry) for entry in entries]
    assert [entry.render() for entry in parsed] == entries
    assert [type(entry) for entry in parsed] == [Genesis, Sign, Sign, Sign, Void]
    assert parsed[0] == Genesis(
        origin="petitions.example/p/269110/log",
        rules="8399e57405627368722830c9ff3db81fba0afa6120a439c7a2568a5be31b8295",
        text="67b27eaab1b6c583103c2cc12a5dae40009c6cd17b2f4227bbce0b102e22757a",
        opened=1_700_000_000,
        bucket=600,
        regions=("", "KR-11", "KR-26"),
        key="5665e523bc2074153f62ff3b749b642702555ba28dbd86af163f0823a6c55a88",
    )
    assert isinstance(parsed[4], Void)
    assert (parsed[4].reason, parsed[4].bucket, parsed[4].target) == (3, 144, 2)
    assert b"".join(hash_leaves(entries)) == (examples / "tile/0/000.p/5").read_bytes()


def test_checkpoint_and_its_cosignature(examples: Path) -> None:
    data = (examples / "checkpoint").read_bytes()
    key, witness = read_key(examples / "vkey"), read_key(examples / "witness.vkey")
    assert key.key_id.hex() == "e8810e5d"
    root = root_of(hash_leaves(unpack_bundle((examples / "tile/entries/000.p/5").read_bytes(), 5)))
    assert open_checkpoint(data, origin=key.name, key=key) == Checkpoint(key.name, 5, root)
    assert [(signed.key, signed.time) for signed in open_note(data, [key, witness]).verified] == [
        (key, None),
        (witness, 1_700_000_000),
    ]
    assert [signed.time for signed in open_cosignatures(data, [witness])] == [1_700_000_000]


def test_receipts(examples: Path) -> None:
    for folder, vkey in ((examples, "vkey"), (examples / "site", "site.vkey")):
        data = (folder / "receipt-1.tlog-proof").read_bytes()
        assert Receipt.parse(data).render() == data
        receipt = verify_receipt(data, read_key(examples / vkey), witnesses=[read_key(examples / "witness.vkey")])
        assert receipt.index == 1
        assert [signed.time for signed in receipt.witnesses] == [1_700_000_000]


def test_promise(examples: Path) -> None:
    promise = open_promise((examples / "promise-1.txt").read_bytes(), read_key(examples / "promise.vkey"))
    leaf = root_of(hash_leaves(unpack_bundle((examples / "tile/entries/000.p/5").read_bytes(), 5)[1:2]))
    assert promise == Promise("petitions.example/promise", "petitions.example/p/269110/log", leaf, 1_700_000_060)
