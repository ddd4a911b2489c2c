"""What a signer takes home: the promise at once, then the receipt; and what witnesses add to it.

A receipt is a c2sp.org/tlog-proof file with the entry itself in `extra`, so that it stands alone: the entry hashes to
the leaf, the audit path leads from the leaf to the root, and the log's key signed the root.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from maninso import UsageError
from maninso.ledger.canonical import decode_base64, encode_base64, parse_decimal
from maninso.ledger.checkpoint import Checkpoint, open_checkpoint, peek_checkpoint
from maninso.ledger.entries import Entry, UnknownEntry, parse_entry
from maninso.ledger.errors import LedgerError, Reason
from maninso.ledger.merkle import HASH_LENGTH, hash_leaf, verify_inclusion
from maninso.ledger.note import (
    COSIGNATURES,
    SignedNote,
    SignerKey,
    VerifiedSignature,
    VerifierKey,
    is_key_name,
    open_note,
    sign_note,
)
from maninso.ledger.tiles import MAX_ENTRY_LENGTH

MAX_RECEIPT_BYTES = 1_200_000
_HEADER = "c2sp.org/tlog-proof@v1"
_MAX_HASHES = 63


@dataclass(frozen=True, slots=True)
class Receipt:
    """A tlog-proof, not yet verified: the entry (None if the file leaves it out), its index, the audit path's hashes
    (32 bytes each, the leaf's sibling first) and the signed checkpoint's bytes."""

    entry: bytes | None
    index: int
    hashes: tuple[bytes, ...]
    checkpoint_bytes: bytes

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Raises LedgerError (malformed-receipt, or the note's own reason) unless `data` is what `render` writes."""
        if len(data) > MAX_RECEIPT_BYTES:
            raise LedgerError(Reason.MALFORMED_RECEIPT, f"A receipt of {len(data)} bytes is too long.")
        head, blank, checkpoint = data.partition(b"\n\n")
        try:
            lines = head.decode("ascii").split("\n")
            entry = decode_base64(lines.pop(1)[6:]) if lines[1].startswith("extra ") else None
            if not blank or lines[0] != _HEADER or not lines[1].startswith("index ") or entry == b"":
                raise ValueError("it does not begin as one")
            index = parse_decimal(lines[1][6:])
            hashes = tuple(map(decode_base64, lines[2:]))
        except (ValueError, IndexError) as error:
            raise LedgerError(Reason.MALFORMED_RECEIPT, f"This is not a receipt: {error}.") from error
        if len(hashes) > _MAX_HASHES or any(len(value) != HASH_LENGTH for value in hashes):
            raise LedgerError(Reason.MALFORMED_RECEIPT, "The receipt's hashes are too many or not 32 bytes long.")
        if entry is not None and len(entry) > MAX_ENTRY_LENGTH:
            raise LedgerError(Reason.MALFORMED_RECEIPT, "The receipt's entry is longer than a log holds.")
        peek_checkpoint(checkpoint)
        return cls(entry, index, hashes, checkpoint)

    def render(self) -> bytes:
        """The file's bytes."""
        lines = [_HEADER]
        if self.entry is not None:
            lines.append(f"extra {encode_base64(self.entry)}")
        lines += [f"index {self.index}", *map(encode_base64, self.hashes), "", ""]
        return "\n".join(lines).encode() + self.checkpoint_bytes


@dataclass(frozen=True, slots=True)
class VerifiedReceipt:
    """A receipt that holds: the leaf with this entry is number `index` in the log that `checkpoint` describes."""

    entry: Entry | UnknownEntry
    index: int
    leaf_hash: bytes
    checkpoint: Checkpoint
    witnesses: tuple[VerifiedSignature, ...]


def verify_receipt(data: bytes, key: VerifierKey, *, witnesses: Sequence[VerifierKey] = ()) -> VerifiedReceipt:
    """Checks a receipt of the log whose key this is; the log's origin is the key's name.

    Raises LedgerError: malformed-receipt, malformed-entry; other-log; wrong-key or bad-signature; bad-proof. Nothing
    is asked of `witnesses`, but a signature of one that fails is refused.
    """
    receipt = Receipt.parse(data)
    if receipt.entry is None:
        raise LedgerError(
            Reason.MALFORMED_RECEIPT,
            "The receipt does not hold the entry that it is about.",
            cure="Fetch the receipt again from the petition's site; its files have a line that begins with 'extra'.",
        )
    checkpoint = open_checkpoint(receipt.checkpoint_bytes, origin=key.name, key=key)
    leaf_hash = hash_leaf(receipt.entry)
    verify_inclusion(
        leaf_hash=leaf_hash, index=receipt.index, size=checkpoint.size, proof=receipt.hashes, root=checkpoint.root
    )
    cosigned = open_cosignatures(receipt.checkpoint_bytes, witnesses) if witnesses else ()
    return VerifiedReceipt(parse_entry(receipt.entry), receipt.index, leaf_hash, checkpoint, cosigned)


def open_cosignatures(data: bytes, witnesses: Sequence[VerifierKey]) -> tuple[VerifiedSignature, ...]:
    """The cosignatures (c2sp.org/tlog-cosignature) on a signed checkpoint that known witnesses made.

    None of them need be there. Raises LedgerError: malformed-note; bad-signature if one of a known witness fails;
    UsageError if a key is not a witness's.
    """
    if any(key.type not in COSIGNATURES for key in witnesses):
        raise UsageError("A witness's key is of type 04 or 06.")
    names = {(line.name, line.key_id) for line in SignedNote.parse(data).signatures}
    present = [key for key in witnesses if (key.name, key.key_id) in names]
    return open_note(data, present).verified if present else ()


@dataclass(frozen=True, slots=True)
class Promise:
    """`name` undertakes that the leaf (32-byte hash) is in the log `origin` by `by`, in Unix seconds.

    It is given out before the receipt exists and signed by a key of its own. Broken, it is evidence.
    """

    name: str
    origin: str
    leaf_hash: bytes
    by: int

    def __post_init__(self) -> None:
        names = is_key_name(self.name) and is_key_name(self.origin)
        if not names or len(self.leaf_hash) != HASH_LENGTH or not 0 <= self.by < 1 << 48:
            raise LedgerError(Reason.MALFORMED_PROMISE, "A field of the promise is out of range.")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises LedgerError (malformed-promise) unless `text` is what `render` writes."""
        lines = text.split("\n")
        try:
            title, origin, leaf, by, _ = lines
            promise = cls(title.removesuffix("/v1"), origin, decode_base64(leaf[5:]), parse_decimal(by[3:]))
        except ValueError as error:
            raise LedgerError(Reason.MALFORMED_PROMISE, f"This is not a promise: {error}.") from error
        if promise.render() != text:
            raise LedgerError(Reason.MALFORMED_PROMISE, "This is not a promise as it must be written.")
        return promise

    def render(self) -> str:
        """The text that is signed, final newline included."""
        return f"{self.name}/v1\n{self.origin}\nleaf {encode_base64(self.leaf_hash)}\nby {self.by}\n"


def sign_promise(promise: Promise, signer: SignerKey) -> bytes:
    """The signed promise's bytes. Raises UsageError if the key has another name: a log's key signs no promises."""
    if signer.name != promise.name:
        raise UsageError(f"The key {signer.name} must not sign for {promise.name}.")
    return sign_note(promise.render(), [signer])


def open_promise(data: bytes, key: VerifierKey) -> Promise:
    """The promise, verified. Raises LedgerError: malformed-promise, other-log, or as `open_note`."""
    promise = Promise.parse(SignedNote.parse(data).text)
    if promise.name != key.name:
        raise LedgerError(Reason.OTHER_LOG, f"It is a promise of {promise.name}, not of {key.name}.")
    open_note(data, [key])
    return promise
