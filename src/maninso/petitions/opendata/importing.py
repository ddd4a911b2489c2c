"""What imports of other sites' petitions have in common: batches, reports, what was owed, careful JSON.

A reader of some site's files yields lines; `keep_lines` keeps them. What cannot be used is skipped with its place and
reason, the rest is kept, and a second run changes nothing.
"""

import datetime as dt
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import transaction

from maninso import UnreadableError
from maninso.charter import Charter, CharterError, Counts, whatif
from maninso.petitions.access import Words, WouldOwe
from maninso.petitions.access.rules import words
from maninso.petitions.lifecycle import ReportedPetition, keep_reported_petitions

BATCH = 500  # petitions a transaction
LONGEST = 4_000_000  # bytes of a petition; the longest that is known has 80,000
MOST_PEOPLE = 8_000_000_000
GZIP = b"\x1f\x8b"  # how such a file begins

Progress = Callable[[int, int], None]
"""Called with what was read so far and what there is."""


@dataclass(frozen=True, kw_only=True)
class Skipped:
    """A line that was not kept."""

    file: str
    line: int  # from 1
    reason: str


@dataclass(frozen=True, kw_only=True)
class Reached:
    """A petition whose reported count meets a threshold that owes something, and what the charter would have owed."""

    petition_id: int
    source_id: str
    title: str
    count: int
    needed: int
    what: Words
    who: Words
    due_on: dt.date | None


@dataclass(kw_only=True)
class ImportReport:
    """What became of the lines, or would with `dry`. `read` is the sum of the others; `reached` has the most first."""

    dry: bool = False
    read: int = 0
    added: int = 0
    unchanged: int = 0
    changed: int = 0
    skipped: list[Skipped] = field(default_factory=list)
    reached: list[Reached] = field(default_factory=list)


_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


class LineError(Exception):
    """Why a petition cannot be used."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """A petition that was read, and where."""

    file: str
    number: int
    petition: ReportedPetition
    owed: tuple[WouldOwe, ...]


class _Undo(Exception):
    """Ends a dry run."""


def keep_lines(
    lines: Iterable[Line],
    charter: Charter,
    report: ImportReport,
    *,
    files: Sequence[Path],
    source: str,
    number: str,
    now: dt.datetime,
) -> None:
    """Keep the petitions that a reader yields, and say in the report what became of each.

    Each batch of 500 is one transaction; a dry run is one, and is undone. One that is there twice is kept once, and is
    named where the two differ. `files` is the order in which skipped lines are told, `number` what that site calls
    a petition's number.
    """
    if not report.dry:
        _keep_all(lines, charter, report, source=source, number=number, now=now)
    else:
        try:
            with transaction.atomic():
                _keep_all(lines, charter, report, source=source, number=number, now=now)
                raise _Undo
        except _Undo:
            pass
    order = {str(path): place for place, path in enumerate(files)}
    report.skipped.sort(key=lambda each: (order[each.file], each.line))
    report.reached.sort(key=lambda each: (-each.count, each.source_id))


def _keep_all(
    lines: Iterable[Line], charter: Charter, report: ImportReport, *, source: str, number: str, now: dt.datetime
) -> None:
    seen: dict[str, tuple[str, bytes]] = {}
    batch: list[Line] = []
    for line in lines:
        place, source_id = f"{line.file}:{line.number}", line.petition.source_id
        fingerprint = hashlib.sha256(repr(line.petition).encode()).digest()
        first, content = seen.setdefault(source_id, (place, fingerprint))
        if content != fingerprint:
            reason = f"{number} {source_id} is on {first} already, with other content"
            report.skipped.append(Skipped(file=line.file, line=line.number, reason=reason))
        elif first != place:
            report.unchanged += 1
        else:
            batch.append(line)
        if len(batch) == BATCH:
            _keep_batch(batch, charter, report, source=source, now=now)
            batch.clear()
    _keep_batch(batch, charter, report, source=source, now=now)


def _keep_batch(
    batch: Sequence[Line], charter: Charter, report: ImportReport, *, source: str, now: dt.datetime
) -> None:
    kept = keep_reported_petitions([line.petition for line in batch], source=source, charter=charter, now=now)
    report.added += len(kept.added)
    report.unchanged += len(kept.unchanged)
    report.changed += len(kept.changed)
    for line in batch:
        petition = line.petition
        if petition.source_id in kept.refused:
            number = kept.numbers[petition.source_id]
            reason = f"its text or days differ from petition {number}, kept from an earlier import; those never change"
            report.skipped.append(Skipped(file=line.file, line=line.number, reason=reason))
            continue
        report.reached += [
            Reached(
                petition_id=kept.numbers[petition.source_id],
                source_id=petition.source_id,
                title=petition.title,
                count=petition.count,
                needed=owed.needed,
                what=owed.what,
                who=owed.who,
                due_on=owed.due_on,
            )
            for owed in line.owed
        ]


def judge(charter: Charter, petition: ReportedPetition, begins_on: dt.date) -> tuple[WouldOwe, ...]:
    """Return what a charter would have owed; raises LineError where it has no rule for such a petition."""
    try:
        verdicts = whatif(
            charter,
            registered=begins_on,
            counts=Counts(petition.count),
            # The end is exclusive: the last day, not the one that begins with it, is the day of the closing.
            closed_at=petition.closes_at - dt.timedelta(microseconds=1) if petition.closes_at else None,
        )
    except CharterError as error:
        raise LineError(f"{charter.id} has no rule for it: {error}") from error
    return tuple(
        WouldOwe(
            what=words(verdict.owed.what),
            who=words(verdict.owed.who),
            needed=verdict.measured.needed,
            due_on=verdict.due.on if verdict.due else None,
        )
        for verdict in verdicts
        if verdict.owed is not None
    )


def unreadable(path: Path, error: OSError) -> UnreadableError:
    """Return what says that a file cannot be opened."""
    return UnreadableError(f"{path}: {error.strerror}", cure="check the name and who may read it")


def check_count(name: str, value: object) -> int:
    """Return a count; raises LineError for what is no number of people."""
    if type(value) is not int:
        raise LineError(f"{name} is {say_value(value)}, not a whole number")
    if not 0 <= value <= MOST_PEOPLE:
        raise LineError(f"{name} is {value}, not a number of people")
    return value


def read_day(name: str, value: object) -> dt.date:
    """Return a day; raises LineError for what is none of such a site."""
    try:
        if not isinstance(value, str) or not _DAY.fullmatch(value):
            raise ValueError
        day = dt.date.fromisoformat(value)
    except ValueError:
        raise LineError(f"{name} is {say_value(value)}, not a day such as 2019-04-01") from None
    check_year(name, day)
    return day


def check_year(name: str, day: dt.date) -> None:
    """Raise LineError for a year in which no such site was."""
    if not 1900 <= day.year <= 2999:
        raise LineError(f"{name} is {day}, not a day of such a site")


def parse_object(data: bytes, *, most: int = LONGEST) -> dict[str, Any]:
    """Return a JSON object; raises LineError for what is none, is too long, or gives a field twice."""
    if len(data) > most:
        raise LineError(f"the line has more than {most} bytes")
    try:
        record = json.loads(data.decode(), object_pairs_hook=_once, parse_constant=_refuse)
    except UnicodeDecodeError as error:
        raise LineError(f"not UTF-8 at byte {error.start + 1}") from error
    except json.JSONDecodeError as error:
        raise LineError(f"not JSON: {error.msg} at character {error.pos + 1}") from error
    except (ValueError, RecursionError) as error:
        raise LineError(f"not JSON that can be used: {error}") from error
    if not isinstance(record, dict):
        raise LineError("not a JSON object")
    return record


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        raise LineError("a field is given twice")
    return record


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def check_text(name: str, value: object) -> None:
    """Raise LineError for what is no text, or cannot be stored."""
    if not isinstance(value, str):
        raise LineError(f"{name} is {say_value(value)}, not a text")
    if "\0" in value:
        raise LineError(f"{name} holds a NUL character")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise LineError(f"{name} holds half of a character (a lone surrogate)") from error


def say_value(value: object) -> str:
    """Return a value as a message shows it."""
    shown = json.dumps(value, ensure_ascii=False)
    return shown if len(shown) <= 40 else shown[:39] + "…"


def say_nothing(_read: int, _total: int) -> None:
    """Report no progress."""
