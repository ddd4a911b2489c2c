"""The sequencer: follows the numbered leaves, builds the tree, signs checkpoints, meets thresholds.

One process at a time (a PostgreSQL advisory lock), one transaction a tick and log: full tiles and bundles, the tally,
the thresholds met, the signed checkpoint. The compare-and-swap on the old size and root makes sure that no two trees of
one log are ever signed, whatever else goes wrong. A partial edge is never stored: it is computed from the leaves, so
that starting anew after a crash is the same code as carrying on.

What was signed last is also kept outside the database (maninso.signing.signed), before it is published. A database that
is behind that, or says otherwise, was restored or lags behind: its log stands still until the cure.
"""

import datetime as dt
import logging
from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import psycopg

from maninso import ManinsoError
from maninso.charter import Counts, Threshold, is_met
from maninso.ledger.checkpoint import Checkpoint, sign_checkpoint
from maninso.ledger.entries import REINSTATE, SIGN, VOID, Event, Reinstate, Void
from maninso.ledger.errors import LedgerError
from maninso.ledger.events import THRESHOLD, UNDONE
from maninso.ledger.merkle import hash_leaves
from maninso.ledger.note import SignerKey
from maninso.ledger.tiles import TILE_WIDTH, Edge, FullTile, pack_bundle
from maninso.signing.gate import Cursor, append_entries
from maninso.signing.queries import QUERIES
from maninso.signing.signed import Signed, SignedError
from maninso.signing.sitelog import name_checkpoints, start_site_log
from maninso.signing.tree import TreeError, find_contradictions, read_entries, require_extension, restore_edge

logger = logging.getLogger(__name__)

LOCK_KEY = 0x6D616E696E736F  # "maninso"
MOST_A_TRANSACTION = 20_000  # leaves, so that catching up after a long stop takes little memory
MOST_LOGS_IN_MEMORY = 2_000
HOUR = 3600


@dataclass(slots=True)
class _Log:
    """What the sequencer remembers of a log between ticks; all of it can be read from the database."""

    size: int
    root: bytes
    edge: Edge
    tail: list[bytes]  # entries of the unfinished bundle
    by_region: Counter[int]


@dataclass(frozen=True, slots=True)
class _Behind:
    """A log with leaves that its tree does not hold yet (query behind_logs)."""

    petition_id: int
    origin: str
    head_size: int
    size: int
    root: bytes
    signatures: int
    voids: int
    reinstated: int
    opened_at: dt.datetime
    bucket_seconds: int
    regions: list[str]


@dataclass(slots=True)
class Counted:
    """What a run of entries adds to a log's sums; `tally` is by hour, region and method."""

    signatures: int = 0
    voids: int = 0
    reinstated: int = 0
    signed: Counter[tuple[int, int, int]] = field(default_factory=Counter)
    voided: Counter[tuple[int, int, int]] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Ticked:
    """What one tick did: leaves sequenced, thresholds met or undone (petition, its id), logs that stand still."""

    leaves: int = 0
    met: tuple[tuple[int, str], ...] = ()
    failed: tuple[tuple[int, ManinsoError], ...] = ()

    def __add__(self, other: "Ticked") -> "Ticked":
        return Ticked(self.leaves + other.leaves, self.met + other.met, self.failed + other.failed)


class Sequencer:
    """Follows every log over one connection, which it owns. `sign_as` gives the signing key under a log's name.

    `signed` keeps what was signed last outside the database. Only samples and tests, whose logs nobody else sees, do
    without.
    """

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        sign_as: Callable[[str], SignerKey],
        *,
        signed: Signed | None = None,
    ) -> None:
        self._connection = connection
        self._sign_as = sign_as
        self._signed = signed
        self._last: dict[str, Checkpoint] = {}  # what `signed` holds, as far as it is known to fit the database
        self._logs: OrderedDict[int, _Log] = OrderedDict()

    def take_lock(self) -> bool:
        """Try to become the one sequencer; the lock is held until the connection ends."""
        with self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.execute(QUERIES["try_sequencer_lock"], {"key": LOCK_KEY})
            row = cursor.fetchone()
        return bool(row and row[0])

    def start_site_log(self, *, host: str) -> None:
        """Give the site its own log, HOST/log, unless it has one."""
        with self._connection.transaction(), self._connection.cursor() as cursor:
            start_site_log(cursor, host=host)

    def name_checkpoints(self, *, now: dt.datetime) -> int:
        """Let the site's log name every checkpoint published since; the next tick publishes it. Returns how many."""
        with self._connection.transaction(), self._connection.cursor() as cursor:
            return name_checkpoints(cursor, now=now)

    def find_contradictions(self) -> list[tuple[int, ManinsoError]]:
        """Hold every log against what was signed last: each log's number with what is wrong."""
        with self._connection.transaction(), self._connection.cursor() as cursor:
            return find_contradictions(cursor, self._signed) if self._signed is not None else []

    def tick(self, *, now: dt.datetime) -> Ticked:
        """Publish every log that is behind, each in its own transaction; `now` is the checkpoints' time."""
        with self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.execute(QUERIES["behind_logs"])
            behind = [_Behind(*row) for row in cursor.fetchall()]
        ticked = Ticked()
        for log in behind:
            try:
                ticked += self._publish(log, now=now)
            # This log stands still; the others must not.
            except (TreeError, SignedError, LedgerError) as error:
                logger.error("petition %d is not sequenced: %s", log.petition_id, error)
                ticked += Ticked(failed=((log.petition_id, error),))
            except (psycopg.IntegrityError, psycopg.DataError) as error:
                logger.exception("petition %d is not sequenced", log.petition_id)
                ticked += Ticked(failed=((log.petition_id, TreeError(f"the database refuses its tree: {error}")),))
        return ticked

    def catch_up(self, *, now: dt.datetime) -> Ticked:
        """Tick until nothing is behind but logs that cannot be continued."""
        total = Ticked()
        while True:
            ticked = self.tick(now=now)
            total += ticked
            if not ticked.leaves:
                return total

    def _publish(self, log: _Behind, *, now: dt.datetime) -> Ticked:
        """Sequence up to MOST_A_TRANSACTION leaves of one log. Raises TreeError."""
        # Durable now: the numbered leaves. Until the commit below nothing else is, and the next tick starts here again.
        state = self._logs.pop(log.petition_id, None)
        with self._connection.transaction(), self._connection.cursor() as cursor:
            if state is None or state.size != log.size or state.root != log.root:
                state = restore_log(cursor, log)
            end = min(log.head_size, log.size + MOST_A_TRANSACTION)
            entries = read_entries(cursor, log.petition_id, log.size, end)
            edge = state.edge.copy()
            full = edge.append(hash_leaves(entries))
            write_files(cursor, log.petition_id, full, state.tail + entries, first=log.size - len(state.tail))
            find_entry = partial(find_entry_of, cursor, log, entries)
            counted = count_entries(entries, log.bucket_seconds, find_entry)
            write_tally(cursor, log.petition_id, counted)
            met = meet_thresholds(cursor, log, entries, state.by_region, find_entry, now=now)
            root = edge.root()
            checkpoint = Checkpoint(log.origin, end, root)
            if self._signed is not None:
                last = self._last.get(log.origin) or self._signed.read(log.origin)
                require_extension(cursor, last, log.petition_id, state.edge, entries)
            swap_tree(cursor, log, checkpoint, self._sign_as(log.origin), counted, now=now)
            for event in met:
                append_entries(cursor, petition_id=log.petition_id, entries=[event.render()])
            if self._signed is not None:
                self._signed.record(checkpoint)
                # Durable now: what is about to be published, outside the database. If the commit is lost, the leaves
                # are all there, and the next tick signs this very tree, or one that extends it.
                self._last[log.origin] = checkpoint
        # Durable now: the new tree and everything that belongs to it. If only the answer to the commit was lost, the
        # exception leaves this log forgotten, and the next tick reads what the database holds.
        for (_, region, _), number in (counted.signed - counted.voided).items():
            state.by_region[region] += number
        tail = (state.tail + entries)[(len(state.tail) + len(entries)) // TILE_WIDTH * TILE_WIDTH :]
        self._logs[log.petition_id] = _Log(end, root, edge, tail, state.by_region)
        if len(self._logs) > MOST_LOGS_IN_MEMORY:
            self._logs.popitem(last=False)
        return Ticked(len(entries), tuple((log.petition_id, str(event.body["threshold"])) for event in met))


def restore_log(cursor: Cursor, log: _Behind) -> _Log:
    """Read what is remembered of a log; raises TreeError where its leaves do not make its published root."""
    edge = restore_edge(cursor, log.petition_id, log.size)
    if edge.root() != log.root:
        raise TreeError(
            f"the leaves of petition {log.petition_id} do not make the root that was published at {log.size} leaves",
            cure="stop the site, run `maninso doctor`, and restore the database from a backup that does",
        )
    tail = read_entries(cursor, log.petition_id, log.size // TILE_WIDTH * TILE_WIDTH, log.size)
    cursor.execute(QUERIES["read_tally_by_region"], {"petition_id": log.petition_id})
    return _Log(log.size, log.root, edge, tail, Counter(dict(cursor.fetchall())))


def write_files(
    cursor: Cursor, petition_id: int, full: Sequence[FullTile], entries: Sequence[bytes], *, first: int
) -> None:
    """Store the tiles and bundles that became full; `entries` begins at leaf `first`, a bundle's beginning."""
    if full:
        cursor.execute(
            QUERIES["write_tiles"],
            {
                "petition_id": petition_id,
                "levels": [tile.level for tile in full],
                "indexes": [tile.index for tile in full],
                "hashes": [tile.data for tile in full],
                "roots": [tile.root for tile in full],
            },
        )
    starts = range(0, len(entries) - TILE_WIDTH + 1, TILE_WIDTH)
    if starts:
        cursor.execute(
            QUERIES["write_bundles"],
            {
                "petition_id": petition_id,
                "indexes": [(first + start) // TILE_WIDTH for start in starts],
                "bundles": [pack_bundle(entries[start : start + TILE_WIDTH]) for start in starts],
            },
        )


def count_entries(entries: Sequence[bytes], bucket_seconds: int, find_entry: Callable[[int], bytes]) -> Counted:
    """Return what a run of entries adds to the sums; `find_entry` gives the entry of any leaf that a void names."""
    counted = Counted()
    for entry in entries:
        kind = entry[0]
        if kind == SIGN:
            counted.signatures += 1
            counted.signed[tally_of(entry, bucket_seconds)] += 1
        elif kind == VOID:
            counted.voids += 1
            counted.voided[tally_of(find_entry(Void.parse(entry).target), bucket_seconds)] += 1
        elif kind == REINSTATE:
            counted.reinstated += 1
            void = Void.parse(find_entry(Reinstate.parse(entry).target))
            counted.voided[tally_of(find_entry(void.target), bucket_seconds)] -= 1
    return counted


def tally_of(entry: bytes, bucket_seconds: int) -> tuple[int, int, int]:
    """Return hour since opening, region and method of a signature's entry."""
    region, bucket = int.from_bytes(entry[2:4], "big"), int.from_bytes(entry[4:6], "big")
    return bucket * bucket_seconds // HOUR, region, entry[1]


def write_tally(cursor: Cursor, petition_id: int, counted: Counted) -> None:
    """Add to the public breakdown; one row an hour, region and method."""
    keys = sorted(counted.signed.keys() | counted.voided.keys())
    if not keys:
        return
    cursor.execute(
        QUERIES["add_tally"],
        {
            "petition_id": petition_id,
            "hours": [hour for hour, _, _ in keys],
            "regions": [region for _, region, _ in keys],
            "methods": [method for _, _, method in keys],
            "signatures": [counted.signed[key] for key in keys],
            "voids": [counted.voided[key] for key in keys],
        },
    )


def meet_thresholds(
    cursor: Cursor,
    log: _Behind,
    entries: Sequence[bytes],
    by_region: Counter[int],
    find_entry: Callable[[int], bytes],
    *,
    now: dt.datetime,
) -> list[Event]:
    """Record each threshold that one of these entries meets or undoes, with that leaf; return the events to append."""
    cursor.execute(QUERIES["read_open_thresholds"], {"petition_id": log.petition_id})
    events = []
    count = log.signatures - log.voids + log.reinstated
    has_voids = any(entry[0] == VOID for entry in entries)
    for threshold_id, rule, registered_on, met_index, turns in cursor.fetchall():
        threshold = Threshold.model_validate_json(rule)
        stands = met_index is not None and turns % 2 == 0
        if not has_voids if stands else count + len(entries) < threshold.needed_on(registered_on):
            continue
        first = "meet_threshold" if met_index is None else "turn_threshold"
        turned = find_turning_leaves(log, entries, by_region, threshold, registered_on, find_entry, stands=stands)
        for number, (leaf, met_count) in enumerate(turned):
            cursor.execute(
                QUERIES["turn_threshold" if number else first],
                {
                    "petition_id": log.petition_id,
                    "threshold_id": threshold_id,
                    "met_index": leaf,
                    "met_count": met_count,
                    "met_at": now,
                },
            )
            is_met_now = stands == bool(number % 2)
            events.append(describe_turn(threshold, registered_on, leaf=leaf, count=met_count, met=is_met_now))
    return events


def find_turning_leaves(
    log: _Behind,
    entries: Sequence[bytes],
    by_region: Counter[int],
    threshold: Threshold,
    registered_on: dt.date,
    find_entry: Callable[[int], bytes],
    *,
    stands: bool,
) -> list[tuple[int, int]]:
    """Return the indexes of those of these entries that meet the threshold or undo it, by turns, and the counts then.

    `stands`: it is met before these entries. What voids cannot undo turns once.
    """
    found: list[tuple[int, int]] = []
    needed = threshold.needed_on(registered_on)
    count = log.signatures - log.voids + log.reinstated
    regions = Counter({log.regions[number]: n for number, n in by_region.items() if log.regions[number]})
    for index, entry in enumerate(entries, log.size):
        one = count_entries((entry,), log.bucket_seconds, find_entry)
        count += one.signatures - one.voids + one.reinstated
        for (_, region, _), number in one.signed.items():
            regions[log.regions[region]] += number
        for (_, region, _), number in one.voided.items():
            regions[log.regions[region]] -= number
        met = count >= needed and is_met(threshold, Counts(count, regions), registered_on=registered_on)
        if met != stands:
            stands = met
            found.append((index, count))
            if not threshold.undone_by_voids:
                break
    return found


def describe_turn(threshold: Threshold, registered_on: dt.date, *, leaf: int, count: int, met: bool) -> Event:
    """Return the log's own record of a threshold met or undone, which anyone can recount."""
    needed = threshold.needed_on(registered_on)
    body: dict[str, Any] = {"threshold": threshold.id, "needed": needed, "count": count, "leaf": leaf}
    if threshold.regional is not None:
        table = threshold.regional.table_on(registered_on)
        body["regions"] = dict(table.minimum)
        body["regions_needed"] = threshold.regional.needed_in(table)
    return Event(THRESHOLD if met else UNDONE, body)


def swap_tree(
    cursor: Cursor, log: _Behind, checkpoint: Checkpoint, signer: SignerKey, counted: Counted, *, now: dt.datetime
) -> None:
    """Sign the new tree and put it in the old one's place; raises TreeError where that is not what it was."""
    cursor.execute(
        QUERIES["publish_tree"],
        {
            "petition_id": log.petition_id,
            "old_size": log.size,
            "old_root": log.root,
            "size": checkpoint.size,
            "root": checkpoint.root,
            "checkpoint": sign_checkpoint(checkpoint, signer),
            "public_key": signer.verifier.public_key,
            "signatures": log.signatures + counted.signatures,
            "voids": log.voids + counted.voids,
            "reinstated": log.reinstated + counted.reinstated,
            "now": now,
        },
    )
    if cursor.rowcount != 1:
        raise TreeError(
            f"another sequencer published petition {log.petition_id}", cure="let one worker run a database's logs"
        )


def find_entry_of(cursor: Cursor, log: _Behind, entries: Sequence[bytes], index: int) -> bytes:
    """Return the entry of any leaf of the log; those that begin at `log.size` are at hand."""
    if 0 <= index - log.size < len(entries):
        return entries[index - log.size]
    return read_entries(cursor, log.petition_id, index, index + 1)[0]
