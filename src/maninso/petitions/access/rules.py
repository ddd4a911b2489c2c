"""The charter that a petition follows, and what it says of it: thresholds, days due, reasons.

A charter version is its bytes, so what was parsed once is kept by digest and never goes stale.
"""

import datetime as dt
from collections.abc import Iterable, Mapping

from django.db.models import Exists, OuterRef

from maninso.charter import (
    Calendar,
    Charter,
    Due,
    RejectionReason,
    Text,
    Threshold,
    count_from,
    due_at,
    legal_day,
    load_charter,
)
from maninso.charter import Extension as GrantedExtension
from maninso.charter import Length as CharterLength
from maninso.petitions.access.views import Words
from maninso.petitions.models import CharterVersion, Extension, Petition

OWN_REASONS: Mapping[str, Words] = {
    "withdrawn-by-creator": {"ko": "청원인이 철회했습니다.", "en": "The petitioner withdrew it."},
}
"""Reasons that no charter has to give."""

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
    return due_at(
        charter,
        obligation,
        threshold_met_at=met_at,
        # The end is exclusive: at midnight it is the day that is over which closed the petition, not the next one.
        closed_at=ends_at - dt.timedelta(microseconds=1),
        calendar=Calendar(),
        extensions=[GrantedExtension(reason=each.reason, length=CharterLength.parse(each.length)) for each in granted],
    )


def find_review_day(charter: Charter, *, entered_at: dt.datetime) -> dt.date | None:
    """Return the last legal day on which a petition that was handed to the moderators then is to be decided.

    None where the charter sets none, or counts it in sittings.
    """
    if charter.review is None:
        return None
    return count_from(legal_day(charter, entered_at), charter.review.within, Calendar())
