"""Checks one log: its key and checkpoint, its tree built anew, and what was kept of it before."""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from maninso import UnreadableError, UsageError
from maninso.ledger.checkpoint import Checkpoint, open_checkpoint, peek_checkpoint
from maninso.ledger.errors import LedgerError, Reason
from maninso.ledger.fetch import FolderSource, LogSource, SourceTiles
from maninso.ledger.keep import CHECKPOINT, Copy, KeptTiles
from maninso.ledger.merkle import prove_consistency, verify_consistency
from maninso.ledger.note import VerifierKey
from maninso.ledger.policy import Policy
from maninso.ledger.proof import VerifiedReceipt, verify_receipt
from maninso.ledger.reader import AuthenticatedTiles, TileReader, read_hashes_from
from maninso.ledger.recompute import Progress, Recomputed, explain_wrong_root, recompute_log
from maninso.ledger.recount import MAX_PROBLEMS, Problem, Recount
from maninso.ledger.report import LogReport, ReceiptCheck
from maninso.ledger.sitelog import SiteRecount

LOG_PLACE = re.compile(r"(?:.*[/\\])?(p[/\\][1-9][0-9]*[/\\]log)", re.ASCII)
_MAX_KEY_BYTES = 4_096


class Judged(Protocol):
    """A report in which problems are noted."""

    @property
    def origin(self) -> str:
        """The log that it is about."""
        ...

    @property
    def key(self) -> VerifierKey | None:
        """The key that it is held to, where one is known."""
        ...

    @property
    def problems(self) -> list[Problem]:
        """What is wrong so far."""
        ...


@dataclass(frozen=True, slots=True)
class Given:
    """A file that the person who checks has kept; `origin` is the log that it names, "" if it is no such file."""

    name: str
    data: bytes
    origin: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What the person who checks asks for, of every log."""

    keys: Sequence[VerifierKey]
    policy: Policy | None
    deep: bool
    olds: Sequence[Given]
    proofs: Sequence[Given]
    progress: Progress | None
    jobs: int
    promises: Sequence[Given] = ()
    promise_keys: Sequence[VerifierKey] = ()
    now: int | None = None
    keep: Path | None = None


def open_log(source: LogSource, asked: Asked, report: LogReport) -> tuple[VerifierKey, Checkpoint] | None:
    """The key to hold the log to and its checkpoint, verified; None if that cannot be, and the report says why."""
    try:
        key = _trusted_key(source, asked.keys, report.origin) if asked.keys else _published_key(source, report)
        report.key, report.origin = key, key.name
        report.checkpoint = open_checkpoint(report.checkpoint_bytes, origin=key.name, key=key)
    except LedgerError as error:
        add_problem(report, error.reason, f"The checkpoint of {source.name}: {error}")
        return None
    return key, report.checkpoint


def recompute_checked(
    source: LogSource,
    asked: Asked,
    report: LogReport,
    key: VerifierKey,
    checkpoint: Checkpoint,
    recount: Recount | SiteRecount,
    proofs: Sequence[Given],
    prefixes: Collection[int] = (),
    copy: Copy | None = None,
) -> Recomputed | None:
    """Builds the log anew and holds it to its root, to older checkpoints and to receipts; None if it is unreadable.

    What `copy` holds is not fetched again, and what is fetched goes there; its checkpoint is one of the older ones.
    """
    seen = _open_olds(report, key, [*asked.olds, *_kept_checkpoint(copy, key)])
    held = _open_receipts(report, key, proofs)
    kept = KeptTiles(SourceTiles(source), copy, checkpoint) if copy else None
    tiles = kept or SourceTiles(source)
    try:
        made = recompute_log(
            tiles,
            checkpoint.size,
            recount=recount,
            prefixes={point.size for _, point in seen} | {proof.checkpoint.size for _, proof in held} | set(prefixes),
            leaves={proof.index for _, proof in held},
            progress=asked.progress,
            jobs=1 if isinstance(source, FolderSource) else asked.jobs,
        )
    except LedgerError as error:
        add_problem(report, error.reason, str(error))
        return None
    report.reused = kept.reused if kept else None
    if isinstance(recount, Recount):
        report.tally = recount.finish()
    if made.edge.root() != checkpoint.root:
        report.problems += explain_wrong_root(tiles, checkpoint, made)
    else:
        for path, _ in made.mismatches:
            add_problem(report, Reason.CHANGED_TILE, f"{path.render()} is not what the log's signed entries make.")
    for given, point in seen:
        _check_old(report, tiles, checkpoint, made, given, point)
    for given, proof in held:
        _check_receipt(report, recount, tiles, checkpoint, made, given, proof)
    return made


def open_copy(source: LogSource, asked: Asked, key: VerifierKey) -> Copy | None:
    """The copy of a log that is to be kept, if one is. Raises UsageError where it is the log itself, or another's."""
    if asked.keep is None:
        return None
    copy = Copy(asked.keep, key.name)
    if isinstance(source, FolderSource) and Path(source.name).resolve() == copy.place.resolve():
        raise UsageError(f"{source.name} is what is to be checked.", cure="Give another folder to --keep.")
    copy.read_checkpoint(key)
    return copy


def close_copy(copy: Copy | None, report: LogReport) -> None:
    """Marks a copy as right up to the checkpoint, or keeps the checkpoint beside it as evidence."""
    if copy is None or report.key is None:
        return
    if report.holds:
        copy.finish(report.key, report.checkpoint_bytes)
        return
    place = copy.refuse(report.checkpoint_bytes)
    report.warnings.append(f"The copy stays as it was found right last; the checkpoint of this check is in {place}.")


def _kept_checkpoint(copy: Copy | None, key: VerifierKey) -> list[Given]:
    data = copy.read_checkpoint(key) if copy else None
    return [Given(str(copy.place / CHECKPOINT), data, key.name)] if copy and data else []


def _open_olds(report: LogReport, key: VerifierKey, olds: Sequence[Given]) -> list[tuple[Given, Checkpoint]]:
    opened: list[tuple[Given, Checkpoint]] = []
    for given in olds:
        try:
            opened.append((given, open_checkpoint(given.data, origin=key.name, key=key)))
        except LedgerError as error:
            add_misfit(report, error.reason, f"The older checkpoint {given.name}: {error}")
    return opened


def _open_receipts(
    report: LogReport, key: VerifierKey, receipts: Sequence[Given]
) -> list[tuple[Given, VerifiedReceipt]]:
    opened: list[tuple[Given, VerifiedReceipt]] = []
    for given in receipts:
        try:
            opened.append((given, verify_receipt(given.data, key)))
        except LedgerError as error:
            message = f"The receipt {given.name}: {error}"
            report.receipts.append(ReceiptCheck(given.name, None, False, Problem(error.reason, message)))
            add_misfit(report, error.reason, message)
    return opened


def _check_old(
    report: LogReport, reader: TileReader, now: Checkpoint, made: Recomputed, given: Given, old: Checkpoint
) -> None:
    if old.size > now.size:
        message = f"{given.name} shows {old.size} leaves, signed; the log now has {now.size}."
        add_problem(report, Reason.SHRUNK, message)
        return
    continued = _is_prefix(reader, now, made, old)
    if continued:
        report.olds.append(old.size)
    elif continued is False:
        add_problem(
            report,
            Reason.FORK,
            f"The log is not the one that {given.name} shows: its first {old.size} leaves had another root. Two signed"
            " checkpoints that contradict each other prove it to anybody.",
        )


def find_contradiction(reader: TileReader, now: Checkpoint, made: Recomputed, point: Checkpoint) -> Problem | None:
    if point.size > now.size:
        return Problem(Reason.SHRUNK, f"it names {point.size} leaves; the log now has {now.size}.")
    continued = _is_prefix(reader, now, made, point)
    if continued:
        return None
    if continued is None:
        return Problem(Reason.WRONG_ROOT, "the log's files do not make its signed root; nothing can be compared.")
    return Problem(Reason.FORK, f"it names another root than this log had at {point.size} leaves.")


def _is_prefix(reader: TileReader, now: Checkpoint, made: Recomputed, old: Checkpoint) -> bool | None:
    """Whether the log that is signed now continues the older one; None if its files are too false to tell."""
    if made.prefix_roots[old.size] == old.root:
        return True
    # If the entries are not those that were signed, their root is no evidence against the older checkpoint; the tiles
    # are, where they lead to the signed root.
    try:
        tiles = AuthenticatedTiles(reader, now.size, now.root)
        proof = prove_consistency(old.size, now.size, read_hashes_from(tiles, now.size))
    except LedgerError:
        return False if made.edge.root() == now.root else None
    try:
        verify_consistency(old_size=old.size, old_root=old.root, new_size=now.size, new_root=now.root, proof=proof)
    except LedgerError:
        return False
    return True


def _check_receipt(
    report: LogReport,
    recount: Recount | SiteRecount,
    reader: TileReader,
    now: Checkpoint,
    made: Recomputed,
    given: Given,
    proof: VerifiedReceipt,
) -> None:
    index, size = proof.index, proof.checkpoint.size
    if index >= now.size:
        message = f"it shows leaf {index}; the log now ends before it, with {now.size} leaves."
        _refuse_receipt(report, given, index, Reason.DROPPED_LEAF, message)
    elif made.leaves[index] != proof.leaf_hash:
        message = f"its entry is not at leaf {index} of the log, though the log's key signed that it was."
        _refuse_receipt(report, given, index, Reason.DROPPED_LEAF, message)
    elif size > now.size:
        message = f"it was signed when the log had {size} leaves; now it has {now.size}."
        _refuse_receipt(report, given, index, Reason.SHRUNK, message)
    else:
        continued = _is_prefix(reader, now, made, proof.checkpoint)
        if continued:
            report.receipts.append(ReceiptCheck(given.name, index, recount.is_counted(index), None))
        elif continued is False:
            message = f"its checkpoint of {size} leaves is not of this log's history."
            _refuse_receipt(report, given, index, Reason.FORK, message)
        else:
            message = "the log's files do not make its signed root, so the receipt can be compared with nothing."
            _refuse_receipt(report, given, index, Reason.WRONG_ROOT, message)


def _refuse_receipt(report: LogReport, given: Given, index: int, reason: Reason, message: str) -> None:
    problem = Problem(reason, f"The receipt {given.name}: {message}")
    report.receipts.append(ReceiptCheck(given.name, index, False, problem))
    add_problem(report, problem.reason, problem.message)


def _trusted_key(source: LogSource, keys: Sequence[VerifierKey], origin: str) -> VerifierKey:
    """The key to hold this log to. Where none is named as the log is, any will do to say so."""
    candidates = [_key_for_place(key, source.name) for key in keys]
    return next((key for key in candidates if key.name == origin), candidates[0])


def _key_for_place(key: VerifierKey, place: str) -> VerifierKey:
    """A site signs all its logs with one key under different names; `HOST/log` stands for every `HOST/p/ID/log`."""
    match = LOG_PLACE.fullmatch(place)
    host = key.name.removesuffix("/log")
    if match is None or key.name == host or "/" in host:
        return key
    return VerifierKey(f"{host}/{match[1]}".replace("\\", "/"), key.type, key.public_key)


def _published_key(source: LogSource, report: LogReport) -> VerifierKey:
    report.key_source = "folder" if isinstance(source, FolderSource) else "site"
    report.warnings.append(
        f"THE KEY CAME FROM THE SAME PLACE AS THE LOG ({source.name}/key). Whoever made up a log there could make up"
        " the key as well: compare it with the key that the institution has published elsewhere, and pass it by --key."
    )
    data = source.fetch("key", _MAX_KEY_BYTES)
    try:
        return VerifierKey.parse(data.decode().removesuffix("\n"))
    except UnicodeDecodeError as error:
        raise LedgerError(Reason.MALFORMED_KEY, f"{source.name}/key is not a key.") from error


def read_given(path: Path, limit: int, find_origin: Callable[[bytes], str]) -> Given:
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise UnreadableError(f"{path} could not be read: {error.strerror}.") from error
    try:
        origin = find_origin(data)
    except LedgerError:
        origin = ""  # what is wrong with it is said where it is opened
    return Given(str(path), data, origin)


def peek_origin(checkpoint: bytes) -> str:
    """The origin that a signed checkpoint claims; "" if it is malformed."""
    try:
        return peek_checkpoint(checkpoint).origin
    except LedgerError:
        return ""


def add_problem(report: Judged, reason: Reason, message: str) -> None:
    if len(report.problems) < MAX_PROBLEMS:
        report.problems.append(Problem(reason, message))


def add_misfit(report: LogReport, reason: Reason, message: str) -> None:
    """Notes a problem of a file that was given, which says nothing of the log."""
    add_problem(report, reason, message)
    report.misfits.append(Problem(reason, message))
