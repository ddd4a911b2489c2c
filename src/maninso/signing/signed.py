"""What the log key has signed last, kept outside the database, so that no restored database can make it sign a fork.

One small file a log below the key's folder, named by the SHA-256 of the log's origin, with room for two records that
are written in turn. A record is a checkpoint's text and its SHA-256; a record torn by a crash is not valid, and then
the other one is what was signed last. A record is on disk before the checkpoint that it describes is published.
"""

import os
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from maninso import ManinsoError
from maninso.ledger.checkpoint import Checkpoint
from maninso.ledger.errors import LedgerError
from maninso.ledger.witness import name_state

SLOT = 1024  # bytes: the text is as long as the origin and 62 more; each slot lies in disk sectors of its own
_DIGEST = 65  # 64 hex digits and a newline


class SignedError(ManinsoError):
    """A file of what was signed last cannot be read or written."""


class Signed(Protocol):
    """Where a signer remembers what it signed."""

    def read(self, origin: str) -> Checkpoint | None:
        """The last checkpoint signed of a log; None if there is none. Raises SignedError."""
        ...

    def record(self, checkpoint: Checkpoint) -> None:
        """Remembers a checkpoint; it is safe when this returns. Raises SignedError."""
        ...

    def list_all(self) -> list[Checkpoint]:
        """The last checkpoint signed of every log, as far as that can be read. Raises SignedError."""
        ...


class SignedFiles:
    """Files in one folder, which is made at the first record. One process writes at a time: the sequencer."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, origin: str) -> Checkpoint | None:
        """As `Signed.read`. A file of which neither record is valid is refused: it cannot be told what was signed."""
        path = self._place(origin)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise SignedError(f"{path} cannot be read: {error.strerror}", cure=_CURE) from error
        found = [point for slot in (data[:SLOT], data[SLOT:]) if (point := _parse(slot)) and point.origin == origin]
        if not found:
            raise SignedError(f"{path} does not say what was signed last of {origin}", cure=_CURE)
        return max(found, key=lambda point: point.size)

    def record(self, checkpoint: Checkpoint) -> None:
        """As `Signed.record`: one write of 1 KB and one flush to disk; the first of a log also makes the file."""
        path = self._place(checkpoint.origin)
        text = checkpoint.render().encode()
        slot = (sha256(text).hexdigest().encode() + b"\n" + text).ljust(SLOT, b"\0")
        if len(slot) != SLOT:
            raise SignedError(f"the log's name {checkpoint.origin[:80]} is too long")
        try:
            if not path.exists():
                self._make(path, slot)
                return
            descriptor = os.open(path, os.O_RDWR)
            try:
                os.pwrite(descriptor, slot, self._next_slot(descriptor) * SLOT)
                os.fdatasync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise SignedError(f"{path} cannot be written: {error.strerror}", cure=_CURE) from error

    def list_all(self) -> list[Checkpoint]:
        """As `Signed.list_all`. What cannot be read belongs to a log whose own `read` says so."""
        try:
            files = [path.read_bytes() for path in sorted(self._folder.glob("[0-9a-f]" * 64))]
        except OSError as error:
            raise SignedError(f"{self._folder} cannot be read: {error.strerror}", cure=_CURE) from error
        newest = [
            max(filter(None, map(_parse, (data[:SLOT], data[SLOT:]))), key=lambda point: point.size, default=None)
            for data in files
        ]
        return [point for point in newest if point is not None]

    def _place(self, origin: str) -> Path:
        return self._folder / name_state(origin)

    def _next_slot(self, descriptor: int) -> int:
        """The place of the older record, or of the one that is not valid."""
        first, second = (_parse(os.pread(descriptor, SLOT, place)) for place in (0, SLOT))
        return 0 if first is None or (second is not None and first.size < second.size) else 1

    def _make(self, path: Path, slot: bytes) -> None:
        """The file appears under its name complete or not at all, and its name is on disk too."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.part")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(slot + bytes(SLOT))
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
        for place in (self._folder, self._folder.parent):
            folder = os.open(place, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)


def _parse(slot: bytes) -> Checkpoint | None:
    digest, text = slot[:_DIGEST], slot[_DIGEST:].rstrip(b"\0")
    if digest != sha256(text).hexdigest().encode() + b"\n":
        return None
    try:
        return Checkpoint.parse(text.decode())
    except (UnicodeDecodeError, LedgerError):
        return None


_CURE = "let the worker's account read and write the folder keys/signed, or restore it from your newest backup"
