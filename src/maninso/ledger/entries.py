"""The entries of a petition's log: their bytes, and nothing else is accepted as one.

The first byte is the type; numbers are big-endian. Types above 04 are hashed and never counted, so that later versions
can add some. docs/reference/ledger.md has the table of layouts, void reasons and events.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from struct import Struct
from typing import ClassVar, Self, TypeAlias

from maninso.ledger.canonical import Json, is_hex_digest, parse_json, render_json
from maninso.ledger.errors import LedgerError, Reason
from maninso.ledger.events import check_event
from maninso.ledger.note import is_key_name
from maninso.ledger.tiles import MAX_ENTRY_LENGTH, MAX_SIZE

GENESIS, SIGN, VOID, REINSTATE, EVENT = range(5)
SIGN_LENGTH = 54
VOID_LENGTH = 44
MAX_BUCKET = 0xFFFF
MIN_BUCKET_SECONDS = 600
"""Shorter buckets would tell when a person signed."""

VOID_REASONS: Mapping[int, str] = {
    1: "withdrawn by the signer",
    2: "the same person signed already",
    3: "forged or automated",
    4: "not eligible to sign",
    5: "court order",
    6: "error of the operator",
}
"""Reasons of voids and reinstatements. Other codes are kept as they are and shown as numbers."""

_SIGN = Struct(">BBHH16s32s")
_VOID = Struct(">BBHQ32s")
_pack_sign = _SIGN.pack


def render_sign(method: int, region: int, bucket: int, nullifier: bytes, evidence: bytes) -> bytes:
    """`Sign(...).render()` without the object, for the signing path: the caller answers for ranges and lengths."""
    return _pack_sign(SIGN, method, region, bucket, nullifier, evidence)


@dataclass(frozen=True, slots=True)
class Genesis:
    """Leaf 0: what the log is about.

    `opened` is in Unix seconds and a time bucket lasts `bucket` seconds (600 to 86,400); region code n is
    `regions[n]`, 0 being "" (not known or not told). `rules`, `text` and `key` are SHA-256 digests in hex: of the
    charter, of the petition's text, of the nullifier key.
    """

    origin: str
    rules: str
    text: str
    opened: int
    bucket: int
    regions: tuple[str, ...]
    key: str

    _FIELDS: ClassVar = ("origin", "rules", "text", "opened", "bucket", "regions", "key")

    def __post_init__(self) -> None:
        if not (
            isinstance(self.origin, str)
            and is_key_name(self.origin)
            and all(is_hex_digest(digest) for digest in (self.rules, self.text, self.key))
            and type(self.opened) is int
            and 0 <= self.opened <= 1 << 40
            and type(self.bucket) is int
            and MIN_BUCKET_SECONDS <= self.bucket <= 86_400
            and all(isinstance(region, str) for region in self.regions)
            and self.regions[:1] == ("",)
            and len(set(self.regions)) == len(self.regions) <= MAX_BUCKET + 1
        ):
            raise LedgerError(Reason.MALFORMED_ENTRY, "A field of the log's first entry is out of range.")

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Raises LedgerError (malformed-entry) unless `data` is what `render` writes."""
        try:
            body = parse_json(data[1:]) if data[:1] == b"\x00" else None
        except ValueError as error:
            raise LedgerError(Reason.MALFORMED_ENTRY, f"The log's first entry: {error}.") from error
        if not isinstance(body, dict) or body.keys() != {"v", *cls._FIELDS} or not isinstance(body["regions"], list):
            raise LedgerError(Reason.MALFORMED_ENTRY, "The log's first entry has other fields than it must.")
        version = body.pop("v")
        if type(version) is not int or version != 1:
            raise LedgerError(Reason.MALFORMED_ENTRY, "The log's first entry is of another version.")
        fields: dict[str, object] = {**body, "regions": tuple(body["regions"])}
        return cls(**fields)  # type: ignore[arg-type]  # __post_init__ checks every type

    def render(self) -> bytes:
        """`00` and canonical JSON."""
        body: dict[str, Json] = {
            "v": 1,
            "origin": self.origin,
            "rules": self.rules,
            "text": self.text,
            "opened": self.opened,
            "bucket": self.bucket,
            "regions": list(self.regions),
            "key": self.key,
        }
        return _render_body(GENESIS, body)

    def bucket_at(self, at: datetime) -> int:
        """The time bucket of a moment, 0 before the opening, saturating at 65,535 (455 days of 600 s)."""
        return max(0, min(MAX_BUCKET, (int(at.timestamp()) - self.opened) // self.bucket))

    def day_of(self, bucket: int) -> str:
        """The UTC date, `YYYY-MM-DD`, on which a time bucket begins."""
        start = datetime.fromtimestamp(0, UTC) + timedelta(seconds=self.opened + bucket * self.bucket)
        return start.date().isoformat()


@dataclass(frozen=True, slots=True)
class Sign:
    """One person's signature: assurance level 0 to 3, region code, time bucket, nullifier (16 bytes), evidence (32)."""

    method: int
    region: int
    bucket: int
    nullifier: bytes
    evidence: bytes

    def __post_init__(self) -> None:
        fits = _fits(self.method, 3) and _fits(self.region, 0xFFFF) and _fits(self.bucket, MAX_BUCKET)
        if not fits or len(self.nullifier) != 16 or len(self.evidence) != 32:
            raise LedgerError(Reason.MALFORMED_ENTRY, "A field of a signature is out of range.")

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Raises LedgerError (malformed-entry) unless `data` is what `render` writes."""
        if len(data) != SIGN_LENGTH or data[0] != SIGN:
            raise LedgerError(Reason.MALFORMED_ENTRY, f"A signature has {SIGN_LENGTH} bytes, not {len(data)}.")
        return cls(*_SIGN.unpack(data)[1:])

    def render(self) -> bytes:
        """54 bytes, the most that SHA-256 hashes to a leaf in one block."""
        return render_sign(self.method, self.region, self.bucket, self.nullifier, self.evidence)


@dataclass(frozen=True, slots=True)
class _Correction:
    """What voids and reinstatements share: reason 1 to 255, time bucket, target leaf, decision digest (32 bytes)."""

    reason: int
    bucket: int
    target: int
    decision: bytes

    TYPE: ClassVar[int]

    def __post_init__(self) -> None:
        fits = _fits(self.reason, 255) and _fits(self.bucket, MAX_BUCKET) and _fits(self.target, MAX_SIZE)
        if not fits or self.reason == 0 or len(self.decision) != 32:
            raise LedgerError(Reason.MALFORMED_ENTRY, "A field of a void or reinstatement is out of range.")

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Raises LedgerError (malformed-entry) unless `data` is what `render` writes."""
        if len(data) != VOID_LENGTH or data[0] != cls.TYPE:
            raise LedgerError(Reason.MALFORMED_ENTRY, f"A void has {VOID_LENGTH} bytes, not {len(data)}.")
        return cls(*_VOID.unpack(data)[1:])

    def render(self) -> bytes:
        """44 bytes."""
        return _VOID.pack(self.TYPE, self.reason, self.bucket, self.target, self.decision)


@dataclass(frozen=True, slots=True)
class Void(_Correction):
    """Takes the live signature at leaf `target` out of the count; `decision` is the public decision's SHA-256."""

    TYPE: ClassVar[int] = VOID


@dataclass(frozen=True, slots=True)
class Reinstate(_Correction):
    """Undoes the void at leaf `target`, so that its signature counts again."""

    TYPE: ClassVar[int] = REINSTATE


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to the petition; `body` is its JSON object without the name.

    Known names have fixed fields (`maninso.ledger.events`); unknown ones are kept, whatever their fields.
    """

    name: str
    body: Mapping[str, Json] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or "event" in self.body:
            raise LedgerError(Reason.MALFORMED_ENTRY, "An event has one name, which is text.")
        check_event(self.name, self.body)

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Raises LedgerError (malformed-entry) unless `data` is what `render` writes."""
        try:
            body = parse_json(data[1:]) if data[:1] == b"\x04" else None
        except ValueError as error:
            raise LedgerError(Reason.MALFORMED_ENTRY, f"An event's entry: {error}.") from error
        name = body.pop("event", None) if isinstance(body, dict) else None
        if not isinstance(body, dict) or not isinstance(name, str):
            raise LedgerError(Reason.MALFORMED_ENTRY, "An event's entry does not name its event.")
        return cls(name, body)

    def render(self) -> bytes:
        """`04` and canonical JSON."""
        return _render_body(EVENT, {"event": self.name, **self.body})


@dataclass(frozen=True, slots=True)
class UnknownEntry:
    """An entry of a later version: hashed, not counted."""

    data: bytes

    def __post_init__(self) -> None:
        if not self.data or self.data[0] <= EVENT or len(self.data) > MAX_ENTRY_LENGTH:
            raise LedgerError(Reason.MALFORMED_ENTRY, "An entry begins with its type.")

    def render(self) -> bytes:
        """The same bytes."""
        return self.data


Entry: TypeAlias = Genesis | Sign | Void | Reinstate | Event

_PARSERS = (Genesis.parse, Sign.parse, Void.parse, Reinstate.parse, Event.parse)


def parse_entry(data: bytes) -> Entry | UnknownEntry:
    """The entry, such that `parse_entry(data).render() == data`. Raises LedgerError (malformed-entry)."""
    if not data or data[0] >= len(_PARSERS):
        return UnknownEntry(data)
    return _PARSERS[data[0]](data)


def _fits(value: int, most: int) -> bool:
    return 0 <= value <= most


def _render_body(kind: int, body: dict[str, Json]) -> bytes:
    try:
        data = bytes([kind]) + render_json(body)
    except (ValueError, TypeError) as error:
        raise LedgerError(Reason.MALFORMED_ENTRY, f"The entry cannot be written: {error}.") from error
    if len(data) > MAX_ENTRY_LENGTH:
        raise LedgerError(Reason.MALFORMED_ENTRY, f"The entry would have {len(data)} bytes.")
    return data
