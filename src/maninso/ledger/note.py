"""Signed notes and their keys (c2sp.org/signed-note), with timestamped cosignatures (c2sp.org/tlog-cosignature).

A note is text that ends in a newline, an empty line, and one or more signature lines. Keys of type 01 sign the text
with Ed25519; keys of type 04 sign the text together with a time, and so do keys of type 06, with ML-DSA-44. Other types
may be on a note and are ignored.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from maninso.ledger.canonical import decode_base64, encode_base64
from maninso.ledger.errors import LedgerError, Reason
from maninso.ledger.mldsa import PUBLIC_KEY_LENGTH, make_cosigned_message, verify_cosigned

ED25519 = 1
COSIGNATURE = 4
ML_DSA_44 = 6
COSIGNATURES = (COSIGNATURE, ML_DSA_44)
MAX_NOTE_BYTES = 1_000_000
MAX_SIGNATURES = 100

_KEY_LENGTHS = {ED25519: 32, COSIGNATURE: 32, ML_DSA_44: PUBLIC_KEY_LENGTH}
_DASH = "\N{EM DASH} "
_SIGNATURE_LENGTH = 64


def is_key_name(name: str) -> bool:
    """True for a name that keys and origins may have: not empty, no Unicode space, no `+`, no control character."""
    return bool(name) and not any(char.isspace() or char == "+" or char < " " for char in name)


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line: whose it says it is, the 4-byte key ID, and the signature's bytes (at least one)."""

    name: str
    key_id: bytes
    signature: bytes

    @classmethod
    def parse(cls, line: str) -> Self:
        """Raises LedgerError (malformed-note) unless `line`, without its newline, is canonical."""
        name, space, encoded = line.removeprefix(_DASH).partition(" ")
        if not line.startswith(_DASH) or not space or not is_key_name(name):
            raise LedgerError(Reason.MALFORMED_NOTE, f"{line[:80]!r} is not a signature line.")
        try:
            data = decode_base64(encoded)
        except ValueError as error:
            raise LedgerError(Reason.MALFORMED_NOTE, f"The signature of {name} is {error}.") from error
        if len(data) < 5:
            raise LedgerError(Reason.MALFORMED_NOTE, f"The signature of {name} is too short.")
        return cls(name, data[:4], data[4:])

    def render(self) -> str:
        """The line without its newline."""
        return f"{_DASH}{self.name} {encode_base64(self.key_id + self.signature)}"


@dataclass(frozen=True, slots=True)
class VerifiedSignature:
    """A signature that was verified with `key`; `time` (Unix seconds) is set for a cosignature."""

    key: "VerifierKey"
    time: int | None = None


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with its name; `type` is `ED25519`, `COSIGNATURE` (32 bytes both) or `ML_DSA_44` (1,312 bytes)."""

    name: str
    type: int
    public_key: bytes

    def __post_init__(self) -> None:
        if not is_key_name(self.name) or len(self.public_key) != _KEY_LENGTHS.get(self.type):
            raise LedgerError(Reason.MALFORMED_KEY, f"{self.name[:80]!r} of type {self.type} is not a usable key.")

    @property
    def key_id(self) -> bytes:
        """The first 4 bytes of `SHA-256(name || 0a || type || public key)`."""
        return sha256(self.name.encode() + b"\n" + bytes([self.type]) + self.public_key).digest()[:4]

    @classmethod
    def parse(cls, text: str) -> Self:
        """A vkey, `name+hex key ID+base64(type || public key)`. Raises LedgerError (malformed-key) otherwise."""
        refusal = LedgerError(
            Reason.MALFORMED_KEY,
            f"{text[:80]!r} is not a log's public key.",
            cure="A key is one line, name+8 hex digits+base64, as the log's own address ends in /key.",
        )
        try:
            name, key_id, encoded = text.split("+", 2)
            data = decode_base64(encoded)
            key = cls(name, data[0], data[1:])
        except (ValueError, IndexError, LedgerError) as error:
            raise refusal from error
        if key.key_id.hex() != key_id:
            raise refusal
        return key

    def render(self) -> str:
        """The vkey, without a newline."""
        return f"{self.name}+{self.key_id.hex()}+{encode_base64(bytes([self.type]) + self.public_key)}"

    def verify(self, text: str, signature: bytes) -> VerifiedSignature:
        """Checks a signature's bytes (without key ID) over a note's text; raises LedgerError (bad-signature)."""
        if self.type == ED25519:
            self._require(self._verify_ed25519(signature, text.encode()))
            return VerifiedSignature(self)
        time, signature = int.from_bytes(signature[:8], "big"), signature[8:]
        if time >= 1 << 63:
            raise LedgerError(Reason.BAD_SIGNATURE, f"The signature of {self.name} names a time that none can.")
        if self.type == COSIGNATURE:
            self._require(self._verify_ed25519(signature, _cosigned(text, time)))
        else:
            self._require(self._verify_ml_dsa(signature, text, time))
        return VerifiedSignature(self, time)

    def _verify_ed25519(self, signature: bytes, signed: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, signed)
        except (InvalidSignature, ValueError):
            return False
        return True

    def _verify_ml_dsa(self, signature: bytes, text: str, time: int) -> bool:
        try:
            message = make_cosigned_message(name=self.name, time=time, text=text)
        except ValueError:
            return False  # of a text that is no checkpoint nothing can be cosigned
        return verify_cosigned(self.public_key, signature, message)

    def _require(self, fits: bool) -> None:
        if not fits:
            raise LedgerError(Reason.BAD_SIGNATURE, f"The signature of {self.name} does not fit the text.")


@dataclass(frozen=True, slots=True)
class SignerKey:
    """An Ed25519 private key (32-byte seed) under one name. The seed never shows in `repr`."""

    name: str
    seed: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not is_key_name(self.name) or len(self.seed) != 32:
            raise LedgerError(Reason.MALFORMED_KEY, f"{self.name[:80]!r} is not a usable signing key.")

    @property
    def verifier(self) -> VerifierKey:
        """The public key under the same name."""
        return VerifierKey(self.name, ED25519, self._private_key().public_key().public_bytes_raw())

    @property
    def cosigner(self) -> VerifierKey:
        """The public key as a witness's, under the same name."""
        return VerifierKey(self.name, COSIGNATURE, self.verifier.public_key)

    def sign(self, text: str) -> NoteSignature:
        """Signs a note's text, its final newline included."""
        return NoteSignature(self.name, self.verifier.key_id, self._private_key().sign(text.encode()))

    def cosign(self, text: str, *, time: int) -> NoteSignature:
        """Signs a checkpoint's text as a witness that saw it at `time` (Unix seconds), as a key of type 04."""
        signature = self._private_key().sign(_cosigned(text, time))
        return NoteSignature(self.name, self.cosigner.key_id, time.to_bytes(8, "big") + signature)

    def _private_key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)


@dataclass(frozen=True, slots=True)
class SignedNote:
    """A note's text (final newline included) and its signatures, not yet verified."""

    text: str
    signatures: tuple[NoteSignature, ...]

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Raises LedgerError (malformed-note) for anything but the canonical bytes of a note."""
        if len(data) > MAX_NOTE_BYTES:
            raise LedgerError(Reason.MALFORMED_NOTE, f"A note of {len(data)} bytes is too long.")
        try:
            content = data.decode()
        except UnicodeDecodeError as error:
            raise LedgerError(Reason.MALFORMED_NOTE, "The note is not UTF-8.") from error
        if any(char < " " and char != "\n" for char in content):
            raise LedgerError(Reason.MALFORMED_NOTE, "The note has a control character in it.")
        split = content.rfind("\n\n")
        lines = content[split + 2 :].split("\n")
        if split < 0 or lines.pop() or not lines:
            raise LedgerError(Reason.MALFORMED_NOTE, "The note does not end in signature lines after an empty line.")
        if len(lines) > MAX_SIGNATURES:
            raise LedgerError(Reason.MALFORMED_NOTE, f"The note has {len(lines)} signatures, more than are read.")
        return cls(content[: split + 1], tuple(map(NoteSignature.parse, lines)))

    def render(self) -> bytes:
        """The note's bytes."""
        return "".join([self.text, "\n", *(line.render() + "\n" for line in self.signatures)]).encode()


@dataclass(frozen=True, slots=True)
class OpenedNote:
    """A note's text and those of its signatures that known keys verified, in the note's order; at least one."""

    text: str
    verified: tuple[VerifiedSignature, ...]


def sign_note(text: str, signers: Iterable[SignerKey]) -> bytes:
    """The signed note's bytes. `text` ends in a newline."""
    return SignedNote(text, tuple(signer.sign(text) for signer in signers)).render()


def open_note(data: bytes, keys: Sequence[VerifierKey]) -> OpenedNote:
    """Verifies a note with the keys that one knows.

    Signatures of unknown keys are ignored. Raises LedgerError: malformed-note; bad-signature if a signature of a
    known key fails; wrong-key if no known key has signed.
    """
    note = SignedNote.parse(data)
    known = {(key.name, key.key_id): key for key in keys}
    verified = tuple(
        known[line.name, line.key_id].verify(note.text, line.signature)
        for line in note.signatures
        if (line.name, line.key_id) in known
    )
    if not verified:
        signers = ", ".join(f"{line.name}+{line.key_id.hex()}" for line in note.signatures)
        wanted = ", ".join(f"{key.name}+{key.key_id.hex()}" for key in keys)
        raise LedgerError(Reason.WRONG_KEY, f"It is signed by {signers}, not by {wanted}.")
    return OpenedNote(note.text, verified)


def _cosigned(text: str, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()
