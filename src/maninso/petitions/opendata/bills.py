"""Brings bills, rulings and refusals in, from JSON or CSV (docs/reference/bills.md)."""

import csv
import datetime as dt
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import transaction

from maninso import UnreadableError, UsageError
from maninso.petitions.lifecycle import SYSTEM
from maninso.petitions.obligations import BillError, BillRecord, keep_bill, read_record

LARGEST_FILE = 50_000_000  # bytes
WORDS = (
    *("register", "number", "kind", "title", "language", "body", "proposer", "summary", "address"),
    *("act_title", "act_number", "enacted_on", "in_force_on"),
)
"""Columns that say something of the whole bill; its first row gives them."""
PARTS: dict[str, dict[str, str]] = {
    "stages": {"stage": "stage", "stage_on": "on", "stage_note": "note"},
    "provisions": {"provision": "place", "before": "before", "after": "after"},
    "petitions": {"petition": "petition", "demand": "demand", "meets": "meets"},
}
"""Columns of the parts, of which each row may add one each: column to field."""
COLUMNS = (*WORDS, *(column for part in PARTS.values() for column in part))


@dataclass(frozen=True)
class Skipped:
    """A record that was not kept: where it stands, and why."""

    file: str
    place: str  # "record 3", "row 12"
    reason: str


@dataclass
class BillsReport:
    """What an import did, or with `dry` would do."""

    dry: bool
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    skipped: list[Skipped] = field(default_factory=list)

    @property
    def read(self) -> int:
        """How many records there were."""
        return self.added + self.changed + self.unchanged + len(self.skipped)


class _Undo(Exception):
    """Ends a dry run."""


def import_bills(files: list[Path], *, dry: bool, now: dt.datetime) -> BillsReport:
    """Keep every record of these files (.json, .csv), each whole or not at all; with `dry` keep none of them.

    Running it twice changes nothing. Raises UnreadableError, UsageError for a file that is none.
    """
    report = BillsReport(dry=dry)
    whole = [(path, list(_read(path))) for path in files]  # before anything is kept
    try:
        with transaction.atomic():
            for path, records in whole:
                for place, given in records:
                    _keep(report, path, place, given, now=now)
            if dry:
                raise _Undo
    except _Undo:
        pass
    return report


def _keep(report: BillsReport, path: Path, place: str, given: object, *, now: dt.datetime) -> None:
    try:
        record: BillRecord = read_record(given)
        with transaction.atomic():
            done = keep_bill(record, actor=SYSTEM, now=now)
    except BillError as error:
        report.skipped.append(Skipped(path.name, place, str(error)))
    else:
        setattr(report, done, getattr(report, done) + 1)


def read_text(path: Path) -> str:
    """Return what a small file of text holds. Raises UnreadableError, UsageError for one too large or no text."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise UnreadableError(f"{path}: {error.strerror}", cure="check the name of the file") from error
    if len(data) > LARGEST_FILE:
        raise UsageError(f"{path} is too large", cure=f"split it into files of {LARGEST_FILE:,} bytes at most")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8", cure="save it as UTF-8") from error


def _read(path: Path) -> Iterator[tuple[str, object]]:
    text = read_text(path)
    match path.suffix.lower():
        case ".json":
            return _read_json(path, text)
        case ".csv":
            return _read_csv(path, text)
    raise UsageError(f"{path} is neither .json nor .csv", cure="name it by what it holds")


def _read_json(path: Path, text: str) -> Iterator[tuple[str, object]]:
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not JSON: {error}", cure="correct it at that place") from error
    bills = whole.get("bills") if isinstance(whole, dict) else whole
    if not isinstance(bills, list):
        raise UsageError(f"{path} holds no list of bills", cure='write [{…}, …] or {"bills": [{…}, …]}')
    return ((f"record {number}", each) for number, each in enumerate(bills, start=1))


def _read_csv(path: Path, text: str) -> Iterator[tuple[str, object]]:
    try:
        rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise UsageError(f"{path} is not CSV: {error}", cure="save it from the spreadsheet again") from error
    unknown = {name for row in rows for name in row if name not in COLUMNS}
    if unknown or not rows:
        named = ", ".join(sorted(str(name) for name in unknown)) or "none"
        raise UsageError(f"{path}: these columns are not known: {named}", cure=f"use: {', '.join(COLUMNS)}")
    found: dict[tuple[str, str], tuple[str, dict[str, Any]]] = {}
    for number, row in enumerate(rows, start=2):  # the first line names the columns
        key = ((row.get("register") or "").strip(), (row.get("number") or "").strip())
        words = {name: value for name in WORDS if (value := (row.get(name) or "").strip())}
        _, bill = found.setdefault(key, (f"row {number}", dict(words)))
        for part, columns in PARTS.items():
            given = {name: value for column, name in columns.items() if (value := (row.get(column) or "").strip())}
            if given:
                bill.setdefault(part, []).append(given)
    return iter(found.values())
