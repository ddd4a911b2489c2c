"""Reads a log's tree back out of the database, and holds it against what was signed last.

Signing a tree that does not extend the last signed one is a fork, which nobody can take back. A database restored from
an older backup, or a standby that lags behind, would lead to one; so such a log stands still until the cure.
"""

from collections.abc import Sequence

from maninso import ManinsoError
from maninso.ledger.checkpoint import Checkpoint
from maninso.ledger.errors import LedgerError
from maninso.ledger.merkle import hash_leaves, prove_consistency, verify_consistency
from maninso.ledger.reader import read_hashes_from, tile_of
from maninso.ledger.sitelog import split_origin
from maninso.ledger.tiles import Edge, partial_widths
from maninso.signing.gate import Cursor
from maninso.signing.queries import QUERIES
from maninso.signing.signed import Signed, SignedError
from maninso.signing.tiles import LogTiles

_REBUILD = (
    "it was restored from an older backup, or is a standby that lags behind: put the newer database in its place, or"
    " rebuild the log from its published tiles (docs/howto/recover-a-log.md)"
)


class TreeError(ManinsoError):
    """The database's leaves disagree with its published tree, or with what was signed last: going on would fork."""


def read_entries(cursor: Cursor, petition_id: int, first: int, end: int) -> list[bytes]:
    """Return the leaves from `first` up to before `end`; raises TreeError where one is missing."""
    cursor.execute(QUERIES["read_leaves"], {"petition_id": petition_id, "first": first, "end": end})
    entries = [bytes(entry) for (entry,) in cursor.fetchall()]
    if len(entries) != end - first:
        raise TreeError(
            f"petition {petition_id} has {len(entries)} leaves from {first} to {end}, not {end - first}",
            cure="stop the site, run `maninso doctor`, and restore the database from a backup that has them all",
        )
    return entries


def restore_edge(cursor: Cursor, petition_id: int, size: int) -> Edge:
    """Return the growing edge of a log's published tree of `size` leaves; raises TreeError where leaves are missing."""
    tiles = LogTiles(cursor, petition_id=petition_id, size=size)
    partial_tiles = [
        tiles.read_tile(tile_of(level, size >> 8 * (level + 1), size)) if width else b""
        for level, width in enumerate(partial_widths(size))
    ]
    try:
        return Edge.restore(size, partial_tiles)
    except LedgerError as error:
        raise TreeError(f"leaves or tiles of petition {petition_id} are missing below {size}", cure=_REBUILD) from error


def find_contradictions(cursor: Cursor, signed: Signed) -> list[tuple[int, ManinsoError]]:
    """Hold every log of the database against what was signed last; returns each log's number with what is wrong.

    A log may be behind by what was signed and not committed, as long as its numbered leaves make the signed tree. A log
    that was signed and is not in the database at all is wrong too. Another process may sequence meanwhile.
    """
    # What was signed is read before the sizes that it is held against: leaves are numbered before they are signed.
    strangers = {last.origin: last for last in signed.list_all()}
    cursor.execute(QUERIES["read_origins"])
    before = {origin: _read_signed(signed, origin) for _, origin, _, _, _ in cursor.fetchall()}
    cursor.execute(QUERIES["read_origins"])
    found: list[tuple[int, ManinsoError]] = []
    for petition_id, origin, head_size, size, root in cursor.fetchall():
        strangers.pop(origin, None)
        try:
            last = before.get(origin)
            if isinstance(last, SignedError):
                raise last
            if last is None or (last.size == size and last.root == bytes(root)):
                continue
            entries = read_entries(cursor, petition_id, size, min(head_size, max(size, last.size)))
            edge = restore_edge(cursor, petition_id, size)
            if edge.root() != bytes(root):
                raise contradiction_error(last)
            require_extension(cursor, last, petition_id, edge, entries)
        except (TreeError, SignedError) as error:
            found.append((petition_id, error))
    return found + [_lost(last) for last in strangers.values()]


def _read_signed(signed: Signed, origin: str) -> Checkpoint | SignedError | None:
    try:
        return signed.read(origin)
    except SignedError as error:
        return error


def _lost(last: Checkpoint) -> tuple[int, ManinsoError]:
    """A log that was signed and that the database does not know; number 0 is the site's own."""
    parts = split_origin(last.origin)
    message = f"{last.origin} was signed at {last.size} leaves, and the database has no such log"
    cure = (
        "a petition that opened after the backup was made is in a newer database only: put that in its place; or, where"
        " a site begins anew under its old name, begin with new keys (docs/howto/recover-a-log.md)"
    )
    return (parts[1] if parts else 0), TreeError(message, cure=cure)


def require_extension(
    cursor: Cursor, last: Checkpoint | None, petition_id: int, edge: Edge, entries: Sequence[bytes]
) -> None:
    """Raise TreeError unless a tree, and the entries that are to be added to it, extend what was signed last.

    `edge` is that of the database's published tree, which belongs to its tiles.
    """
    size, root = edge.size, edge.root()
    if last is None or (last.size == size and last.root == root):
        return
    if last.size > size + len(entries):
        raise behind_error(last, size + len(entries))
    if last.size >= size:
        prefix = edge.copy()
        prefix.append(hash_leaves(entries[: last.size - size]))
        if prefix.root() != last.root:
            raise contradiction_error(last)
        return
    tiles = LogTiles(cursor, petition_id=petition_id, size=size)
    try:
        proof = prove_consistency(last.size, size, read_hashes_from(tiles, size))
        verify_consistency(old_size=last.size, old_root=last.root, new_size=size, new_root=root, proof=proof)
    except (LedgerError, LookupError) as error:
        raise contradiction_error(last) from error


def behind_error(last: Checkpoint, size: int) -> TreeError:
    """The database has fewer leaves than were signed."""
    return TreeError(f"{last.origin} was signed at {last.size} leaves, and the database has {size}", cure=_REBUILD)


def contradiction_error(last: Checkpoint) -> TreeError:
    """The database has other leaves than were signed."""
    return TreeError(
        f"the leaves of {last.origin} do not make the root that was signed at {last.size} leaves", cure=_REBUILD
    )
