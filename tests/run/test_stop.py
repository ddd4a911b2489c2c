"""Telling the worker to stop, from a signal, at any moment."""

import os
import signal
import threading
import time

from maninso.run.worker import Stop


def test_a_signal_ends_the_wait() -> None:
    stop = Stop()
    before = signal.signal(signal.SIGUSR1, stop.tell)
    try:
        threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGUSR1)).start()
        started = time.monotonic()
        stop.wait(20)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert stop.is_set()
    assert time.monotonic() - started < 10


def test_untold_it_waits_its_time() -> None:
    stop = Stop()
    started = time.monotonic()
    stop.wait(0.25)
    assert time.monotonic() - started >= 0.25
    assert not stop.is_set()
