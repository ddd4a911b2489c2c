"""Remembers which leaf has which nullifier, and finds those that occur more than once, in little memory.

A signature's 22 bytes (nullifier, leaf) go to one of 256 shards, by the nullifier's first byte. When the shards are
large they move to a temporary file, which has no name and is gone with the check. The search then looks at one 256th of
all signatures at a time.
"""

import tempfile
import weakref
from collections import Counter
from typing import BinaryIO

from maninso import UnreadableError

MOST_BYTES = 64 * 2**20
"""Of shards in memory: three million signatures."""

_LENGTH = 16
_RECORD = _LENGTH + 6


class Nullifiers:
    """The nullifiers of one log. Each of `shards` is extended by 16 bytes of nullifier and 6 of leaf at a time."""

    def __init__(self, *, most_bytes: int = MOST_BYTES) -> None:
        self.shards = [bytearray() for _ in range(256)]
        self._most_bytes = most_bytes
        self._file: BinaryIO | None = None
        self._moved: list[list[tuple[int, int]]] = [[] for _ in self.shards]  # places in the file, and lengths

    def relieve(self) -> None:
        """Moves the shards to the file when they are large. Raises UnreadableError if there is no room for it."""
        if sum(map(len, self.shards)) < self._most_bytes:
            return
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile()  # noqa: SIM115 - it is open as long as this is
                weakref.finalize(self, self._file.close)
            for shard, moved in zip(self.shards, self._moved, strict=True):
                moved.append((self._file.tell(), len(shard)))
                self._file.write(shard)
                shard.clear()
            self._file.flush()
        except OSError as error:
            raise UnreadableError(
                f"The nullifiers do not fit into {tempfile.gettempdir()}: {error.strerror}.",
                cure="Set TMPDIR to a folder with 22 bytes of room for each signature.",
            ) from error

    def find_repeated(self) -> dict[bytes, list[int]]:
        """The nullifiers that occur more than once, with their leaves in order."""
        repeated: dict[bytes, list[int]] = {}
        for number in range(len(self.shards)):
            shard = self._read_shard(number)
            starts = range(0, len(shard), _RECORD)
            numbers = Counter(shard[start : start + _LENGTH] for start in starts)
            if len(numbers) == len(starts):
                continue
            for start in starts:
                nullifier = shard[start : start + _LENGTH]
                if numbers[nullifier] > 1:
                    leaf = int.from_bytes(shard[start + _LENGTH : start + _RECORD], "big")
                    repeated.setdefault(nullifier, []).append(leaf)
        return repeated

    def _read_shard(self, number: int) -> bytes:
        pieces: list[bytes | bytearray] = []
        if self._file is not None:
            for place, length in self._moved[number]:
                self._file.seek(place)
                pieces.append(self._file.read(length))
            self._file.seek(0, 2)  # so that more can be moved
        return b"".join([*pieces, self.shards[number]])
