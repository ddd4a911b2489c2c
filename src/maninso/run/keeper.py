"""Keeps a process of ours running beside another: the worker beside the site, the messages beside the worker."""

import logging
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence

from maninso.run.forking import Fork, can_fork

logger = logging.getLogger(__name__)

TELL_EVERY = 0.2  # seconds between telling a process to stop until it has
AGAIN_AFTER = 1.0  # seconds from a process's death to its next start
AGAIN_AFTER_ITS_END = 5.0  # and from the end of one that ended well: whoever told it so may be telling us, too


class ProcessKeeper:
    """Keeps one process (`command`) running beside the site, and starts it again if it dies.

    With `job`, which does what the command does, it is at first a copy of this process, where that can be copied. It is
    started again as a new one: by then this process has threads.
    """

    def __init__(self, command: Sequence[str], *, job: Callable[[], None] | None = None) -> None:
        self._command = command
        self._job = job
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | Fork | None = None
        self._thread = threading.Thread(target=self._keep, name="process keeper", daemon=True)

    def __enter__(self) -> "ProcessKeeper":
        # The first start is over before the site forks: a web process forked in the middle of it would hold the pipe by
        # which a new process says that it runs, and the start would take as long as the web process lives.
        if self._job is not None and can_fork():
            self._process = Fork(self._job)
        else:
            self._start()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        while self._thread.is_alive():  # a process that is being started meanwhile is told as soon as it is known
            if self._process is not None:
                self._process.send_signal(signal.SIGTERM)
            self._thread.join(TELL_EVERY)

    def _start(self) -> None:
        environment = {**os.environ, "MANINSO_PARENT": str(os.getpid())}
        self._process = subprocess.Popen(self._command, env=environment)  # noqa: S603 - our own interpreter and module

    def _keep(self) -> None:
        while self._process is not None:
            status = self._process.wait()
            if self._stopping.wait(AGAIN_AFTER if status else AGAIN_AFTER_ITS_END):
                return
            logger.warning("a process of ours ended with status %d and is started again", status)
            self._start()


def watch_parent() -> None:
    """End this process when the one that started it is gone, however that ended, so that the port becomes free."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, name="watch parent", daemon=True).start()
