"""Checkpoints: a log's signed size and root (c2sp.org/tlog-checkpoint), here always without extension lines."""

from dataclasses import dataclass
from typing import Self

from maninso import UsageError
from maninso.ledger.canonical import decode_base64, encode_base64, parse_decimal
from maninso.ledger.errors import LedgerError, Reason
from maninso.ledger.merkle import EMPTY_ROOT, HASH_LENGTH
from maninso.ledger.note import SignedNote, SignerKey, VerifierKey, is_key_name, open_note, sign_note
from maninso.ledger.tiles import MAX_SIZE


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The log named `origin` had `size` leaves and the 32-byte tree hash `root`."""

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        if not is_key_name(self.origin) or not 0 <= self.size <= MAX_SIZE or len(self.root) != HASH_LENGTH:
            raise LedgerError(Reason.MALFORMED_CHECKPOINT, f"{self.origin[:80]!r} of {self.size} is no checkpoint.")
        if self.size == 0 and self.root != EMPTY_ROOT:
            raise LedgerError(Reason.MALFORMED_CHECKPOINT, f"The empty log {self.origin} has another root than it can.")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises LedgerError (malformed-checkpoint) unless `text` is the canonical text, without extension lines."""
        lines = text.split("\n")
        if len(lines) != 4 or lines[3]:
            raise LedgerError(Reason.MALFORMED_CHECKPOINT, "A checkpoint has three lines: origin, size and root.")
        try:
            return cls(lines[0], parse_decimal(lines[1]), decode_base64(lines[2]))
        except ValueError as error:
            raise LedgerError(
                Reason.MALFORMED_CHECKPOINT, f"In the checkpoint of {lines[0][:80]!r}: {error}."
            ) from error

    def render(self) -> str:
        """The text that is signed, final newline included."""
        return f"{self.origin}\n{self.size}\n{encode_base64(self.root)}\n"


def sign_checkpoint(checkpoint: Checkpoint, signer: SignerKey) -> bytes:
    """The signed checkpoint's bytes. Raises UsageError if the key is not named as the log's origin."""
    if signer.name != checkpoint.origin:
        raise UsageError(f"The key {signer.name} must not sign for the log {checkpoint.origin}.")
    return sign_note(checkpoint.render(), [signer])


def read_head(text: str) -> Checkpoint:
    """What any log's checkpoint says of its tree; extension lines, which other logs may have, are left aside.

    Raises LedgerError (malformed-checkpoint).
    """
    lines = text.split("\n")
    if not all(lines[:-1]) or lines[-1]:
        raise LedgerError(Reason.MALFORMED_CHECKPOINT, "A checkpoint has no empty lines, and its last line ends.")
    return Checkpoint.parse("\n".join([*lines[:3], ""]))


def peek_checkpoint(data: bytes) -> Checkpoint:
    """What a signed checkpoint claims, its signatures *not* verified. Raises LedgerError if malformed."""
    return Checkpoint.parse(SignedNote.parse(data).text)


def open_checkpoint(data: bytes, *, origin: str, key: VerifierKey) -> Checkpoint:
    """The checkpoint of the log `origin`, verified with its key.

    Raises LedgerError: other-log if it is another log's; else as `open_note`.
    """
    claimed = peek_checkpoint(data)
    if claimed.origin != origin:
        raise LedgerError(Reason.OTHER_LOG, f"It is of the log {claimed.origin}, not of {origin}.")
    open_note(data, [key])
    return claimed
