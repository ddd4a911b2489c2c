"""Imports the archive of the Korean presidential petition site (2017 to 2022): JSON lines, plain or gzip.

Each line is one petition: category, begin, end (days, both included), content, num_agree (its count), petition_idx
(its number there), status, title. docs/howto/import-an-archive.md shows one. A line that cannot be used is skipped
with its place and reason, the rest is kept, and a second run changes nothing.
"""

import datetime as dt
import gzip
import hashlib
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, cast
from zoneinfo import ZoneInfo

from maninso import UnreadableError
from maninso.charter import Charter, end_of_day
from maninso.petitions.access import WouldOwe
from maninso.petitions.lifecycle import ReportedPetition
from maninso.petitions.opendata.importing import (
    BATCH,
    LONGEST,
    MOST_PEOPLE,
    ImportReport,
    Line,
    LineError,
    Progress,
    Skipped,
    check_text,
    judge,
    keep_batch,
    parse_object,
    say_nothing,
    say_value,
)

SOURCE = "blue-house"

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_NUMBER = re.compile(r"[0-9A-Za-z._-]{1,64}", re.ASCII)
_GZIP = b"\x1f\x8b"
_TEXTS = ("category", "begin", "end", "content", "status", "title")


def import_blue_house(
    files: Sequence[Path], *, charter: Charter, now: dt.datetime, progress: Progress | None = None
) -> ImportReport:
    """Keep the petitions in these files under a charter; each batch of 500 is one transaction.

    Days are days of the charter's time zone. Raises UnreadableError, before anything is kept, for a file that cannot
    be opened.
    """
    report = ImportReport()
    seen: dict[str, tuple[str, bytes]] = {}
    batch: list[Line] = []
    for line in _read_files(files, charter, report, now=now, progress=progress or say_nothing):
        fingerprint = hashlib.sha256(repr(line.petition).encode()).digest()
        first = seen.setdefault(line.petition.source_id, (f"{line.file}:{line.number}", fingerprint))
        if first[1] != fingerprint:
            reason = f"petition_idx {line.petition.source_id} is on {first[0]} already, with other content"
            report.skipped.append(Skipped(file=line.file, line=line.number, reason=reason))
        elif first[0] != f"{line.file}:{line.number}":
            report.unchanged += 1
        else:
            batch.append(line)
        if len(batch) == BATCH:
            keep_batch(batch, charter, report, source=SOURCE, now=now)
            batch.clear()
    keep_batch(batch, charter, report, source=SOURCE, now=now)
    report.skipped.sort(key=lambda each: ([str(path) for path in files].index(each.file), each.line))
    report.reached.sort(key=lambda each: (-each.count, each.source_id))
    return report


def _read_files(
    files: Sequence[Path], charter: Charter, report: ImportReport, *, now: dt.datetime, progress: Progress
) -> Iterator[Line]:
    with ExitStack() as stack:
        opened = [stack.enter_context(_open(path)) for path in files]
        total = sum(path.stat().st_size for path in files)
        before = 0
        for path, raw in zip(files, opened, strict=True):
            for number, data in _read_lines(raw, str(path), report):
                report.read += 1
                try:
                    petition, owed = _parse(data, charter, now=now)
                    yield Line(file=str(path), number=number, petition=petition, owed=owed)
                except LineError as error:
                    report.skipped.append(Skipped(file=str(path), line=number, reason=str(error)))
                if not number % BATCH and raw.seekable():
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
        while data := text.readline(LONGEST + 1):
            number += 1
            while len(data) > LONGEST and not data.endswith(b"\n"):
                rest = text.readline(LONGEST)
                data = data[: LONGEST + 1] + (b"\n" if rest.endswith(b"\n") or not rest else b"")
            if number == 1:
                data = data.removeprefix(b"\xef\xbb\xbf")
            if data.strip():
                yield number, data
    except (EOFError, OSError, zlib.error) as error:
        report.read += 1
        reason = f"the file cannot be read from here on: {error}"
        report.skipped.append(Skipped(file=name, line=number + 1, reason=reason))


def _parse(data: bytes, charter: Charter, *, now: dt.datetime) -> tuple[ReportedPetition, tuple[WouldOwe, ...]]:
    record = parse_object(data)
    for name in (*_TEXTS, "num_agree", "petition_idx"):
        if name not in record:
            raise LineError(f"{name} is missing")
    for name in _TEXTS:
        check_text(name, record[name])
    count, number = record["num_agree"], record["petition_idx"]
    if type(count) is not int:
        raise LineError(f"num_agree is {say_value(count)}, not a whole number")
    if not 0 <= count <= MOST_PEOPLE:
        raise LineError(f"num_agree is {count}, not a number of people")
    if type(number) is int and number >= 0:
        number = str(number)
    if not isinstance(number, str) or not _NUMBER.fullmatch(number):
        raise LineError(f"petition_idx is {say_value(number)}, not a petition's number")
    if not record["title"].strip():
        raise LineError("title is empty")
    begins_on, ends_on = _read_day("begin", record["begin"]), _read_day("end", record["end"])
    if ends_on < begins_on:
        raise LineError(f"end {ends_on} is before begin {begins_on}")
    closes_at = end_of_day(charter, ends_on)
    if closes_at > now:
        raise LineError(f"end {ends_on} is not over yet: a petition is imported once it has closed")
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
    return petition, judge(charter, petition, begins_on)


def _read_day(name: str, value: str) -> dt.date:
    try:
        if not _DAY.fullmatch(value):
            raise ValueError
        day = dt.date.fromisoformat(value)
    except ValueError:
        raise LineError(f"{name} is {say_value(value)}, not a day such as 2019-04-01") from None
    if not 1900 <= day.year <= 2999:
        raise LineError(f"{name} is {day}, not a day of such a site")
    return day
