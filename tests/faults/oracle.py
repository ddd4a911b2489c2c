"""One judge for every disaster: what outsiders hold against what the database and the log say afterwards.

It shares no arithmetic with the sequencer: tree, tiles, sums and thresholds are made anew from the leaves by the plain
definitions of RFC 6962 and docs/reference/ledger.md. Any disagreement is an AssertionError.
"""

import datetime as dt
import itertools
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg

from maninso.charter import Counts, Threshold, is_met
from maninso.ledger.checkpoint import Checkpoint, open_checkpoint
from maninso.ledger.entries import EVENT, REINSTATE, SIGN, VOID, Event, Genesis, Reinstate, Sign, Void
from maninso.ledger.merkle import hash_leaves, prove_consistency, root_of, verify_consistency
from maninso.ledger.note import SignerKey
from maninso.ledger.proof import verify_receipt
from maninso.ledger.reader import read_hashes_from
from maninso.ledger.tiles import TILE_WIDTH, TilePath, pack_bundle, tile_paths
from maninso.signing.keys import LogKey
from maninso.signing.log import find_leaf, read_log_file
from maninso.signing.sequencer import Sequencer
from maninso.signing.tiles import LogTiles

PATIENCE = 30.0  # seconds for another process's sequencer to catch up
Connection = psycopg.Connection[Any]


@dataclass
class Held:
    """What the world outside holds of one petition's log."""

    acknowledged: set[bytes] = field(default_factory=set)  # leaf hashes that were answered with 201 or 200
    checkpoints: set[bytes] = field(default_factory=set)  # signed notes: those that were served, or only signed


@dataclass(frozen=True)
class Witness(SignerKey):
    """A log key that keeps every checkpoint it ever signs, those that were never published too."""

    held: Held = field(default_factory=Held)

    def sign(self, text: str) -> Any:
        signature = super().sign(text)
        self.held.checkpoints.add(f"{text}\n{signature.render()}\n".encode())
        return signature


def judge_log(database_url: str, *, petition_id: int, log_key: LogKey, held: Held, now: dt.datetime | None) -> int:
    """Check everything about one petition's log after a disaster; returns its number of leaves.

    The log is taken up to its last leaf first: by a sequencer of ours at `now`, or, where that is None, by the site's.
    """
    with psycopg.connect(database_url, autocommit=True) as connection:
        catch_up(connection, petition_id, log_key, now=now)
        entries = judge_leaves(connection, petition_id, held)
        origin = Genesis.parse(entries[0]).origin
        key = log_key.sign_as(origin)
        published = judge_tree(connection, petition_id, entries, key)
        judge_sums(connection, petition_id, entries)
        judge_thresholds(connection, petition_id, entries)
        judge_checkpoints(connection, petition_id, entries, held.checkpoints | {published}, key)
        judge_receipts(connection, petition_id, held, key)
    return len(entries)


def catch_up(connection: Connection, petition_id: int, log_key: LogKey, *, now: dt.datetime | None) -> None:
    """Let the log's tree reach its last leaf; fails where it does not within PATIENCE."""
    sequencer = Sequencer(connection, log_key.sign_as)
    deadline = time.monotonic() + PATIENCE
    while True:
        if now is not None:
            while not sequencer.take_lock():  # the server takes its time to see that its last holder is gone
                assert time.monotonic() < deadline, "somebody else holds the sequencer's lock"
                time.sleep(0.02)
            failed = [error for number, error in sequencer.catch_up(now=now).failed if number == petition_id]
            assert failed == []
        row = connection.execute(
            "SELECT t.size, h.size FROM signing_tree t JOIN signing_head h USING (petition_id) WHERE petition_id = %s",
            [petition_id],
        ).fetchone()
        assert row is not None
        if row[0] >= row[1]:
            return
        assert time.monotonic() < deadline, f"the tree of petition {petition_id} stays at {row[0]} of {row[1]} leaves"
        time.sleep(0.1)


def judge_leaves(connection: Connection, petition_id: int, held: Held) -> list[bytes]:
    """Every index once, every person once, every acknowledged leaf once. Returns the entries."""
    rows = connection.execute(
        "SELECT leaf_index, entry, evidence FROM signing_leaf WHERE petition_id = %s ORDER BY leaf_index", [petition_id]
    ).fetchall()
    head = connection.execute("SELECT size FROM signing_head WHERE petition_id = %s", [petition_id]).fetchone()
    assert [index for index, _, _ in rows] == list(range(head[0] if head else 0))
    entries = [bytes(entry) for _, entry, _ in rows]
    people = Counter(Sign.parse(entry).nullifier for entry in entries if entry[0] == SIGN)
    assert {nullifier: n for nullifier, n in people.items() if n > 1} == {}
    stored = Counter(hash_leaves(entries))
    assert {leaf.hex(): stored[leaf] for leaf in held.acknowledged if stored[leaf] != 1} == {}
    return entries


def judge_tree(connection: Connection, petition_id: int, entries: Sequence[bytes], key: SignerKey) -> bytes:
    """The published tree is that of all leaves, and so is every file of it. Returns the checkpoint."""
    hashes = hash_leaves(entries)
    row = connection.execute(
        "SELECT size, root, checkpoint, public_key FROM signing_tree WHERE petition_id = %s", [petition_id]
    ).fetchone()
    assert row is not None
    size, root, checkpoint, public_key = row[0], bytes(row[1]), bytes(row[2]), bytes(row[3])
    assert (size, root) == (len(entries), root_of(hashes))
    assert open_checkpoint(checkpoint, origin=key.name, key=key.verifier) == Checkpoint(key.name, size, root)
    assert public_key == key.verifier.public_key
    wrong = []
    with connection.cursor() as cursor:
        for path in tile_paths(size):
            file = read_log_file(cursor, petition_id=petition_id, path=path.render())
            if file is None or file.body != make_file(path, entries, hashes):
                wrong.append(path.render())
        served = read_log_file(cursor, petition_id=petition_id, path="checkpoint")
    assert wrong == []
    assert served is not None
    assert served.body == checkpoint
    return checkpoint


def make_file(path: TilePath, entries: Sequence[bytes], hashes: Sequence[bytes]) -> bytes:
    """Make a tile or bundle from all leaves, by its definition."""
    first = path.index * TILE_WIDTH
    if path.level == "entries":
        return pack_bundle(list(entries[first : first + path.width]))
    span = TILE_WIDTH**path.level
    return b"".join(root_of(hashes[number * span : (number + 1) * span]) for number in range(first, first + path.width))


def judge_sums(connection: Connection, petition_id: int, entries: Sequence[bytes]) -> None:
    """The public sums and their breakdown are a recount's."""
    bucket = Genesis.parse(entries[0]).bucket
    kinds = Counter(entry[0] for entry in entries)
    signed: Counter[tuple[int, int, int]] = Counter()
    voided: Counter[tuple[int, int, int]] = Counter()

    def cell(index: int) -> tuple[int, int, int]:
        sign = Sign.parse(entries[index])
        return sign.bucket * bucket // 3600, sign.region, sign.method

    for index, entry in enumerate(entries):
        if entry[0] == SIGN:
            signed[cell(index)] += 1
        elif entry[0] == VOID:
            voided[cell(Void.parse(entry).target)] += 1
        elif entry[0] == REINSTATE:
            voided[cell(Void.parse(entries[Reinstate.parse(entry).target]).target)] -= 1
    sums = connection.execute(
        "SELECT signatures, voids, reinstated, count FROM signing_tree WHERE petition_id = %s", [petition_id]
    ).fetchone()
    assert sums == (kinds[SIGN], kinds[VOID], kinds[REINSTATE], kinds[SIGN] - kinds[VOID] + kinds[REINSTATE])
    rows = connection.execute(
        "SELECT hour, region, method, signatures, voids FROM signing_tally WHERE petition_id = %s", [petition_id]
    ).fetchall()
    assert {tuple(row[:3]): tuple(row[3:]) for row in rows} == {key: (n, voided[key]) for key, n in signed.items()}


def judge_thresholds(connection: Connection, petition_id: int, entries: Sequence[bytes]) -> None:
    """Each threshold is met by the right leaf, says so in the log once, and makes one debt where petitions are kept."""
    regions = Genesis.parse(entries[0]).regions
    events = [Event.parse(entry) for entry in entries if entry[0] == EVENT]
    said = Counter(
        (event.body["threshold"], event.body["leaf"], event.body["count"])
        for event in events
        if event.name == "threshold"
    )
    rows = connection.execute(
        "SELECT threshold_id, rule::text, registered_on, met_index, met_count FROM signing_threshold"
        " WHERE petition_id = %s",
        [petition_id],
    ).fetchall()
    met, owed = [], []
    for threshold_id, rule, registered_on, index, count in rows:
        threshold = Threshold.model_validate_json(rule)
        assert (index, count) == (find_meeting(entries, regions, threshold, registered_on) or (None, None))
        if index is not None:
            met.append((threshold_id, index, count))
            if threshold.obligation is not None:
                owed.append((threshold_id, index, count))
    assert said == Counter(met)
    kept = connection.execute("SELECT FROM petitions_petition WHERE id = %s", [petition_id]).fetchone()
    judge_debts(connection, petition_id, owed if kept is not None else [])


def judge_debts(connection: Connection, petition_id: int, owed: list[tuple[str, int, int]]) -> None:
    """What is owed is recorded once: at the latest when the worker next looks, which is waited for."""
    deadline = time.monotonic() + PATIENCE
    while True:
        debts = connection.execute(
            "SELECT threshold_id, met_index, met_count FROM petitions_obligation WHERE petition_id = %s", [petition_id]
        ).fetchall()
        if len(debts) >= len(owed) or time.monotonic() > deadline:
            break
        time.sleep(0.1)
    assert Counter(debts) == Counter(owed)


def find_meeting(
    entries: Sequence[bytes], regions: Sequence[str], threshold: Threshold, registered_on: dt.date
) -> tuple[int, int] | None:
    """Count leaf by leaf; return the first leaf with which the threshold is met, and the count with it."""
    by_region: Counter[str] = Counter()
    total = 0
    for index, entry in enumerate(entries):
        if entry[0] == SIGN:
            change, target = 1, entry
        elif entry[0] == VOID:
            change, target = -1, entries[Void.parse(entry).target]
        elif entry[0] == REINSTATE:
            change, target = 1, entries[Void.parse(entries[Reinstate.parse(entry).target]).target]
        else:
            continue
        total += change
        by_region[regions[Sign.parse(target).region]] += change
        named = Counter({code: number for code, number in by_region.items() if code})
        if is_met(threshold, Counts(total, named), registered_on=registered_on):
            return index, total
    return None


def judge_checkpoints(
    connection: Connection, petition_id: int, entries: Sequence[bytes], checkpoints: set[bytes], key: SignerKey
) -> None:
    """No two trees were ever signed for one size, and each is shown to be a prefix of the next."""
    opened = sorted(
        {open_checkpoint(note, origin=key.name, key=key.verifier) for note in checkpoints}, key=lambda one: one.size
    )
    sizes = Counter(one.size for one in opened)
    assert {size: n for size, n in sizes.items() if n > 1} == {}
    with connection.cursor() as cursor:
        tiles = read_hashes_from(LogTiles(cursor, petition_id=petition_id, size=len(entries)), len(entries))
        for old, new in itertools.pairwise(opened):
            proof = prove_consistency(old.size, new.size, tiles)
            verify_consistency(old_size=old.size, old_root=old.root, new_size=new.size, new_root=new.root, proof=proof)


def judge_receipts(connection: Connection, petition_id: int, held: Held, key: SignerKey) -> None:
    """Those who were told that they signed get a receipt that verifies (of many, every n-th of them)."""
    leaves = sorted(held.acknowledged)
    with connection.cursor() as cursor:
        for leaf in leaves[:: 1 + len(leaves) // 10]:
            found = find_leaf(cursor, petition_id=petition_id, leaf_hash=leaf)
            assert found is not None
            assert found.receipt is not None
            assert verify_receipt(found.receipt, key.verifier).index == found.index
