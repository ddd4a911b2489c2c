"""The site as one command and one port: granian, with the signing app and Django in each web process.

Signing requests go to signing.app on the event loop; everything else is answered from memory (front.py), or by Django
in threads of its own (bridge.py). The worker (sequencer, closing, obligations) is a process of its own, kept alive from
here.

The program is loaded once, before the first thread begins: web processes, the worker and the process that sends its
messages begin as copies, and share the memory that none of them changes.
"""

import asyncio
import gc
import logging
import os
import re
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack
from functools import cache, partial
from typing import Any

import psycopg
from granian import Granian
from granian.constants import Interfaces, Loops
from granian.http import HTTP1Settings

from maninso.identity import receipt
from maninso.identity.ticket import derive_key
from maninso.run.allowance import PREFIX, Allowance
from maninso.run.bridge import Answer, Bridge
from maninso.run.database import keep_embedded
from maninso.run.encoding import keep_encoder
from maninso.run.forking import keep_handlers, name_process
from maninso.run.front import READING, Front
from maninso.run.importing import uncollected
from maninso.run.keeper import ProcessKeeper, watch_parent
from maninso.run.settings import DATABASE_PATIENCE, Settings, read_or_make_secret, read_settings, read_wrapping_key
from maninso.run.shelf import Shelf
from maninso.run.stream import PATH as TABLES
from maninso.run.stream import Streams
from maninso.run.worker import run_part, run_worker
from maninso.signing.app import SigningApp
from maninso.signing.gatebook import GateBook
from maninso.signing.intake import Intake
from maninso.signing.limits import Limiter, Sharer
from maninso.signing.neighbours import Neighbours
from maninso.signing.queries import QUERIES
from maninso.signing.reading import BUTTON, PATH, Exchange, Scope

logger = logging.getLogger(__name__)

DJANGO_THREADS = 4
# Who comes back from an identity provider waits for it, in threads that do nothing else: a slow one holds up no page.
WAITING = re.compile(r"(?:/(?:ko|en))?/identity/oidc/")
WAITING_THREADS = 16
# Python would look for cycles at every 700 objects more, and some thousands are alive while a few hundred people sign;
# hardly any of them is in a cycle.
COLLECTED_AFTER = 20_000
# So long do signers wait for a thread that makes a page, or for the one that reads requests, before it lets go of
# Python's lock; some of them several times on their way.
LOCK_HELD = 0.001  # seconds; 0.005 if it is not said
SLOWEST_HEADERS = 10_000  # milliseconds until a request that does not come is given up
DURABLE = "-c synchronous_commit=on -c application_name=maninso-signing"


class Site:
    """One web process: the RSGI application that granian calls."""

    def __init__(self) -> None:
        self._settings = read_settings()
        self._signing: SigningApp | None = None
        self._django: Bridge | None = None
        self._waiting: Bridge | None = None
        self._front: Front | None = None
        self._allowance: Allowance | None = None
        self._streams: Streams | None = None
        self._shelf: Shelf | None = None
        self._gates: GateBook | None = None
        self._intake: Intake | None = None
        self._neighbours: Neighbours | None = None
        self._sharer: Sharer | None = None

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Granian calls this before the first request."""
        watch_parent()
        name_process("maninso web")
        loop.run_until_complete(self._start())

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Granian calls this after the last request: what waits is committed first."""
        loop.run_until_complete(self._stop())

    def __rsgi__(self, scope: Scope, exchange: Exchange) -> Awaitable[None]:
        """Answer one request."""
        match = PATH.fullmatch(scope.path)
        if match is not None:
            assert self._signing is not None  # noqa: S101 - __rsgi_init__ ran before
            return self._signing.answer(match, scope, exchange)
        match = BUTTON.fullmatch(scope.path)
        if match is not None:
            assert self._signing is not None  # noqa: S101 - as above
            self._signing.expect(match, scope)
        if WAITING.match(scope.path) is not None:
            assert self._waiting is not None  # noqa: S101 - __rsgi_init__ ran before
            return self._waiting.answer(scope, exchange)
        assert self._front is not None and self._allowance is not None  # noqa: S101, PT018 - as above
        if TABLES.fullmatch(scope.path) is not None and scope.method in READING:
            assert self._streams is not None  # noqa: S101 - as above
            return self._streams.answer(scope, exchange)
        if scope.path.startswith(PREFIX):
            return self._allowance.answer(scope, exchange, self._front.answer)
        return self._front.answer(scope, exchange)

    async def _start(self) -> None:
        settings = self._settings
        application, pages, read_language = load_django()  # loaded before, where this process is a copy of `serve`
        self._django = Bridge(application, threads=DJANGO_THREADS)
        self._waiting = Bridge(application, threads=WAITING_THREADS)
        self._streams = Streams(application)
        self._shelf = Shelf(settings.cache_dir, identify=identify_database)
        self._front = Front(self._django, host=settings.host, read_language=read_language, shelf=self._shelf)
        for name in ("wrap.key", "promise.key", "subject.key"):
            read_or_make_secret(settings.keys_dir / name)  # so that they are there to be copied to other machines
        self._gates = GateBook(self._connect, wrapping_key=partial(read_wrapping_key, settings.keys_dir))
        self._intake = Intake(self._connect)
        await self._gates.start()
        await self._intake.start()
        self._neighbours = Neighbours(self._intake, self._connect)
        await self._neighbours.start()
        limiter = Limiter(settings.limits, key=derive_key(settings.secret_key, purpose="network"))
        self._allowance = Allowance(settings.rate_api, limiter=limiter, refusal=make_refusal())
        self._sharer = Sharer(limiter, self._connect)
        await self._sharer.start()
        self._signing = SigningApp(
            gates=self._gates,
            intake=self._intake,
            limiter=limiter,
            ticket_keys=[derive_key(secret, purpose="ticket") for secret in settings.secrets],
            withdraw_key=derive_key(settings.secret_key, purpose=receipt.PURPOSE),
            host=settings.host,
            rehearsal=settings.rehearsal,
            pages=pages,
        )
        await self._signing.start()
        gc.collect()
        gc.freeze()  # what lives as long as the process is not looked through again while people sign
        gc.set_threshold(COLLECTED_AFTER)
        sys.setswitchinterval(LOCK_HELD)

    async def _stop(self) -> None:
        if self._signing is not None:
            await self._signing.stop()
        if self._intake is not None:
            await self._intake.stop()
        if self._neighbours is not None:
            await self._neighbours.stop()
        if self._sharer is not None:
            await self._sharer.stop()
        if self._gates is not None:
            await self._gates.stop()
        if self._front is not None:
            await self._front.stop()
        for each in (self._django, self._waiting, self._streams, self._shelf):
            if each is not None:
                each.close()

    async def _connect(self) -> psycopg.AsyncConnection:
        url = self._settings.database_url or ""
        return await psycopg.AsyncConnection.connect(url, autocommit=True, options=DURABLE, **DATABASE_PATIENCE)


@cache
def load_django() -> tuple[Any, Mapping[tuple[str, str], bytes], Callable[[str], str]]:
    """Start Django in this process; returns its WSGI application, the signing app's pages, and what reads languages.

    The database's address must be in the environment; it is not asked.
    """
    os.environ["DJANGO_SETTINGS_MODULE"] = "maninso.run.django_settings"
    with uncollected():
        from django.core.wsgi import get_wsgi_application

        application = get_wsgi_application()
        from maninso.signing.problems import Refusal
        from maninso.web.pages.problems import render_problem_page
        from maninso.web.shared.middleware import preferred_language

        pages = {
            (refusal.value.slug, language): render_problem_page(refusal.value.slug, language=language)
            for refusal in Refusal
            for language in ("ko", "en")
        }
    return application, pages, preferred_language


def make_refusal() -> Answer:
    """Return what a program is answered that asks the API too often; Django must have been started."""
    from maninso.web.shared.problems import RATE, answer_problem

    response = answer_problem(RATE)
    headers = [(name.lower(), value) for name, value in response.items() if name.lower() != "retry-after"]
    return Answer(response.status_code, headers, response.content)


def identify_database() -> str:
    """Return a name that no other database has, as long as this one is there. Raises OSError where it gives none."""
    from django.db import DatabaseError, connection

    try:
        with connection.cursor() as cursor:
            cursor.execute(QUERIES["identify_database"])
            return str(cursor.fetchone()[0])
    except DatabaseError as error:
        raise OSError(f"the database does not say which it is: {error}") from error


def make_site() -> Site:
    """Return a web process's application (granian calls this in each process)."""
    return Site()


def serve(settings: Settings, *, host: str, port: int, workers: int, with_worker: bool) -> None:
    """Serve the site until it is told to stop; `settings` are those that `open_unkept` gave."""
    if settings.database_url is None:
        raise ValueError("the database's address is not known")
    os.environ["DATABASE_URL"] = settings.database_url  # for the processes that are started from here
    load_django()
    from django.db import connections

    connections.close_all()  # no process is to begin with another's
    server = Granian(
        "maninso.run.server:make_site",
        address=host,
        port=port,
        interface=Interfaces.RSGI,
        loop=Loops.uvloop,
        workers=workers,
        factory=True,
        log_access=False,
        backlog=4096,
        http1_settings=HTTP1Settings(header_read_timeout=SLOWEST_HEADERS),
        respawn_failed_workers=True,
        workers_kill_timeout=20,
    )
    with ExitStack() as stack:
        if with_worker:
            # Whether to start was decided for both; a database that falls back later stops single logs, not the worker.
            command = [sys.executable, "-m", "maninso", "worker", "--let-stand"]
            stack.enter_context(ProcessKeeper(command, job=partial(run_part, run_worker, settings)))
        stack.enter_context(keep_embedded(settings))
        stack.enter_context(keep_encoder(settings))
        # A web process that is told to end before it listens to signals has nothing to finish. With the handler that
        # granian has set for this process it would hear nothing, and be waited for.
        keep_handlers()
        try:
            server.serve()
        except SystemExit:
            # A web process that was told as well, and ended before granian had told it, is no failure.
            if not server.interrupt_signal:
                raise
