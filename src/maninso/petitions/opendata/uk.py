"""Imports petitions in the JSON of petition.parliament.uk: a list's page, or one petition, a file each, plain or gzip.

Kept is what opened there and is closed, and what was rejected, with the reason: title, text, topic, days, count and
state; and, as that site reports it, the government's response, the debate, and the count by region, constituency and
country. Maninso's own `/petitions/{id}.json` is read, too.
"""

import datetime as dt
import gzip
import re
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from maninso import UnreadableError
from maninso.charter import Charter, end_of_day
from maninso.petitions.access import WouldOwe
from maninso.petitions.lifecycle import ReportedPetition
from maninso.petitions.opendata.importing import (
    GZIP,
    ImportReport,
    Line,
    LineError,
    Progress,
    Skipped,
    check_count,
    check_text,
    check_year,
    judge,
    keep_lines,
    parse_object,
    read_day,
    say_nothing,
    say_value,
    unreadable,
)
from maninso.petitions.opendata.uk_outcome import read_outcome

SOURCE = "uk"

_CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,63}", re.ASCII)
_ENDINGS = (".json", ".json.gz")
_LARGEST_FILE = 64_000_000  # bytes, unpacked; a page of fifty has some 200,000
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})")


def import_uk(
    place: Path, *, charter: Charter, now: dt.datetime, dry: bool = False, progress: Progress | None = None
) -> ImportReport:
    """Keep the petitions of a file, or of every .json and .json.gz below a folder, under a charter; with `dry` none.

    Raises UnreadableError, before anything is kept, for what cannot be opened.
    """
    files = find_files(place)
    report = ImportReport(dry=dry)
    lines = _read_files(files, charter, report, now=now, progress=progress or say_nothing)
    keep_lines(lines, charter, report, files=files, source=SOURCE, number="id", now=now)
    return report


def _read_files(
    files: Sequence[Path], charter: Charter, report: ImportReport, *, now: dt.datetime, progress: Progress
) -> Iterator[Line]:
    for done, file in enumerate(files, start=1):
        for number, record in _read_file(file, report):
            report.read += 1
            try:
                petition, owed = parse_petition(record, charter, now=now)
                yield Line(file=str(file), number=number, petition=petition, owed=owed)
            except LineError as error:
                report.skipped.append(Skipped(file=str(file), line=number, reason=str(error)))
        progress(done, len(files))


def find_files(place: Path) -> Sequence[Path]:
    """Return the file, or a folder's files by name. Raises UnreadableError where there is none."""
    if place.is_file():
        return [place]
    found = sorted(path for path in place.rglob("*") if path.name.endswith(_ENDINGS)) if place.is_dir() else []
    if not found:
        raise UnreadableError(f"{place} is no file, and no folder with .json in it", cure="check the name")
    return found


def _read_file(path: Path, report: ImportReport) -> Iterator[tuple[int, Any]]:
    """Yield what a file's `data` holds, numbered from 1; a file that is none is a skipped petition."""
    try:
        data = path.read_bytes()
        if data[:2] == GZIP:
            data = gzip.decompress(data)
        if len(data) > _LARGEST_FILE:
            raise LineError(f"the file has more than {_LARGEST_FILE} bytes")
        records = parse_object(data, most=_LARGEST_FILE).get("data")
        if not isinstance(records, list | dict):
            raise LineError("`data` is neither a petition nor a list of them")
    except OSError as error:
        raise unreadable(path, error) from error
    except (EOFError, zlib.error, LineError) as error:
        report.read += 1
        report.skipped.append(Skipped(file=str(path), line=1, reason=str(error)))
        return
    yield from enumerate(records if isinstance(records, list) else [records], start=1)


def parse_petition(record: Any, charter: Charter, *, now: dt.datetime) -> tuple[ReportedPetition, tuple[WouldOwe, ...]]:
    """Return a petition as it is kept, and what the charter would have owed. Raises LineError."""
    attributes = record.get("attributes") if isinstance(record, dict) else None
    if not isinstance(attributes, dict):
        raise LineError("it has no attributes")
    if "signatures_needed" in attributes:
        raise LineError("this list has only the beginning of each text: take the petition's own JSON")
    number = record.get("id")
    if type(number) is not int or not 0 < number < 2**63:
        raise LineError(f"id is {say_value(number)}, not a petition's number")
    state = attributes.get("state")
    if state not in ("open", "closed", "rejected"):
        raise LineError(f"its state is {say_value(state)}: only petitions that opened or were rejected are kept")
    texts = [attributes.get(name) or "" for name in ("action", "background", "additional_details")]
    for name, text in zip(("action", "background", "additional_details"), texts, strict=True):
        check_text(name, text)
    if not texts[0].strip():
        raise LineError("action is empty")
    ending = _read_rejection(attributes) if state == "rejected" else _read_window(attributes, charter, now=now)
    petition = ReportedPetition(
        source_id=str(number),
        title=texts[0],
        body="\n\n".join(text for text in texts[1:] if text.strip()),
        language=_read_language(attributes),
        topic=_read_topic(attributes),
        count=check_count("signature_count", attributes.get("signature_count")),
        status=_name_status(attributes),
        outcome=read_outcome(attributes),
        **ending,
    )
    began_at = petition.opened_at or petition.created_at or petition.rejected_at
    if began_at is None:
        raise AssertionError("it neither opened nor was rejected")
    owed = judge(charter, petition, began_at.astimezone(ZoneInfo(charter.time_zone)).date())
    return petition, owed if petition.opened_at else ()


def _read_window(attributes: dict[str, Any], charter: Charter, *, now: dt.datetime) -> dict[str, Any]:
    opened_at = _read_moment("opened_at", attributes.get("opened_at"))
    closes_at = _read_closing(attributes, charter)
    if closes_at > now:
        raise LineError("it is not over yet: a petition is imported once it has closed")
    if closes_at <= opened_at:
        raise LineError("it closed before it opened")
    return {"opened_at": opened_at, "closes_at": closes_at}


def _read_rejection(attributes: dict[str, Any]) -> dict[str, Any]:
    rejection = attributes.get("rejection")
    code = rejection.get("code") if isinstance(rejection, dict) else None
    if not isinstance(rejection, dict) or not isinstance(code, str) or not _CODE.fullmatch(code):
        raise LineError("it was rejected, and `rejection` gives no code of a reason")
    details = rejection.get("details") or ""
    check_text("rejection.details", details)
    created_at = attributes.get("created_at")
    return {
        "opened_at": None,
        "closes_at": None,
        "created_at": _read_moment("created_at", created_at) if created_at else None,
        "rejected_at": _read_moment("rejected_at", attributes.get("rejected_at")),
        "reason_code": code,
        "reason_note": details,
    }


def _read_closing(attributes: dict[str, Any], charter: Charter) -> dt.datetime:
    if attributes.get("closed_at"):
        return _read_moment("closed_at", attributes["closed_at"])
    if not attributes.get("closing_date"):
        raise LineError("neither closed_at nor closing_date says when it closed")
    return end_of_day(charter, read_day("closing_date", attributes["closing_date"]))


def _read_moment(name: str, value: object) -> dt.datetime:
    try:
        if not isinstance(value, str) or not _MOMENT.fullmatch(value):
            raise ValueError
        moment = dt.datetime.fromisoformat(value).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        raise LineError(f"{name} is {say_value(value)}, not a time such as 2016-06-25T10:00:00.000Z") from None
    check_year(name, moment.date())
    return moment


def _read_language(attributes: dict[str, Any]) -> str:
    language = attributes.get("language")
    return language if isinstance(language, str) and re.fullmatch(r"[a-z]{2,3}", language, re.ASCII) else "en"


def _read_topic(attributes: dict[str, Any]) -> str:
    topics = attributes.get("topics")
    topic = topics[0] if isinstance(topics, list) and topics else ""
    check_text("topics", topic)
    return str(topic)


def _name_status(attributes: dict[str, Any]) -> str:
    """Return the furthest that it came there, in that site's words."""
    if attributes.get("debate"):
        return "debated"
    return "with_response" if attributes.get("government_response") else str(attributes["state"])
