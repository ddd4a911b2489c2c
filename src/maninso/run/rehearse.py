"""Rehearsals: that many made-up people sign over HTTP, as real ones would, and every answer is held against the log.

Only for a site that was started with MANINSO_REHEARSAL=1. The load comes from this machine; where the server was killed
meanwhile, those who had no answer try again, as people do.
"""

import asyncio
import datetime as dt
import json
import os
import random
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import urlopen

import psycopg
import uvloop

from maninso import ManinsoError, UnreadableError, UsageError
from maninso.identity.rehearsal import make_rehearsal_ticket
from maninso.identity.ticket import AGE_UNKNOWN, derive_key, issue_ticket
from maninso.ledger.checkpoint import peek_checkpoint
from maninso.ledger.merkle import hash_leaf
from maninso.ledger.tiles import TILE_WIDTH, TilePath, unpack_bundle
from maninso.run.asking import NO_ANSWER, Connection, ask, close
from maninso.run.behind import CountWatch
from maninso.run.settings import Settings

MADE_UP_AGE = 30
LONGEST_SILENCE = 120.0  # seconds without any answer until the rehearsal gives up
SETTLING = 30.0  # seconds for the last checkpoint to cover what was acknowledged
Progress = Callable[[int, int], None]


class RehearsalError(ManinsoError):
    """The rehearsal cannot be held, or its result is not what it must be."""


@dataclass(frozen=True, slots=True)
class GateRules:
    """What a made-up person must bring to sign a petition."""

    regions: tuple[str, ...]
    min_assurance: int
    min_age: int


@dataclass(slots=True)
class Tally:
    """What the answers were; `seconds` holds each accepted signature's waiting time."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    leaves: set[bytes] = field(default_factory=set)
    broken: int = 0  # connections that ended without an answer


@dataclass(frozen=True, kw_only=True)
class Summary:
    """A rehearsal's result. Times in milliseconds, if nothing else is said.

    `count_behind_seconds` is the most that the public count was behind the acknowledged signatures, `missing` are those
    of them that the log lacks.
    """

    petition: int
    signers: int
    seconds: float
    accepted: int
    accepted_per_second: float
    p50_ms: float
    p99_ms: float
    statuses: dict[str, int]
    broken_connections: int
    count_before: int
    count_after: int
    count_behind_seconds: float
    missing: int


def open_rehearsal_petition(settings: Settings, *, now: dt.datetime) -> int:
    """Open a made-up petition under the site's charter and return its number."""
    _check_allowed(settings)
    from maninso.petitions import lifecycle

    return lifecycle.open_made_up_petition(
        charter=settings.charter,
        title=f"Rehearsal of {now:%Y-%m-%d %H:%M:%S}: more shelters at bus stops",
        body="This petition is made up, and so are its signers. It asks for a roof and a bench at every bus stop.",
        now=now,
    )


def rehearse(
    settings: Settings,
    *,
    petition_id: int,
    signers: int,
    rate: float | None,
    concurrency: int,
    url: str,
    progress: Progress,
) -> Summary:
    """Let `signers` new made-up people sign, `concurrency` at a time and at most `rate` a second; return what came.

    Raises RehearsalError, and UnreadableError where the site cannot be reached.
    """
    _check_allowed(settings)
    rules = read_gate_rules(settings, petition_id)
    before = read_count(url, petition_id)
    tally = Tally()
    tickets = make_tickets(settings, rules, signers=signers)
    started = time.monotonic()
    parts = urlsplit(url)
    host, port = parts.hostname or "127.0.0.1", parts.port or 80
    watch = CountWatch(host, port, petition_id, before=before, acknowledged=lambda: len(tally.leaves))
    load = Load(
        host, port, petition_id, tickets, signers=signers, rate=rate, tally=tally, watch=watch, progress=progress
    )
    uvloop.run(load.run(concurrency))
    seconds = time.monotonic() - started
    missing = await_leaves(url, petition_id, tally.leaves)
    waits = sorted(tally.seconds) or [0.0]
    accepted = tally.statuses[201]
    return Summary(
        petition=petition_id,
        signers=signers,
        seconds=round(seconds, 2),
        accepted=accepted,
        accepted_per_second=round(accepted / seconds, 1),
        p50_ms=round(waits[len(waits) // 2] * 1000, 1),
        p99_ms=round(waits[len(waits) * 99 // 100] * 1000, 1),
        statuses={str(status): number for status, number in sorted(tally.statuses.items())},
        broken_connections=tally.broken,
        count_before=before,
        count_after=read_count(url, petition_id),
        count_behind_seconds=round(watch.longest, 2),
        missing=missing,
    )


def write_tickets(settings: Settings, *, petition_id: int, signers: int, file: Path) -> None:
    """Write that many tickets of made-up people, one a line, for another load generator; only the owner reads them."""
    _check_allowed(settings)
    rules = read_gate_rules(settings, petition_id)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as out:
        out.writelines(f"{ticket}\n" for ticket in make_tickets(settings, rules, signers=signers))


def make_tickets(settings: Settings, rules: GateRules, *, signers: int) -> Iterator[str]:
    """Yield the tickets of that many people whom nobody has met before, spread over the charter's regions."""
    key = derive_key(settings.secret_key, purpose="ticket")
    run, now = secrets.token_hex(8), time.time()
    for number in range(signers):
        ticket = make_rehearsal_ticket(
            settings.secret_key,
            person=f"{run}/{number}",
            region=random.choice(rules.regions),  # noqa: S311 - made-up people need no secrecy
            now=now,
            assurance=max(1, rules.min_assurance),
            age=MADE_UP_AGE if rules.min_age else AGE_UNKNOWN,
            lifetime=24 * 3600,
        )
        yield issue_ticket(key, ticket)


def read_gate_rules(settings: Settings, petition_id: int) -> GateRules:
    """Return what the petition's gate asks; raises UsageError where there is no such petition or it is not open."""
    from maninso.signing.queries import QUERIES

    with psycopg.connect(settings.database_url or "") as connection:
        row = connection.execute(QUERIES["read_gate"].encode(), {"petition_id": petition_id}).fetchone()
    if row is None:
        raise UsageError(f"there is no petition {petition_id} that takes signatures here", cure="use `rehearse new`")
    if row[1] != "open":
        raise UsageError(f"petition {petition_id} is {row[1]}, not open", cure="use `rehearse new`")
    regions = tuple(code for code in row[6] if code) or ("",)
    return GateRules(regions=regions, min_assurance=row[7], min_age=row[8])


def read_count(url: str, petition_id: int) -> int:
    """Return the petition's public number; the query is new each time, so that no cache answers with an older one."""
    address = f"{url}/petitions/{petition_id}/count.json?at={time.time_ns()}"
    return int(json.loads(fetch(address))["signature_count"])


def fetch(address: str) -> bytes:
    """Return what an address answers; raises UnreadableError."""
    if urlsplit(address).scheme not in ("http", "https"):
        raise UsageError(f"{address} is no web address", cure="give --url http://127.0.0.1:8000")
    try:
        with urlopen(address, timeout=30) as answer:  # noqa: S310 - the scheme was checked
            return bytes(answer.read())
    except OSError as error:
        raise UnreadableError(f"{address}: {error}", cure="start the site with MANINSO_REHEARSAL=1") from error


def read_size(address: str) -> int:
    """Return the size that a checkpoint says; 0 while a petition that has just opened has none yet."""
    try:
        return peek_checkpoint(fetch(address)).size
    except UnreadableError as error:
        if isinstance(error.__cause__, HTTPError) and error.__cause__.code == HTTPStatus.NOT_FOUND:
            return 0
        raise


def await_leaves(url: str, petition_id: int, leaves: set[bytes]) -> int:
    """Wait until the public log holds every acknowledged leaf; return how many it lacks in the end."""
    deadline = time.monotonic() + SETTLING
    read, open_leaves = 0, set(leaves)
    prefix = f"{url}/p/{petition_id}/log"
    while open_leaves:
        size = read_size(f"{prefix}/checkpoint")
        for index in range(read // TILE_WIDTH, -(-size // TILE_WIDTH)):
            path = TilePath("entries", index, min(TILE_WIDTH, size - index * TILE_WIDTH))
            bundle = fetch(f"{prefix}/{path.render()}")
            open_leaves.difference_update(map(hash_leaf, unpack_bundle(bundle, path.width)))
        read = size
        if time.monotonic() > deadline:
            break
        if open_leaves:
            time.sleep(0.5)
    return len(open_leaves)


class Load:
    """The made-up crowd: `concurrency` connections, each with one person at a time."""

    def __init__(
        self,
        host: str,
        port: int,
        petition_id: int,
        tickets: Iterator[str],
        *,
        signers: int,
        rate: float | None,
        tally: Tally,
        watch: CountWatch,
        progress: Progress,
    ) -> None:
        self._host, self._port = host, port
        self._petition_id = petition_id
        self._tickets = tickets
        self._signers = signers
        self._rate = rate
        self._tally = tally
        self._watch = watch
        self._progress = progress
        self._done = 0
        self._sent = 0
        self._started = 0.0
        self._last_answer = 0.0

    async def run(self, concurrency: int) -> None:
        """Let everybody sign."""
        self._started = self._last_answer = time.monotonic()
        besides = [asyncio.create_task(self._report()), asyncio.create_task(self._watch.run())]
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(concurrency, self._signers)):
                    group.create_task(self._sign_in_turn())
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from errors
        finally:
            for each in besides:
                each.cancel()
            ended = await asyncio.gather(*besides, return_exceptions=True)
            self._progress(self._done, self._signers)
        for found in ended:
            if isinstance(found, Exception):  # what was not watched is not said to be well
                raise found

    async def _report(self) -> None:
        while True:
            self._progress(self._done, self._signers)
            await asyncio.sleep(0.2)

    async def _sign_in_turn(self) -> None:
        connection: Connection | None = None
        for ticket in self._tickets:
            if self._rate is not None:
                due = self._started + self._sent / self._rate
                self._sent += 1
                await asyncio.sleep(max(0.0, due - time.monotonic()))
            request = self._render(ticket)
            started = time.monotonic()
            while True:
                try:
                    if connection is None:
                        connection = await asyncio.open_connection(self._host, self._port)
                    status, wait, body = await ask(connection, request)
                except NO_ANSWER as error:
                    self._tally.broken += 1
                    close(connection)
                    connection = None
                    if time.monotonic() - self._last_answer > LONGEST_SILENCE:
                        raise UnreadableError(f"the site does not answer: {error}", cure="start it again") from error
                    await asyncio.sleep(0.2)
                    continue
                self._last_answer = time.monotonic()
                self._tally.statuses[status] += 1
                if status not in (429, 503):
                    break
                await asyncio.sleep(wait)
            if status in (200, 201):
                self._tally.seconds.append(time.monotonic() - started)
                self._tally.leaves.add(bytes.fromhex(json.loads(body)["leaf_hash"]))
            self._done += 1
        close(connection)

    def _render(self, ticket: str) -> bytes:
        return (
            f"POST /petitions/{self._petition_id}/signatures HTTP/1.1\r\nHost: {self._host}:{self._port}\r\n"
            f"Authorization: Ticket {ticket}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}"
        ).encode()


def _check_allowed(settings: Settings) -> None:
    if not settings.rehearsal:
        raise UsageError(
            "made-up people sign only where MANINSO_REHEARSAL=1",
            cure="set MANINSO_REHEARSAL=1 for this command and for the site, on a site that is not a real one",
        )
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "maninso.run.django_settings")


def describe_summary(summary: Summary) -> list[tuple[str, Any]]:
    """Return a summary as lines of name and value, for a terminal."""
    return [
        ("petition", summary.petition),
        ("accepted", f"{summary.accepted:,} of {summary.signers:,} in {summary.seconds:,.1f} s"),
        ("accepted a second", f"{summary.accepted_per_second:,.0f}"),
        ("waiting time", f"p50 {summary.p50_ms:,.1f} ms, p99 {summary.p99_ms:,.1f} ms"),
        ("answers", ", ".join(f"{status}: {number:,}" for status, number in summary.statuses.items())),
        ("connections that broke", summary.broken_connections),
        ("count", f"{summary.count_before:,} before, {summary.count_after:,} after"),
        ("count behind what was acknowledged", f"at most {summary.count_behind_seconds:.2f} s"),
        ("acknowledged but not in the log", summary.missing),
    ]
