"""Brings calendars in: days of sitting and days off, from CSV or JSON (docs/howto/answer-what-is-owed.md)."""

import csv
import datetime as dt
import io
import json
from collections.abc import Iterator
from pathlib import Path

from maninso import UsageError
from maninso.petitions.obligations import GivenDays
from maninso.petitions.opendata.bills import read_text

_CURE = 'write lines "day,kind" or [{"day": "2026-03-02", "kind": "sitting"}, …]'


def read_calendar_file(
    path: Path, *, since: dt.date | None = None, until: dt.date | None = None
) -> tuple[GivenDays, ...]:
    """Return the days that a file (.csv, .json) gives, by kind, from `since` to `until` (default: its first and last).

    Raises UnreadableError, UsageError which names the place of what is wrong.
    """
    text = read_text(path)
    match path.suffix.lower():
        case ".json":
            rows = _read_json(path, text)
        case ".csv":
            rows = _read_csv(path, text)
        case _:
            raise UsageError(f"{path} is neither .json nor .csv", cure="name it by what it holds")
    days: dict[str, set[dt.date]] = {}
    for place, day, kind in rows:
        try:
            days.setdefault(kind, set()).add(dt.date.fromisoformat(day))
        except ValueError as error:
            raise UsageError(f"{path}, {place}: {day!r} is no day", cure="write it as 2026-03-02") from error
    if not days:
        raise UsageError(f"{path} holds no days", cure=_CURE)
    return tuple(
        GivenDays(kind=kind, since=since or min(found), until=until or max(found), days=frozenset(found))
        for kind, found in sorted(days.items())
    )


def _read_json(path: Path, text: str) -> Iterator[tuple[str, str, str]]:
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not JSON: {error}", cure="correct it at that place") from error
    for number, row in enumerate(rows if isinstance(rows, list) else [rows], start=1):
        if (
            not isinstance(row, dict)
            or set(row) != {"day", "kind"}
            or not all(isinstance(v, str) for v in row.values())
        ):
            raise UsageError(f"{path}, record {number} is no day with its kind", cure=_CURE)
        yield f"record {number}", row["day"], row["kind"]


def _read_csv(path: Path, text: str) -> Iterator[tuple[str, str, str]]:
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise UsageError(f"{path} is not CSV: {error}", cure="save it from the spreadsheet again") from error
    if not rows or [name.strip() for name in rows[0]] != ["day", "kind"]:
        raise UsageError(f"{path}: the first line does not name the columns day,kind", cure=_CURE)
    for number, row in enumerate(rows[1:], start=2):
        if row and len(row) != len(rows[0]):
            raise UsageError(f"{path}, row {number} has not two columns", cure=_CURE)
        if row:
            yield f"row {number}", row[0].strip(), row[1].strip()
