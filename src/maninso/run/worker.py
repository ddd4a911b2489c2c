"""The worker: sequences the logs, closes petitions whose day has come, records what is owed, keeps the search index,
asks witnesses, sends.

Any number may run; the one that holds the advisory lock sequences, the others wait for it. It carries on by itself
after the database was away.
"""

import asyncio
import datetime as dt
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from importlib import import_module

import django
import psycopg
from django.db import InternalError, OperationalError, connections
from procrastinate.exceptions import ConnectorException

from maninso.run.database import keep_embedded, open_database
from maninso.run.encoding import keep_encoder
from maninso.run.forking import name_process
from maninso.run.importing import uncollected
from maninso.run.keeper import ProcessKeeper
from maninso.run.settings import DATABASE_PATIENCE, Settings, read_or_make_secret
from maninso.run.stop import Stop
from maninso.run.witnessing import ask_witnesses
from maninso.signing.keys import LogKey
from maninso.signing.sequencer import Sequencer
from maninso.signing.signed import SignedFiles

logger = logging.getLogger(__name__)

DURABLE = "-c synchronous_commit=on -c application_name=maninso-worker"
RETRY_AFTER = 1.0  # seconds between attempts to reach the database or get the lock


def run_part(part: Callable[[Settings], None], settings: Settings) -> None:
    """Run `run_worker` or `run_messages` as the command does, in a copy of a process that has opened the site."""
    with open_database(settings) as opened:
        part(opened)


def run_worker(settings: Settings, *, with_messages: bool = True) -> None:
    """Work until SIGTERM or SIGINT, or until the site that started this process is gone.

    Messages are sent by a process of its own, so that a rush of them never slows the sequencer down. `settings` are
    those that `open_unkept` gave; a worker that runs alone keeps up what a site would.
    """
    name_process("maninso worker")
    stop, parent = listen_for_end()
    load_work()
    connections.close_all()  # no process is to begin with another's
    with ExitStack() as stack:
        if with_messages:
            command = [sys.executable, "-m", "maninso", "worker", "--only", "messages"]
            stack.enter_context(ProcessKeeper(command, job=partial(run_part, run_messages, settings)))
        if not parent:
            stack.enter_context(keep_embedded(settings))
            stack.enter_context(keep_encoder(settings))
        run_log(settings, stop, parent=parent)


def listen_for_end() -> tuple[Stop, int]:
    """Set Django up; return what says that this process shall end, and the number of the one that started it, or 0."""
    stop = Stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop.tell)
    os.environ["DJANGO_SETTINGS_MODULE"] = "maninso.run.django_settings"
    with uncollected():
        django.setup()
    return stop, int(os.environ.get("MANINSO_PARENT", "0"))


def run_messages(settings: Settings) -> None:
    """Send messages until told to stop, or until the process that started this one is gone."""
    name_process("maninso message")
    stop, parent = listen_for_end()
    with uncollected():
        from maninso.run.mail import open_post
        from maninso.run.post import PostOffice, run_jobs

    def is_over() -> bool:
        return stop.is_set() or bool(parent and os.getppid() != parent)

    while not is_over():
        office = PostOffice(open_post(settings), clock=lambda: dt.datetime.now(dt.UTC), rate=settings.mail_rate)
        try:
            asyncio.run(run_jobs(office, stop=is_over))
        except (ConnectorException, psycopg.OperationalError, OperationalError, InternalError) as error:
            logger.warning("the database does not answer, trying again: %s", error)
            connections.close_all()
            stop.wait(RETRY_AFTER)


def load_work() -> None:
    """Import all that the worker works with.

    Before its first thread begins: where two of them import at once, one may be given a module that is half made. And
    before another process begins as a copy of it.
    """
    with uncollected():
        import_module("maninso.run.indexing")
        import_module("maninso.run.work")


def run_log(settings: Settings, stop: Stop, *, parent: int) -> None:
    """Sequence and keep house until told to stop; one worker of the site at a time does."""
    load_work()
    from maninso.run.indexing import keep_index
    from maninso.run.work import work

    log_key = LogKey(read_or_make_secret(settings.keys_dir / "log.key"))
    signed = SignedFiles(settings.signed_dir)
    rush = threading.Event()
    while not stop.is_set():
        try:
            with psycopg.connect(settings.database_url or "", options=DURABLE, **DATABASE_PATIENCE) as connection:
                sequencer = Sequencer(connection, log_key.sign_as, signed=signed)
                if sequencer.take_lock():
                    start_logs(sequencer, host=settings.host)
                    with ask_witnesses(settings), keep_index(rush):
                        work(sequencer, stop, parent=parent, rush=rush)
        except (psycopg.OperationalError, psycopg.InternalError, OperationalError, InternalError) as error:
            # (An internal error is how a server says that it cannot write any more, before it is gone.)
            logger.warning("the database does not answer, trying again: %s", error)
            connections.close_all()
        if parent and os.getppid() != parent:
            return
        stop.wait(RETRY_AFTER)


def start_logs(sequencer: Sequencer, *, host: str) -> None:
    """See that the site has its own log, and say which logs will stand still because they would fork."""
    sequencer.start_site_log(host=host)
    for number, error in sequencer.find_contradictions():
        logger.error("log %d stands still: %s; what to do: %s", number, error, error.cure)
