"""Keeps full tiles and bundles of logs as files, behind the memory of front.py: what was read once needs no database.

A file holds a whole answer in each of its codings, with its headers, so that it is sent as from memory. Its bytes never
change, and all is public. Files of other databases are not looked at; the oldest go where there is no room; one that is
damaged goes as soon as it is found. Several processes may share the folder: a file appears whole under its name, or not
at all.
"""

import asyncio
import contextlib
import json
import logging
import os
import re
import shutil
import struct
import threading
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path

from maninso.ledger.errors import LedgerError
from maninso.ledger.tiles import TILE_WIDTH, TilePath
from maninso.run.bridge import Answer
from maninso.run.front import IDENTITY, OVERHEAD, Form, Lifetimes, Stored, join_headers, read_lifetimes
from maninso.signing.reading import Headers

logger = logging.getLogger(__name__)

MOST_BYTES = 2 * 2**30  # on disk, of all processes together
LEAST_FREE = 2**30  # bytes of the disk that are left to others
SHARERS = 8  # processes that fill it at one time without going over

FORMAT = "1"  # of a file; another one is not looked at
_LARGEST = 70_000_000  # bytes of a file: 256 of the longest entries, twice, and their headers
_CHECK = struct.Struct(">I")  # CRC-32 of what follows
_LENGTHS = struct.Struct(">II")  # of the two parts before the bodies
_ADDRESS = re.compile(r"/(?:p/(?P<petition>[1-9][0-9]{0,17})/)?log/(?P<tile>tile/.{5,60})", re.ASCII)


class Shelf:
    """The files below `folder`. `identify` names the database, in a thread that may ask it; it may raise OSError."""

    def __init__(
        self,
        folder: Path,
        *,
        identify: Callable[[], str],
        most_bytes: int = MOST_BYTES,
        least_free: int = LEAST_FREE,
    ) -> None:
        self._folder = folder
        self._identify = identify
        self._most_bytes = most_bytes
        self._least_free = least_free
        self._place: str | None = None  # below the folder, once the database is known
        self._until_swept = 0  # bytes that this process may write before it looks at all files
        self._lock = threading.Lock()
        self._readers = ThreadPoolExecutor(1, thread_name_prefix="shelf")

    async def find(self, path: str, *, now: float) -> Stored | None:
        """Return the answer to the address, which was asked for without a query, where it is kept."""
        if self._place is None:
            return None  # until this process has asked the database for a first tile
        name = name_file(path)
        if name is None:
            return None
        file = f"{self._place}/{name}"
        try:
            try:
                data: bytes | bytearray = read_cached(file)
            except BlockingIOError:  # the disk has to be waited for, which signatures must not
                data = await asyncio.get_running_loop().run_in_executor(self._readers, Path(file).read_bytes)
        except OSError:
            return None
        stored = parse_stored(data, now=now)
        if stored is None:
            logger.warning("%s is damaged; it is made anew", file)
            with contextlib.suppress(OSError):
                os.unlink(file)
        return stored

    def keep(self, path: str, stored: Stored) -> None:
        """Keep the answer to an address, asked for without a query, if it is a full tile or bundle; blocks."""
        name = name_file(path)
        if name is None or stored.answer.status != 200 or not is_immutable(stored.answer):
            return
        data = render_stored(stored)
        try:
            if self._place is None:
                self._place = f"{self._folder}/{FORMAT}-{self._identify()}"
            if self._make_room(len(data)):
                file = Path(self._place, name)
                file.parent.mkdir(parents=True, exist_ok=True)
                draft = file.with_name(f".{file.name}.{os.getpid()}.{threading.get_ident()}")
                draft.write_bytes(data)
                os.replace(draft, file)
        except OSError as error:  # it only saves work: where it cannot be written, the database answers again
            logger.warning("the tile %s was not kept: %s", path, error)

    def close(self) -> None:
        """Let what is read end."""
        self._readers.shutdown()

    def _make_room(self, size: int) -> bool:
        """Whether so many bytes may be written; now and then the oldest files make room for more."""
        if not self._lock.acquire(blocking=False):
            return False  # somebody is looking at the files, and nobody waits for that
        try:
            self._until_swept -= size
            if self._until_swept < 0:
                self._folder.mkdir(parents=True, exist_ok=True)
                if shutil.disk_usage(self._folder).free < self._least_free + self._most_bytes // 8:
                    return False
                sweep(self._folder, self._most_bytes * 7 // 8)
                self._until_swept = self._most_bytes // (8 * SHARERS)
            return True
        finally:
            self._lock.release()


def name_file(path: str) -> str | None:
    """Return where below a database's folder the answer to an address is kept; None where it is no full tile."""
    match = _ADDRESS.fullmatch(path)
    if match is None:
        return None
    try:
        tile = TilePath.parse(match["tile"])
    except LedgerError:
        return None
    return f"{match['petition'] or 0}/{match['tile']}" if tile.width == TILE_WIDTH else None


def is_immutable(answer: Answer) -> bool:
    """Whether an answer says that it will never change."""
    directives = join_headers(answer.headers).get("cache-control", "").lower().split(",")
    return "immutable" in [directive.strip() for directive in directives]


def read_cached(file: str) -> bytearray:
    """Return a file's bytes where the operating system has them in memory.

    Raises BlockingIOError where it has not, or cannot tell; FileNotFoundError and other OSErrors.
    """
    descriptor = os.open(file, os.O_RDONLY)
    try:
        size = os.fstat(descriptor).st_size
        if size > _LARGEST or not hasattr(os, "RWF_NOWAIT"):
            raise BlockingIOError
        buffer = bytearray(size)
        try:
            read = os.preadv(descriptor, [buffer], 0, os.RWF_NOWAIT)
        except BlockingIOError:
            raise
        except OSError as error:  # a file system that does not know this way of reading
            raise BlockingIOError from error
        if read < size:
            raise BlockingIOError
        return buffer
    finally:
        os.close(descriptor)


def render_stored(stored: Stored) -> bytes:
    """Return an answer as its file holds it: a check, what all tiles of its kind have in common, what is its own."""
    forms = list(stored.forms.items())
    common = json.dumps(
        [
            [pair for pair in stored.answer.headers if pair[0] == "cache-control"],
            [[coding, form.lasting[:-1], form.lasting_304[:-1]] for coding, form in forms],  # their tag comes last
        ]
    ).encode()
    own = json.dumps([[form.etag, len(form.body)] for _, form in forms]).encode()
    rest = _LENGTHS.pack(len(common), len(own)) + common + own + b"".join(form.body for _, form in forms)
    return _CHECK.pack(zlib.crc32(rest)) + rest


def parse_stored(data: bytes | bytearray, *, now: float) -> Stored | None:
    """Return the answer that a file holds, as one asked for at `now`; None where the file is damaged."""
    view = memoryview(data)
    rest = view[_CHECK.size :]
    # A machine that lost its power may leave half a file under its name.
    if len(rest) < _LENGTHS.size or view[: _CHECK.size] != _CHECK.pack(zlib.crc32(rest)):
        return None
    common_length, own_length = _LENGTHS.unpack_from(rest)
    common_end = _LENGTHS.size + common_length
    own_end = common_end + own_length
    headers, lifetimes, codings = _read_common(bytes(rest[_LENGTHS.size : common_end]))
    forms = {}
    start = own_end
    for (coding, lasting, lasting_304), (etag, length) in zip(
        codings, json.loads(str(rest[common_end:own_end], "ascii")), strict=True
    ):
        tag = ("etag", etag)
        forms[coding] = Form(etag, bytes(rest[start : start + length]), [*lasting, tag], [*lasting_304, tag])
        start += length
    until = now + lifetimes.fresh
    return Stored(
        Answer(200, headers, forms[IDENTITY].body),
        forms,
        OVERHEAD + len(data),
        False,
        now,
        until,
        until + lifetimes.stale,
        until + lifetimes.error,
    )


@lru_cache(64)
def _read_common(data: bytes) -> tuple[Headers, Lifetimes, list[tuple[str, Headers, Headers]]]:
    headers, codings = json.loads(data)
    kept = _pairs(headers)
    lifetimes = read_lifetimes(join_headers(kept)["cache-control"])
    assert lifetimes is not None  # noqa: S101 - else it had not been kept
    return kept, lifetimes, [(coding, _pairs(lasting), _pairs(unchanged)) for coding, lasting, unchanged in codings]


def _pairs(given: list[list[str]]) -> Headers:
    return [(name, value) for name, value in given]


def sweep(folder: Path, most_bytes: int) -> None:
    """Where the files below a folder have more bytes than that, delete the oldest until a seventh of it is free."""
    files = []
    for place, _, names in os.walk(folder):
        for name in names:
            file = os.path.join(place, name)
            with contextlib.suppress(FileNotFoundError):  # another process was here
                status = os.stat(file)
                files.append((status.st_mtime, status.st_size, file))
    total = sum(size for _, size, _ in files)
    if total <= most_bytes:
        return
    for _, size, file in sorted(files):
        if total <= most_bytes * 6 // 7:
            break
        Path(file).unlink(missing_ok=True)
        total -= size


def forget_log(folder: Path, petition_id: int) -> None:
    """Take away what is kept of one log (0 is the site's own), whichever the database."""
    for place in folder.glob(f"*/{petition_id}"):
        shutil.rmtree(place, ignore_errors=True)
