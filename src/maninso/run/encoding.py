"""Keeps the process that says what texts mean beside the site, or beside a worker that runs alone."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from maninso.run.keeper import ProcessKeeper
from maninso.run.settings import Settings

logger = logging.getLogger(__name__)

LONGEST_PATH = 100  # bytes of a socket's path that every system takes


@contextmanager
def keep_encoder(settings: Settings, *, passages: int = 1) -> Iterator[None]:
    """Keep the process that says what texts mean running for the time of the block, where the extra is installed.

    It works at `passages` texts of petitions at a time: several are for where nobody asks it anything else.
    """
    socket = settings.home / "encoder" / "socket"
    if settings.semantic and len(os.fsencode(socket)) > LONGEST_PATH:
        logger.warning("search goes by words alone: the path %s is too long for a socket; shorten MANINSO_HOME", socket)
    elif settings.semantic:
        with ProcessKeeper([sys.executable, "-m", "maninso.run.encoder", str(passages)]):
            yield
        return
    yield
