"""Processes that begin as copies of this one, with all that it has loaded.

A copy takes no time to load what the original has loaded, and the two share the memory that neither changes. It must
inherit nothing else: see `Fork`. Only a process of one thread is copied (fork(2)): what another thread holds at that
moment, a lock or half a change, would stay so in the copy for ever.
"""

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from maninso import ManinsoError
from maninso.run.console import say_error

logger = logging.getLogger(__name__)

_TASKS = Path("/proc/self/task")
_FILES = Path("/proc/self/fd")
_NAME = Path("/proc/self/comm")


def can_fork() -> bool:
    """Whether this process has one thread, those of libraries counted; False where the system does not say (Linux)."""
    try:
        return len(os.listdir(_TASKS)) == 1
    except OSError:
        return False


def name_process(name: str) -> None:
    """Have `ps`, `top` and `pgrep` show the main thread as `name`, of at most 15 bytes: a copy has the same words."""
    with suppress(OSError):
        _NAME.write_text(name)


def forget_handlers(numbers: Iterable[int]) -> None:
    """Let signals do what they do at first; what is ignored (nohup) stays ignored, as in a new process."""
    for number in numbers:
        if callable(signal.getsignal(number)):
            signal.signal(number, signal.SIG_DFL)


def keep_handlers() -> None:
    """Let no process that begins as a copy from now on, whoever makes it, hear as we do that it shall end."""
    masks: list[set[int | signal.Signals]] = []

    def block() -> None:
        masks.append(signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals()))

    def unblock() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, masks.pop())

    def begin() -> None:
        forget_handlers((signal.SIGTERM, signal.SIGINT))
        unblock()

    os.register_at_fork(before=block, after_in_parent=unblock, after_in_child=begin)


class Fork:
    """A process that runs `job` and ends with it, as a command does: its errors are said, its exit status is theirs.

    It keeps the standard streams and the environment, in which MANINSO_PARENT is this process. Files and sockets are
    closed, locks held by them let go; signals do again what they do at first; and nothing that waits for the end of
    this process (`finally`, atexit) is run by it. `can_fork` must be true.
    """

    def __init__(self, job: Callable[[], None]) -> None:
        sys.stdout.flush()  # what waits to be written would be written twice
        sys.stderr.flush()
        self._reaping = threading.Lock()
        self._status: int | None = None
        parent = os.getpid()
        # A signal may not reach the copy while our handlers are in it: they would unwind what is ours.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        try:
            self._number = os.fork()
            if self._number == 0:
                _run(job, parent=parent, unblocked=before)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def wait(self) -> int:
        """Wait for its end; returns its exit status, or minus the number of the signal that ended it."""
        os.waitid(os.P_PID, self._number, os.WEXITED | os.WNOWAIT)
        with self._reaping:
            if self._status is None:
                self._status = os.waitstatus_to_exitcode(os.waitpid(self._number, 0)[1])
        return self._status

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless its end is known: another process may have its number by then."""
        with self._reaping:
            if self._status is None:
                os.kill(self._number, number)


def _run(job: Callable[[], None], *, parent: int, unblocked: Iterable[int]) -> NoReturn:
    status = 1
    try:
        for name in os.listdir(_FILES):
            if int(name) > 2:
                with suppress(OSError):  # the one that the list itself was read by
                    os.close(int(name))
        forget_handlers(signal.valid_signals())
        signal.pthread_sigmask(signal.SIG_SETMASK, unblocked)
        os.environ["MANINSO_PARENT"] = str(parent)
        job()
        status = 0
    except ManinsoError as error:
        say_error(error)
        status = error.exit_status
    except Exception:
        logger.exception("a process of ours failed")
    finally:
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)
