"""Keeps what petitions are found by up to date, in a thread beside the sequencer, which never waits for it.

It imports what Django must have been set up for.
"""

import datetime as dt
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import InternalError, OperationalError, connections

from maninso.petitions.discovery import catch_up, encode_batch

logger = logging.getLogger(__name__)

LOOK = 1.0  # seconds between looks for petitions that are due
LOOK_FOR_VECTORS = 30.0  # seconds between looks for petitions without a vector: those ask the whole index
AWAY = 10.0  # seconds until the database is asked again after it did not answer


@contextmanager
def keep_index(rush: threading.Event) -> Iterator[None]:
    """Index what becomes due for the time of the block.

    While `rush` is set petitions get no vectors: encoding takes a core, which those who sign have better use for.
    """
    stop = threading.Event()
    # A daemon: what it has not done stays due, and the worker's end waits for nothing.
    threading.Thread(target=_follow, args=(stop, rush), name="index", daemon=True).start()
    try:
        yield
    finally:
        stop.set()


def _follow(stop: threading.Event, rush: threading.Event) -> None:
    unencoded = 0.0  # when to look for petitions without a vector, for which nothing else asks
    while not stop.is_set():
        pause = LOOK
        try:
            if catch_up(now=dt.datetime.now(dt.UTC)):
                unencoded = 0.0
            if not rush.is_set() and time.monotonic() >= unencoded:
                unencoded = time.monotonic() + LOOK_FOR_VECTORS
                if encode_batch():
                    pause = unencoded = 0.0
        except (OperationalError, InternalError) as error:
            logger.warning("the search index waits: %s", error)
            connections.close_all()
            pause = AWAY
        except Exception:  # a mistake of ours, perhaps in one petition: the next look tells
            logger.exception("the search index waits")
            connections.close_all()
            pause = AWAY
        stop.wait(pause)
    connections.close_all()
