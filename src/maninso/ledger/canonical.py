"""Canonical text forms: one value has exactly one spelling, and every other spelling is refused.

Lenient decoding lets two different files claim to be the same checkpoint; so base64 (RFC 4648 section 4), decimals
and JSON are accepted only as this module would write them. Every parser here raises ValueError; callers add the place
and the reason.
"""

import base64
import binascii
import json
import re
from typing import NoReturn, TypeAlias

Json: TypeAlias = bool | int | str | list["Json"] | dict[str, "Json"] | None

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_HEX_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)


def encode_base64(data: bytes) -> str:
    """Standard alphabet, padded."""
    return base64.b64encode(data).decode("ascii")


def decode_base64(text: str) -> bytes:
    """The bytes of padded standard base64 whose unused bits are zero. Raises ValueError for any other spelling."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError("not base64") from error
    if encode_base64(data) != text:
        raise ValueError("not canonical base64")
    return data


def parse_decimal(text: str) -> int:
    """A whole number in ASCII digits, at most 19 of them, without sign, leading zeroes or separators."""
    if _DECIMAL.fullmatch(text) is None:
        raise ValueError("not a plain decimal number")
    return int(text)


def is_hex_digest(value: object) -> bool:
    """True for 64 lower-case hex digits, the form of a SHA-256 digest inside JSON."""
    return isinstance(value, str) and _HEX_DIGEST.fullmatch(value) is not None


def render_json(value: Json) -> bytes:
    """Keys sorted by code point, no spaces, UTF-8 not escaped. Raises ValueError for what UTF-8 cannot carry."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def parse_json(data: bytes) -> Json:
    """The value of JSON spelt as `render_json` spells it; no fractions. Raises ValueError for anything else."""
    try:
        value: Json = json.loads(data.decode(), parse_float=_refuse_number, parse_constant=_refuse_number)
        canonical = render_json(value) == data
    except RecursionError as error:
        raise ValueError("JSON nested too deeply") from error
    if not canonical:
        raise ValueError("not canonical JSON")
    return value


def _refuse_number(text: str) -> NoReturn:
    raise ValueError(f"number {text[:20]} is not whole")
