"""Recounts a log from its entries and checks everything that it claims (docs/howto/verify-a-count.md)."""

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from maninso import UnreadableError, UsageError
from maninso.ledger.checkpoint import Checkpoint, open_checkpoint, peek_checkpoint
from maninso.ledger.errors import LedgerError, Reason
from maninso.ledger.fetch import FolderSource, HttpSource, LogSource, SourceTiles, split_url
from maninso.ledger.merkle import prove_consistency, verify_consistency
from maninso.ledger.note import MAX_NOTE_BYTES, VerifierKey
from maninso.ledger.proof import MAX_RECEIPT_BYTES, Receipt, VerifiedReceipt, verify_receipt
from maninso.ledger.reader import AuthenticatedTiles, TileReader, read_hashes_from
from maninso.ledger.recompute import Progress, Recomputed, explain_wrong_root, recompute_log
from maninso.ledger.recount import MAX_PROBLEMS, Problem, Recount
from maninso.ledger.report import FolderReport, LogReport, ReceiptCheck, Report

_MAX_KEY_BYTES = 4_096
_PETITION_PAGE = re.compile(r"(?:/[a-z]{2})?/petitions/([1-9][0-9]*)/?", re.ASCII)
_LOG_PLACE = re.compile(r"(?:.*[/\\])?(p[/\\][1-9][0-9]*[/\\]log)", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Given:
    """A file that the person who checks has kept; `origin` is the log that it names, "" if it is no such file."""

    name: str
    data: bytes
    origin: str


def verify_log(
    target: str,
    *,
    keys: Sequence[VerifierKey] = (),
    old: Sequence[Path] = (),
    receipts: Sequence[Path] = (),
    progress: Progress | None = None,
    jobs: int = 4,
) -> Report:
    """Recounts the log at `target`: a petition's URL, a log's URL, a log's folder, or a folder with several p/ID/log.

    `keys` are those one trusts; without one, the key is read from the same place, and the report warns. A key named
    `HOST/log` stands for all logs of its site. `old` are checkpoints and `receipts` receipts kept from before, as
    files. Whatever is false becomes a problem in the report. Raises UsageError, and UnreadableError if something could
    not be read, so that nothing is known.
    """
    if jobs < 1:
        raise UsageError(f"{jobs} jobs can read nothing.", cure="Give 1 or more.")
    olds = [_read_given(path, MAX_NOTE_BYTES, lambda data: data) for path in old]
    proofs = [
        _read_given(path, MAX_RECEIPT_BYTES, lambda data: Receipt.parse(data).checkpoint_bytes) for path in receipts
    ]
    sources = _locate_logs(target)
    if len(sources) == 1:
        return _verify_source(sources[0], keys, olds, proofs, progress, jobs)
    logs: list[LogReport] = []
    for source in sources:
        origin = _peek_origin(source.fetch("checkpoint", MAX_NOTE_BYTES))
        my_olds, my_proofs = ([given for given in files if given.origin == origin] for files in (olds, proofs))
        logs.append(_verify_source(source, keys, my_olds, my_proofs, progress, jobs))
    origins = {log.origin for log in logs}
    for given in [*olds, *proofs]:
        if given.origin not in origins:
            raise UsageError(f"{given.name} is of the log {given.origin or '(none)'}, which is not in {target}.")
    return FolderReport(target, logs)


def save_checkpoint(report: Report, path: Path) -> None:
    """Keeps the checkpoint of a log that holds, for the next time's `old`; of one that does not, nothing.

    Raises UsageError for several logs, or if the file cannot be written.
    """
    if isinstance(report, FolderReport):
        raise UsageError(f"{report.target} has several logs; a checkpoint is saved for one.")
    if not report.ok:
        return
    draft = path.with_name(path.name + ".part")
    try:
        draft.write_bytes(report.checkpoint_bytes)
        os.replace(draft, path)
    except OSError as error:
        raise UsageError(f"{path} could not be written: {error.strerror}.") from error


def _verify_source(
    source: LogSource,
    keys: Sequence[VerifierKey],
    olds: Sequence[_Given],
    proofs: Sequence[_Given],
    progress: Progress | None,
    jobs: int,
) -> LogReport:
    data = source.fetch("checkpoint", MAX_NOTE_BYTES)
    report = LogReport(source.name, _peek_origin(data), warnings=list(source.warnings), checkpoint_bytes=data)
    try:
        key = _trusted_key(source, keys, report.origin) if keys else _published_key(source, report)
        report.key, report.origin = key, key.name
        checkpoint = open_checkpoint(data, origin=key.name, key=key)
    except LedgerError as error:
        _add_problem(report, error.reason, f"The checkpoint of {source.name}: {error}")
        return report
    report.checkpoint = checkpoint
    seen = _open_olds(report, key, olds)
    held = _open_receipts(report, key, proofs)
    tiles = SourceTiles(source)
    recount = Recount(checkpoint.origin, report.problems)
    try:
        made = recompute_log(
            tiles,
            checkpoint.size,
            recount=recount,
            prefixes={point.size for _, point in seen} | {proof.checkpoint.size for _, proof in held},
            leaves={proof.index for _, proof in held},
            progress=progress,
            jobs=1 if isinstance(source, FolderSource) else jobs,
        )
    except LedgerError as error:
        _add_problem(report, error.reason, str(error))
        return report
    report.tally = recount.finish()
    if made.edge.root() != checkpoint.root:
        report.problems += explain_wrong_root(tiles, checkpoint, made)
    else:
        for path, _ in made.mismatches:
            _add_problem(report, Reason.CHANGED_TILE, f"{path.render()} is not what the log's signed entries make.")
    for given, point in seen:
        _check_old(report, tiles, checkpoint, made, given, point)
    for given, proof in held:
        _check_receipt(report, recount, tiles, checkpoint, made, given, proof)
    return report


def _locate_logs(target: str) -> list[LogSource]:
    if "://" in target:
        parts = split_url(target)
        page = _PETITION_PAGE.fullmatch(parts.path)
        path = f"/p/{page[1]}/log" if page else parts.path.removesuffix("/checkpoint").rstrip("/")
        return [HttpSource(f"{parts.scheme}://{parts.netloc}{path}")]
    folder = Path(target)
    if not folder.is_dir():
        raise UnreadableError(
            f"{target} is not a folder.",
            cure="Name a folder with a log in it, or an address that begins with https://.",
        )
    if (folder / "checkpoint").exists():
        return [FolderSource(folder)]
    found = [path.parent for path in folder.glob("p/*/log/checkpoint")]
    if not found:
        raise UnreadableError(f"{target} holds no log.", cure="A log's folder has a file named checkpoint in it.")
    return [FolderSource(path) for path in sorted(found, key=lambda path: (len(path.parent.name), path.parent.name))]


def _trusted_key(source: LogSource, keys: Sequence[VerifierKey], origin: str) -> VerifierKey:
    """The key to hold this log to. Where none is named as the log is, any will do to say so."""
    candidates = [_key_for_place(key, source.name) for key in keys]
    return next((key for key in candidates if key.name == origin), candidates[0])


def _key_for_place(key: VerifierKey, place: str) -> VerifierKey:
    """A site signs all its logs with one key under different names; `HOST/log` stands for every `HOST/p/ID/log`."""
    match = _LOG_PLACE.fullmatch(place)
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


def _read_given(path: Path, limit: int, find_checkpoint: Callable[[bytes], bytes]) -> _Given:
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise UnreadableError(f"{path} could not be read: {error.strerror}.") from error
    try:
        origin = _peek_origin(find_checkpoint(data))
    except LedgerError:
        origin = ""  # what is wrong with it is said where it is opened
    return _Given(str(path), data, origin)


def _peek_origin(checkpoint: bytes) -> str:
    """The origin that a signed checkpoint claims; "" if it is malformed."""
    try:
        return peek_checkpoint(checkpoint).origin
    except LedgerError:
        return ""


def _open_olds(report: LogReport, key: VerifierKey, olds: Sequence[_Given]) -> list[tuple[_Given, Checkpoint]]:
    opened: list[tuple[_Given, Checkpoint]] = []
    for given in olds:
        try:
            opened.append((given, open_checkpoint(given.data, origin=key.name, key=key)))
        except LedgerError as error:
            _add_problem(report, error.reason, f"The older checkpoint {given.name}: {error}")
    return opened


def _open_receipts(
    report: LogReport, key: VerifierKey, receipts: Sequence[_Given]
) -> list[tuple[_Given, VerifiedReceipt]]:
    opened: list[tuple[_Given, VerifiedReceipt]] = []
    for given in receipts:
        try:
            opened.append((given, verify_receipt(given.data, key)))
        except LedgerError as error:
            _refuse_receipt(report, given, None, error.reason, str(error))
    return opened


def _check_old(
    report: LogReport, reader: TileReader, now: Checkpoint, made: Recomputed, given: _Given, old: Checkpoint
) -> None:
    if old.size > now.size:
        message = f"{given.name} shows {old.size} leaves, signed; the log now has {now.size}."
        _add_problem(report, Reason.SHRUNK, message)
        return
    continued = _is_prefix(reader, now, made, old)
    if continued:
        report.olds.append(old.size)
    elif continued is False:
        _add_problem(
            report,
            Reason.FORK,
            f"The log is not the one that {given.name} shows: its first {old.size} leaves had another root. Two signed"
            " checkpoints that contradict each other prove it to anybody.",
        )


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
    recount: Recount,
    reader: TileReader,
    now: Checkpoint,
    made: Recomputed,
    given: _Given,
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


def _refuse_receipt(report: LogReport, given: _Given, index: int | None, reason: Reason, message: str) -> None:
    problem = Problem(reason, f"The receipt {given.name}: {message}")
    report.receipts.append(ReceiptCheck(given.name, index, False, problem))
    _add_problem(report, problem.reason, problem.message)


def _add_problem(report: LogReport, reason: Reason, message: str) -> None:
    if len(report.problems) < MAX_PROBLEMS:
        report.problems.append(Problem(reason, message))
