"""What a recount found, as JSON for programs and as sentences for people."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeAlias

from maninso import __version__
from maninso.ledger.canonical import Json, encode_base64
from maninso.ledger.checkpoint import Checkpoint
from maninso.ledger.manifest import ExportCheck
from maninso.ledger.note import VerifierKey
from maninso.ledger.recount import Problem, Tally
from maninso.ledger.sitelog import SiteRecount

_ASSURANCE = {"0": "e-mail", "1": "social log-in", "2": "phone or real name", "3": "national e-ID"}
_ROWS = 40
_BROKEN = "This log does not hold. Keep the files: they are the evidence."
_MISFIT = "What was given to be held against it is not this log's, or is damaged."


@dataclass(frozen=True, slots=True)
class ReceiptCheck:
    """One receipt against the log: its leaf, whether its signature counts now, and what is wrong, if anything."""

    file: str
    index: int | None
    counted: bool
    problem: Problem | None

    def to_json(self) -> Json:
        """An object; `reason` and `message` are null if the receipt holds."""
        return {
            "file": self.file,
            "ok": self.problem is None,
            "index": self.index,
            "counted": self.counted,
            "reason": self.problem.reason.value if self.problem else None,
            "message": self.problem.message if self.problem else None,
        }


@dataclass(frozen=True, slots=True)
class PromiseCheck:
    """One promise: "kept", "waiting" (not due yet), "broken", or "refused" because it is none of this site's.

    `by` is when it is due, in Unix seconds; `index` the leaf that it was about, where that is in the log.
    """

    file: str
    state: str
    by: int | None
    index: int | None
    counted: bool
    problem: Problem | None

    def to_json(self) -> Json:
        """An object; `reason` and `message` are null unless it is broken or refused."""
        return {
            "file": self.file,
            "state": self.state,
            "by": self.by,
            "index": self.index,
            "counted": self.counted,
            "reason": self.problem.reason.value if self.problem else None,
            "message": self.problem.message if self.problem else None,
        }


@dataclass(frozen=True, slots=True)
class WitnessCheck:
    """Who has cosigned a checkpoint; `time` (Unix seconds) is None if its key is not known, so that it is hearsay."""

    name: str
    time: int | None

    def to_json(self) -> Json:
        """`{"name", "time"}`."""
        return {"name": self.name, "time": self.time}


@dataclass(frozen=True, slots=True)
class SiteProofCheck:
    """One proof that the site's log names a checkpoint of this log: its size, when it was named, and by whom seen."""

    file: str
    size: int | None
    time: int | None
    witnesses: tuple[WitnessCheck, ...]
    problem: Problem | None

    def to_json(self) -> Json:
        """An object; `reason` and `message` are null if the proof holds."""
        return {
            "file": self.file,
            "ok": self.problem is None,
            "size": self.size,
            "time": self.time,
            "witnesses": [witness.to_json() for witness in self.witnesses],
            "reason": self.problem.reason.value if self.problem else None,
            "message": self.problem.message if self.problem else None,
        }


@dataclass(slots=True)
class LogReport:
    """The recount of one log. `checkpoint` and `tally` are None where a problem kept them from being known.

    `named` is the number of the log's checkpoints that the site's log names, None if they were not compared; `reused`
    that of the leaves that a kept copy had already, None if none is kept. `misfits` are those of the problems that say
    nothing of the log, but of files that were given; `checked` is the time of the check, in Unix seconds.
    """

    target: str
    origin: str
    key: VerifierKey | None = None
    key_source: str = "given"
    checkpoint: Checkpoint | None = None
    checkpoint_bytes: bytes = b""
    tally: Tally | None = None
    olds: list[int] = field(default_factory=list)
    receipts: list[ReceiptCheck] = field(default_factory=list)
    promises: list[PromiseCheck] = field(default_factory=list)
    named: int | None = None
    reused: int | None = None
    site_proofs: list[SiteProofCheck] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    misfits: list[Problem] = field(default_factory=list)
    checked: int | None = None

    @property
    def ok(self) -> bool:
        """True if nothing at all was found wrong."""
        return not self.problems

    @property
    def holds(self) -> bool:
        """True if nothing was found wrong with the log itself."""
        return all(problem in self.misfits for problem in self.problems)

    def to_json(self) -> dict[str, Json]:
        """One object; what is not known is null."""
        point, tally = self.checkpoint, self.tally
        thresholds: list[Json] | None = None
        if tally:
            thresholds = [
                {
                    "threshold": t.threshold,
                    "needed": t.needed,
                    "count": t.count,
                    "leaf": t.leaf,
                    "met": t.met,
                    "ok": t.ok,
                }
                for t in tally.thresholds
            ]
        return {
            "ok": self.ok,
            "target": self.target,
            "checked": self.checked,
            "origin": self.origin,
            "size": point.size if point else None,
            "root": encode_base64(point.root) if point else None,
            "count": tally.count if tally else None,
            "signatures": tally.signatures if tally else None,
            "voids": tally.voids if tally else None,
            "reinstated": tally.reinstated if tally else None,
            "unknown": tally.unknown if tally else None,
            "by_region": {**tally.by_region} if tally else None,
            "by_day": {**tally.by_day} if tally else None,
            "by_assurance": {**tally.by_assurance} if tally else None,
            "thresholds": thresholds,
            "key_destroyed": tally.key_destroyed if tally else None,
            "old": [*self.olds],
            "receipts": [receipt.to_json() for receipt in self.receipts],
            "promises": [promise.to_json() for promise in self.promises],
            "named": self.named,
            "reused": self.reused,
            "site_proofs": [proof.to_json() for proof in self.site_proofs],
            "key": self.key.render() if self.key else None,
            "key_source": self.key_source,
            "warnings": [*self.warnings],
            "problems": [{"reason": p.reason.value, "message": p.message} for p in self.problems],
        }

    def render(self) -> str:
        """Plain sentences, one a line, final newline included."""
        lines = self._describe_checkpoint()
        if self.tally:
            lines += _describe_tally(self.tally)
        if self.holds and self.tally:
            lines.append(
                "Every entry was hashed anew: leaves, tiles and root are the signed ones, and nobody counts twice."
            )
        lines += [f"It continues the checkpoint of {size:,} leaves seen before." for size in self.olds]
        lines += [_describe_receipt(receipt) for receipt in self.receipts]
        lines += [_describe_promise(promise) for promise in self.promises]
        lines += [_describe_site_proof(proof) for proof in self.site_proofs]
        if self.named is not None and self.ok:
            lines.append(f"All {self.named:,} checkpoints that the site's log names of it are of its history.")
        lines += self._describe_faults()
        if self.holds and self.tally:
            lines.append(f"The count is right: {self.tally.count:,}." + (f" {_MISFIT}" if self.misfits else ""))
        else:
            lines.append(_BROKEN)
        return "\n".join(lines) + "\n"

    def _describe_checkpoint(self) -> list[str]:
        at = f" (at {say_time(self.checked)} by maninso {__version__})" if self.checked else ""
        lines = [f"The log {self.origin}, read from {self.target}{at}."]
        if self.checkpoint:
            lines.append(
                f"Its signed checkpoint: {self.checkpoint.size:,} leaves, root {encode_base64(self.checkpoint.root)}."
            )
        if self.reused:
            lines.append(f"The entries of {self.reused:,} leaves were in the kept copy, and hashed like all others.")
        return lines

    def _describe_faults(self) -> list[str]:
        lines = [f"WARNING: {warning}" for warning in self.warnings]
        return lines + [describe_problem(problem) for problem in self.problems]


@dataclass(slots=True)
class SiteReport(LogReport):
    """The check of a site's log, which counts nothing; `recount` is None where a problem kept it from being made.

    `quorum` is None if no policy asked for one.
    """

    recount: SiteRecount | None = None
    witnesses: list[WitnessCheck] = field(default_factory=list)
    quorum: bool | None = None

    def to_json(self) -> dict[str, Json]:
        """As every log's, and who has cosigned the checkpoint; what a site's log has none of is null."""
        recount = self.recount
        return {
            # By its name: the class that slots make anew is another one than `super()` knows here.
            **LogReport.to_json(self),
            "petitions": len(recount.latest) if recount else None,
            "checkpoints": recount.named if recount else None,
            "last": recount.last_time if recount else None,
            "witnesses": [witness.to_json() for witness in self.witnesses],
            "quorum": self.quorum,
        }

    def render(self) -> str:
        """Plain sentences, one a line, final newline included."""
        lines = self._describe_checkpoint()
        if self.recount:
            lines.append(
                f"It names {self.recount.named:,} checkpoints of {len(self.recount.latest):,} petitions,"
                f" the last {say_time(self.recount.last_time)}."
            )
        lines += [describe_witness(witness) for witness in self.witnesses]
        if self.quorum:
            lines.append("They are as many as the policy asks for.")
        if self.holds and self.recount:
            lines.append("Every entry was hashed anew, and no petition's log shrinks or forks in it.")
        lines += [f"It continues the checkpoint of {size:,} leaves seen before." for size in self.olds]
        lines += [f"{each.file} holds: it is leaf {each.index:,}." for each in self.receipts if not each.problem]
        lines += self._describe_faults()
        verdict = "The site's log holds." + (f" {_MISFIT}" if self.misfits else "")
        lines.append(verdict if self.holds else _BROKEN)
        return "\n".join(lines) + "\n"


@dataclass(slots=True)
class FolderReport:
    """The recounts of all logs in one folder."""

    target: str
    logs: list[LogReport]
    export: ExportCheck | None = None  # of a static copy of a whole site

    @property
    def ok(self) -> bool:
        """True if every log holds, and every file of a copy."""
        return all(log.ok for log in self.logs) and (self.export is None or self.export.ok)

    def to_json(self) -> dict[str, Json]:
        """`{"ok", "target", "logs": [...]}`, and `export` of a static copy."""
        logs: dict[str, Json] = {"ok": self.ok, "target": self.target, "logs": [log.to_json() for log in self.logs]}
        return logs if self.export is None else logs | {"export": self.export.to_json()}

    def render(self) -> str:
        """Each log's sentences, then one on all."""
        wrong = sum(not log.ok for log in self.logs)
        verdict = f"{wrong} of {len(self.logs)} logs do not hold." if wrong else f"All {len(self.logs)} logs hold."
        parts = [*(log.render() for log in self.logs), verdict]
        return "\n".join(parts if self.export is None else [*parts, "", self.export.render().rstrip()]) + "\n"


Report: TypeAlias = LogReport | FolderReport


def _describe_tally(tally: Tally) -> list[str]:
    lines = [
        f"{tally.signatures:,} signatures, less {tally.voids:,} voided, plus {tally.reinstated:,} reinstated,"
        f" make a count of {tally.count:,}."
    ]
    if tally.key_destroyed is not None:
        lines.append(
            f"The key of its nullifiers was destroyed {say_time(tally.key_destroyed)}: they lead to nobody any more."
        )
    if tally.unknown:
        lines.append(f"{tally.unknown:,} entries are of kinds that this version does not know; they do not count.")
    assurance = {f"{level} ({_ASSURANCE[level]})": number for level, number in tally.by_assurance.items()}
    lines += _describe_table("By assurance", assurance)
    lines += _describe_table("By region", {name or "not told": number for name, number in tally.by_region.items()})
    lines += _describe_table("By day (UTC)", tally.by_day)
    lines += [
        f"The threshold {check.threshold} of {check.needed:,} was {'met' if check.met else 'undone'}"
        f" by leaf {check.leaf:,}, with {check.count:,}."
        for check in tally.thresholds
        if check.ok
    ]
    return lines


def _describe_table(title: str, rows: Mapping[str, int]) -> list[str]:
    if not rows:
        return []
    shown = [f"{name} {number:,}" for name, number in list(rows.items())[:_ROWS]]
    if len(rows) > _ROWS:
        shown.append(f"and {len(rows) - _ROWS} more (--json lists all)")
    return [f"{title}: {', '.join(shown)}."]


def _describe_receipt(receipt: ReceiptCheck) -> str:
    if receipt.problem:
        return f"The receipt {receipt.file} does not hold."
    state = "it counts" if receipt.counted else "it does not count now"
    return f"The receipt {receipt.file} holds: it is leaf {receipt.index:,}, and {state}."


def _describe_promise(promise: PromiseCheck) -> str:
    if promise.index is not None and promise.problem is None:
        state = "it counts" if promise.counted else "it does not count now"
        return f"The promise {promise.file} was kept: it is leaf {promise.index:,}, and {state}."
    if promise.problem:
        return f"The promise {promise.file} {'was broken' if promise.state == 'broken' else 'does not hold'}."
    return f"The promise {promise.file} is not due yet, and the leaf is not in the log yet."


def _describe_site_proof(proof: SiteProofCheck) -> str:
    if proof.problem or proof.size is None:
        return f"The proof {proof.file} does not hold."
    seen = "".join(f" {describe_witness(witness)}" for witness in proof.witnesses)
    return (
        f"The proof {proof.file} holds: the site's log names this log at {proof.size:,} leaves,"
        f" {say_time(proof.time)}.{seen}"
    )


def describe_problem(problem: Problem) -> str:
    """What is wrong, with its reason."""
    return f"WRONG ({problem.reason.value}): {problem.message}"


def describe_witness(witness: WitnessCheck) -> str:
    """Who has cosigned, and when; or that somebody says so whose key is not known."""
    if witness.time is None:
        return f"A signature says it is the witness {witness.name}'s; its key is not known here (see --policy)."
    return f"The witness {witness.name} has cosigned it, {say_time(witness.time)}."


def say_time(time: int | None) -> str:
    """A time in Unix seconds for people, in UTC."""
    if time is None:
        return "never"
    # A witness may name a time that no calendar has.
    return f"{datetime.fromtimestamp(time, UTC):%Y-%m-%d %H:%M:%S} UTC" if time < 1 << 37 else f"at {time}"
