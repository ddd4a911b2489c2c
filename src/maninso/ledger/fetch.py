"""Where a recount reads a log from: a folder, or a site over HTTP (c2sp.org/tlog-tiles).

Everything read is limited in size, and nothing read here is believed: that is the recount's work.
"""

import time
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from email.message import Message
from http.client import HTTPException
from pathlib import Path
from typing import Protocol
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from maninso import UnreadableError, UsageError, __version__
from maninso.ledger.connections import Answer, Connections
from maninso.ledger.errors import LedgerError, Reason
from maninso.ledger.merkle import HASH_LENGTH
from maninso.ledger.reader import TileReader
from maninso.ledger.tiles import MAX_ENTRY_LENGTH, TILE_WIDTH, TilePath, cut_bundle

MAX_BUNDLE_BYTES = TILE_WIDTH * (2 + MAX_ENTRY_LENGTH)
_ATTEMPTS = 5
_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 60.0
_TIMEOUT_SECONDS = 30.0
_PLAIN = "/%:@!$&'()*+,;=?"  # besides letters, digits and "-._~": what an address may hold as it is (RFC 3986)
_MOST_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PASSING_FAULTS = frozenset({408, 429, 500, 502, 503, 504})
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class MissingError(UnreadableError):
    """There is nothing under that name; another name may do."""


class LogSource(Protocol):
    """Files below a log's prefix. `name` names the place in messages; `warnings` say what to mistrust about the way."""

    name: str
    warnings: tuple[str, ...]

    def fetch(self, name: str, limit: int) -> bytes:
        """The file's bytes. Raises MissingError, UnreadableError, or LedgerError (oversized) for more than `limit`."""
        ...


class FolderSource:
    """A log as files in a folder, such as an export or a mirror."""

    warnings: tuple[str, ...] = ()

    def __init__(self, folder: Path) -> None:
        self.name = str(folder)
        self._folder = folder

    def fetch(self, name: str, limit: int) -> bytes:
        """As `LogSource.fetch`."""
        path = self._folder / name
        try:
            with path.open("rb") as file:
                data = file.read(limit + 1)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise MissingError(f"{path} does not exist.", cure="Fetch the log again, whole.") from error
        except OSError as error:
            raise UnreadableError(f"{path} could not be read: {error.strerror}.") from error
        return _refuse_oversized(data, str(path), limit)


class HttpSource:
    """A log on a site. Redirects stay on the site; faults that pass are tried again after a growing pause."""

    def __init__(self, prefix: str, *, pause: Callable[[float], None] = time.sleep) -> None:
        parts = split_url(prefix)
        loopback = parts.hostname in _LOOPBACK
        self.name = prefix
        self.warnings = ()
        if parts.scheme == "http" and not loopback:
            self.warnings = (f"{parts.netloc} was read without encryption; anybody on the way could change it.",)
        self._pause = pause
        self._site = parts
        self._connections = Connections(parts, timeout=_TIMEOUT_SECONDS, direct=loopback)

    warnings: tuple[str, ...]

    def fetch(self, name: str, limit: int) -> bytes:
        """As `LogSource.fetch`."""
        url = f"{self.name}/{name}"
        wait, fault = _FIRST_PAUSE_SECONDS, ""
        for attempt in range(_ATTEMPTS):
            if attempt:
                self._pause(min(wait, _LONGEST_PAUSE_SECONDS))
                wait *= 2
            try:
                answer = self._follow(url, limit)
                if answer.status == 200:
                    return _refuse_oversized(_decode(answer, limit), url, limit)
            except (OSError, HTTPException, zlib.error) as error:
                fault = str(error) or type(error).__name__
                continue
            fault = f"the site answered {answer.status}"
            if answer.status in (404, 410):
                raise MissingError(f"{url} does not exist: {fault}.", cure="Check the address.")
            if answer.status not in _PASSING_FAULTS:
                break
            wait = _read_retry_after(answer.headers) or wait
        raise UnreadableError(
            f"{url} could not be read: {fault}.", cure="Try again later; nothing is known about the count until then."
        )

    def _follow(self, url: str, limit: int) -> Answer:
        """The answer behind redirects. One to another host would move the question to somebody who was not asked."""
        agent = {"User-Agent": f"maninso-verify/{__version__}", "Accept-Encoding": "gzip, identity"}
        answer = self._connections.get(_target(url), agent, limit)
        for _ in range(_MOST_REDIRECTS):
            if answer.status not in _REDIRECTS:
                break
            place = answer.headers.get("Location", "")
            if not self._is_here(url, place):
                raise UnreadableError(
                    f"{url} leads to another site, {place}.", cure="If you trust that site, name it as the target."
                )
            place = urljoin(url, place)
            url = place
            answer = self._connections.get(_target(url), agent, limit)
        return answer

    def _is_here(self, url: str, location: str) -> bool:
        try:
            parts = urlsplit(urljoin(url, location))
        except ValueError:
            return False
        return (parts.scheme, parts.netloc) == (self._site.scheme, self._site.netloc)


class SourceTiles:
    """A `TileReader` over a source. A partial tile that is gone is cut from the full one, as tlog-tiles allows."""

    def __init__(self, source: LogSource) -> None:
        self._source = source

    def read_tile(self, path: TilePath) -> bytes:
        """The tile's or bundle's bytes, of whatever length the source gives; raises as `LogSource.fetch`."""
        bundle = path.level == "entries"
        limit = MAX_BUNDLE_BYTES if bundle else TILE_WIDTH * HASH_LENGTH
        try:
            return self._source.fetch(path.render(), limit)
        except MissingError:
            if path.width == TILE_WIDTH:
                raise
            missing = path
        try:
            data = self._source.fetch(missing.full().render(), limit)
        except MissingError as error:
            raise MissingError(
                f"{self._source.name} has neither {missing.render()} nor the full tile.", cure=error.cure
            ) from error
        return cut_bundle(data, path.width) if bundle else data[: path.width * HASH_LENGTH]


def split_url(url: str) -> SplitResult:
    """The parts of an http or https URL with a host. Raises UsageError for any other."""
    refusal = UsageError(f"{url} is not an address of a site.", cure="An address begins with https:// and a host name.")
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError as error:
        raise refusal from error
    if not usable:
        raise refusal
    return parts


def read_ahead(reader: TileReader, paths: Iterable[TilePath], *, jobs: int) -> Iterator[tuple[TilePath, bytes]]:
    """The tiles in order, up to `2 * jobs` of them read ahead in threads; one job reads in the caller's."""
    if jobs == 1:
        for path in paths:
            yield path, reader.read_tile(path)
        return
    pool = ThreadPoolExecutor(jobs)
    pending: deque[tuple[TilePath, Future[bytes]]] = deque()
    try:
        for path in paths:
            pending.append((path, pool.submit(reader.read_tile, path)))
            if len(pending) == 2 * jobs:
                ready, data = pending.popleft()
                yield ready, data.result()
        for ready, data in pending:
            yield ready, data.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _target(url: str) -> str:
    parts = urlsplit(url)
    return quote(parts.path or "/", safe=_PLAIN) + (f"?{quote(parts.query, safe=_PLAIN)}" if parts.query else "")


def _read_retry_after(headers: Message) -> float | None:
    text = headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdigit() else None


def _decode(answer: Answer, limit: int) -> bytes:
    if answer.headers.get("Content-Encoding") != "gzip":
        return answer.body
    stream = zlib.decompressobj(wbits=31)
    data = stream.decompress(answer.body, limit + 1)
    if not stream.eof and len(data) <= limit:
        raise zlib.error("the compressed answer is cut off")
    return data


def _refuse_oversized(data: bytes, place: str, limit: int) -> bytes:
    if len(data) > limit:
        raise LedgerError(Reason.OVERSIZED, f"{place} is longer than the {limit} bytes that it can have.")
    return data
