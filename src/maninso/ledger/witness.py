"""What a witness decides (c2sp.org/tlog-witness): it cosigns a checkpoint only if it extends the last that it cosigned.

Other sites' checkpoints may have extension lines, which are cosigned as they are and mean nothing to the witness.

Nothing is read or written here. Whoever serves a witness must hold one log's state from `decide_request` until the new
state is on disk, and answer only then.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Self

from maninso.ledger.canonical import decode_base64, encode_base64, parse_decimal
from maninso.ledger.checkpoint import Checkpoint, read_head
from maninso.ledger.errors import LedgerError, Reason
from maninso.ledger.merkle import EMPTY_ROOT, HASH_LENGTH, verify_consistency
from maninso.ledger.note import MAX_NOTE_BYTES, NoteSignature, SignedNote, SignerKey, VerifierKey, open_note

MAX_HASHES = 63
MAX_REQUEST_BYTES = 10_000 + MAX_NOTE_BYTES
TEXT = "text/plain; charset=utf-8"
SIZE = "text/x.tlog.size"


@dataclass(frozen=True, slots=True)
class AddRequest:
    """The body of add-checkpoint: the size that the sender believes the witness knows, a proof from it, a checkpoint.

    `proof` are at most 63 hashes of 32 bytes; `checkpoint_bytes` the signed checkpoint, not verified.
    """

    old_size: int
    proof: tuple[bytes, ...]
    checkpoint_bytes: bytes

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Raises LedgerError (malformed-request, or the checkpoint's own) unless `data` is what `render` writes."""
        head, blank, checkpoint = data.partition(b"\n\n")
        try:
            first, *lines = head.decode("ascii").split("\n")
            word, _, size = first.partition(" ")
            if not blank or word != "old" or len(lines) > MAX_HASHES:
                raise ValueError("it does not begin with an old size and at most 63 hashes")
            request = cls(parse_decimal(size), tuple(map(decode_base64, lines)), checkpoint)
            if any(len(value) != HASH_LENGTH for value in request.proof):
                raise ValueError("a hash is not 32 bytes long")
        except ValueError as error:
            raise LedgerError(Reason.MALFORMED_REQUEST, f"This adds no checkpoint: {error}.") from error
        read_head(SignedNote.parse(checkpoint).text)
        return request

    def render(self) -> bytes:
        """The request's body."""
        lines = [f"old {self.old_size}", *map(encode_base64, self.proof), "", ""]
        return "\n".join(lines).encode() + self.checkpoint_bytes


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to one request; `cosigned` is the checkpoint to keep before answering, None if nothing changes."""

    status: int
    body: str
    content_type: str = TEXT
    cosigned: bytes | None = None


def decide_request(
    data: bytes,
    *,
    logs: Mapping[str, Sequence[VerifierKey]],
    read_known: Callable[[str], Checkpoint | None],
    signer: SignerKey,
    time: int,
) -> Decision:
    """Judges the body of one add-checkpoint request as the specification orders its answers.

    `logs` gives the keys of each origin that the witness serves, `read_known` the last checkpoint that it cosigned of
    an origin; `time` is in Unix seconds.
    """
    try:
        request = AddRequest.parse(data)
        note = SignedNote.parse(request.checkpoint_bytes)
        now = read_head(note.text)
    except LedgerError as error:
        return _refuse(400, str(error))
    if now.origin not in logs:
        return _refuse(404, f"This witness does not know the log {now.origin}.")
    signature = _find_signature(request.checkpoint_bytes, note, logs[now.origin])
    if signature is None:
        return _refuse(403, f"No key of the log {now.origin} that this witness trusts has signed the checkpoint.")
    if request.old_size > now.size:
        return _refuse(400, f"The old size {request.old_size} is above the checkpoint's size {now.size}.")
    known = read_known(now.origin)
    known_size, known_root = (known.size, known.root) if known else (0, EMPTY_ROOT)
    if request.old_size != known_size or (now.size == known_size and now.root != known_root):
        return Decision(409, f"{known_size}\n", SIZE)
    try:
        verify_consistency(
            old_size=known_size, old_root=known_root, new_size=now.size, new_root=now.root, proof=request.proof
        )
    except LedgerError as error:
        return _refuse(422, str(error))
    line = signer.cosign(note.text, time=time)
    kept = SignedNote(note.text, (signature, line)).render()
    return Decision(200, f"{line.render()}\n", cosigned=kept)


def name_state(origin: str) -> str:
    """The name under which a witness keeps and shows what it knows of a log: hex SHA-256 of the origin."""
    return sha256(origin.encode()).hexdigest()


def read_cosignatures(body: bytes, text: str, key: VerifierKey) -> tuple[NoteSignature, int]:
    """The line, and its time, by which `key` cosigned a checkpoint's text, out of a witness's answer.

    Raises LedgerError: malformed-note, wrong-key if the witness's key is not among the lines, bad-signature.
    """
    note = SignedNote.parse(text.encode() + b"\n" + body)
    verified = open_note(note.render(), [key]).verified[0]
    line = next(each for each in note.signatures if (each.name, each.key_id) == (key.name, key.key_id))
    if note.text != text or verified.time is None:
        raise LedgerError(Reason.MALFORMED_NOTE, f"The answer of {key.name} does not consist of cosignatures.")
    return line, verified.time


def _find_signature(data: bytes, note: SignedNote, keys: Sequence[VerifierKey]) -> NoteSignature | None:
    for key in keys:
        try:
            open_note(data, [key])
        except LedgerError:
            continue
        return next(line for line in note.signatures if (line.name, line.key_id) == (key.name, key.key_id))
    return None


def _refuse(status: int, message: str) -> Decision:
    return Decision(status, f"{message}\n")
