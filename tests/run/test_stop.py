"""Telling the worker to stop: itself by a signal, at any moment, and the one that the site keeps."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from maninso.run.keeper import ProcessKeeper
from maninso.run.stop import Stop

SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]


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


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> "list[subprocess.Popen[bytes]]":
    """The processes that were started; each is known to who starts it only 1.5 s after it runs.

    That is how it goes where the site forks a web process meanwhile, which then holds the new process's pipe.
    """
    processes: list[subprocess.Popen[bytes]] = []
    start: Callable[..., subprocess.Popen[bytes]] = subprocess.Popen

    def start_slowly(*arguments: Any, **options: Any) -> "subprocess.Popen[bytes]":
        process = start(*arguments, **options)
        processes.append(process)
        time.sleep(1.5)
        return process

    monkeypatch.setattr(subprocess, "Popen", start_slowly)
    return processes


def test_the_site_stops_its_worker_at_once(started: "list[subprocess.Popen[bytes]]") -> None:
    begun = time.monotonic()
    with ProcessKeeper(SLEEPER):
        pass
    assert [process.poll() for process in started] == [-signal.SIGTERM]
    assert time.monotonic() - begun < 20


def test_a_worker_that_was_being_started_again_is_told_too(started: "list[subprocess.Popen[bytes]]") -> None:
    begun = time.monotonic()
    with ProcessKeeper(SLEEPER):
        started[0].kill()
        while len(started) < 2:
            time.sleep(0.01)
    assert [process.poll() for process in started] == [-signal.SIGKILL, -signal.SIGTERM]
    assert time.monotonic() - begun < 20
