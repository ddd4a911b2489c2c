"""What is read of a signing request, in the order of what it costs; what cannot be read is refused."""

import json
import re
from collections.abc import AsyncIterator, Awaitable
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

from maninso.signing.problems import Refusal, Refused

PATH = re.compile(r"/(?:(?P<language>ko|en)/)?petitions/(?P<petition>[1-9][0-9]{0,17})/signatures", re.ASCII)
# The pages whose button signs, for whoever has a ticket.
BUTTON = re.compile(r"/(?:ko/|en/)?petitions/(?P<petition>[1-9][0-9]{0,17})/(?:sign/now|confirm)", re.ASCII)
LARGEST_BODY = 4096  # bytes

Headers = list[tuple[str, str]]


class Scope(Protocol):
    """What is read of granian's RSGI scope."""

    method: str
    path: str
    query_string: str
    client: str
    headers: Any


class Exchange(Protocol):
    """What is used of granian's RSGI protocol object."""

    def __call__(self) -> Awaitable[bytes]:
        """The whole body, which is as long as its header said."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """The body, in chunks."""

    def response_bytes(self, status: int, headers: Headers, body: bytes) -> None:
        """Answer."""

    def response_str(self, status: int, headers: Headers, body: str) -> None:
        """Answer."""

    def response_empty(self, status: int, headers: Headers) -> None:
        """Answer without a body."""


def check_origin(headers: Any, *, host: str) -> None:
    """Refuse a cookie that another site's page made the browser send.

    The cookie is SameSite=Lax besides; this holds where a browser does not know that.
    """
    origin = headers.get("origin")
    if origin is not None:
        if urlsplit(origin).netloc not in (host, headers.get("host")):
            raise Refused(Refusal.FOREIGN_ORIGIN)
    elif headers.get("sec-fetch-site") not in (None, "same-origin", "none"):
        raise Refused(Refusal.FOREIGN_ORIGIN)


def read_type(headers: Any) -> bool:
    """Return whether the body is a form (it is JSON otherwise)."""
    given = headers.get("content-type")
    if given == "application/json":
        return False
    if given is None and headers.get("content-length") in (None, "0") and headers.get("transfer-encoding") is None:
        return False
    kind, _, rest = (given or "").partition(";")
    charset = rest.strip().lower()
    if charset not in ("", "charset=utf-8", 'charset="utf-8"'):
        raise Refused(Refusal.WRONG_TYPE)
    match kind.strip().lower():
        case "application/json":
            return False
        case "application/x-www-form-urlencoded":
            return True
        case _:
            raise Refused(Refusal.WRONG_TYPE)


async def receive_body(headers: Any, exchange: Exchange) -> bytes:
    """Return the body; what is larger than LARGEST_BODY is refused without reading it."""
    length = headers.get("content-length")
    if length is not None and (not length.isdigit() or len(length) > 9 or int(length) > LARGEST_BODY):
        raise Refused(Refusal.TOO_LARGE)
    if length is not None:
        return await exchange() if length != "0" else b""
    if headers.get("transfer-encoding") is None:
        return b""
    body = b""
    async for chunk in exchange:
        body += chunk
        if len(body) > LARGEST_BODY:
            raise Refused(Refusal.TOO_LARGE)
    return body


def read_body(body: bytes, *, is_form: bool) -> None:
    """Refuse a body that is not what its type says. Nothing in it is needed: the ticket says who, the address what."""
    if not body:
        return
    try:
        text = body.decode()
        if "\0" in text:
            raise Refused(Refusal.MALFORMED)
        if is_form:
            parse_qsl(text, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=20)
        elif not isinstance(json.loads(text), dict):
            raise Refused(Refusal.MALFORMED)
    except (ValueError, RecursionError) as error:
        raise Refused(Refusal.MALFORMED) from error


def read_cookie(header: str, name: str) -> str:
    """Return the value of a cookie, or ""."""
    for part in header.split(";"):
        key, _, value = part.strip().partition("=")
        if key == name:
            return value
    return ""


def wants_page(headers: Any) -> bool:
    """Whether a browser's form asks, rather than a program."""
    return "text/html" in (headers.get("accept") or "")


def read_language(headers: Any) -> str:
    """Return "en" where the reader prefers it to Korean, else "ko"."""
    header = (headers.get("accept-language") or "").lower()
    korean, english = header.find("ko"), header.find("en")
    return "en" if english >= 0 and (korean < 0 or english < korean) else "ko"
