"""Asks the site's witnesses to cosign its log (c2sp.org/tlog-witness), one thread a witness, beside the sequencer.

Nothing waits for a witness: a checkpoint is published at once, and the lines of those who answered are added to it when
it is served. A witness that is slow, dead or wrong is said in the log and asked again later.
"""

import datetime as dt
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

import psycopg

from maninso import __version__
from maninso.ledger.canonical import parse_decimal
from maninso.ledger.errors import LedgerError
from maninso.ledger.merkle import prove_consistency
from maninso.ledger.note import SignedNote
from maninso.ledger.policy import KnownWitness
from maninso.ledger.reader import read_hashes_from
from maninso.ledger.witness import SIZE, AddRequest, read_cosignatures
from maninso.run.settings import Settings
from maninso.signing.gate import Cursor
from maninso.signing.sitelog import SITE, Cosignature, keep_cosignature
from maninso.signing.sitelog import read_cosignatures as read_kept
from maninso.signing.tiles import LogTiles, read_tree

logger = logging.getLogger(__name__)

LOOK = 0.5  # seconds between looks for a new checkpoint
AT_MOST_EVERY = 10.0  # seconds between two requests to one witness
TIMEOUT = 20.0  # seconds
LONGEST_ANSWER = 100_000  # bytes
ATTEMPTS = 3  # a witness may say once which size it knows, and once more if somebody else asked meanwhile


class WitnessError(Exception):
    """A witness did not cosign; the message says why. It concerns nobody but the operator, who reads it in the log."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A witness's HTTP answer."""

    status: int
    content_type: str
    body: bytes


Post = Callable[[str, bytes], Answer]


@contextmanager
def ask_witnesses(settings: Settings) -> Iterator[None]:
    """Ask each witness of MANINSO_WITNESSES, in a thread of its own, for the time of the block."""
    stop = threading.Event()
    witnesses = settings.witnesses.witnesses if settings.witnesses else []
    for witness in witnesses:
        name = f"witness {witness.name}"
        # A daemon: a witness that does not answer must not keep the worker from ending.
        threading.Thread(target=_follow, args=(settings, witness, stop), name=name, daemon=True).start()
    try:
        yield
    finally:
        stop.set()


def _follow(settings: Settings, witness: KnownWitness, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            with psycopg.connect(
                settings.database_url or "", autocommit=True, options="-c application_name=maninso-witnessing"
            ) as connection:
                while not stop.is_set():
                    pause = AT_MOST_EVERY if _ask(connection, witness) else LOOK
                    stop.wait(pause)
        except psycopg.OperationalError:
            stop.wait(AT_MOST_EVERY)  # the worker itself says that the database is away


def _ask(connection: psycopg.Connection, witness: KnownWitness) -> bool:
    """Ask once, if there is something new; returns whether the witness was asked."""
    try:
        with connection.cursor() as cursor:
            return ask_witness(cursor, witness, post=post_request)
    except (WitnessError, psycopg.IntegrityError) as error:
        logger.warning("the witness %s did not cosign: %s", witness.name, error)
        return True


def ask_witness(cursor: Cursor, witness: KnownWitness, *, post: Post) -> bool:
    """Have the site's last checkpoint cosigned by a witness and store its line; False if it has been, or there is none.

    Raises WitnessError.
    """
    size, checkpoint = read_tree(cursor, SITE)
    if checkpoint is None:
        return False
    text = SignedNote.parse(checkpoint).text
    kept = next((each for each in read_kept(cursor) if each.witness == witness.key), None)
    if kept is not None and SignedNote.parse(kept.checkpoint).text == text:
        return False
    old = kept.size if kept else 0
    answer = Answer(409, SIZE, b"")
    for _ in range(ATTEMPTS):
        if old > size:
            raise WitnessError(f"it has seen {old} leaves, and the site's log has {size}: was the database restored?")
        proof = prove_consistency(old, size, read_hashes_from(LogTiles(cursor, petition_id=SITE, size=size), size))
        answer = post(f"{witness.url.rstrip('/')}/add-checkpoint", AddRequest(old, tuple(proof), checkpoint).render())
        if answer.status != 409:
            break
        old = _read_size(answer, asked=old)
    if answer.status != 200:
        raise WitnessError(f"it answered {answer.status}: {answer.body[:200].decode(errors='replace').strip()}")
    try:
        line, time = read_cosignatures(answer.body, text, witness.key)
        cosigned_at = dt.datetime.fromtimestamp(time, dt.UTC)
    except (LedgerError, ValueError, OverflowError, OSError) as error:
        raise WitnessError(f"its cosignature is not right: {error}") from error
    keep_cosignature(cursor, Cosignature(witness.key, size, checkpoint, line.render(), cosigned_at))
    return True


def _read_size(answer: Answer, *, asked: int) -> int:
    """The size that a witness says it knows. Raises WitnessError."""
    try:
        known = parse_decimal(answer.body.decode("ascii").removesuffix("\n"))
    except ValueError as error:
        raise WitnessError("it answered 409 without saying what it knows") from error
    if answer.content_type.partition(";")[0].strip() != SIZE:
        raise WitnessError(f"it answered 409 as {answer.content_type}, not as {SIZE}")
    if known == asked:
        raise WitnessError(f"it has seen another tree of {known} leaves: compare its checkpoint with the site's log")
    return known


class _NoRedirects(HTTPRedirectHandler):
    """A witness is asked where the policy says, and nowhere else."""

    def redirect_request(self, *_: object) -> None:
        """Follow nothing."""


def post_request(url: str, body: bytes) -> Answer:
    """POST to a witness. Raises WitnessError where it does not answer."""
    headers = {"User-Agent": f"maninso/{__version__}", "Content-Type": "text/plain; charset=utf-8"}
    request = Request(url, data=body, headers=headers, method="POST")  # noqa: S310 - settings let http(s) pass alone
    local = url.startswith(("http://127.0.0.1", "http://localhost", "http://[::1]"))
    opener = build_opener(_NoRedirects(), *([ProxyHandler({})] if local else []))
    try:
        try:
            with opener.open(request, timeout=TIMEOUT) as response:
                return Answer(response.status, response.headers.get("Content-Type", ""), response.read(LONGEST_ANSWER))
        except HTTPError as error:
            with error:
                return Answer(error.code, error.headers.get("Content-Type", ""), error.read(LONGEST_ANSWER))
    except (OSError, HTTPException, ValueError) as error:
        raise WitnessError(f"{url} does not answer: {error}") from error
