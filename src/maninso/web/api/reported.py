"""What another site reported of an imported petition, as JSON: in that site's names, and in those of the own API."""

import datetime as dt
from typing import Any

from maninso.petitions.access import ReportedPart, ReportedView

ADDRESSES = ("transcript_url", "video_url", "debate_pack_url", "public_engagement_url", "debate_summary_url")


def describe_reported_response(reported: ReportedView | None) -> dict[str, Any] | None:
    """Return the response as the source had it; it stands in no ledger here, and is nobody's debt."""
    if reported is None or not reported.response_summary:
        return None
    return {
        "responded_on": _day(reported.responded_on),
        "summary": reported.response_summary,
        "details": reported.response_details,
        "created_at": None,
        "updated_at": None,
    }


def describe_reported_debate(reported: ReportedView | None) -> dict[str, Any] | None:
    """Return the debate as the source had it."""
    if reported is None or not reported.is_debated:
        return None
    return {
        "debated_on": _day(reported.debated_on),
        **{name: reported.debate_addresses.get(name) for name in ADDRESSES},
        "overview": reported.debate_overview or None,
    }


def describe_reported_places(reported: ReportedView) -> dict[str, Any]:
    """Return from where it was signed, as the source counted it and in its order."""
    return {
        "signatures_by_country": [_part(each, "code") for each in sorted(reported.countries, key=_by_name)],
        "signatures_by_constituency": [
            _part(each, "ons_code") | {"mp": None} for each in sorted(reported.constituencies, key=_by_code)
        ],
        "signatures_by_region": [_part(each, "ons_code") for each in sorted(reported.regions, key=_by_code)],
        "other_parliamentary_business": [],
    }


def describe_reported(reported: ReportedView | None) -> dict[str, Any] | None:
    """Return the same for the own API."""
    if reported is None:
        return None
    response = describe_reported_response(reported)
    return {
        "response": {name: response[name] for name in ("responded_on", "summary", "details")} if response else None,
        "debate": describe_reported_debate(reported),
        "by_region": [_part(each, "code") for each in sorted(reported.regions, key=_by_code)],
        "by_constituency": [_part(each, "code") for each in sorted(reported.constituencies, key=_by_code)],
        "by_country": [_part(each, "code") for each in sorted(reported.countries, key=_by_code)],
    }


def _part(part: ReportedPart, code_name: str) -> dict[str, Any]:
    return {"name": part.name, code_name: part.code, "signature_count": part.count}


def _by_name(part: ReportedPart) -> tuple[str, str]:
    return part.name, part.code


def _by_code(part: ReportedPart) -> str:
    return part.code


def _day(day: dt.date | None) -> str | None:
    return day.isoformat() if day else None
