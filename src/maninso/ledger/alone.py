"""Checks a receipt or a promise by itself: off-line, with nothing but the file and the key that one trusts.

A receipt that holds proves that its entry was in the log when the site signed that checkpoint. Whether the signature
counts now only the log itself can tell.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from maninso import UsageError
from maninso.ledger.canonical import Json, encode_base64
from maninso.ledger.checklog import peek_origin, read_given
from maninso.ledger.entries import Event, Genesis, Reinstate, Sign, Void
from maninso.ledger.errors import LedgerError
from maninso.ledger.note import SignedNote, VerifierKey
from maninso.ledger.policy import Policy
from maninso.ledger.promises import PROMISE_KEY, is_promise_key
from maninso.ledger.proof import MAX_RECEIPT_BYTES, Promise, Receipt, VerifiedReceipt, open_promise, verify_receipt
from maninso.ledger.recount import Problem
from maninso.ledger.report import WitnessCheck, describe_problem, describe_witness, say_time
from maninso.ledger.sitecheck import list_witnesses
from maninso.ledger.sitelog import SITE_ENTRY, SiteEntry, is_site_origin, split_origin

_KINDS = {Genesis: "the log's first entry", Sign: "a signature", Void: "a void", Reinstate: "a reinstatement"}


@dataclass(slots=True)
class FileReport:
    """The check of one file. `kind` is "receipt" or "promise"; what is not known or does not apply is None."""

    target: str
    kind: str
    origin: str
    key: VerifierKey
    index: int | None = None
    size: int | None = None
    leaf_hash: bytes | None = None
    what: str | None = None
    due: int | None = None
    witnesses: list[WitnessCheck] = field(default_factory=list)
    quorum: bool | None = None
    problems: list[Problem] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """True if the file holds."""
        return not self.problems

    def to_json(self) -> dict[str, Json]:
        """One object; what is not known is null."""
        return {
            "ok": self.ok,
            "target": self.target,
            "kind": self.kind,
            "origin": self.origin,
            "index": self.index,
            "size": self.size,
            "leaf": encode_base64(self.leaf_hash) if self.leaf_hash else None,
            "what": self.what,
            "due": self.due,
            "witnesses": [witness.to_json() for witness in self.witnesses],
            "quorum": self.quorum,
            "key": self.key.render(),
            "problems": [{"reason": p.reason.value, "message": p.message} for p in self.problems],
        }

    def render(self) -> str:
        """Plain sentences, one a line, final newline included."""
        lines = [f"The {self.kind} {self.target}, checked with the key {self.key.render()}."]
        if self.index is not None and self.size is not None:
            lines.append(
                f"Leaf {self.index:,} of the log {self.origin} is {self.what}."
                f" The site signed that it was there when the log had {self.size:,} leaves."
            )
        if self.due is not None:
            lines.append(f"The site signed that the leaf is in the log {self.origin} by {say_time(self.due)}.")
        lines += [describe_witness(witness) for witness in self.witnesses]
        if self.quorum:
            lines.append("They are as many as the policy asks for.")
        lines += [describe_problem(problem) for problem in self.problems]
        if self.problems:
            lines.append(f"The {self.kind} does not hold.")
        else:
            lines.append(f"The {self.kind} holds by itself. {self._advise()}")
        return "\n".join(lines) + "\n"

    def _advise(self) -> str:
        parts = split_origin(self.origin)
        if parts is None:
            return "Whether the log is still the same, the log tells."
        option = "--promise" if self.kind == "promise" else "--receipt"
        asked = "it was kept" if self.kind == "promise" else "it counts today"
        page = f"https://{parts[0].removesuffix('/log')}/petitions/{parts[1]}"
        return f"Whether {asked}, the log tells: verify {page} {option} {self.target}"


def verify_file(path: Path, *, keys: Sequence[VerifierKey], policy: Policy | None) -> FileReport:
    """Checks a receipt, a `.site.tlog-proof` or a promise. Raises UsageError without the key to hold it to.

    A key named `HOST/log` stands for the logs of all petitions of its site. With a policy the checkpoint of a site's
    log must bear its quorum.
    """
    given = read_given(path, MAX_RECEIPT_BYTES, lambda data: _find_origin(data)[1])
    kind, origin = ("receipt", "")
    problem = None
    try:
        kind, origin = _find_origin(given.data)
    except LedgerError as error:
        problem = Problem(error.reason, str(error))
    if not keys:
        raise UsageError(
            f"{path} is a file; what it is worth hangs on the key that signed it.",
            cure="Give --key: the key that the institution has published, such as HOST/log+KEYID+BASE64.",
        )
    report = FileReport(str(path), kind, origin, _choose_key(keys, kind, origin, given.data))
    if problem is not None:
        report.problems.append(problem)
        return report
    try:
        if kind == "promise":
            promise = open_promise(given.data, report.key)
            report.leaf_hash, report.due = promise.leaf_hash, promise.by
        else:
            _take_receipt(report, verify_receipt(given.data, report.key))
            # Witnesses follow the site's log alone.
            asked = policy if is_site_origin(report.key.name) else None
            report.witnesses = list(list_witnesses(report, Receipt.parse(given.data).checkpoint_bytes, asked))
            report.quorum = report.ok if asked else None
    except LedgerError as error:
        report.problems.append(Problem(error.reason, str(error)))
    return report


def _find_origin(data: bytes) -> tuple[str, str]:
    """What the file is, and the log that it names; raises LedgerError if it is neither a receipt nor a promise."""
    try:
        return "promise", Promise.parse(SignedNote.parse(data).text).origin
    except LedgerError:
        return "receipt", peek_origin(Receipt.parse(data).checkpoint_bytes)


def _choose_key(keys: Sequence[VerifierKey], kind: str, origin: str, data: bytes) -> VerifierKey:
    """The key of that name; a site's key under a petition's name; else any, to say that it is another's."""
    wanted = origin
    if kind == "promise":
        wanted = Promise.parse(SignedNote.parse(data).text).name
        keys = [key for key in keys if is_promise_key(key)]
        if not keys:
            raise UsageError(
                "A promise is signed by a key of its own, and none was given.",
                cure=f"Give --key the key {wanted}, which the site shows at /{PROMISE_KEY}.",
            )
    for key in keys:
        parts = split_origin(wanted)
        if parts is not None and key.name == parts[0]:
            return VerifierKey(wanted, key.type, key.public_key)
        if key.name == wanted:
            return key
    return keys[0]


def _take_receipt(report: FileReport, receipt: VerifiedReceipt) -> None:
    report.index, report.size, report.leaf_hash = receipt.index, receipt.checkpoint.size, receipt.leaf_hash
    data = receipt.entry.render()
    if is_site_origin(report.origin) and data[:1] == bytes([SITE_ENTRY]):
        entry = SiteEntry.parse(data)
        report.what = f"an entry of {say_time(entry.time)} that names the logs of {len(entry.named):,} petitions"
    elif isinstance(receipt.entry, Event):
        report.what = f"the event {receipt.entry.name!r}"
    else:
        report.what = _KINDS.get(type(receipt.entry), "an entry of a later kind")
