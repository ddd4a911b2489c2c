"""A petition's text: what is refused in it, and the canonical bytes that its digest is taken of.

Texts are kept in Unicode Normalization Form C (UAX #15) with line feeds as line ends. The canonical text is the title,
an empty line and the body, in UTF-8; its SHA-256 is part of leaf 0 of the petition's log (docs/reference/states.md).
"""

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from typing import NamedTuple

from maninso import UsageError
from maninso.charter import Charter, TextFault, find_text_faults

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", re.ASCII)
_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Seen as nothing, they make two texts look alike (UTS #39, section 5.4). The joiners U+200C and U+200D spell words.
_INVISIBLE = frozenset("\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2060\u3164\ufeff\uffa0")
_JOINERS = frozenset("\u200c\u200d")
_FIELDS: Mapping[str, str] = {"title": "title", "body": "text", "additional": "additional text"}


class TextError(UsageError):
    """A text that a petition cannot have; `field` names the field, the cure says what to change."""

    def __init__(self, field: str, message: str, *, cure: str) -> None:
        super().__init__(f"{field}: {message}", cure=cure)
        self.field = field


class BadCharacter(NamedTuple):
    """A character that no text may hold: its place (from 1), its code point, and what it is."""

    position: int
    code: str  # U+200B
    kind: str


def find_bad_character(text: str, *, lines: bool = False, joiners: bool = True) -> BadCharacter | None:
    """Return the first character that is stored differently than it is seen, or None.

    These are NUL and other controls (`lines` allows line ends and tabs), overrides of the writing direction (UAX #9,
    trojan source), halves of surrogate pairs, and what is seen as nothing; joiners only where `joiners` is False.
    """
    for position, character in enumerate(text, start=1):
        kind = _fault_of(character, lines=lines)
        if not kind and not joiners and character in _JOINERS:
            kind = "an invisible character"
        if kind:
            return BadCharacter(position, f"U+{ord(character):04X}", kind)
    return None


def clean_text(field: str, text: str, *, lines: bool = False, most: int | None = None) -> str:
    """Return `text` trimmed, in NFC and with \\n as line end; `lines` allows line ends and tabs inside.

    Raises TextError for characters that are stored differently than they are seen: NUL and other controls, overrides
    of the writing direction (UAX #9, trojan source), halves of surrogate pairs; and beyond `most` characters.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    bad = find_bad_character(text, lines=lines)
    if bad:
        raise TextError(
            field,
            f"character {bad.position} is {bad.kind} ({bad.code})",
            cure="delete it; typing the passage again instead of pasting it is the surest way",
        )
    text = unicodedata.normalize("NFC", text).strip()
    if most is not None and len(text) > most:
        raise TextError(field, f"it has {len(text)} characters, {most} are allowed", cure="shorten it")
    return text


def check_limits(charter: Charter, *, title: str, body: str) -> None:
    """Raise TextError for the first of the charter's limits that a cleaned text breaks."""
    faults = find_text_faults(charter, title=title, body=body)
    if faults:
        message, cure = _explain(faults[0])
        raise TextError(faults[0].field, message, cure=cure)


def check_language(language: str) -> None:
    """Raise TextError unless `language` has the form of a language tag (BCP 47)."""
    if not _LANGUAGE.fullmatch(language):
        raise TextError("language", f"{language!r} is not a language tag", cure="give one such as ko or en")


def canonical_text(*, title: str, body: str) -> bytes:
    """Return the bytes that a petition's text digest is the SHA-256 of: title, LF LF, body; NFC, UTF-8."""
    return unicodedata.normalize("NFC", f"{title}\n\n{body}").encode()


def digest_text(*, title: str, body: str) -> bytes:
    """Return the 32-byte digest of a petition's text."""
    return hashlib.sha256(canonical_text(title=title, body=body)).digest()


def _fault_of(character: str, *, lines: bool) -> str:
    if character in _BIDI_CONTROLS:
        return "an override of the writing direction"
    if character in _INVISIBLE:
        return "an invisible character"
    match unicodedata.category(character):
        case "Cs":
            return "half of a character"
        case "Cc" if not (lines and character in "\n\t"):
            return (
                "a control character" if character not in "\n\t" else "a line end or tab, which only the text may have"
            )
    return ""


def _explain(fault: TextFault) -> tuple[str, str]:
    match fault.code:
        case "empty":
            return "it is empty", f"write a {_FIELDS[fault.field]}"
        case "too-long":
            return f"it has {fault.used} {fault.unit}, {fault.limit} are allowed", "shorten it"
        case "link":
            return (
                "it holds a link, which the charter does not allow",
                "leave the link out, or say in words where to look",
            )
