"""The signing app: POST /petitions/{id}/signatures, and nothing else. No Django here; RSGI by granian.

The checks run in the order of what they cost, all in memory: size, type, body, origin, ticket, gate, eligibility,
queue. Only what passes them all reaches the database, in a batch with others (intake.py). From the origin on they wait
for their turn (arrivals.py), unless so many wait for the petition already that no more are let in.
"""

import asyncio
import contextlib
import logging
import os
import re
import struct
import time
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import Any
from urllib.parse import parse_qsl

import psycopg

from maninso import ManinsoError
from maninso.identity.mac import Mac
from maninso.identity.nullifier import derive_nullifier
from maninso.identity.receipt import make_receipt_secret, name_cookie
from maninso.identity.rehearsal import ISSUER
from maninso.identity.ticket import AGE_UNKNOWN, ANY_PETITION, COOKIE, Ticket, TicketError, verify_any_ticket
from maninso.ledger.entries import MAX_BUCKET, render_sign
from maninso.ledger.evidence import SALT_LENGTH, commit_evidence
from maninso.ledger.merkle import hash_leaf
from maninso.signing.arrivals import Arrivals, ArrivalsFull
from maninso.signing.gatebook import Gate, GateBook
from maninso.signing.intake import COUNTED_NOW, Hear, Intake, IntakeFull, Outcome, Waiting
from maninso.signing.limits import Limiter
from maninso.signing.problems import JSON_TYPE, PROBLEM_BODIES, Refusal, Refused
from maninso.signing.reading import (
    Exchange,
    Headers,
    Scope,
    check_origin,
    read_body,
    read_cookie,
    read_language,
    read_type,
    receive_body,
    wants_page,
)

logger = logging.getLogger(__name__)

JSON_HEADERS = [("content-type", "application/json"), ("cache-control", "no-store")]
LONGEST_BODY_WAIT = 10.0  # seconds until a body that does not come is given up
EVIDENCE_VERSION = 1
SALTS_AT_ONCE = 64
LONGEST_QUERY = 1024  # characters; a longer one is not looked through for a ticket
SHORT_LIFETIME = 86_400  # seconds; of the receipt's cookie where the gate is not at hand

_TICKET_REFUSALS = {
    "missing": Refusal.TICKET_MISSING,
    "malformed": Refusal.TICKET_INVALID,
    "forged": Refusal.TICKET_INVALID,
    "expired": Refusal.TICKET_EXPIRED,
}
_EXCESS_REFUSALS = {"network": Refusal.TOO_MANY_THERE, "person": Refusal.TOO_MANY_BY_YOU}
_EVIDENCE_HEAD = struct.Struct(">BQB32sB")


class Need(Enum):
    """What a request is still in need of before it can be answered."""

    GATE = "the petition's gate is not in memory"
    REASON = "the database took no signature, against what the gate in memory says"


class Request(Waiting):
    """A request between its arrival and its answer: a signature that waits for its commit, once it is checked."""

    __slots__ = ("client", "exchange", "gate", "headers", "is_form", "language", "settled", "ticket")

    def __init__(self, petition_id: int, language: str | None, scope: Scope, exchange: Exchange, hear: Hear) -> None:
        Waiting.__init__(self, petition_id, hear)  # super() costs a tenth of the rest, at each request
        self.language = language
        self.headers = scope.headers
        self.client = scope.client
        self.exchange = exchange
        self.is_form = False
        self.ticket: Ticket | None = None  # once it is verified, and counted by the limits
        self.gate: Gate | None = None  # where it had to be found in the database
        self.settled: asyncio.Future[Refusal | Need | None]  # None: answered

    def settle(self, result: Refusal | Need | None) -> None:
        """Let who waits for the request go on; nobody does where it was given up meanwhile."""
        if not self.settled.done():
            self.settled.set_result(result)


class SigningApp:
    """Answers signing requests of one process. `pages` holds an HTML page for each slug and language ("ko", "en")."""

    def __init__(
        self,
        *,
        gates: GateBook,
        intake: Intake,
        limiter: Limiter,
        ticket_keys: Sequence[bytes],
        withdraw_key: bytes,
        host: str,
        rehearsal: bool,
        pages: Mapping[tuple[str, str], bytes],
    ) -> None:
        self._gates = gates
        self._intake = intake
        self._limiter = limiter
        self._ticket_keys = ticket_keys
        self._withdraw_key = withdraw_key
        self._salts = draw_salts()
        self._host = host
        self._secure = "" if host.partition(":")[0] in ("localhost", "127.0.0.1") else "; Secure"
        self._rehearsal = rehearsal
        self._pages = pages
        self._bodies: dict[asyncio.Task[Any], float] = {}  # requests whose body has not come yet, and until when it may
        self._body_deadline = time.monotonic() + LONGEST_BODY_WAIT  # of one that begins now, give or take a second
        self._watch: asyncio.Task[None] | None = None
        self._arrivals: Arrivals[Request] = Arrivals(self._check_arrived, is_shared=lambda: intake.is_shared)
        self._heard = self._hear  # one for all requests

    async def start(self) -> None:
        """Begin to watch for bodies that do not come."""
        self._watch = asyncio.create_task(self._give_up_bodies())

    async def stop(self) -> None:
        """Stop watching."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)

    def expect(self, match: re.Match[str], scope: Scope) -> None:
        """Hear that somebody is shown the button that signs; `match` is what BUTTON found in the path.

        So a rush on another petition goes by small steps already when it is pressed. Only who has a ticket counts: all
        others could slow a rush for nothing.
        """
        token = read_cookie(scope.headers.get("cookie") or "", COOKIE)
        if 0 < len(scope.query_string) <= LONGEST_QUERY:
            token = dict(parse_qsl(scope.query_string)).get("ticket", token)
        with contextlib.suppress(Refused):
            self._verify(token, now=time.time())
            self._intake.expect(int(match["petition"]))

    async def answer(self, match: re.Match[str], scope: Scope, exchange: Exchange) -> None:
        """Answer one request; `match` is what PATH found in its path."""
        language, number = match.groups()
        request = Request(int(number), language, scope, exchange, self._heard)
        try:
            if scope.method != "POST":
                raise Refused(Refusal.METHOD)
            request.is_form = read_type(request.headers)
            body = await self._receive_body(request.headers, exchange)
            if body != b"{}":
                read_body(body, is_form=request.is_form)
            result = await self._arrive(request)
            if result is None:
                return
            if result is Need.GATE:
                request.gate = await self._find_gate(request.petition_id)
                result = await self._arrive(request)
            if result is Need.REASON:
                result = await self._explain(request.petition_id)
        except Refused as refused:
            result = refused.refusal
        if isinstance(result, Refusal):
            self._refuse(request, result)

    def _arrive(self, request: Request) -> "asyncio.Future[Refusal | Need | None]":
        """Let a request be checked when its turn comes (arrivals.py); await that it is settled."""
        request.settled = settled = asyncio.get_running_loop().create_future()
        try:
            self._arrivals.put(request.petition_id, request)
        except ArrivalsFull:
            request.settle(Refusal.BUSY)
        return settled

    def _check_arrived(self, arrived: Sequence[Request]) -> None:
        now = time.time()
        submit = self._intake.submit
        for request in arrived:
            try:
                self._check(request, now=now)
                submit(request)
            except Refused as refused:
                request.settle(refused.refusal)
            except IntakeFull:
                request.settle(Refusal.BUSY)
            except LookupError:
                request.settle(Need.GATE)
            except Exception as error:  # noqa: BLE001 - it is this request's alone, and must not keep the others waiting
                request.settled.set_exception(error)

    def _check(self, request: Request, *, now: float) -> None:
        """Fill in what is to be stored of a request that may sign. Raises Refused; LookupError without a gate."""
        petition_id = request.petition_id
        ticket = request.ticket
        if ticket is None:
            ticket = self._read_ticket(request.headers, now=now)
            self._limit(request, ticket, now=now)
            request.ticket = ticket
            # Who gets a ticket for this petition alone began before the closing.
            request.in_time = ticket.petition_id == petition_id
        gate = request.gate or self._gates.known(petition_id)
        if gate is None:
            raise LookupError
        key = check_gate(gate, now=now, asked_in_time=request.in_time)
        check_person(gate, ticket, petition_id=petition_id)
        evidence = next(self._salts) + render_record(ticket, now=now)
        bucket = int(now - gate.opened_at) // gate.bucket_seconds
        request.fill(
            render_sign(
                ticket.assurance,
                gate.regions.get(ticket.region, 0),
                bucket if bucket < MAX_BUCKET else MAX_BUCKET,
                derive_nullifier(key, issuer=ticket.scheme, subject=ticket.subject),
                commit_evidence(evidence),
            ),
            evidence,
        )

    def _hear(self, request: Waiting, outcome: Outcome) -> None:
        """Answer a request whose outcome is durable."""
        assert isinstance(request, Request)  # noqa: S101 - this app submits nothing else
        if outcome in COUNTED_NOW:
            self._confirm(request, 201)
        elif outcome is Outcome.EARLIER:
            self._confirm(request, 200)
        else:
            request.settle(Need.REASON if outcome is Outcome.REFUSED else Refusal.NO_ANSWER)

    def _confirm(self, request: Request, status: int) -> None:
        petition_id = request.petition_id
        digest = hash_leaf(request.entry)
        leaf_hash = digest.hex()
        secret = make_receipt_secret(self._withdraw_key, petition_id=petition_id, leaf_hash=digest)
        if request.is_form:
            prefix = f"/{request.language}" if request.language else ""
            location = f"{prefix}/petitions/{petition_id}/receipts/{leaf_hash}{'?again=1' if status == 200 else ''}"
            kept = self._keep_secret(petition_id, secret)
            request.exchange.response_empty(303, [("location", location), ("cache-control", "no-store"), *kept])
        else:
            request.exchange.response_str(
                status,
                JSON_HEADERS,
                f'{{"petition":{petition_id},"leaf_hash":"{leaf_hash}",'
                f'"receipt":"/petitions/{petition_id}/receipts/{leaf_hash}","secret":"{secret}"}}',
            )
        request.settle(None)

    def _keep_secret(self, petition_id: int, secret: str) -> Headers:
        """Return the cookies by which the signer's browser may withdraw in each language until the petition closes."""
        gate = self._gates.known(petition_id)
        lifetime = max(0, int(gate.closes_at - time.time())) if gate else SHORT_LIFETIME
        rest = f"Max-Age={lifetime}; HttpOnly; SameSite=Lax{self._secure}"
        return [
            ("set-cookie", f"{name_cookie(petition_id)}={secret}; Path={prefix}/petitions/{petition_id}; {rest}")
            for prefix in ("", "/ko", "/en")
        ]

    async def _receive_body(self, headers: Any, exchange: Exchange) -> bytes:
        """Return the body; refuse one that does not come in time. (A timer for each request would cost more.)"""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a request is answered in a task")
        bodies = self._bodies
        bodies[task] = self._body_deadline
        try:
            if headers.get("content-length") == "2":  # {}, as nearly everybody sends it
                return await exchange()
            return await receive_body(headers, exchange)
        except asyncio.CancelledError:
            if task in bodies:
                raise  # not by us: the server is stopping
            task.uncancel()
            raise Refused(Refusal.MALFORMED) from None
        finally:
            bodies.pop(task, None)

    async def _give_up_bodies(self) -> None:
        while True:
            await asyncio.sleep(1.0)
            now = time.monotonic()
            self._body_deadline = now + LONGEST_BODY_WAIT
            for task in [task for task, until in self._bodies.items() if until < now]:
                del self._bodies[task]
                task.cancel()

    async def _find_gate(self, petition_id: int) -> Gate:
        try:
            gate = await self._gates.find(petition_id)
        except psycopg.OperationalError as error:
            raise Refused(Refusal.NO_ANSWER) from error
        except ManinsoError as error:  # the petition's key does not open here: another machine may have what is missing
            logger.error("petition %d takes no signatures here: %s; what to do: %s", petition_id, error, error.cure)
            raise Refused(Refusal.NO_ANSWER) from error
        if gate is None:
            raise Refused(Refusal.NO_PETITION)
        return gate

    async def _explain(self, petition_id: int) -> Refusal:
        """Say why the database took no signature: the gate in memory was out of date, or its clock is not ours."""
        self._gates.forget(petition_id)
        gate = await self._find_gate(petition_id)
        check_gate(gate, now=time.time(), asked_in_time=True)
        early = time.time() - gate.opened_at < gate.closes_at - time.time()
        return Refusal.NOT_OPEN if early else Refusal.CLOSED

    def _limit(self, request: Request, ticket: Ticket, *, now: float) -> None:
        """Refuse a network or a person that has sent too many requests."""
        excess = self._limiter.find_excess(
            request.client.rpartition(":")[0], request.headers.get("x-forwarded-for"), ticket.subject, now=now
        )
        if excess is not None:
            raise Refused(_EXCESS_REFUSALS[excess])

    def _read_ticket(self, headers: Any, *, now: float) -> Ticket:
        authorization = headers.get("authorization")
        if authorization is not None and authorization[:7].lower() == "ticket ":
            token = authorization[7:].strip()
        else:
            token = read_cookie(headers.get("cookie") or "", COOKIE)
            check_origin(headers, host=self._host)
        return self._verify(token, now=now)

    def _verify(self, token: str, *, now: float) -> Ticket:
        try:
            ticket = verify_any_ticket(self._ticket_keys, token, now=now)
        except TicketError as error:
            raise Refused(_TICKET_REFUSALS[error.reason]) from error
        if ticket.issuer == ISSUER and not self._rehearsal:
            raise Refused(Refusal.TICKET_INVALID)  # made-up people sign at a rehearsal only
        return ticket

    def _refuse(self, request: Request, refusal: Refusal) -> None:
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
        if wants_page(request.headers):
            language = request.language or read_language(request.headers)
            page = self._pages[problem.slug, language]
            headers.append(("content-type", "text/html; charset=utf-8"))
            headers.append(("content-security-policy", PAGE_POLICY))
            body = page.replace(b"/petitions/0", b"/petitions/%d" % request.petition_id)
            request.exchange.response_bytes(problem.status, headers, body)
        else:
            headers.append(("content-type", JSON_TYPE))
            request.exchange.response_bytes(problem.status, headers, PROBLEM_BODIES[refusal])


PAGE_POLICY = "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; base-uri 'none'"


def check_gate(gate: Gate, *, now: float, asked_in_time: bool = False) -> Mac:
    """Return the petition's key; refuse where it takes no signatures now.

    `asked_in_time`: the person asked before the closing, and may confirm while the grace lasts
    (docs/reference/signing.md). The database asks again, by its own clock.
    """
    ends_at = gate.confirms_until if asked_in_time else gate.closes_at
    if gate.state == "open" and gate.opened_at <= now < ends_at and gate.key is not None:
        return gate.key
    if gate.state == "waiting":
        raise Refused(Refusal.NOT_OPEN)
    if gate.state == "closed" or now >= ends_at:
        raise Refused(Refusal.CLOSED)
    if gate.state == "paused":
        raise Refused(Refusal.PAUSED)
    raise Refused(Refusal.NOT_OPEN)


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


def draw_salts() -> Iterator[bytes]:
    """Yield random salts without end; many at a time cost the system little more than one."""
    while True:
        drawn = os.urandom(SALTS_AT_ONCE * SALT_LENGTH)
        for start in range(0, len(drawn), SALT_LENGTH):
            yield drawn[start : start + SALT_LENGTH]
