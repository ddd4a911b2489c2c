"""Recounts a log from its entries and checks everything that it claims (docs/howto/verify-a-count.md)."""

import os
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from maninso import UnreadableError, UsageError
from maninso.ledger.checkpoint import Checkpoint, open_checkpoint, peek_checkpoint
from maninso.ledger.errors import LedgerError, Reason
from maninso.ledger.fetch import FolderSource, HttpSource, LogSource, MissingError, SourceTiles, split_url
from maninso.ledger.merkle import prove_consistency, verify_consistency
from maninso.ledger.note import MAX_NOTE_BYTES, SignedNote, VerifierKey
from maninso.ledger.policy import Policy
from maninso.ledger.proof import MAX_RECEIPT_BYTES, Receipt, VerifiedReceipt, open_cosignatures, verify_receipt
from maninso.ledger.reader import AuthenticatedTiles, TileReader, read_hashes_from
from maninso.ledger.recompute import Progress, Recomputed, explain_wrong_root, recompute_log
from maninso.ledger.recount import MAX_PROBLEMS, Problem, Recount
from maninso.ledger.report import (
    FolderReport,
    LogReport,
    ReceiptCheck,
    Report,
    SiteProofCheck,
    SiteReport,
    WitnessCheck,
)
from maninso.ledger.sitelog import NamedCheckpoint, SiteEntry, SiteRecount, is_site_origin, split_origin

_MAX_KEY_BYTES = 4_096
_PETITION_PAGE = re.compile(r"(?:/[a-z]{2})?/petitions/([1-9][0-9]*)/?", re.ASCII)
_SITE_PAGE = re.compile(r"(?:/(?:[a-z]{2}/?)?)?", re.ASCII)
_LOG_PLACE = re.compile(r"(?:.*[/\\])?(p[/\\][1-9][0-9]*[/\\]log)", re.ASCII)
_QUORUM_ATTEMPTS = 5
_QUORUM_PAUSE_SECONDS = 2.0
"""A checkpoint is published before its witnesses have answered; they have a moment to."""


@dataclass(frozen=True, slots=True)
class _Given:
    """A file that the person who checks has kept; `origin` is the log that it names, "" if it is no such file."""

    name: str
    data: bytes
    origin: str


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the person who checks asks for, of every log."""

    keys: Sequence[VerifierKey]
    policy: Policy | None
    deep: bool
    olds: Sequence[_Given]
    proofs: Sequence[_Given]
    progress: Progress | None
    jobs: int


def verify_log(
    target: str,
    *,
    keys: Sequence[VerifierKey] = (),
    policy: Policy | None = None,
    deep: bool = False,
    old: Sequence[Path] = (),
    receipts: Sequence[Path] = (),
    progress: Progress | None = None,
    jobs: int = 4,
) -> Report:
    """Recounts the log at `target`: a petition's, a site's or a log's URL, a log's folder, or a folder with several.

    `keys` are those one trusts; without one, the key is read from the same place, and the report warns. A key named
    `HOST/log` stands for all logs of its site. `deep` holds a site's log and its petitions' logs against each other;
    so does a `policy`, whose quorum of witnesses the site's checkpoint must bear. `old` are checkpoints and `receipts`
    receipts kept from before, as files. Whatever is false becomes a problem in the report. Raises UsageError, and
    UnreadableError if something could not be read, so that nothing is known.
    """
    if jobs < 1:
        raise UsageError(f"{jobs} jobs can read nothing.", cure="Give 1 or more.")
    asked = _Asked(
        keys=[*keys, *(log.key for log in policy.logs)] if policy else keys,
        policy=policy,
        deep=deep,
        olds=[_read_given(path, MAX_NOTE_BYTES, lambda data: data) for path in old],
        proofs=[
            _read_given(path, MAX_RECEIPT_BYTES, lambda data: Receipt.parse(data).checkpoint_bytes) for path in receipts
        ],
        progress=progress,
        jobs=jobs,
    )
    sources = _locate_logs(target)
    if len(sources) == 1:
        return _verify_one(target, sources[0], asked)
    logs: list[LogReport] = []
    site: SiteReport | None = None
    for source in sources:
        data = source.fetch("checkpoint", MAX_NOTE_BYTES)
        origin = _peek_origin(data)
        if _is_site(source, origin):
            site = _verify_site(source, _only_for(asked, origin), keep=None)
            logs.append(site)
        else:
            logs.append(_verify_petition(source, _only_for(asked, origin), site))
    _refuse_strangers(target, {log.origin for log in logs}, asked)
    return FolderReport(target, logs)


def _verify_one(target: str, source: LogSource, asked: _Asked) -> Report:
    """One log; with `deep` or a policy also what belongs to it: the site's log, or the petitions' that it names."""
    origin = _peek_origin(source.fetch("checkpoint", MAX_NOTE_BYTES))
    if _is_site(source, origin):
        site = _verify_site(source, asked, keep=None if asked.deep else frozenset())
        if not asked.deep or site.recount is None:
            return site
        base = source.name.removesuffix("log")
        return FolderReport(target, [site, *_verify_named(base, site, asked)])
    parts = split_origin(origin)
    if parts is None or not (asked.deep or asked.policy):
        return _verify_petition(source, asked, None)
    beside = _open_place(re.sub(r"p[/\\][0-9]+[/\\]log$", "log", source.name))
    # The site's log comes first: what it names now, the petition's log, which is read later, must have.
    site = _verify_site(beside, _only_for(asked, parts[0]), keep=frozenset({parts[1]}))
    mine = _Asked(
        asked.keys,
        asked.policy,
        asked.deep,
        [given for given in asked.olds if given.origin != site.origin],
        asked.proofs,
        asked.progress,
        asked.jobs,
    )
    return FolderReport(target, [site, _verify_petition(source, mine, site)])


def _verify_named(base: str, site: SiteReport, asked: _Asked) -> list[LogReport]:
    """Every petition's log that the site's log names; one that is gone is a problem of the site's log."""
    logs: list[LogReport] = []
    host = site.origin.removesuffix("/log")
    for petition_id in sorted(site.recount.latest if site.recount else ()):
        source = _open_place(f"{base}p/{petition_id}/log")
        try:
            logs.append(_verify_petition(source, _only_for(asked, f"{host}/p/{petition_id}/log"), site))
        except MissingError as error:
            if isinstance(source, FolderSource):
                site.warnings.append(f"The log of petition {petition_id} is not in this copy.")
            else:
                _add_problem(site, Reason.VANISHED, f"The site's log names petition {petition_id}; {error}")
    return logs


def save_checkpoint(report: Report, path: Path) -> None:
    """Keeps the checkpoint of a log that holds, for the next time's `old`; of one that does not, nothing.

    Raises UsageError for several logs, or if the file cannot be written.
    """
    if isinstance(report, FolderReport):
        petitions = [log for log in report.logs if not isinstance(log, SiteReport)]
        if len(petitions) != 1:
            raise UsageError(f"{report.target} has several logs; a checkpoint is saved for one.")
        kept = petitions[0]
    else:
        kept = report
    if not report.ok:
        return
    draft = path.with_name(path.name + ".part")
    try:
        draft.write_bytes(kept.checkpoint_bytes)
        os.replace(draft, path)
    except OSError as error:
        raise UsageError(f"{path} could not be written: {error.strerror}.") from error


def _verify_petition(source: LogSource, asked: _Asked, site: SiteReport | None) -> LogReport:
    """Recounts a petition's log, and holds it to what the site's log, if that was read, names of it."""
    data = source.fetch("checkpoint", MAX_NOTE_BYTES)
    report = LogReport(source.name, _peek_origin(data), warnings=list(source.warnings), checkpoint_bytes=data)
    opened = _open_log(source, asked, report)
    if opened is None:
        return report
    key, checkpoint = opened
    parts = split_origin(key.name)
    site_origin, petition_id = parts or ("", 0)
    mine = [given for given in asked.proofs if not parts or given.origin != site_origin]
    theirs = [given for given in asked.proofs if parts and given.origin == site_origin]
    shown = _open_site_proofs(report, VerifierKey(site_origin, key.type, key.public_key), theirs, petition_id, asked)
    points: list[tuple[str, Checkpoint]] = []
    if site is not None and site.recount is not None and site.origin == site_origin:
        named = site.recount.points_of(petition_id)
        report.named = len(named)
        points = [("the site's log", Checkpoint(key.name, size, root)) for size, root in named]
    prefixes = {point.size for _, point in points} | {named.size for _, _, named, _ in shown}
    recount = Recount(checkpoint.origin, report.problems)
    made = _recompute(source, asked, report, checkpoint, recount, mine, prefixes=prefixes)
    if made is None:
        return report
    tiles = SourceTiles(source)
    _hold_points(report, tiles, checkpoint, made, points)
    for given, entry, shown_point, witnesses in shown:
        problem = _find_contradiction(tiles, checkpoint, made, Checkpoint(key.name, shown_point.size, shown_point.root))
        if problem:
            _add_problem(report, problem.reason, f"The proof {given.name}: {problem.message}")
        report.site_proofs.append(SiteProofCheck(given.name, shown_point.size, entry.time, witnesses, problem))
    return report


def _verify_site(source: LogSource, asked: _Asked, *, keep: frozenset[int] | None) -> SiteReport:
    """Checks a site's log and who has cosigned it; `keep` as in SiteRecount."""
    data = _fetch_cosigned(source, asked.policy)
    report = SiteReport(source.name, _peek_origin(data), warnings=list(source.warnings), checkpoint_bytes=data)
    opened = _open_log(source, asked, report)
    if opened is None:
        return report
    _, checkpoint = opened
    if not is_site_origin(checkpoint.origin):
        _add_problem(report, Reason.OTHER_LOG, f"{source.name} is of the log {checkpoint.origin}, which is no site's.")
        return report
    report.witnesses = list(_list_witnesses(report, data, asked.policy))
    if asked.policy:
        report.quorum = not any(problem.reason is Reason.MISSING_QUORUM for problem in report.problems)
    recount = SiteRecount(keep, report.problems)
    if _recompute(source, asked, report, checkpoint, recount, asked.proofs) is not None:
        report.recount = recount
    return report


def _open_log(source: LogSource, asked: _Asked, report: LogReport) -> tuple[VerifierKey, Checkpoint] | None:
    """The key to hold the log to and its checkpoint, verified; None if that cannot be, and the report says why."""
    try:
        key = _trusted_key(source, asked.keys, report.origin) if asked.keys else _published_key(source, report)
        report.key, report.origin = key, key.name
        report.checkpoint = open_checkpoint(report.checkpoint_bytes, origin=key.name, key=key)
    except LedgerError as error:
        _add_problem(report, error.reason, f"The checkpoint of {source.name}: {error}")
        return None
    return key, report.checkpoint


def _recompute(
    source: LogSource,
    asked: _Asked,
    report: LogReport,
    checkpoint: Checkpoint,
    recount: Recount | SiteRecount,
    proofs: Sequence[_Given],
    prefixes: set[int] | frozenset[int] = frozenset(),
) -> Recomputed | None:
    """Builds the log anew and holds it to its root, to older checkpoints and to receipts; None if it is unreadable."""
    key = VerifierKey(checkpoint.origin, report.key.type, report.key.public_key) if report.key else None
    if key is None:
        return None
    seen = _open_olds(report, key, asked.olds)
    held = _open_receipts(report, key, proofs)
    tiles = SourceTiles(source)
    try:
        made = recompute_log(
            tiles,
            checkpoint.size,
            recount=recount,
            prefixes={point.size for _, point in seen} | {proof.checkpoint.size for _, proof in held} | prefixes,
            leaves={proof.index for _, proof in held},
            progress=asked.progress,
            jobs=1 if isinstance(source, FolderSource) else asked.jobs,
        )
    except LedgerError as error:
        _add_problem(report, error.reason, str(error))
        return None
    if isinstance(recount, Recount):
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
    return made


def _fetch_cosigned(source: LogSource, policy: Policy | None) -> bytes:
    """The checkpoint's bytes; of a site that is asked for a quorum, after giving the witnesses a moment."""
    data = source.fetch("checkpoint", MAX_NOTE_BYTES)
    if policy is None or isinstance(source, FolderSource):
        return data
    for _ in range(_QUORUM_ATTEMPTS - 1):
        try:
            if policy.is_met([each.key for each in open_cosignatures(data, policy.witness_keys)]):
                break
        except LedgerError:
            break  # what is wrong is said where it is opened
        time.sleep(_QUORUM_PAUSE_SECONDS)
        data = source.fetch("checkpoint", MAX_NOTE_BYTES)
    return data


def _list_witnesses(report: LogReport, data: bytes, policy: Policy | None) -> tuple[WitnessCheck, ...]:
    """Who has cosigned a site's checkpoint; without a quorum that the policy asks for the report has a problem."""
    try:
        verified = open_cosignatures(data, policy.witness_keys) if policy else ()
    except LedgerError as error:
        _add_problem(report, error.reason, f"A witness's signature on {report.origin}: {error}")
        return ()
    if policy and not policy.is_met([each.key for each in verified]):
        names = ", ".join(each.key.name for each in verified) or "none of its witnesses"
        message = f"The policy's quorum {policy.quorum!r} is not met: {names} cosigned the checkpoint."
        _add_problem(report, Reason.MISSING_QUORUM, message)
    known = {(each.key.name, each.key.key_id): each.time for each in verified}
    own = report.key.public_key if report.key else b""
    return tuple(
        WitnessCheck(line.name, known.get((line.name, line.key_id)))
        for line in SignedNote.parse(data).signatures
        if line.key_id not in {VerifierKey(line.name, kind, own).key_id for kind in (1, 4) if own}
    )


def _open_site_proofs(
    report: LogReport, key: VerifierKey, proofs: Sequence[_Given], petition_id: int, asked: _Asked
) -> list[tuple[_Given, SiteEntry, NamedCheckpoint, tuple[WitnessCheck, ...]]]:
    """The proofs of entries of the site's log that name this petition, each with the checkpoint that it names."""
    opened: list[tuple[_Given, SiteEntry, NamedCheckpoint, tuple[WitnessCheck, ...]]] = []
    for given in proofs:
        try:
            proof = verify_receipt(given.data, key)
            entry = SiteEntry.parse(proof.entry.render())
            named = entry.find(petition_id)
            if named is None:
                raise LedgerError(Reason.OTHER_LOG, f"its entry does not name petition {petition_id}.")
        except LedgerError as error:
            problem = Problem(error.reason, f"The proof {given.name}: {error}")
            report.site_proofs.append(SiteProofCheck(given.name, None, None, (), problem))
            _add_problem(report, problem.reason, problem.message)
            continue
        witnesses = _list_witnesses(report, Receipt.parse(given.data).checkpoint_bytes, asked.policy)
        opened.append((given, entry, named, witnesses))
    return opened


def _hold_points(
    report: LogReport, reader: TileReader, now: Checkpoint, made: Recomputed, points: Sequence[tuple[str, Checkpoint]]
) -> None:
    """Every checkpoint that the site's log names of this one must be of its history."""
    for place, point in points:
        problem = _find_contradiction(reader, now, made, point)
        if problem:
            _add_problem(report, problem.reason, f"Against {place}: {problem.message}")


def _find_contradiction(reader: TileReader, now: Checkpoint, made: Recomputed, point: Checkpoint) -> Problem | None:
    if point.size > now.size:
        return Problem(Reason.SHRUNK, f"it names {point.size} leaves; the log now has {now.size}.")
    continued = _is_prefix(reader, now, made, point)
    if continued:
        return None
    if continued is None:
        return Problem(Reason.WRONG_ROOT, "the log's files do not make its signed root; nothing can be compared.")
    return Problem(Reason.FORK, f"it names another root than this log had at {point.size} leaves.")


def _only_for(asked: _Asked, origin: str) -> _Asked:
    """The same, with those files alone that are of this log, or of its site's log."""
    parts = split_origin(origin)
    olds = [given for given in asked.olds if given.origin == origin]
    proofs = [given for given in asked.proofs if given.origin == origin or (parts and _names(given, parts))]
    return _Asked(asked.keys, asked.policy, asked.deep, olds, proofs, asked.progress, asked.jobs)


def _names(given: _Given, parts: tuple[str, int]) -> bool:
    """Whether a proof is of the site's log and of an entry that names the petition."""
    if given.origin != parts[0]:
        return False
    try:
        return SiteEntry.parse(Receipt.parse(given.data).entry or b"").find(parts[1]) is not None
    except LedgerError:
        return False


def _refuse_strangers(target: str, origins: set[str], asked: _Asked) -> None:
    for given in [*asked.olds, *asked.proofs]:
        if given.origin not in origins:
            raise UsageError(f"{given.name} is of the log {given.origin or '(none)'}, which is not in {target}.")


def _is_site(source: LogSource, origin: str) -> bool:
    """A log's place decides where it can; a petition's address never answers with a site's log."""
    return _LOG_PLACE.fullmatch(source.name) is None and is_site_origin(origin)


def _open_place(name: str) -> LogSource:
    return HttpSource(name) if "://" in name else FolderSource(Path(name))


def _locate_logs(target: str) -> list[LogSource]:
    if "://" in target:
        parts = split_url(target)
        page = _PETITION_PAGE.fullmatch(parts.path)
        if page:
            path = f"/p/{page[1]}/log"
        elif _SITE_PAGE.fullmatch(parts.path):
            path = "/log"
        else:
            path = parts.path.removesuffix("/checkpoint").rstrip("/")
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
    found.sort(key=lambda path: (len(path.parent.name), path.parent.name))
    if (folder / "log" / "checkpoint").exists():
        found.insert(0, folder / "log")
    if not found:
        raise UnreadableError(f"{target} holds no log.", cure="A log's folder has a file named checkpoint in it.")
    return [FolderSource(path) for path in found]


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
    recount: Recount | SiteRecount,
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
