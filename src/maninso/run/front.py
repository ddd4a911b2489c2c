"""Answers those who read from memory: a shared cache (RFC 9111, RFC 5861) in each web process, before Django.

A page is made once a second at most, however many read it, and compressed once per change. An answer is kept where it
says so itself: its Cache-Control lets a shared cache keep it, and it sets no cookie. docs/explanation says the rest.

Everything here happens on the event loop, so nothing is locked; only `make_stored` runs in one of Django's threads.
"""

import asyncio
import gzip
import hashlib
import re
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any, Protocol

import brotli  # type: ignore[import-untyped]

from maninso.run.bridge import Answer, Bridge, BridgeFull, make_environ, refuse_for_now
from maninso.signing.reading import Exchange, Headers

MOST_BYTES = 64 * 2**20  # in memory, of one process
LARGEST = 2**20  # bytes of one answer
SMALLEST_COMPRESSED = 200  # bytes
OVERHEAD = 4096  # bytes that an answer takes besides its bodies, roughly
LONGEST_ADDRESS = 2000  # characters of path and query; longer ones are nobody's link
LONGEST_HEADER = 500  # characters of a header whose meaning is remembered
MOST_PASSED = 4096  # addresses

GRACE = 1.0  # seconds for which what is stale is sent at once; after that a reader waits for what is true now,
PATIENCE = 0.25  # so many seconds at most
RETRY = 1.0  # seconds until Django is asked again after it failed
PASSING = 1.0  # seconds for which an address that gave nothing to keep is not asked for everybody at once
# A shorter max-age without s-maxage is a browser's interval of asking, for a number that moves each second.
SHORTEST_MAX_AGE = 60  # seconds

READING = ("GET", "HEAD")
STORABLE = (200, 404, 410)
KEPT_ON_304 = ("cache-control", "content-location", "expires", "vary")  # RFC 9110, section 15.4.5
CODINGS = ("br", "gzip")  # what is sent to those who take several, best first
IDENTITY = "identity"
BUNDLE = "application/octet-stream"  # entries of a log, which C2SP tlog-tiles wants compressed; or hashes, which stay
_TAG = re.compile(r'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')

Address = tuple[str, str]  # path and query, as they were asked


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of Django for everybody, in the form of granian's scope.

    Nothing in it is the asker's but address and language, so that no header can spoil what others are answered.
    """

    path: str
    query_string: str
    server: str
    scheme: str
    headers: dict[str, str]
    method: str = "GET"
    http_version: str = "1.1"
    client: str = ""


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long an answer is fresh, and how long after that it may be sent while it is renewed or after an error.

    In seconds.
    """

    fresh: int
    stale: int
    error: int


@dataclass(slots=True)
class Form:
    """An answer in one coding, with its headers and those of its 304 made beforehand for the age asked last."""

    etag: str
    body: bytes
    lasting: Headers
    lasting_304: Headers
    age: int = -1
    headers: Headers = field(default_factory=list)
    headers_304: Headers = field(default_factory=list)

    def set_age(self, age: int) -> None:
        """Make the headers for an age in seconds."""
        self.age = age
        self.headers = [*self.lasting, ("age", str(age))]
        self.headers_304 = [*self.lasting_304, ("age", str(age))]


@dataclass(slots=True)
class Stored:
    """An answer that is kept; times are the clock's."""

    answer: Answer
    forms: dict[str, Form]  # by coding
    size: int  # bytes
    by_language: bool
    asked_at: float
    fresh_until: float
    stale_until: float
    error_until: float
    retry_at: float = 0.0


@dataclass(slots=True)
class Page:
    """What is kept of one address: one answer (""), or one for each language."""

    by_language: bool
    answers: dict[str, Stored] = field(default_factory=dict)


class Shelf(Protocol):
    """What keeps answers longer than the memory does, by their path (run.shelf)."""

    async def find(self, path: str, *, now: float) -> Stored | None:
        """Return what is kept, as asked for now."""
        ...

    def keep(self, path: str, stored: Stored) -> None:
        """Keep an answer if it is of the kind that is kept; blocks."""
        ...


class Front:
    """The memory of one process before its bridge. `host` is the site's; `read_language` negotiates as its pages do."""

    def __init__(
        self,
        bridge: Bridge,
        *,
        host: str,
        read_language: Callable[[str], str],
        clock: Callable[[], float] = time.monotonic,
        most_bytes: int = MOST_BYTES,
        shelf: Shelf | None = None,
    ) -> None:
        self._bridge = bridge
        self._shelf = shelf
        self._host = host
        self._read_language = read_language
        self._recall_language = lru_cache(1024)(read_language)
        self._clock = clock
        self._most_bytes = most_bytes
        self._bytes = 0
        self._pages: OrderedDict[Address, Page] = OrderedDict()  # what was read last is last
        self._flights: dict[tuple[Address, str], asyncio.Task[Stored | Answer]] = {}  # one question at a time
        self._passed: dict[Address, float] = {}  # until when

    async def answer(self, scope: Any, exchange: Exchange) -> None:
        """Answer one request: from memory where that may be, else by Django."""
        headers = scope.headers
        if scope.method not in READING or "authorization" in headers:
            await self._bridge.answer(scope, exchange)
            return
        address = (scope.path, scope.query_string)
        page = self._pages.get(address)
        if page is None:
            language, stored = self._choose_language(headers), None
        else:
            language = self._choose_language(headers) if page.by_language else ""
            stored = page.answers.get(language)
        now = self._clock()
        if stored is not None and now < stored.fresh_until:
            self._pages.move_to_end(address)
            send(exchange, stored, headers, now=now)
            return
        if page is None and self._shelf is not None and not scope.query_string:
            kept = await self._shelf.find(scope.path, now=now)
            if kept is not None:
                send(exchange, kept, headers, now=now)
                return
        found = await self._renew(scope, address, language, stored, now=now)
        if isinstance(found, Stored):
            send(exchange, found, headers, now=self._clock())
        elif found is not None:
            exchange.response_bytes(found.status, found.headers, found.body)
        else:
            await self._bridge.answer(scope, exchange)

    async def stop(self) -> None:
        """Let the questions that are under way end."""
        if self._flights:
            await asyncio.wait(list(self._flights.values()))

    def _choose_language(self, headers: Any) -> str:
        accepted = headers.get("accept-language") or ""
        return self._recall_language(accepted) if len(accepted) <= LONGEST_HEADER else self._read_language(accepted)

    async def _renew(
        self, scope: Any, address: Address, language: str, stored: Stored | None, *, now: float
    ) -> Stored | Answer | None:
        """Return what to send where nothing fresh is kept; None where the request has to be put to Django as it is."""
        if stored is None:
            if self._passed.get(address, 0.0) > now or len(address[0]) + len(address[1]) > LONGEST_ADDRESS:
                return None
        elif now < stored.retry_at and now < max(stored.stale_until, stored.error_until):
            return stored
        may_be_stale = stored is not None and now < stored.stale_until
        flight = self._flights.get((address, language))
        is_ours = flight is None
        if flight is None:
            headers = {"host": self._host, "accept-language": language}
            question = Question(*address, scope.server, scope.scheme, headers)
            flight = asyncio.create_task(self._fly(address, language, question, stored, refresh=may_be_stale))
            self._flights[address, language] = flight
        if stored is not None and may_be_stale and now < stored.fresh_until + GRACE:
            return stored
        await asyncio.wait((flight,), timeout=PATIENCE if may_be_stale else None)
        if not flight.done():
            return stored
        found = flight.result()
        if isinstance(found, Stored):
            return found
        if stored is not None:
            may_be_sent = found.status >= 500 and self._clock() < max(stored.stale_until, stored.error_until)
            return stored if may_be_sent else None
        # What may not be kept is not for others, and somebody with a cookie may have an answer of their own.
        return found if is_ours and "cookie" not in scope.headers else None

    async def _fly(
        self, address: Address, language: str, question: Question, old: Stored | None, *, refresh: bool
    ) -> Stored | Answer:
        """Put a question to Django for everybody who asks it now, and keep what may be kept."""
        try:
            found = await self._bridge.run(partial(self._ask, question, old), refresh=refresh)
        except BridgeFull:
            found = refuse_for_now()
        finally:
            del self._flights[address, language]
        if isinstance(found, Stored) and found.by_language and not language:
            found = found.answer  # it has languages now, and was asked in none
        if isinstance(found, Stored):
            self._passed.pop(address, None)
            self._keep(address, language, found)
        elif found.status < 500:
            self._drop(address)
            if len(self._passed) >= MOST_PASSED:
                self._passed.clear()
            self._passed[address] = self._clock() + PASSING
        elif old is not None:
            old.retry_at = self._clock() + RETRY
        return found

    def _ask(self, question: Question, old: Stored | None) -> Stored | Answer:
        asked_at = self._clock()
        answer = self._bridge.call(make_environ(question, b""))
        stored = make_stored(answer, old, asked_at=asked_at)
        if stored is not None and self._shelf is not None and not question.query_string:
            self._shelf.keep(question.path, stored)
        return stored or answer

    def _keep(self, address: Address, language: str, stored: Stored) -> None:
        page = self._pages.get(address)
        if page is None or page.by_language != stored.by_language:
            self._drop(address)
            page = self._pages[address] = Page(stored.by_language)
        place = language if stored.by_language else ""
        replaced = page.answers.get(place)
        page.answers[place] = stored
        self._pages.move_to_end(address)
        self._bytes += stored.size - (replaced.size if replaced else 0)
        while self._bytes > self._most_bytes:
            self._drop(next(iter(self._pages)))

    def _drop(self, address: Address) -> None:
        page = self._pages.pop(address, None)
        if page is not None:
            self._bytes -= sum(stored.size for stored in page.answers.values())


def send(exchange: Exchange, stored: Stored, headers: Any, *, now: float) -> None:
    """Answer with what is kept, or say that it is unchanged. (Of an answer to HEAD the server leaves out the body.)"""
    forms = stored.forms
    form = forms[IDENTITY]
    if len(forms) > 1:
        accepted = headers.get("accept-encoding") or ""
        for coding in read_codings(accepted) if len(accepted) <= LONGEST_HEADER else ():
            if coding in forms:
                form = forms[coding]
                break
    age = int(now - stored.asked_at)
    if age != form.age:
        form.set_age(age)
    known = headers.get("if-none-match")
    if known is not None and stored.answer.status == 200 and matches_tag(known, form.etag):
        exchange.response_bytes(304, form.headers_304, b"")
    else:
        exchange.response_bytes(stored.answer.status, form.headers, form.body)


def matches_tag(known: str, etag: str) -> bool:
    """Whether an If-None-Match header knows an entity tag, by weak comparison (RFC 9110, sections 8.8.3.2, 13.1.2)."""
    return known == etag or known.strip() == "*" or etag.removeprefix("W/") in _TAG.findall(known)


@lru_cache(1024)
def read_codings(accept_encoding: str) -> tuple[str, ...]:
    """Return the codings that a reader takes, best first, as far as "identity" (RFC 9110, section 12.5.3)."""
    weights: dict[str, float] = {}
    for part in accept_encoding.lower().split(","):
        name, _, parameters = part.partition(";")
        weights[name.strip()] = read_weight(parameters)
    chosen = [(weights.get(coding, weights.get("*", 0.0)), coding) for coding in CODINGS]
    least = weights.get(IDENTITY, 0.0)
    return tuple(
        coding for weight, coding in sorted(chosen, key=lambda pair: -pair[0]) if weight > 0 and weight >= least
    )


def read_weight(parameters: str) -> float:
    """Return the weight in an element's parameters: 1 where none is given, 0 where it cannot be read."""
    name, _, value = parameters.partition("=")
    if name.strip() != "q":
        return 1.0
    value = value.strip()
    return float(value) if re.fullmatch(r"[01](?:\.[0-9]{0,3})?", value, re.ASCII) else 0.0


def make_stored(answer: Answer, old: Stored | None, *, asked_at: float) -> Stored | None:
    """Return an answer as it is kept; None where it may not be (RFC 9111, section 3)."""
    fields = join_headers(answer.headers)
    if (
        answer.status not in STORABLE
        or len(answer.body) > LARGEST
        or not fields.keys().isdisjoint(("set-cookie", "content-encoding"))
    ):
        return None
    lifetimes = read_lifetimes(fields.get("cache-control", ""))
    vary = {name.strip().lower() for name in fields.get("vary", "").split(",")} - {""}
    if lifetimes is None or not vary <= {"accept-encoding", "accept-language"}:
        return None
    if old is not None and old.answer == answer:
        answer, forms = old.answer, old.forms  # unchanged: compressed once, and the same bytes for everybody
    else:
        forms = make_forms(answer, fields)
    fresh_until = asked_at + lifetimes.fresh
    return Stored(
        answer,
        forms,
        OVERHEAD + sum(len(form.body) for form in forms.values()),
        "accept-language" in vary,
        asked_at,
        fresh_until,
        fresh_until + lifetimes.stale,
        fresh_until + lifetimes.error,
    )


def make_forms(answer: Answer, fields: dict[str, str]) -> dict[str, Form]:
    """Return an answer in each coding that makes it shorter; each has a tag of its own (RFC 9110, section 8.8.3)."""
    bodies = {IDENTITY: answer.body}
    kind = fields.get("content-type", "").partition(";")[0].strip().lower()
    if len(answer.body) >= SMALLEST_COMPRESSED:
        compressed = {}
        if kind.startswith("text/") or kind.endswith(("json", "xml")):
            compressed["br"] = brotli.compress(answer.body, quality=5)
        if compressed or kind == BUNDLE:
            compressed["gzip"] = gzip.compress(answer.body, compresslevel=6, mtime=0)
        bodies |= {coding: body for coding, body in compressed.items() if len(body) < len(answer.body)}
    vary = fields.get("vary", "")
    if len(bodies) > 1 and "accept-encoding" not in vary.lower():
        vary = f"{vary}, Accept-Encoding" if vary else "Accept-Encoding"
    tag = fields.get("etag") or f'"{hashlib.sha256(answer.body).hexdigest()[:32]}"'
    forms = {}
    for coding, body in bodies.items():
        etag = tag if coding == IDENTITY or tag.startswith("W/") else f'{tag[:-1]}-{coding}"'
        headers = [(name, value) for name, value in answer.headers if name not in ("content-length", "etag", "vary")]
        headers += [("vary", vary)] if vary else []
        unchanged = [(name, value) for name, value in headers if name in KEPT_ON_304]
        headers += [] if coding == IDENTITY else [("content-encoding", coding)]
        forms[coding] = Form(etag, body, [*headers, ("etag", etag)], [*unchanged, ("etag", etag)])
    return forms


def read_lifetimes(cache_control: str) -> Lifetimes | None:
    """Return for how long a shared cache may keep an answer; None where it may not, or is not told."""
    directives: dict[str, str] = {}
    for part in cache_control.lower().split(","):
        name, _, value = part.strip().partition("=")
        directives.setdefault(name, value.strip('"'))
    if not directives.keys().isdisjoint(("no-store", "no-cache", "private")):
        return None
    fresh = _seconds(directives, "s-maxage")
    if "s-maxage" not in directives:
        fresh = _seconds(directives, "max-age")
        fresh = fresh if fresh >= SHORTEST_MAX_AGE else 0
    if fresh == 0:
        return None
    if not directives.keys().isdisjoint(("must-revalidate", "proxy-revalidate")):
        return Lifetimes(fresh, 0, 0)
    return Lifetimes(fresh, _seconds(directives, "stale-while-revalidate"), _seconds(directives, "stale-if-error"))


def _seconds(directives: dict[str, str], name: str) -> int:
    """Return a directive's seconds; what cannot be read counts as none."""
    value = directives.get(name, "")
    return min(int(value), 2**31) if value.isascii() and value.isdigit() and len(value) <= 10 else 0


def join_headers(headers: Headers) -> dict[str, str]:
    """Return headers by name, those that came several times joined by commas."""
    joined: dict[str, str] = {}
    for name, value in headers:
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined
