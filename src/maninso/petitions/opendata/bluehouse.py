"""Imports the archive of the Korean presidential petition site (2017 to 2022): JSON lines, plain or gzip.

Each line is one petition: category, begin, end (days, both included), content, num_agree (its count), petition_idx
(its number there), status, title. docs/howto/import-an-archive.md shows one. A line that cannot be used is skipped
with its place and reason, the rest is kept, and a second run changes nothing.
"""

import datetime as dt
import gzip
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, cast
from zoneinfo import ZoneInfo

from maninso.charter import Charter, end_of_day
from maninso.petitions.access import WouldOwe
from maninso.petitions.lifecycle import ReportedPetition
from maninso.petitions.opendata.importing import (
    BATCH,
    GZIP,
    LONGEST,
    ImportReport,
    Line,
    LineError,
    Progress,
    Skipped,
    check_count,
    check_text,
    judge,
    keep_lines,
    parse_object,
    read_day,
    say_nothing,
    say_value,
    unreadable,
)

SOURCE = "blue-house"

_NUMBER = re.compile(r"[0-9A-Za-z._-]{1,64}", re.ASCII)
_TEXTS = ("category", "begin", "end", "content", "status", "title")


def import_blue_house(
    files: Sequence[Path], *, charter: Charter, now: dt.datetime, dry: bool = False, progress: Progress | None = None
) -> ImportReport:
    """Keep the petitions in these files under a charter; with `dry` none of them.

    Days are days of the charter's time zone. Raises UnreadableError, before anything is kept, for a file that cannot
    be opened.
    """
    report = ImportReport(dry=dry)
    lines = _read_files(files, charter, report, now=now, progress=progress or say_nothing)
    keep_lines(lines, charter, report, files=files, source=SOURCE, number="petition_idx", now=now)
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
        raise unreadable(path, error) from error


def _read_lines(raw: BufferedReader, name: str, report: ImportReport) -> Iterator[tuple[int, bytes]]:
    """Yield the lines that are not blank, with their numbers; a file that breaks off ends with a skipped line."""
    compressed = raw.peek(2)[:2] == GZIP  # without moving on, because a pipe cannot go back
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
    count, number = check_count("num_agree", record["num_agree"]), record["petition_idx"]
    if type(number) is int and number >= 0:
        number = str(number)
    if not isinstance(number, str) or not _NUMBER.fullmatch(number):
        raise LineError(f"petition_idx is {say_value(number)}, not a petition's number")
    if not record["title"].strip():
        raise LineError("title is empty")
    begins_on, ends_on = read_day("begin", record["begin"]), read_day("end", record["end"])
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
