"""What petition.parliament.uk reports of a petition beyond its count: response, debate, where it was signed from."""

import datetime as dt
from typing import Any
from urllib.parse import urlsplit

from maninso.petitions.lifecycle import Part, ReportedOutcome
from maninso.petitions.opendata.importing import LineError, check_count, check_text, read_day, say_value

_ADDRESSES = ("transcript_url", "video_url", "debate_pack_url", "public_engagement_url", "debate_summary_url")


def read_outcome(attributes: dict[str, Any]) -> ReportedOutcome:
    """Return what came of a petition there. Raises LineError for what has another form."""
    response, debate = _read_object(attributes, "government_response"), _read_object(attributes, "debate")
    return ReportedOutcome(
        responded_on=_read_day(response, "government_response", "responded_on"),
        response_summary=_read_text(response, "government_response", "summary"),
        response_details=_read_text(response, "government_response", "details"),
        is_debated=attributes.get("debate") is not None,
        debated_on=_read_day(debate, "debate", "debated_on"),
        debate_overview=_read_text(debate, "debate", "overview"),
        debate_addresses={name: address for name in _ADDRESSES if (address := _read_address(debate, name))},
        regions=_read_parts(attributes, "signatures_by_region", "ons_code"),
        constituencies=_read_parts(attributes, "signatures_by_constituency", "ons_code"),
        countries=_read_parts(attributes, "signatures_by_country", "code"),
    )


def _read_object(attributes: dict[str, Any], name: str) -> dict[str, Any]:
    given = attributes.get(name)
    if given is not None and not isinstance(given, dict):
        raise LineError(f"{name} is {say_value(given)}, not an object")
    if name == "government_response" and given and not given.get("summary"):
        raise LineError("government_response has no summary")
    return given or {}


def _read_text(given: dict[str, Any], place: str, name: str) -> str:
    text = given.get(name) or ""
    check_text(f"{place}.{name}", text)
    return str(text)


def _read_day(given: dict[str, Any], place: str, name: str) -> dt.date | None:
    return read_day(f"{place}.{name}", given[name]) if given.get(name) else None


def _read_address(debate: dict[str, Any], name: str) -> str:
    """Return an address that a page may link to."""
    address = _read_text(debate, "debate", name)
    try:
        is_web = not address or urlsplit(address).scheme in ("http", "https")
    except ValueError:
        is_web = False
    if not is_web:
        raise LineError(f"debate.{name} is {say_value(address)}, not a web address")
    return address


def _read_parts(attributes: dict[str, Any], name: str, code_name: str) -> tuple[Part, ...]:
    given = attributes.get(name) or []
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        raise LineError(f"{name} is not a list of objects")
    parts: dict[str, Part] = {}
    for each in given:
        code, called = each.get(code_name), each.get("name")
        check_text(f"{name}.{code_name}", code)
        check_text(f"{name}.name", called)
        if not code or code in parts:
            raise LineError(f"{name} has {say_value(code)} as a code, which is empty or there twice")
        parts[code] = (code, called, check_count(f"{name}.signature_count", each.get("signature_count")))
    return tuple(parts.values())
