"""What the ledger costs against bare SHA-256: `python bench/ledger.py [LEAVES]`; prints ratios measured in one run.

1. Tree, tiles and bundles of that many signatures (a million unless told) against the two hashes a leaf that any
   Merkle tree needs, by `hashlib` alone.
2. The check of a folder with that log in it, in a process of its own: time, leaves a second, highest memory (Linux).
"""

import json
import subprocess
import sys
import tempfile
import time
from hashlib import sha256
from pathlib import Path

from maninso.ledger.checkpoint import Checkpoint, sign_checkpoint
from maninso.ledger.entries import Genesis, render_sign
from maninso.ledger.merkle import hash_leaves
from maninso.ledger.note import SignerKey
from maninso.ledger.tiles import TILE_WIDTH, Edge, FullTile, TilePath, pack_bundle, partial_widths

SIGNER = SignerKey("petitions.example/p/1/log", bytes(32))
ROUNDS = 3
BATCH = 10_000  # signatures a tick, as a sequencer under load appends them

VERIFY = """
import sys, time
from maninso.ledger.__main__ import main
status = main(sys.argv[1:])
with open("/proc/self/status") as own:
    peak = next(line.split()[1] for line in own if line.startswith("VmHWM"))
sys.stderr.write(f"{peak} {time.process_time()}")
sys.exit(status)
"""


def make_entries(leaves: int) -> list[bytes]:
    """A first entry and signatures by made-up people."""
    digest = sha256(b"bench").hexdigest()
    genesis = Genesis(SIGNER.name, digest, digest, 1_700_000_000, 600, ("", "KR-11", "KR-26"), digest)
    entries = [genesis.render()]
    for person in range(1, leaves):
        noise = sha256(person.to_bytes(8, "big")).digest()
        entries.append(render_sign(person & 3, person % 3, person * 4_320 // leaves, noise[:16], noise))
    return entries


def hash_bare(leaves: int) -> float:
    """Seconds of processor time for one hash of 55 and one of 65 bytes a leaf."""
    leaf, node = bytes(55), bytes(65)
    start = time.process_time()
    for _ in range(leaves):
        sha256(leaf).digest()
        sha256(node).digest()
    return time.process_time() - start


def build(entries: list[bytes]) -> tuple[float, Edge, list[FullTile], list[bytes]]:
    """Seconds of processor time for leaf hashes, tree, tiles and bundles, and what they are."""
    start = time.process_time()
    edge, tiles = Edge.empty(), []
    for first in range(0, len(entries), BATCH):
        tiles += edge.append(hash_leaves(entries[first : first + BATCH]))
    bundles = [pack_bundle(entries[first : first + TILE_WIDTH]) for first in range(0, len(entries), TILE_WIDTH)]
    return time.process_time() - start, edge, tiles, bundles


def write_log(folder: Path, edge: Edge, tiles: list[FullTile], bundles: list[bytes]) -> None:
    """The files that a site would serve."""
    files = {TilePath(tile.level, tile.index): tile.data for tile in tiles}
    for level, width in enumerate(partial_widths(edge.size)):
        if width:
            files[TilePath(level, edge.size >> 8 * (level + 1), width)] = edge.level(level)
    for index, bundle in enumerate(bundles):
        files[TilePath("entries", index, min(TILE_WIDTH, edge.size - index * TILE_WIDTH))] = bundle
    for path, data in files.items():
        place = folder / path.render()
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    checkpoint = Checkpoint(SIGNER.name, edge.size, edge.root())
    (folder / "checkpoint").write_bytes(sign_checkpoint(checkpoint, SIGNER))


def main() -> int:
    leaves = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    entries = make_entries(leaves)
    pairs = []
    for _ in range(ROUNDS):  # in turns, so that both meet the same noise; the median counts
        bare = hash_bare(leaves)
        seconds, edge, tiles, bundles = build(entries)
        pairs.append((bare / seconds, bare, seconds))
    ratio, bare, seconds = sorted(pairs)[ROUNDS // 2]
    print(f"bare hashlib, two hashes a leaf:  {leaves / bare:12,.0f} leaves/s")
    print(f"leaf hashes, tree, tiles, bundles:{leaves / seconds:12,.0f} leaves/s, {ratio:.2f} of bare")
    del entries
    with tempfile.TemporaryDirectory() as name:
        write_log(Path(name), edge, tiles, bundles)
        command = [sys.executable, "-c", VERIFY, "verify", name, "--key", SIGNER.verifier.render(), "--json"]
        start = time.perf_counter()
        done = subprocess.run(command, capture_output=True, check=False)
        elapsed = time.perf_counter() - start
    report = json.loads(done.stdout)
    peak, seconds = map(float, done.stderr.split())
    print(f"check of the whole log:           {leaves / seconds:12,.0f} leaves/s, {bare / seconds:.2f} of bare")
    print(f"  {elapsed:.1f} s by the clock, at most {peak / 1_024:.0f} MB of memory")
    print(f"  count {report['count']:,}, ok {report['ok']}")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
