"""Serves a witness (c2sp.org/tlog-witness): `POST /add-checkpoint`, and `GET /HEX/checkpoint` for whoever watches it.

What it knows lies in one folder: its key, and for each log the last checkpoint that it cosigned, in a file named by the
SHA-256 of the log's origin. What is decided is in maninso.ledger.witness; here one lock spans reading a log's state,
deciding and writing the new state to disk, and only then the answer leaves.
"""

import fcntl
import logging
import os
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from maninso import ManinsoError
from maninso.ledger.checkpoint import Checkpoint, read_head
from maninso.ledger.errors import LedgerError
from maninso.ledger.note import SignedNote, SignerKey, VerifierKey, is_key_name, open_note
from maninso.ledger.witness import MAX_REQUEST_BYTES, TEXT, Decision, decide_request, name_state
from maninso.run.settings import SettingError, read_or_make_secret

logger = logging.getLogger(__name__)

Clock = Callable[[], float]

TIMEOUT = 20.0  # seconds that a client may take for one read or write
_STATE_PATH = re.compile(r"/([0-9a-f]{64})/checkpoint")


class WitnessStateError(ManinsoError):
    """The witness's folder cannot be used."""


class Witness:
    """One witness and its folder, which it holds alone until it is closed."""

    def __init__(self, state: Path, *, name: str, logs: Mapping[str, Sequence[VerifierKey]], clock: Clock) -> None:
        if not is_key_name(name):
            raise SettingError(f"{name!r} is no name of a witness", cure="give one without spaces and +, such as a URL")
        self._state = state
        self._logs = logs
        self._clock = clock
        self._lock = threading.Lock()
        try:
            state.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._held = os.open(state / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise WitnessStateError(f"{state}: {error.strerror}", cure="give a folder that it can write") from error
        try:
            fcntl.flock(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._signer = SignerKey(name, read_or_make_secret(state / "key"))
            for origin in logs:
                self._read_known(origin)
        except BlockingIOError as error:
            os.close(self._held)
            raise WitnessStateError(f"another witness uses {state}", cure="stop it, or give another folder") from error
        except ManinsoError:
            os.close(self._held)
            raise

    @property
    def key(self) -> VerifierKey:
        """Its public key, of type 04."""
        return self._signer.cosigner

    def close(self) -> None:
        """Give the folder free."""
        os.close(self._held)

    def add_checkpoint(self, body: bytes) -> Decision:
        """Answer one request; a cosigned checkpoint is on disk when this returns. Raises WitnessStateError."""
        with self._lock:
            decision = decide_request(
                body,
                logs=self._logs,
                read_known=self._read_known,
                signer=self._signer,
                time=int(self._clock()),
            )
            if decision.cosigned is not None:
                self._write(decision.cosigned)
        return decision

    def read_checkpoint(self, name: str) -> bytes | None:
        """Return the last checkpoint cosigned of the log with this digest, None where there is none."""
        try:
            return (self._state / name).read_bytes()
        except FileNotFoundError:
            return None

    def _read_known(self, origin: str) -> Checkpoint | None:
        """What it cosigned last; its own signature tells that the file is what it wrote."""
        path = self._state / name_state(origin)
        data = self.read_checkpoint(path.name)
        if data is None:
            return None
        try:
            known = read_head(open_note(data, [self.key]).text)
            if known.origin != origin:
                raise WitnessStateError(f"{path} is of the log {known.origin}")
        except LedgerError as error:
            cure = "restore the folder as it was last; if that cannot be, make a new witness with a new name and key"
            raise WitnessStateError(f"{path} is not what this witness wrote: {error}", cure=cure) from error
        return known

    def _write(self, data: bytes) -> None:
        path = self._state / name_state(read_head(SignedNote.parse(data).text).origin)
        draft = path.with_name(f"{path.name}.part")
        try:
            with draft.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(draft, path)
            folder = os.open(self._state, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise WitnessStateError(f"{path} cannot be written: {error.strerror}") from error


def make_server(witness: Witness, *, host: str, port: int) -> ThreadingHTTPServer:
    """Return a server that answers for the witness; `serve_forever` runs it."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        server_version = "maninso-witness"
        sys_version = ""
        timeout = TIMEOUT

        def do_POST(self) -> None:
            if self.path != "/add-checkpoint":
                self._answer(404, "POST goes to /add-checkpoint.\n")
                return
            length = self.headers.get("Content-Length", "")
            if not (length.isascii() and length.isdigit()):
                self.close_connection = True
                self._answer(411, "The request does not say how long it is.\n")
            elif len(length) > 9 or int(length) > MAX_REQUEST_BYTES:
                self.close_connection = True
                self._answer(413, f"A request has at most {MAX_REQUEST_BYTES} bytes.\n")
            else:
                body = self.rfile.read(int(length))
                if len(body) < int(length):
                    self.close_connection = True
                    return
                self._decide(body)

        def do_GET(self) -> None:
            match = _STATE_PATH.fullmatch(self.path)
            data = witness.read_checkpoint(match[1]) if match else None
            if data is None:
                self._answer(404, "There is no such checkpoint.\n")
            else:
                self._answer(200, data.decode(), TEXT)

        def _decide(self, body: bytes) -> None:
            try:
                decision = witness.add_checkpoint(body)
            except WitnessStateError as error:
                logger.error("%s", error)
                self._answer(500, "The witness cannot keep what it would sign.\n")
                return
            logger.info("add-checkpoint: %d", decision.status)
            self._answer(decision.status, decision.body, decision.content_type)

        def _answer(self, status: int, text: str, content_type: str = TEXT) -> None:
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            if self.close_connection:
                self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            """Say nothing a request; decisions are logged."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

    return Server((host, port), Handler)


def serve_witness(witness: Witness, *, host: str, port: int) -> None:
    """Serve until the process is told to end."""
    with make_server(witness, host=host, port=port) as server:
        try:
            server.serve_forever()
        finally:
            witness.close()


def read_clock() -> float:
    """Unix time, which the cosignatures name."""
    return time.time()
