"""Imports the archive of the Korean presidential petition site (2017 to 2022): JSON lines, plain or gzip.

Each line is one petition: category, begin, end (days, both included), content, num_agree (its count), petition_idx
(its number there), status, title. docs/howto/import-an-archive.md shows one. A line that cannot be used is skipped
with its place and reason, the rest is kept, and a second run changes nothing.
"""

import datetime as dt
import gzip
import hashlib
import json
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO, cast
from zoneinfo import ZoneInfo

from maninso import UnreadableError
from maninso.charter import Charter, CharterError, Counts, end_of_day, whatif
from maninso.petitions.access import Words, WouldOwe
from maninso.petitions.access.rules import words
from maninso.petitions.lifecycle import ReportedPetition, keep_reported_petitions

SOURCE = "blue-house"

Progress = Callable[[int, int], None]
"""Called with the bytes read so far and the bytes of all files."""

_BATCH = 500  # petitions a transaction
_LONGEST_LINE = 4_000_000  # bytes; the archive's longest has 80,000
_MOST_PEOPLE = 8_000_000_000
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_NUMBER = re.compile(r"[0-9A-Za-z._-]{1,64}", re.ASCII)
_GZIP = b"\x1f\x8b"
_TEXTS = ("category", "begin", "end", "content", "status", "title")


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
    """What became of the lines: `read` is the sum of the others, `reached` has the highest counts first."""

    read: int = 0
    added: int = 0
    unchanged: int = 0
    changed: int = 0
    skipped: list[Skipped] = field(default_factory=list)
    reached: list[Reached] = field(default_factory=list)


class _LineError(Exception):
    """Why a line cannot be used."""


@dataclass(frozen=True, kw_only=True)
class _Line:
    file: str
    number: int
    petition: ReportedPetition
    owed: tuple[WouldOwe, ...]


def import_blue_house(
    files: Sequence[Path], *, charter: Charter, now: dt.datetime, progress: Progress | None = None
) -> ImportReport:
    """Keep the petitions in these files under a charter; each batch of 500 is one transaction.

    Days are days of the charter's time zone. Raises UnreadableError, before anything is kept, for a file that cannot
    be opened.
    """
    report = ImportReport()
    seen: dict[str, tuple[str, bytes]] = {}
    batch: list[_Line] = []
    for line in _read_files(files, charter, report, now=now, progress=progress or _say_nothing):
        fingerprint = hashlib.sha256(repr(line.petition).encode()).digest()
        first = seen.setdefault(line.petition.source_id, (f"{line.file}:{line.number}", fingerprint))
        if first[1] != fingerprint:
            reason = f"petition_idx {line.petition.source_id} is on {first[0]} already, with other content"
            report.skipped.append(Skipped(file=line.file, line=line.number, reason=reason))
        elif first[0] != f"{line.file}:{line.number}":
            report.unchanged += 1
        else:
            batch.append(line)
        if len(batch) == _BATCH:
            _keep(batch, charter, report, now=now)
            batch.clear()
    _keep(batch, charter, report, now=now)
    report.skipped.sort(key=lambda each: ([str(path) for path in files].index(each.file), each.line))
    report.reached.sort(key=lambda each: (-each.count, each.source_id))
    return report


def _keep(batch: Sequence[_Line], charter: Charter, report: ImportReport, *, now: dt.datetime) -> None:
    kept = keep_reported_petitions([line.petition for line in batch], source=SOURCE, charter=charter, now=now)
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


def _read_files(
    files: Sequence[Path], charter: Charter, report: ImportReport, *, now: dt.datetime, progress: Progress
) -> Iterator[_Line]:
    with ExitStack() as stack:
        opened = [stack.enter_context(_open(path)) for path in files]
        total = sum(path.stat().st_size for path in files)
        before = 0
        for path, raw in zip(files, opened, strict=True):
            for number, data in _read_lines(raw, str(path), report):
                report.read += 1
                try:
                    petition, owed = _parse(data, charter, now=now)
                    yield _Line(file=str(path), number=number, petition=petition, owed=owed)
                except _LineError as error:
                    report.skipped.append(Skipped(file=str(path), line=number, reason=str(error)))
                if not number % _BATCH and raw.seekable():
                    progress(before + raw.tell(), total)
            before += path.stat().st_size
            progress(before, total)


def _open(path: Path) -> BufferedReader:
    try:
        return path.open("rb")
    except OSError as error:
        raise UnreadableError(f"{path}: {error.strerror}", cure="check the name and who may read it") from error


def _read_lines(raw: BufferedReader, name: str, report: ImportReport) -> Iterator[tuple[int, bytes]]:
    """Yield the lines that are not blank, with their numbers; a file that breaks off ends with a skipped line."""
    compressed = raw.peek(2)[:2] == _GZIP  # without moving on, because a pipe cannot go back
    text = cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if compressed else raw
    number = 0
    try:
        while data := text.readline(_LONGEST_LINE + 1):
            number += 1
            while len(data) > _LONGEST_LINE and not data.endswith(b"\n"):
                rest = text.readline(_LONGEST_LINE)
                data = data[: _LONGEST_LINE + 1] + (b"\n" if rest.endswith(b"\n") or not rest else b"")
            if number == 1:
                data = data.removeprefix(b"\xef\xbb\xbf")
            if data.strip():
                yield number, data
    except (EOFError, OSError, zlib.error) as error:
        report.read += 1
        reason = f"the file cannot be read from here on: {error}"
        report.skipped.append(Skipped(file=name, line=number + 1, reason=reason))


def _parse(data: bytes, charter: Charter, *, now: dt.datetime) -> tuple[ReportedPetition, tuple[WouldOwe, ...]]:
    record = _parse_object(data)
    for name in (*_TEXTS, "num_agree", "petition_idx"):
        if name not in record:
            raise _LineError(f"{name} is missing")
    for name in _TEXTS:
        _check_text(name, record[name])
    count, number = record["num_agree"], record["petition_idx"]
    if type(count) is not int:
        raise _LineError(f"num_agree is {_say(count)}, not a whole number")
    if not 0 <= count <= _MOST_PEOPLE:
        raise _LineError(f"num_agree is {count}, not a number of people")
    if type(number) is int and number >= 0:
        number = str(number)
    if not isinstance(number, str) or not _NUMBER.fullmatch(number):
        raise _LineError(f"petition_idx is {_say(number)}, not a petition's number")
    if not record["title"].strip():
        raise _LineError("title is empty")
    begins_on, ends_on = _read_day("begin", record["begin"]), _read_day("end", record["end"])
    if ends_on < begins_on:
        raise _LineError(f"end {ends_on} is before begin {begins_on}")
    closes_at = end_of_day(charter, ends_on)
    if closes_at > now:
        raise _LineError(f"end {ends_on} is not over yet: a petition is imported once it has closed")
    zone = ZoneInfo(charter.time_zone)
    petition = ReportedPetition(
        source_id=number,
        title=record["title"],
        body=record["content"],
        language="ko",
        topic=record["category"],
        opened_at=dt.datetime.combine(begins_on, dt.time.min, zone).astimezone(dt.UTC),
        closes_at=closes_at,
        count=count,
        status=record["status"],
    )
    return petition, _judge(charter, petition, begins_on)


def _judge(charter: Charter, petition: ReportedPetition, begins_on: dt.date) -> tuple[WouldOwe, ...]:
    try:
        verdicts = whatif(
            charter,
            registered=begins_on,
            counts=Counts(petition.count),
            # The end is exclusive: the last day, not the one that begins with it, is the day of the closing.
            closed_at=petition.closes_at - dt.timedelta(microseconds=1),
        )
    except CharterError as error:
        raise _LineError(f"{charter.id} has no rule for it: {error}") from error
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


def _parse_object(data: bytes) -> dict[str, Any]:
    if len(data) > _LONGEST_LINE:
        raise _LineError(f"the line has more than {_LONGEST_LINE} bytes")
    try:
        record = json.loads(data.decode(), object_pairs_hook=_once, parse_constant=_refuse)
    except UnicodeDecodeError as error:
        raise _LineError(f"not UTF-8 at byte {error.start + 1}") from error
    except json.JSONDecodeError as error:
        raise _LineError(f"not JSON: {error.msg} at character {error.pos + 1}") from error
    except (ValueError, RecursionError) as error:
        raise _LineError(f"not JSON that can be used: {error}") from error
    if not isinstance(record, dict):
        raise _LineError("not a JSON object")
    return record


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        raise _LineError("a field is given twice")
    return record


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _check_text(name: str, value: object) -> None:
    if not isinstance(value, str):
        raise _LineError(f"{name} is {_say(value)}, not a text")
    if "\0" in value:
        raise _LineError(f"{name} holds a NUL character")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise _LineError(f"{name} holds half of a character (a lone surrogate)") from error


def _read_day(name: str, value: str) -> dt.date:
    try:
        if not _DAY.fullmatch(value):
            raise ValueError
        day = dt.date.fromisoformat(value)
    except ValueError:
        raise _LineError(f"{name} is {_say(value)}, not a day such as 2019-04-01") from None
    if not 1900 <= day.year <= 2999:
        raise _LineError(f"{name} is {day}, not a day of such a site")
    return day


def _say(value: object) -> str:
    shown = json.dumps(value, ensure_ascii=False)
    return shown if len(shown) <= 40 else shown[:39] + "…"


def _say_nothing(_read: int, _total: int) -> None:
    """Report no progress."""
