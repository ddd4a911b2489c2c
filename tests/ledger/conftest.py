"""What the ledger's tests share: the examples, and a small honest log to tamper with."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from maninso.ledger.checkpoint import Checkpoint, sign_checkpoint
from maninso.ledger.entries import Entry, Genesis, Sign
from maninso.ledger.merkle import hash_leaves, prove_inclusion, root_of
from maninso.ledger.note import SignerKey
from maninso.ledger.proof import Receipt
from maninso.ledger.tiles import TILE_WIDTH, pack_bundle, tile_paths

HERE = Path(__file__).parent
ORIGIN = "petitions.example/p/7/log"


@pytest.fixture(scope="session")
def examples() -> Path:
    """The folder of example files."""
    return HERE / "examples"


@pytest.fixture(scope="session")
def vectors() -> Any:
    """Roots, inclusion proofs and tile digests of logs whose entry i is the ASCII decimal of i."""
    return json.loads((HERE / "vectors.json").read_text())


def digest_of(text: str) -> bytes:
    return sha256(text.encode()).digest()


@dataclass
class HonestLog:
    """A log in a folder; `entries` may be changed before it is published."""

    folder: Path
    signer: SignerKey
    entries: list[bytes] = field(default_factory=list)

    @property
    def origin(self) -> str:
        return self.signer.name

    @property
    def vkey(self) -> str:
        return self.signer.verifier.render()

    def begin(self, **changes: Any) -> "HonestLog":
        """Adds the first entry: opened 2023-11-14 22:13:20 UTC, time buckets of ten minutes."""
        fields: dict[str, Any] = {
            "origin": self.origin,
            "rules": digest_of("rules").hex(),
            "text": digest_of("A crossing for the school in Mill Lane").hex(),
            "opened": 1_700_000_000,
            "bucket": 600,
            "regions": ("", "KR-11", "KR-26"),
            "key": digest_of("key").hex(),
        }
        return self.add(Genesis(**{**fields, **changes}))

    def add(self, *entries: Entry) -> "HonestLog":
        self.entries += [entry.render() for entry in entries]
        return self

    def sign(self, *people: int) -> "HonestLog":
        """Adds a signature for each person; who they are decides everything about it."""
        for person in people:
            nullifier, evidence = digest_of(f"person {person}")[:16], digest_of(f"evidence {person}")
            self.add(Sign(person % 4, person % 3, person % 300, nullifier, evidence))
        return self

    def hashes(self, size: int | None = None) -> list[bytes]:
        return hash_leaves(self.entries[:size])

    def read_hashes(self, subtrees: Sequence[tuple[int, int]]) -> list[bytes]:
        leaves = self.hashes()
        return [root_of(leaves[index << height : (index + 1) << height]) for height, index in subtrees]

    def checkpoint(self, size: int | None = None) -> bytes:
        leaves = self.hashes(size)
        return sign_checkpoint(Checkpoint(self.origin, len(leaves), root_of(leaves)), self.signer)

    def receipt(self, index: int, size: int | None = None) -> bytes:
        size = len(self.entries) if size is None else size
        hashes = prove_inclusion(index, size, self.read_hashes)
        return Receipt(self.entries[index], index, tuple(hashes), self.checkpoint(size)).render()

    def publish(self) -> Path:
        """Writes every file that a site would serve; returns the folder."""
        leaves = self.hashes()
        levels = [leaves]
        while len(levels[-1]) >= TILE_WIDTH:
            below = levels[-1]
            full = range(0, len(below) // TILE_WIDTH * TILE_WIDTH, TILE_WIDTH)
            levels.append([root_of(below[start : start + TILE_WIDTH]) for start in full])
        for path in tile_paths(len(leaves)):
            start = path.index * TILE_WIDTH
            if path.level == "entries":
                data = pack_bundle(self.entries[start : start + path.width])
            else:
                data = b"".join(levels[path.level][start : start + path.width])
            self.write(path.render(), data)
        self.write("checkpoint", self.checkpoint())
        self.write("key", self.vkey.encode() + b"\n")
        return self.folder

    def write(self, name: str, data: bytes) -> None:
        place = self.folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)

    def read(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()


MakeLog = Callable[..., HonestLog]


@pytest.fixture
def make_log(tmp_path: Path) -> MakeLog:
    """Gives a log without entries, below the test's folder unless told."""

    def make(origin: str = ORIGIN, *, folder: Path | None = None, seed: bytes = b"s" * 32) -> HonestLog:
        return HonestLog(folder or tmp_path / "log", SignerKey(origin, seed))

    return make


@pytest.fixture
def log(make_log: MakeLog) -> HonestLog:
    """An honest log of 300 leaves: more than one tile, with a partial one at each level."""
    return make_log().begin().sign(*range(1, 300))
