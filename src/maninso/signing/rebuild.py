"""Rebuilds a log that is behind what was signed, from its published files: the log is its own backup.

What was published is put behind the database's tree, entry by entry, and must make the root that the log's own key
signed. Signatures that were taken meanwhile, and are not in it, come after it. The sequencer then goes on by itself.
Evidence, which is never published, is lost for the signatures that the database had lost.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from maninso import ManinsoError
from maninso.ledger.checkpoint import Checkpoint
from maninso.ledger.entries import SIGN
from maninso.ledger.merkle import hash_leaves
from maninso.ledger.reader import TileReader, tile_of
from maninso.ledger.sitelog import SiteEntry
from maninso.ledger.tiles import TILE_WIDTH, TilePath, unpack_bundle
from maninso.signing.gate import Cursor
from maninso.signing.queries import QUERIES
from maninso.signing.sitelog import SITE
from maninso.signing.tree import restore_edge


class RebuildError(ManinsoError):
    """The log cannot be rebuilt from these files."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What was done: leaves of the published tree that the database had, that it got, and signatures put after them."""

    kept: int
    added: int
    moved: int


def rebuild_log(cursor: Cursor, *, petition_id: int, point: Checkpoint, published: TileReader) -> Rebuilt:
    """Put the entries of a published log into the database, whose tree they must continue; `point` is verified.

    Never commits; the caller rolls back on every error. Raises RebuildError, and what reading the files raises.
    """
    cursor.execute(QUERIES["lock_log"], {"petition_id": petition_id})
    row = cursor.fetchone()
    if row is None or row[0] != point.origin:
        raise RebuildError(
            f"the database has no log {point.origin}",
            cure="a petition that opened after the backup was made is not in it; only a newer database has it",
        )
    _, size, root = row
    edge = restore_edge(cursor, petition_id, size)
    if edge.root() != bytes(root):
        raise RebuildError(
            f"the leaves of {point.origin} do not make its tree of {size} leaves", cure="restore a sound backup first"
        )
    if point.size <= size:
        raise RebuildError(
            f"{point.origin} has {size} leaves, and the published log {point.size}", cure="find newer files of the log"
        )
    displaced = _take_unpublished(cursor, petition_id, size)
    evidence = dict(displaced)
    known: set[bytes] = set()
    for first, entries in _read_published(published, size, point.size):
        edge.append(hash_leaves(entries))
        _insert(cursor, petition_id, first, entries, [evidence.get(entry) for entry in entries])
        known.update(entry for entry in entries if entry in evidence)
    if edge.root() != point.root:
        raise RebuildError(
            f"the published entries of {point.origin} do not continue the database's tree to the signed root",
            cure="find files of the log that `maninso verify` finds right",
        )
    rest = [(entry, secret) for entry, secret in displaced if entry not in known]
    if petition_id == SITE:
        _follow_site_log(cursor, published, size, point.size)
        rest = []
    moved = _append_rest(cursor, petition_id, point, rest)
    cursor.execute(QUERIES["grow_head"], {"petition_id": petition_id, "size": point.size + moved})
    return Rebuilt(kept=size + len(known), added=point.size - size - len(known), moved=moved)


def _take_unpublished(cursor: Cursor, petition_id: int, size: int) -> list[tuple[bytes, bytes | None]]:
    """Remove the numbered leaves that no tree holds yet, and return them with their evidence."""
    cursor.execute(QUERIES["take_unpublished"], {"petition_id": petition_id, "size": size})
    rows = sorted(cursor.fetchall())
    return [(bytes(entry), None if secret is None else bytes(secret)) for _, entry, secret in rows]


def _read_published(published: TileReader, first: int, size: int) -> Iterator[tuple[int, list[bytes]]]:
    """The entries from `first` on, a bundle at a time, each time with the first one's index."""
    for index in range(first // TILE_WIDTH, -(-size // TILE_WIDTH)):
        width = tile_of(0, index, size).width
        entries = unpack_bundle(published.read_tile(TilePath("entries", index, width)), width)
        skipped = max(0, first - index * TILE_WIDTH)
        yield index * TILE_WIDTH + skipped, entries[skipped:]


def _append_rest(
    cursor: Cursor, petition_id: int, point: Checkpoint, rest: Sequence[tuple[bytes, bytes | None]]
) -> int:
    """Put signatures behind the published log, but for those of people who are in it; returns how many."""
    others = sum(entry[0] != SIGN for entry, _ in rest)
    if others:
        raise RebuildError(
            f"since the database was restored, {others} voids or events were added to {point.origin} that may be untrue"
            " behind the published log",
            cure="restore the backup again, and rebuild before the site is started",
        )
    cursor.execute(
        QUERIES["read_nullifiers"], {"petition_id": petition_id, "nullifiers": [entry[6:22] for entry, _ in rest]}
    )
    signed = {bytes(nullifier) for (nullifier,) in cursor.fetchall()}
    new = [(entry, secret) for entry, secret in rest if entry[6:22] not in signed]
    _insert(cursor, petition_id, point.size, [entry for entry, _ in new], [secret for _, secret in new])
    return len(new)


def _insert(
    cursor: Cursor, petition_id: int, first: int, entries: Sequence[bytes], evidences: Sequence[bytes | None]
) -> None:
    cursor.execute(
        QUERIES["append_entries"],
        {"petition_id": petition_id, "first": first, "entries": list(entries), "evidences": list(evidences)},
    )


def _follow_site_log(cursor: Cursor, published: TileReader, first: int, size: int) -> None:
    """What the site's log has named is named: it must not name a smaller size after it."""
    cursor.execute(QUERIES["forget_named"], {"entry_index": first})
    latest: dict[int, int] = {}
    for _, entries in _read_published(published, first, size):
        for entry in entries:
            latest.update({named.petition_id: named.size for named in SiteEntry.parse(entry).named})
    cursor.execute(QUERIES["set_named"], {"petitions": list(latest), "sizes": list(latest.values())})
    if cursor.rowcount != len(latest):
        raise RebuildError(
            "the published log of the site names petitions whose logs are behind, or are not in this database",
            cure="rebuild the petitions' logs first, let the worker publish them, then the site's",
        )
