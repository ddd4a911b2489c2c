"""The site's log: one log per site, whose entries name the checkpoints of all its petitions' logs.

Witnesses need to follow this one log to hold the site to every petition's history. An entry is `10 || u32 time ||
(u64 petition || u64 size || root 32)*`, big-endian, with at most 1,365 checkpoints (docs/reference/ledger.md).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from struct import Struct
from typing import Self

from maninso.ledger.errors import LedgerError, Reason
from maninso.ledger.merkle import HASH_LENGTH
from maninso.ledger.recount import MAX_PROBLEMS, Problem
from maninso.ledger.tiles import MAX_SIZE

SITE_ENTRY = 0x10
MAX_NAMED = 1_365
"""Checkpoints that fit into one entry of 65,535 bytes."""

_HEAD = Struct(">BI")
_NAMED = Struct(">QQ32s")
_POINT = Struct(">IQ32s")
_SITE_ORIGIN = re.compile(r"[^/]+/log")
_PETITION_ORIGIN = re.compile(r"(?P<site>[^/]+)/p/(?P<petition>[1-9][0-9]{0,19})/log", re.ASCII)


@dataclass(frozen=True, slots=True)
class NamedCheckpoint:
    """The log of petition `petition_id` had `size` leaves, at least one, and the root `root` (32 bytes)."""

    petition_id: int
    size: int
    root: bytes

    def __post_init__(self) -> None:
        if not (0 < self.petition_id < 1 << 64 and 0 < self.size <= MAX_SIZE and len(self.root) == HASH_LENGTH):
            raise LedgerError(Reason.MALFORMED_ENTRY, "A checkpoint that the site's log names is out of range.")


@dataclass(frozen=True, slots=True)
class SiteEntry:
    """One entry: at `time` (Unix seconds) these were the checkpoints of the petitions that had changed."""

    time: int
    named: tuple[NamedCheckpoint, ...]

    def __post_init__(self) -> None:
        if not 0 <= self.time < 1 << 32 or len(self.named) > MAX_NAMED:
            raise LedgerError(Reason.MALFORMED_ENTRY, "An entry of the site's log is out of range.")

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Raises LedgerError (malformed-entry) unless `data` is what `render` writes."""
        if len(data) < _HEAD.size or data[0] != SITE_ENTRY or (len(data) - _HEAD.size) % _NAMED.size:
            raise LedgerError(Reason.MALFORMED_ENTRY, f"{len(data)} bytes are no entry of a site's log.")
        named = _NAMED.iter_unpack(data[_HEAD.size :])
        return cls(_HEAD.unpack_from(data)[1], tuple(NamedCheckpoint(*fields) for fields in named))

    def render(self) -> bytes:
        """5 bytes and 48 a checkpoint."""
        parts = [_NAMED.pack(each.petition_id, each.size, each.root) for each in self.named]
        return _HEAD.pack(SITE_ENTRY, self.time) + b"".join(parts)

    def find(self, petition_id: int) -> NamedCheckpoint | None:
        """The checkpoint that the entry names of a petition's log, if it does."""
        return next((each for each in self.named if each.petition_id == petition_id), None)


def is_site_origin(origin: str) -> bool:
    """True for `HOST/log`, the name of a site's log."""
    return _SITE_ORIGIN.fullmatch(origin) is not None


def split_origin(origin: str) -> tuple[str, int] | None:
    """The site's log and the petition of a petition's log `HOST/p/ID/log`; None for another name."""
    match = _PETITION_ORIGIN.fullmatch(origin)
    return (f"{match['site']}/log", int(match["petition"])) if match else None


@dataclass(slots=True)
class SiteRecount:
    """Takes the entries of a site's log in order and holds them to the log's rules; `problems` fills on the way.

    Of the petitions in `keep` (of all, if it is None) every checkpoint is kept with its time, 44 bytes each.
    """

    keep: frozenset[int] | None
    problems: list[Problem] = field(default_factory=list)
    entries: int = 0
    named: int = 0
    first_time: int | None = None
    last_time: int | None = None
    latest: dict[int, tuple[int, bytes]] = field(default_factory=dict)
    _points: dict[int, bytearray] = field(default_factory=dict)

    def add_entries(self, first: int, entries: Sequence[bytes]) -> None:
        """Reads the entries of leaves `first`, `first + 1` and so on."""
        for index, data in enumerate(entries, first):
            self.entries += 1
            try:
                entry = SiteEntry.parse(data)
            except LedgerError as error:
                self._add_problem(error.reason, f"Leaf {index}: {error}")
                continue
            if self.last_time is not None and entry.time < self.last_time:
                self._add_problem(Reason.FALSE_EVENT, f"Leaf {index} is dated before the leaf ahead of it.")
            self.first_time = entry.time if self.first_time is None else self.first_time
            self.last_time = entry.time
            for named in entry.named:
                self._add_named(index, entry.time, named)

    def is_counted(self, index: int) -> bool:
        """No leaf of a site's log counts: it holds no signature."""
        return False

    def points_of(self, petition_id: int) -> list[tuple[int, bytes]]:
        """Every size and root that the log names of a petition that was kept, in order."""
        return [(size, root) for _, size, root in _POINT.iter_unpack(self._points.get(petition_id, b""))]

    def dated_sizes_of(self, petition_id: int) -> list[tuple[int, int]]:
        """When (Unix seconds) the log named a petition that was kept, and at which size, in order."""
        return [(at, size) for at, size, _ in _POINT.iter_unpack(self._points.get(petition_id, b""))]

    def _add_named(self, index: int, time: int, named: NamedCheckpoint) -> None:
        self.named += 1
        before = self.latest.get(named.petition_id)
        if before and named.size < before[0]:
            message = f"Leaf {index} shows {named.size} leaves of petition {named.petition_id}, after {before[0]}."
            self._add_problem(Reason.SHRUNK, message)
        elif before and named.size == before[0] and named.root != before[1]:
            message = f"Leaf {index} shows another root of petition {named.petition_id} at {named.size} leaves."
            self._add_problem(Reason.FORK, message)
        self.latest[named.petition_id] = (named.size, named.root)
        if self.keep is None or named.petition_id in self.keep:
            self._points.setdefault(named.petition_id, bytearray()).extend(_POINT.pack(time, named.size, named.root))

    def _add_problem(self, reason: Reason, message: str) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(reason, message))
