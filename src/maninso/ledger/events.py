"""The events of a petition's log and the fields of each: nothing more, nothing less.

docs/reference/ledger.md says what they mean; a recount checks what they claim.
"""

from collections.abc import Callable, Mapping

from maninso.ledger.canonical import Json, is_hex_digest
from maninso.ledger.errors import LedgerError, Reason

THRESHOLD = "threshold"
UNDONE = "threshold undone"
CLOSED = "closed"
EXTENDED = "extended"
ANSWERED = "answered"
TAKEN_BACK = "answer taken back"
KEY_DESTROYED = "key destroyed"


def _is_count(value: Json) -> bool:
    return type(value) is int and 0 <= value <= 1 << 48


def _is_name(value: Json) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 200


def _is_name_or_empty(value: Json) -> bool:
    return value == "" or _is_name(value)


def _are_minimums(value: Json) -> bool:
    return isinstance(value, dict) and bool(value) and all(region and _is_count(n) for region, n in value.items())


_Fields = Mapping[str, Callable[[Json], bool]]

_CROSSING: _Fields = {"threshold": _is_name, "needed": _is_count, "count": _is_count, "leaf": _is_count}

EVENT_FIELDS: Mapping[str, _Fields] = {
    THRESHOLD: _CROSSING,
    UNDONE: _CROSSING,
    CLOSED: {"at": _is_count, "count": _is_count},
    EXTENDED: {"at": _is_count, "closes": _is_count},
    ANSWERED: {"at": _is_count, "threshold": _is_name_or_empty, "response": is_hex_digest},
    TAKEN_BACK: {"at": _is_count, "threshold": _is_name_or_empty, "response": is_hex_digest},
    KEY_DESTROYED: {"at": _is_count, "key": is_hex_digest},
}
"""Fields by event. Times (`at`, `closes`) are Unix seconds, digests SHA-256 in hex, the rest counts or names."""

QUORUM_FIELDS: _Fields = {"regions": _are_minimums, "regions_needed": _is_count}
"""Both or neither, on a threshold met or undone only: so many regions had at least their own minimum of signatures."""


def check_event(name: str, body: Mapping[str, Json]) -> None:
    """Raises LedgerError (malformed-entry) if a known event has other fields than its own; passes unknown events."""
    fields = EVENT_FIELDS.get(name)
    if fields is None:
        return
    if name in (THRESHOLD, UNDONE) and body.keys() & QUORUM_FIELDS.keys():
        fields = {**fields, **QUORUM_FIELDS}
    if body.keys() != fields.keys() or not all(fits(body[field]) for field, fits in fields.items()):
        raise LedgerError(
            Reason.MALFORMED_ENTRY, f"The event {name!r} must have the fields {', '.join(sorted(fields))}, well formed."
        )
