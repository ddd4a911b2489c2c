"""The site's own log, for whoever asks: its files, its key, who has cosigned it, and what it proves of a receipt."""

import datetime as dt
from dataclasses import dataclass

from django.db import connection

from maninso.ledger.checkpoint import peek_checkpoint
from maninso.ledger.sitelog import NamedCheckpoint, SiteEntry
from maninso.petitions.access.find import LARGEST_ID
from maninso.signing import log, sitelog
from maninso.signing.log import LogFile
from maninso.signing.sitelog import SITE, read_cosignatures
from maninso.signing.tiles import read_tree
from maninso.signing.tree import read_entries

MOST_SHOWN = 10  # checkpoints of one entry
LONGEST_MESSAGE_LINE = 998  # bytes, with its end


@dataclass(frozen=True, slots=True)
class CosignatureView:
    """The last checkpoint of the site's log that a witness has cosigned."""

    witness: str  # its name
    size: int  # entries of the site's log
    cosigned_at: dt.datetime


@dataclass(frozen=True, slots=True)
class SiteEntryView:
    """An entry of the site's log: when it was, some of the checkpoints that it names, and how many more there are."""

    index: int
    at: dt.datetime
    named: tuple[NamedCheckpoint, ...]
    more: int


@dataclass(frozen=True, slots=True)
class SiteLogView:
    """The site's log and its witnesses; `size` is 0 before its first checkpoint, and `key` is "" then."""

    origin: str
    size: int
    key: str
    cosignatures: tuple[CosignatureView, ...]
    entries: tuple[SiteEntryView, ...]  # the newest first


def read_site_file(path: str) -> LogFile | None:
    """Return a file of the site's log: `checkpoint` or `tile/...`; None where there is no such file (yet)."""
    with connection.cursor() as cursor:
        return log.read_log_file(cursor, petition_id=SITE, path=path)


def read_checkpoint_text() -> str:
    """Return the site's log's checkpoint as text for the foot of a message; "" before the first.

    Every message is a copy out of the site's reach: whoever holds two that contradict each other can prove it. The
    signature lines of the log and of witnesses are there as far as they fit into a line of a message (RFC 5322, section
    2.1.1); those with ML-DSA-44, of 3,300 characters, do not, and a checkpoint is whole without them.
    """
    with connection.cursor() as cursor:
        checkpoint = sitelog.read_site_checkpoint(cursor)
    if checkpoint is None:
        return ""
    lines = checkpoint.decode().splitlines(keepends=True)
    return "".join(line for line in lines if len(line.encode()) <= LONGEST_MESSAGE_LINE)


def site_log_key() -> str | None:
    """Return the verifier key (vkey) of the site's log; None before its first checkpoint."""
    with connection.cursor() as cursor:
        return log.read_log_key(cursor, petition_id=SITE)


def read_site_proof(petition_id: int, leaf_hash: bytes) -> bytes | None:
    """Return the .tlog-proof that the site's log names the checkpoint of a leaf's receipt; None where none does yet."""
    if not 0 < petition_id <= LARGEST_ID:
        return None
    with connection.cursor() as cursor:
        return log.read_site_proof(cursor, petition_id=petition_id, leaf_hash=leaf_hash)


def is_named(petition_id: int, leaf_index: int) -> bool:
    """Return whether `read_site_proof` has something to give for a leaf."""
    with connection.cursor() as cursor:
        return sitelog.is_named(cursor, petition_id=petition_id, leaf_index=leaf_index)


def show_site_log(*, entries: int = 0) -> SiteLogView:
    """Return the site's log with its witnesses, the latest cosignature first, and so many of its newest entries."""
    with connection.cursor() as cursor:
        size, checkpoint = read_tree(cursor, SITE)
        cosignatures = read_cosignatures(cursor)
        key = log.read_log_key(cursor, petition_id=SITE)
        first = max(0, size - entries)
        newest = read_entries(cursor, SITE, first, size)
    return SiteLogView(
        origin=peek_checkpoint(checkpoint).origin if checkpoint else "",
        size=size,
        key=key or "",
        cosignatures=tuple(
            CosignatureView(each.witness.name, each.size, each.cosigned_at)
            for each in sorted(cosignatures, key=lambda each: each.cosigned_at, reverse=True)
        ),
        entries=tuple(_view(first + number, data) for number, data in reversed(list(enumerate(newest)))),
    )


def _view(index: int, data: bytes) -> SiteEntryView:
    entry = SiteEntry.parse(data)
    shown = entry.named[:MOST_SHOWN]
    return SiteEntryView(index, dt.datetime.fromtimestamp(entry.time, dt.UTC), shown, len(entry.named) - len(shown))
