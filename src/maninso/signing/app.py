"""The signing app: POST /petitions/{id}/signatures, and nothing else. No Django here; RSGI by granian.

The checks run in the order of what they cost, all in memory: size, type, body, origin, ticket, gate, eligibility,
queue. Only what passes them all reaches the database, in a batch with others (intake.py).
"""

import asyncio
import json
import logging
import os
import re
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Mapping
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

import psycopg

from maninso import ManinsoError
from maninso.identity.nullifier import derive_nullifier
from maninso.identity.receipt import make_receipt_secret, name_cookie
from maninso.identity.rehearsal import ISSUER
from maninso.identity.ticket import AGE_UNKNOWN, ANY_PETITION, COOKIE, Ticket, TicketError, verify_ticket
from maninso.ledger.entries import MAX_BUCKET, render_sign
from maninso.ledger.evidence import commit_evidence
from maninso.ledger.merkle import hash_leaf
from maninso.signing.gatebook import Gate, GateBook
from maninso.signing.intake import COUNTED_NOW, Intake, IntakeFull, Outcome
from maninso.signing.limits import Limiter
from maninso.signing.problems import JSON_TYPE, PROBLEM_BODIES, Refusal

logger = logging.getLogger(__name__)

PATH = re.compile(r"/(?:(?P<language>ko|en)/)?petitions/(?P<petition>[1-9][0-9]{0,17})/signatures", re.ASCII)
LARGEST_BODY = 4096  # bytes
JSON_HEADERS = [("content-type", "application/json"), ("cache-control", "no-store")]
LONGEST_BODY_WAIT = 10.0  # seconds until a body that does not come is given up
EVIDENCE_VERSION = 1
SHORT_LIFETIME = 86_400  # seconds; of the receipt's cookie where the gate is not at hand

_TICKET_REFUSALS = {
    "missing": Refusal.TICKET_MISSING,
    "malformed": Refusal.TICKET_INVALID,
    "forged": Refusal.TICKET_INVALID,
    "expired": Refusal.TICKET_EXPIRED,
}
_EVIDENCE_HEAD = struct.Struct(">BQB32sB")
Headers = list[tuple[str, str]]


class Scope(Protocol):
    """What is read of granian's RSGI scope."""

    method: str
    path: str
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

    def response_empty(self, status: int, headers: Headers) -> None:
        """Answer without a body."""


class Refused(Exception):
    """The request is refused; carries which way."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value.slug)
        self.refusal = refusal


class SigningApp:
    """Answers signing requests of one process. `pages` holds an HTML page for each slug and language ("ko", "en")."""

    def __init__(
        self,
        *,
        gates: GateBook,
        intake: Intake,
        limiter: Limiter,
        ticket_key: bytes,
        withdraw_key: bytes,
        host: str,
        rehearsal: bool,
        pages: Mapping[tuple[str, str], bytes],
    ) -> None:
        self._gates = gates
        self._intake = intake
        self._limiter = limiter
        self._ticket_key = ticket_key
        self._withdraw_key = withdraw_key
        self._host = host
        self._secure = "" if host.partition(":")[0] in ("localhost", "127.0.0.1") else "; Secure"
        self._rehearsal = rehearsal
        self._pages = pages
        self._bodies: dict[asyncio.Task[Any], float] = {}  # requests whose body has not come yet, and until when it may
        self._watch: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to watch for bodies that do not come."""
        self._watch = asyncio.create_task(self._give_up_bodies())

    async def stop(self) -> None:
        """Stop watching."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)

    async def answer(self, scope: Scope, exchange: Exchange) -> None:
        """Answer one request whose path matches PATH."""
        match = PATH.fullmatch(scope.path)
        if match is None:
            raise ValueError("not a signing request")
        is_form = False
        petition_id = int(match["petition"])
        prefix = f"/{match['language']}" if match["language"] else ""
        try:
            if scope.method != "POST":
                raise Refused(Refusal.METHOD)
            is_form = read_type(scope.headers)
            read_body(await self._receive_body(scope, exchange), is_form=is_form)
            status, leaf_hash = await self._sign(scope, petition_id, now=time.time())
        except Refused as refused:
            self._refuse(scope, exchange, refused.refusal, petition_id, prefix)
            return
        receipt = f"/petitions/{petition_id}/receipts/{leaf_hash}"
        secret = make_receipt_secret(self._withdraw_key, petition_id=petition_id, leaf_hash=bytes.fromhex(leaf_hash))
        if is_form:
            location = prefix + receipt + ("?again=1" if status == 200 else "")
            headers = [("location", location), ("cache-control", "no-store"), *self._keep_secret(petition_id, secret)]
            exchange.response_empty(303, headers)
            return
        exchange.response_bytes(
            status,
            JSON_HEADERS,
            b'{"petition":%d,"leaf_hash":"%s","receipt":"%s","secret":"%s"}'
            % (petition_id, leaf_hash.encode(), receipt.encode(), secret.encode()),
        )

    def _keep_secret(self, petition_id: int, secret: str) -> Headers:
        """Return the cookies by which the signer's browser may withdraw in each language until the petition closes."""
        gate = self._gates.known(petition_id)
        lifetime = max(0, int(gate.closes_at - time.time())) if gate else SHORT_LIFETIME
        rest = f"Max-Age={lifetime}; HttpOnly; SameSite=Lax{self._secure}"
        return [
            ("set-cookie", f"{name_cookie(petition_id)}={secret}; Path={prefix}/petitions/{petition_id}; {rest}")
            for prefix in ("", "/ko", "/en")
        ]

    async def _receive_body(self, scope: Scope, exchange: Exchange) -> bytes:
        """Return the body; refuse one that does not come in time. (A timer for each request would cost more.)"""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a request is answered in a task")
        self._bodies[task] = time.monotonic() + LONGEST_BODY_WAIT
        try:
            return await receive_body(scope, exchange)
        except asyncio.CancelledError:
            if task in self._bodies:
                raise  # not by us: the server is stopping
            task.uncancel()
            raise Refused(Refusal.MALFORMED) from None
        finally:
            self._bodies.pop(task, None)

    async def _give_up_bodies(self) -> None:
        while True:
            await asyncio.sleep(1.0)
            now = time.monotonic()
            for task in [task for task, until in self._bodies.items() if until < now]:
                del self._bodies[task]
                task.cancel()

    async def _sign(self, scope: Scope, petition_id: int, *, now: float) -> tuple[int, str]:
        """Sign for the person of the request's ticket; returns the status and the leaf's hash (hex)."""
        ticket = self._read_ticket(scope, now=now)
        self._limit(scope, ticket, now=now)
        gate = check_gate(self._gates.known(petition_id) or await self._find_gate(petition_id), now=now)
        check_person(gate, ticket, petition_id=petition_id)
        salt = os.urandom(16)
        record = render_record(ticket, now=now)
        entry = render_sign(
            ticket.assurance,
            gate.regions.get(ticket.region, 0),
            min(int(now - gate.opened_at) // gate.bucket_seconds, MAX_BUCKET),
            derive_nullifier(gate.key, issuer=ticket.issuer, subject=ticket.subject),
            commit_evidence(salt, record),
        )
        try:
            waiting = self._intake.submit(petition_id, entry, salt + record)
        except IntakeFull as error:
            raise Refused(Refusal.BUSY) from error
        outcome = await waiting.answer
        if outcome is Outcome.UNKNOWN:
            raise Refused(Refusal.NO_ANSWER)
        if outcome is Outcome.REFUSED:
            self._gates.forget(petition_id)
            gate = check_gate(await self._find_gate(petition_id), now=time.time())
            # By the database's clock, not by ours, its first moment has not come, or its last one has passed.
            early = time.time() - gate.opened_at < gate.closes_at - time.time()
            raise Refused(Refusal.NOT_OPEN if early else Refusal.CLOSED)
        return 201 if outcome in COUNTED_NOW else 200, hash_leaf(waiting.entry).hex()

    async def _find_gate(self, petition_id: int) -> Gate | None:
        try:
            return await self._gates.find(petition_id)
        except psycopg.OperationalError as error:
            raise Refused(Refusal.NO_ANSWER) from error
        except ManinsoError as error:  # the petition's key does not open here: another machine may have what is missing
            logger.error("petition %d takes no signatures here: %s; what to do: %s", petition_id, error, error.cure)
            raise Refused(Refusal.NO_ANSWER) from error

    def _limit(self, scope: Scope, ticket: Ticket, *, now: float) -> None:
        """Refuse a network or a person that has sent too many requests."""
        network = self._limiter.name_network(scope.client.rpartition(":")[0], scope.headers.get("x-forwarded-for"))
        if not network:
            return
        if not self._limiter.admit_network(network, now=now):
            raise Refused(Refusal.TOO_MANY_THERE)
        if not self._limiter.admit_person(ticket.subject, now=now):
            raise Refused(Refusal.TOO_MANY_BY_YOU)

    def _read_ticket(self, scope: Scope, *, now: float) -> Ticket:
        headers = scope.headers
        authorization = headers.get("authorization") or ""
        if authorization[:7].lower() == "ticket ":
            token = authorization[7:].strip()
        else:
            token = read_cookie(headers.get("cookie") or "", COOKIE)
            check_origin(headers, host=self._host)
        try:
            ticket = verify_ticket(self._ticket_key, token, now=now)
        except TicketError as error:
            raise Refused(_TICKET_REFUSALS[error.reason]) from error
        if ticket.issuer == ISSUER and not self._rehearsal:
            raise Refused(Refusal.TICKET_INVALID)  # made-up people sign at a rehearsal only
        return ticket

    def _refuse(self, scope: Scope, exchange: Exchange, refusal: Refusal, petition_id: int, prefix: str) -> None:
        problem = refusal.value
        headers: Headers = [("cache-control", "no-store")]
        if problem.status == 429:
            headers.append(("retry-after", str(self._limiter.seconds_left(now=time.time()))))
        elif problem.retry_after:
            headers.append(("retry-after", str(problem.retry_after)))
        if problem.status == 401:
            headers.append(("www-authenticate", "Ticket"))
        if problem.status == 405:
            headers.append(("allow", "POST"))
        if wants_page(scope.headers):
            language = prefix[1:] or read_language(scope.headers)
            body = self._pages[problem.slug, language].replace(b"/petitions/0", b"/petitions/%d" % petition_id)
            headers.append(("content-type", "text/html; charset=utf-8"))
            headers.append(("content-security-policy", PAGE_POLICY))
            exchange.response_bytes(problem.status, headers, body)
        else:
            headers.append(("content-type", JSON_TYPE))
            exchange.response_bytes(problem.status, headers, PROBLEM_BODIES[refusal])


PAGE_POLICY = "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; base-uri 'none'"


def check_gate(gate: Gate | None, *, now: float) -> Gate:
    """Return the gate; refuse where the petition takes no signatures now."""
    if gate is None:
        raise Refused(Refusal.NO_PETITION)
    if gate.state == "waiting":
        raise Refused(Refusal.NOT_OPEN)
    if gate.state == "closed" or now >= gate.closes_at:
        raise Refused(Refusal.CLOSED)
    if gate.state == "paused":
        raise Refused(Refusal.PAUSED)
    if now < gate.opened_at:
        raise Refused(Refusal.NOT_OPEN)
    return gate


def check_person(gate: Gate, ticket: Ticket, *, petition_id: int) -> None:
    """Refuse whom the petition's charter does not let sign."""
    if ticket.petition_id not in (ANY_PETITION, petition_id):
        raise Refused(Refusal.TICKET_ELSEWHERE)
    if ticket.assurance < gate.min_assurance:
        raise Refused(Refusal.ASSURANCE_TOO_LOW)
    if gate.min_age and (ticket.age == AGE_UNKNOWN or ticket.age < gate.min_age):
        raise Refused(Refusal.TOO_YOUNG)
    if gate.region_needed and ticket.region not in gate.regions:
        raise Refused(Refusal.REGION_NEEDED)


def render_record(ticket: Ticket, *, now: float) -> bytes:
    """Return what the sample audit may later be shown of a signature (docs/reference/signing.md, "evidence record").

    Version u8 = 1 · milliseconds since 1970 u64 · assurance u8 · subject digest 32 bytes · issuer length u8, issuer.
    """
    issuer = ticket.issuer.encode()
    return (
        _EVIDENCE_HEAD.pack(EVIDENCE_VERSION, int(now * 1000), ticket.assurance, ticket.subject, len(issuer)) + issuer
    )


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


async def receive_body(scope: Scope, exchange: Exchange) -> bytes:
    """Return the body; what is larger than LARGEST_BODY is refused without reading it."""
    length = scope.headers.get("content-length")
    if length is not None and (not length.isdigit() or len(length) > 9 or int(length) > LARGEST_BODY):
        raise Refused(Refusal.TOO_LARGE)
    if length is not None:
        return await exchange() if length != "0" else b""
    if scope.headers.get("transfer-encoding") is None:
        return b""
    body = b""
    async for chunk in exchange:
        body += chunk
        if len(body) > LARGEST_BODY:
            raise Refused(Refusal.TOO_LARGE)
    return body


def read_body(body: bytes, *, is_form: bool) -> None:
    """Refuse a body that is not what its type says. Nothing in it is needed: the ticket says who, the address what."""
    if not body or body == b"{}":
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
