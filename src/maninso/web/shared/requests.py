"""Reads what a request says; whatever is unusable is refused or replaced here, and never reaches the database."""

import re

from django.http import HttpRequest

from maninso.web.shared.problems import BAD_NUMBER, BAD_RECEIPT, NO_PETITION, Problem, Refused

LARGEST_NUMBER = 2**63 - 1  # bigint
LONGEST_QUERY = 200  # characters
LAST_PAGE = 99_999

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_KEY = re.compile(r"[A-Za-z0-9_-]{1,400}", re.ASCII)
_LEAF_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)


def read_number(text: str, *, missing: Problem = NO_PETITION) -> int:
    """Return a petition's number; refuses what is not one (400), and with `missing` what can't be anybody's."""
    if not (text.isascii() and text.isdigit()):
        raise Refused(BAD_NUMBER)
    if text.startswith("0") or len(text) > len(str(LARGEST_NUMBER)) or int(text) > LARGEST_NUMBER:
        raise Refused(missing)
    return int(text)


def read_leaf_hash(text: str) -> bytes:
    """Return the 32 bytes of a leaf's hash, written as 64 lower-case hexadecimal digits; refuses all else (400)."""
    if not _LEAF_HASH.fullmatch(text):
        raise Refused(BAD_RECEIPT)
    return bytes.fromhex(text)


def read_words(request: HttpRequest, name: str) -> str:
    """Return a query parameter as clean text: control characters become spaces, and what is too long is cut."""
    return read_text(request, name, longest=LONGEST_QUERY)


def read_text(request: HttpRequest, name: str, *, longest: int) -> str:
    """Return a query parameter as clean text of at most so many characters."""
    clean = _CONTROL.sub(" ", request.GET.get(name, "")).encode(errors="replace").decode()
    return clean[:longest].strip()


def read_key(request: HttpRequest, name: str) -> str:
    """Return a query parameter that says where a page begins; "" where it is none."""
    text = request.GET.get(name, "")
    return text if _KEY.fullmatch(text) else ""


def read_count(request: HttpRequest, name: str, *, most: int, default: int) -> int:
    """Return a query parameter as a number from 1 to `most`; anything else gives the default."""
    text = request.GET.get(name, "")
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(most)):
        return default
    return int(text) if 1 <= int(text) <= most else default
