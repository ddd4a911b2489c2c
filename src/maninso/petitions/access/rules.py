"""The charter that a petition follows, and what it says of it: thresholds, days due, reasons.

A charter version is its bytes, so what was parsed once is kept by digest and never goes stale.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Exists, OuterRef

from maninso.charter import (
    Calendar,
    Charter,
    Due,
    RejectionReason,
    Text,
    Threshold,
    calendar_of,
    count_from,
    due_at,
    end_of_day,
    legal_day,
    load_charter,
    needs_calendar,
)
from maninso.charter import Extension as GrantedExtension
from maninso.charter import Length as CharterLength
from maninso.petitions.access.views import Words
from maninso.petitions.models import MOMENT_KINDS, CalendarDay, CharterVersion, Extension, Moment, Petition

OWN_REASONS: Mapping[str, Words] = {
    "withdrawn-by-creator": {"ko": "청원인이 철회했습니다.", "en": "The petitioner withdrew it."},
}
"""Reasons that no charter has to give."""

LAPSES: Mapping[str, Words] = {
    "dissolution": {"ko": "의회 해산 또는 임기 만료", "en": "The term ended, or the parliament was dissolved."},
    "not-submitted": {"ko": "기한 안에 제출되지 않음", "en": "It was not handed in in time."},
}
"""Why a debt lapses by itself, where its charter says that it does; a clerk gives grounds of the charter's."""

_WHOLE_DIGEST = 64  # hexadecimal digits

_parsed: dict[bytes, Charter] = {}


def keep_charter(charter: Charter, *, now: dt.datetime) -> CharterVersion:
    """Return the stored version with exactly this charter's bytes, storing it at first use."""
    version, _ = CharterVersion.objects.get_or_create(
        digest=charter.digest, defaults={"charter_id": charter.id, "source": charter.source, "kept_at": now}
    )
    return version


def read_charter_version(version: CharterVersion) -> Charter:
    """Return the charter of a version, whose `source` may be deferred."""
    digest = bytes(version.digest)
    if digest not in _parsed:
        _parsed[digest] = load_charter(bytes(version.source), name=version.charter_id)
    return _parsed[digest]


def find_charter(charter_id: str, *, version: str = "") -> Charter | None:
    """Return a charter that a petition follows: its newest version, or the one whose digest begins with `version`.

    `version` is in lower-case hex. None where no petition but drafts follows such a charter, and where the beginning
    fits several versions. A whole digest of a charter that was read before costs no query.
    """
    known = _parsed.get(bytes.fromhex(version)) if len(version) == _WHOLE_DIGEST else None
    if known is not None:
        return known if known.id == charter_id else None
    followed = Petition.objects.filter(charter=OuterRef("pk")).exclude(state="draft")
    versions = CharterVersion.objects.filter(Exists(followed), charter_id=charter_id).defer("source")
    found = [each for each in versions.order_by("-kept_at", "-pk") if bytes(each.digest).hex().startswith(version)]
    if not found or (version and len(found) > 1):
        return None
    return read_charter_version(found[0])


def find_threshold(charter: Charter, threshold_id: str) -> Threshold:
    """Return the charter's threshold of that id; KeyError would mean a version that its petition never followed."""
    return {threshold.id: threshold for threshold in charter.thresholds}[threshold_id]


def find_reason(charter: Charter, code: str) -> RejectionReason | None:
    """Return the charter's reason of that code, or None."""
    return next((reason for reason in charter.rejection_reasons if reason.code == code), None)


def reason_words(charter: Charter, code: str) -> Words:
    """Return a reason in words; its code where nobody has words for it, nothing for ""."""
    found = find_reason(charter, code)
    if found is not None:
        return words(found.label)
    return OWN_REASONS.get(code, {"ko": code, "en": code} if code else {})


def words(text: Text) -> Words:
    """Return a charter's text in each language."""
    return {"ko": text.ko, "en": text.en}


def find_due(
    petition: Petition, threshold_id: str, *, met_at: dt.datetime | None, granted: Iterable[Extension] = ()
) -> Due | None:
    """Return by when the obligation of a threshold is due, as far as it is known; None where no day is set.

    A deadline from the closing counts from the planned closing until the petition is closed, then from the true one.
    """
    charter = read_charter_version(petition.charter)
    obligation = find_threshold(charter, threshold_id).obligation
    ends_at = petition.closed_at or petition.closes_at
    if obligation is None or ends_at is None:
        return None
    deadline = obligation.deadline
    moments = read_moments(petition, charter) if deadline and deadline.counted_from in MOMENT_KINDS else {}
    return due_at(
        charter,
        obligation,
        threshold_met_at=met_at,
        # The end is exclusive: at midnight it is the day that is over which closed the petition, not the next one.
        closed_at=ends_at - dt.timedelta(microseconds=1),
        certified_at=moments.get("certification"),
        submitted_at=moments.get("submission"),
        calendar=read_calendar(charter) if deadline and needs_calendar(deadline) else Calendar(),
        extensions=[GrantedExtension(reason=each.reason, length=CharterLength.parse(each.length)) for each in granted],
    )


def due_columns(due: Due | None) -> dict[str, Any]:
    """Return what a debt's row keeps of its day. One that the next sitting can still move is not binding yet."""
    if due is None:
        return {"due_at": None, "due_on": None, "binding": True}
    return {"due_at": due.at, "due_on": due.on, "binding": due.binding and not due.provisional}


def read_calendar(charter: Charter) -> Calendar:
    """Return the days off and the sittings that a charter names, and those that its institution gave besides."""
    given = list(CalendarDay.objects.filter(institution=charter.id).values_list("kind", "on"))
    return calendar_of(
        charter.calendar,
        days_off=[on for kind, on in given if kind == "day-off"],
        sitting_days=[on for kind, on in given if kind == "sitting"],
    )


def read_moments(petition: Petition, charter: Charter) -> dict[str, dt.datetime]:
    """Return when a petition was certified and handed in, as far as it was: the beginning of that legal day."""
    noted = Moment.objects.filter(petition=petition).values_list("kind", "on")
    return {kind: end_of_day(charter, on - dt.timedelta(days=1)) for kind, on in noted}


def find_review_day(
    charter: Charter, *, entered_at: dt.datetime, calendars: dict[str, Calendar] | None = None
) -> dt.date | None:
    """Return the last legal day on which a petition that was handed to the moderators then is to be decided.

    None where the charter sets none, or counts it in sittings that are not known. `calendars` keeps what was read.
    """
    if charter.review is None:
        return None
    within, known = charter.review.within, calendars if calendars is not None else {}
    if not within.in_calendar and charter.id not in known:
        known[charter.id] = read_calendar(charter)
    return count_from(legal_day(charter, entered_at), within, known.get(charter.id, Calendar()))
