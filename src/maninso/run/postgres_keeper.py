"""Keeps the embedded PostgreSQL up: where its postmaster is gone while a site runs on it, it is started again.

PostgreSQL itself restarts after a crash of one of its children; nobody but us restarts it after its postmaster was
killed, or gave up because the disk was full. What it had committed it recovers.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from maninso.run.postgres import ensure_running, is_running
from maninso.run.postgres_programs import PostgresError
from maninso.run.settings import Settings

logger = logging.getLogger(__name__)

LOOK_EVERY = 0.25  # seconds
RETRY_AFTER = 2.0  # seconds between attempts to start a server that does not start


@contextmanager
def keep_running(settings: Settings) -> Iterator[None]:
    """Start the embedded server again whenever it is gone during the block, which must hold it (`ensure_running`).

    Side effect: a thread. Of several processes that hold one server each may do so: they agree on one start.
    """
    stopping = threading.Event()
    thread = threading.Thread(target=_keep, args=(settings, stopping), name="postgres keeper", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


def _keep(settings: Settings, stopping: threading.Event) -> None:
    while not stopping.wait(LOOK_EVERY):
        if is_running(settings):
            continue
        logger.warning("the embedded PostgreSQL is gone and is started again")
        try:
            with ensure_running(settings) as server:  # the block around us holds it too, so it stays after this one
                logger.warning("the embedded PostgreSQL runs again as process %d", server.process)
        except (PostgresError, psycopg.Error) as error:
            logger.error("it does not start yet: %s", error)
            stopping.wait(RETRY_AFTER)
