"""A copy of a log that one keeps: an interrupted check goes on where it stopped, a later one fetches only what is new.

The copy is laid out as a site serves it, so that it can be checked as a folder, and served as a mirror. It saves
fetching and nothing else, for nothing in it is believed: a kept file is used only if it has the hash that its parent
holds under the root that is signed today (AuthenticatedTiles), which is what a file fetched now would have to have; any
other is fetched anew. The counts are made of the entries each time and never kept. So whoever could write to the copy
could make a check slower, and not make it say something else.

Files appear whole under their names, so a check can be killed at any moment. `checkpoint` is written last, and only
if the log was found right: what lies below it then belongs to it.
"""

import os
import shutil
import threading
from contextlib import suppress
from pathlib import Path

from maninso import UnreadableError, UsageError
from maninso.ledger.checkpoint import Checkpoint, open_checkpoint
from maninso.ledger.errors import LedgerError
from maninso.ledger.fetch import MAX_BUNDLE_BYTES
from maninso.ledger.merkle import HASH_LENGTH, hash_leaves, root_of_packed
from maninso.ledger.note import MAX_NOTE_BYTES, VerifierKey
from maninso.ledger.reader import AuthenticatedTiles, TileReader, tile_of
from maninso.ledger.sitelog import is_site_origin, split_origin
from maninso.ledger.tiles import TILE_BYTES, TILE_WIDTH, TilePath, unpack_bundle

CHECKPOINT, KEY, REFUSED = "checkpoint", "key", "checkpoint.refused"


class Copy:
    """The copy of one log below a folder: `log` for a site's log, `p/ID/log` for a petition's."""

    def __init__(self, folder: Path, origin: str) -> None:
        """Changes nothing yet. Raises UsageError for a log whose name says no place."""
        parts = split_origin(origin)
        if parts is None and not is_site_origin(origin):
            raise UsageError(f"The log {origin} has no place in a copy.", cure="Check it without --keep.")
        self.place = folder / "p" / str(parts[1]) / "log" if parts else folder / "log"
        self._origin = origin

    def read_checkpoint(self, key: VerifierKey) -> bytes | None:
        """The checkpoint up to which the copy was found right; None before the first.

        Raises UsageError if it is not this log's, signed by its key: then the copy is another log's, or damaged.
        """
        data = self.read(CHECKPOINT, MAX_NOTE_BYTES)
        if data is None:
            return None
        try:
            open_checkpoint(data, origin=self._origin, key=key)
        except LedgerError as error:
            raise UsageError(
                f"{self.place} is no copy of the log {self._origin}: {error}",
                cure="Name another folder. If this one was damaged, remove its checkpoint: all else is checked anew.",
            ) from error
        return data

    def read(self, name: str, limit: int) -> bytes | None:
        """A file of the copy, cut after `limit` bytes; None if it has none. Raises UnreadableError."""
        path = self.place / name
        try:
            with path.open("rb") as file:
                return file.read(limit)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise UnreadableError(f"{path} could not be read: {error.strerror}.") from error

    def write(self, name: str, data: bytes) -> None:
        """Puts a file there, whole or not at all. Raises UsageError."""
        path = self.place / name
        draft = path.with_name(f"{path.name}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(data)
            os.replace(draft, path)
        except OSError as error:
            raise UsageError(
                f"{path} could not be written: {error.strerror}.",
                cure="Make room, or name another folder; a check that is run again goes on where this one stopped.",
            ) from error

    def write_tile(self, path: TilePath, data: bytes) -> None:
        """Puts a tile or bundle there. A full one takes the place of its partial ones, which nobody needs any more."""
        self.write(path.render(), data)
        if path.width == TILE_WIDTH:
            shutil.rmtree(self.place / f"{path.render()}.p", ignore_errors=True)

    def finish(self, key: VerifierKey, checkpoint: bytes) -> None:
        """Says that the copy was found right up to a signed checkpoint."""
        self.write(KEY, f"{key.render()}\n".encode())
        self.write(CHECKPOINT, checkpoint)

    def refuse(self, checkpoint: bytes) -> Path:
        """Keeps the checkpoint of a log that does not hold beside the last that did; returns where."""
        self.write(REFUSED, checkpoint)
        return self.place / REFUSED


class KeptTiles:
    """A TileReader that takes from a copy what belongs to a signed root, and reads and keeps the rest.

    `reused` are the leaves whose entries needed no reading. May be used by several threads.
    """

    def __init__(self, reader: TileReader, copy: Copy, point: Checkpoint) -> None:
        self._reader = reader
        self._copy = copy
        self._size = point.size
        self._lock = threading.RLock()
        self._partial: dict[TilePath, bytes] = {}
        self._trusted: AuthenticatedTiles | None = None
        self.reused = 0
        # Where the log's own tiles do not make its root, nothing kept can be told from what is false.
        with suppress(LedgerError):
            self._trusted = AuthenticatedTiles(self, point.size, point.root)

    def read_tile(self, path: TilePath) -> bytes:
        """As `TileReader.read_tile`, but of whatever length the reader gives."""
        if path.width < TILE_WIDTH:
            return self._read_partial(path)
        kept = self._copy.read(path.render(), MAX_BUNDLE_BYTES) if self._trusted else None
        if kept is not None and self._belongs(path, kept):
            if path.level == "entries":
                with self._lock:
                    self.reused += TILE_WIDTH
            return kept
        data = self._reader.read_tile(path)
        self._copy.write_tile(path, data)
        return data

    def _read_partial(self, path: TilePath) -> bytes:
        """The edge of the log, which is what is new: at most one tile a level, and one bundle."""
        if path not in self._partial:
            self._partial[path] = self._reader.read_tile(path)
            self._copy.write_tile(path, self._partial[path])
        return self._partial[path]

    def _belongs(self, path: TilePath, data: bytes) -> bool:
        """Whether the subtree under a full tile or bundle is the one that the signed root commits to."""
        try:
            if path.level == "entries":
                hashes = b"".join(hash_leaves(unpack_bundle(data, TILE_WIDTH)))
                level = 0
            else:
                hashes, level = data, path.level
            if len(hashes) != TILE_BYTES or self._trusted is None:
                return False
            with self._lock:
                parent = self._trusted.read_tile(tile_of(level + 1, path.index // TILE_WIDTH, self._size))
        except LedgerError:
            return False
        start = path.index % TILE_WIDTH * HASH_LENGTH
        return root_of_packed(hashes) == parent[start : start + HASH_LENGTH]
