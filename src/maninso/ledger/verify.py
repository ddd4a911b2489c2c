"""Recounts a log from its entries and checks everything that it claims (docs/howto/verify-a-count.md)."""

import os
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from maninso import UnreadableError, UsageError
from maninso.ledger.alone import FileReport, verify_file
from maninso.ledger.checklog import (
    LOG_PLACE,
    Asked,
    add_problem,
    close_copy,
    find_contradiction,
    open_copy,
    open_log,
    peek_origin,
    read_given,
    recompute_checked,
)
from maninso.ledger.checkpoint import Checkpoint
from maninso.ledger.errors import Reason
from maninso.ledger.fetch import FolderSource, HttpSource, LogSource, MissingError, SourceTiles, split_url
from maninso.ledger.manifest import check_export, is_export, is_export_key
from maninso.ledger.note import MAX_NOTE_BYTES, VerifierKey
from maninso.ledger.policy import Policy
from maninso.ledger.promises import SeekingRecount, check_promises, is_promise_key, open_promises, promise_origin
from maninso.ledger.proof import MAX_RECEIPT_BYTES, Receipt
from maninso.ledger.recompute import Progress
from maninso.ledger.report import FolderReport, LogReport, Report, SiteProofCheck, SiteReport
from maninso.ledger.sitecheck import fetch_cosigned, hold_points, list_witnesses, names_petition, open_site_proofs
from maninso.ledger.sitelog import SiteRecount, is_site_origin, split_origin

INTERRUPTED = 130
"""Exit status of a check that was stopped, which says nothing."""

_PETITION_PAGE = re.compile(r"(?:/[a-z]{2})?/petitions/([1-9][0-9]*)/?", re.ASCII)
_SITE_PAGE = re.compile(r"(?:/[a-z]{2})?(?:/(?:log/?)?)?", re.ASCII)


def verify_log(
    target: str,
    *,
    keys: Sequence[VerifierKey] = (),
    policy: Policy | None = None,
    deep: bool = False,
    old: Sequence[Path] = (),
    receipts: Sequence[Path] = (),
    promises: Sequence[Path] = (),
    now: int | None = None,
    keep: Path | None = None,
    progress: Progress | None = None,
    jobs: int = 4,
) -> Report | FileReport:
    """Recounts the log at `target`: a petition's, a site's or a log's URL, a log's folder, or a folder with several.

    A receipt or a promise as the target, which is a file, is checked by itself.

    `keys` are those one trusts; without one, the key is read from the same place, and the report warns. A key named
    `HOST/log` stands for all logs of its site. `deep` holds a site's log and its petitions' logs against each other;
    so does a `policy`, whose quorum of witnesses the site's checkpoint must bear. `old` are checkpoints, `receipts`
    receipts and `promises` promises kept from before, as files; `now` is one's own time in Unix seconds, by which a
    promise is due. `keep` is a folder for a copy of what is checked, from which a later check goes on. Whatever is
    false becomes a problem in the report. Raises UsageError, and UnreadableError if something could not be read, so
    that nothing is known.
    """
    if jobs < 1:
        raise UsageError(f"{jobs} jobs can read nothing.", cure="Give 1 or more.")
    asked = Asked(
        keys=[
            *(key for key in keys if not is_promise_key(key) and not is_export_key(key)),
            *(log.key for log in (policy.logs if policy else ())),
        ],
        policy=policy,
        deep=deep,
        olds=[read_given(path, MAX_NOTE_BYTES, peek_origin) for path in old],
        proofs=[
            read_given(path, MAX_RECEIPT_BYTES, lambda data: peek_origin(Receipt.parse(data).checkpoint_bytes))
            for path in receipts
        ],
        progress=progress,
        jobs=jobs,
        promises=[read_given(path, MAX_NOTE_BYTES, promise_origin) for path in promises],
        promise_keys=[key for key in keys if is_promise_key(key)],
        now=now,
        keep=keep,
    )
    if "://" not in target and Path(target).is_file():
        return _verify_alone(target, asked)
    copy = Path(target) if "://" not in target and is_export(Path(target)) else None
    sources = _locate_logs(target, may_be_none=copy is not None)
    if len(sources) == 1 and copy is None:
        return _verify_one(target, sources[0], asked)
    logs: list[LogReport] = []
    site: SiteReport | None = None
    for source in sources:
        data = source.fetch("checkpoint", MAX_NOTE_BYTES)
        origin = peek_origin(data)
        if _is_site(source, origin):
            site = _verify_site(source, _only_for(asked, origin), follow=None)
            logs.append(site)
        else:
            logs.append(_verify_petition(source, _only_for(asked, origin), site))
    _refuse_strangers(target, {log.origin for log in logs}, asked)
    return FolderReport(target, logs, check_export(copy, [key for key in keys if is_export_key(key)]) if copy else None)


def _verify_alone(target: str, asked: Asked) -> FileReport:
    """A receipt or a promise as the target: it is checked by itself, and needs no log."""
    if asked.deep or asked.olds or asked.proofs or asked.promises or asked.keep:
        raise UsageError(
            f"{target} is a file, which is checked by itself, with --key and --policy alone.",
            cure="To hold it against its log, name the petition's address as the target, and the file by --receipt.",
        )
    return verify_file(Path(target), keys=[*asked.keys, *asked.promise_keys], policy=asked.policy)


def _verify_one(target: str, source: LogSource, asked: Asked) -> Report:
    """One log; with `deep` or a policy also what belongs to it: the site's log, or the petitions' that it names."""
    origin = peek_origin(source.fetch("checkpoint", MAX_NOTE_BYTES))
    if _is_site(source, origin):
        if asked.promises and not asked.deep:
            raise UsageError("A promise is about a petition's log.", cure="Name the petition's address, or add --deep.")
        site = _verify_site(source, asked, follow=None if asked.deep else frozenset())
        if not asked.deep or site.recount is None:
            return site
        base = source.name.removesuffix("log")
        return FolderReport(target, [site, *_verify_named(base, site, asked)])
    parts = split_origin(origin)
    if parts is None or not (asked.deep or asked.policy):
        return _verify_petition(source, asked, None)
    if LOG_PLACE.fullmatch(source.name) is None:
        raise UsageError(
            f"Where the site's log is cannot be told from {source.name}.",
            cure="Name an address, or a folder with log and p/ID/log in it.",
        )
    beside = _open_place(re.sub(r"p[/\\][0-9]+[/\\]log$", "log", source.name))
    # The site's log comes first: what it names now, the petition's log, which is read later, must have.
    site = _verify_site(beside, _only_for(asked, parts[0]), follow=frozenset({parts[1]}))
    mine = replace(asked, olds=[given for given in asked.olds if given.origin != site.origin])
    return FolderReport(target, [site, _verify_petition(source, mine, site)])


def _verify_named(base: str, site: SiteReport, asked: Asked) -> list[LogReport]:
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
                add_problem(site, Reason.VANISHED, f"The site's log names petition {petition_id}; {error}")
    return logs


def end_interrupted() -> NoReturn:
    """Says that a check was stopped, and ends the process at once.

    Threads may be waiting for the network, and nobody needs what they would bring: a kept copy is whole at any moment.
    """
    sys.stdout.flush()
    sys.stderr.write("\nStopped, so nothing is known. With --keep FOLDER it goes on from here when it is run again.\n")
    sys.stderr.flush()
    os._exit(INTERRUPTED)


def save_checkpoint(report: Report | FileReport, path: Path) -> None:
    """Keeps the checkpoint of a log that holds, for the next time's `old`; of one that does not, nothing.

    Raises UsageError for several logs, for a file, or if the file cannot be written.
    """
    if isinstance(report, FileReport):
        raise UsageError(f"{report.target} is no log whose checkpoint could be kept.")
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


def _verify_petition(source: LogSource, asked: Asked, site: SiteReport | None) -> LogReport:
    """Recounts a petition's log, and holds it to what the site's log, if that was read, names of it."""
    data = source.fetch("checkpoint", MAX_NOTE_BYTES)
    report = LogReport(
        source.name, peek_origin(data), warnings=list(source.warnings), checkpoint_bytes=data, checked=asked.now
    )
    opened = open_log(source, asked, report)
    if opened is None:
        return report
    key, checkpoint = opened
    parts = split_origin(key.name)
    site_origin, petition_id = parts or ("", 0)
    mine = [given for given in asked.proofs if not parts or given.origin != site_origin]
    theirs = [given for given in asked.proofs if parts and given.origin == site_origin]
    shown = open_site_proofs(report, VerifierKey(site_origin, key.type, key.public_key), theirs, petition_id, asked)
    points: list[tuple[str, Checkpoint]] = []
    if site is not None and site.recount is not None and site.origin == site_origin:
        named = site.recount.points_of(petition_id)
        report.named = len(named)
        points = [("the site's log", Checkpoint(key.name, size, root)) for size, root in named]
    prefixes = {point.size for _, point in points} | {named.size for _, _, named, _ in shown}
    copy = open_copy(source, asked, key)
    promised = open_promises(report, _beside(source), asked.promise_keys, asked.promises, site_origin[:-4])
    recount = SeekingRecount(checkpoint.origin, report.problems, frozenset(each.leaf_hash for _, each in promised))
    made = recompute_checked(source, asked, report, key, checkpoint, recount, mine, prefixes=prefixes, copy=copy)
    if made is None:
        close_copy(copy, report)
        return report
    tiles = SourceTiles(source)
    hold_points(report, tiles, checkpoint, made, points)
    dated = [(entry.time, named.size) for _, entry, named, _ in shown]
    if points and site is not None and site.recount is not None:
        dated += site.recount.dated_sizes_of(petition_id)
    if made.edge.root() == checkpoint.root:  # else the entries are no evidence of anything
        check_promises(report, recount, promised, size=checkpoint.size, dated=dated, now=asked.now)
    for given, entry, shown_point, witnesses in shown:
        problem = find_contradiction(tiles, checkpoint, made, Checkpoint(key.name, shown_point.size, shown_point.root))
        if problem:
            add_problem(report, problem.reason, f"The proof {given.name}: {problem.message}")
        report.site_proofs.append(SiteProofCheck(given.name, shown_point.size, entry.time, witnesses, problem))
    close_copy(copy, report)
    return report


def _verify_site(source: LogSource, asked: Asked, *, follow: frozenset[int] | None) -> SiteReport:
    """Checks a site's log and who has cosigned it; `follow` are the petitions whose every checkpoint is remembered."""
    data = fetch_cosigned(source, asked.policy)
    report = SiteReport(
        source.name, peek_origin(data), warnings=list(source.warnings), checkpoint_bytes=data, checked=asked.now
    )
    opened = open_log(source, asked, report)
    if opened is None:
        return report
    key, checkpoint = opened
    if not is_site_origin(checkpoint.origin):
        add_problem(report, Reason.OTHER_LOG, f"{source.name} is of the log {checkpoint.origin}, which is no site's.")
        return report
    known = len(report.problems)
    report.witnesses = list(list_witnesses(report, data, asked.policy))
    if asked.policy:
        report.quorum = len(report.problems) == known
    recount = SiteRecount(follow, report.problems)
    copy = open_copy(source, asked, key)
    if recompute_checked(source, asked, report, key, checkpoint, recount, asked.proofs, copy=copy) is not None:
        report.recount = recount
    close_copy(copy, report)
    return report


def _only_for(asked: Asked, origin: str) -> Asked:
    """The same, with those files alone that are of this log, or of its site's log."""
    parts = split_origin(origin)
    olds = [given for given in asked.olds if given.origin == origin]
    proofs = [given for given in asked.proofs if given.origin == origin or (parts and names_petition(given, parts))]
    promises = [given for given in asked.promises if given.origin == origin]
    return replace(asked, olds=olds, proofs=proofs, promises=promises)


def _refuse_strangers(target: str, origins: set[str], asked: Asked) -> None:
    for given in [*asked.olds, *asked.proofs, *asked.promises]:
        if given.origin not in origins:
            raise UsageError(f"{given.name} is of the log {given.origin or '(none)'}, which is not in {target}.")


def _is_site(source: LogSource, origin: str) -> bool:
    """A log's place decides where it can; a petition's address never answers with a site's log."""
    return LOG_PLACE.fullmatch(source.name) is None and is_site_origin(origin)


def _beside(source: LogSource) -> LogSource | None:
    """The site that a petition's log lies on, where its place tells."""
    if LOG_PLACE.fullmatch(source.name) is None:
        return None
    return _open_place(re.sub(r"[/\\]?p[/\\][0-9]+[/\\]log$", "", source.name) or ".")


def _open_place(name: str) -> LogSource:
    return HttpSource(name) if "://" in name else FolderSource(Path(name))


def _locate_logs(target: str, *, may_be_none: bool = False) -> list[LogSource]:
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
    if not found and not may_be_none:
        raise UnreadableError(f"{target} holds no log.", cure="A log's folder has a file named checkpoint in it.")
    return [FolderSource(path) for path in found]
