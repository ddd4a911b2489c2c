"""The index's thread: vectors wait while many sign, and nothing ends it but its worker."""

import threading
import time
from collections.abc import Callable

import pytest

from maninso.run import indexing
from maninso.run.work import RUSH, tell


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look all the time, and find nothing due."""
    monkeypatch.setattr(indexing, "LOOK", 0.01)
    monkeypatch.setattr(indexing, "AWAY", 0.01)
    monkeypatch.setattr(indexing, "LOOK_FOR_VECTORS", 0.0)
    monkeypatch.setattr(indexing, "catch_up", lambda now: 0)
    monkeypatch.setattr(indexing, "encode_batch", lambda: 0)


def count(monkeypatch: pytest.MonkeyPatch, name: str, then: Callable[[], int]) -> list[None]:
    """Return a list that grows with each call of one of the index's functions, which then does `then`."""
    calls: list[None] = []

    def called(**_: object) -> int:
        calls.append(None)
        return then()

    monkeypatch.setattr(indexing, name, called)
    return calls


def wait_for(calls: list[None], more: int) -> None:
    wanted, deadline = len(calls) + more, time.monotonic() + 20
    while len(calls) < wanted:
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_petitions_get_no_vectors_while_many_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = count(monkeypatch, "catch_up", lambda: 1)  # there is always something new
    encoded = count(monkeypatch, "encode_batch", lambda: 0)
    rush = threading.Event()
    tell(rush, RUSH)
    with indexing.keep_index(rush):
        wait_for(looks, 3)  # words are kept all the same
        assert encoded == []
        tell(rush, RUSH - 1)
        wait_for(encoded, 2)


def test_a_mistake_does_not_end_the_index(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> int:
        raise ValueError("no such vector")

    looks, failed = count(monkeypatch, "catch_up", lambda: 0), count(monkeypatch, "encode_batch", fail)
    with indexing.keep_index(threading.Event()):
        wait_for(failed, 2)
        wait_for(looks, 2)
    assert "no such vector" in caplog.text
