"""Whether promises were kept: a leaf that a site undertook to have in a log by a certain time.

A promise is signed by a key named HOST/promise, which signs nothing else. Broken, it is evidence that anybody can
check: the promise, and a checkpoint of the log that does not cover the leaf though the site's log dates it after the
promise.
"""

from collections.abc import Sequence

from maninso.ledger.checklog import Given, add_misfit, add_problem
from maninso.ledger.errors import LedgerError, Reason
from maninso.ledger.fetch import LogSource
from maninso.ledger.merkle import hash_leaves
from maninso.ledger.note import SignedNote, VerifierKey
from maninso.ledger.proof import Promise, open_promise
from maninso.ledger.recount import Problem, Recount
from maninso.ledger.report import LogReport, PromiseCheck

PROMISE_KEY = "promise/key"
_MAX_KEY_BYTES = 4_096

DatedSize = tuple[int, int]
"""At this time (Unix seconds) the site's log named a checkpoint of so many leaves."""


class SeekingRecount(Recount):
    """A recount that also finds leaves by their hashes: `found` gives the index of each of `wanted` that is there."""

    def __init__(self, origin: str, problems: list[Problem], wanted: frozenset[bytes]) -> None:
        Recount.__init__(self, origin, problems)
        self.wanted = wanted
        self.found: dict[bytes, int] = {}

    def add_entries(self, first: int, entries: Sequence[bytes]) -> None:
        """As a recount does; looks for what is wanted until all is found."""
        Recount.add_entries(self, first, entries)
        if len(self.found) < len(self.wanted):
            for index, leaf in enumerate(hash_leaves(entries), first):
                if leaf in self.wanted:
                    self.found.setdefault(leaf, index)


def is_promise_key(key: VerifierKey) -> bool:
    """True for a key named HOST/promise."""
    host, slash, rest = key.name.rpartition("/")
    return bool(host and slash) and rest == "promise" and "/" not in host


def promise_origin(data: bytes) -> str:
    """The log that a promise is about, as it claims; raises LedgerError if it is malformed."""
    return Promise.parse(SignedNote.parse(data).text).origin


def open_promises(
    report: LogReport, site: LogSource | None, keys: Sequence[VerifierKey], given: Sequence[Given], host: str
) -> list[tuple[Given, Promise]]:
    """The promises that hold as such; what is wrong with the others is in the report.

    `keys` are those that one trusts; without the site's among them it is read from the site itself, and the report
    warns of it.
    """
    if not given:
        return []
    name = f"{host}/promise"
    opened: list[tuple[Given, Promise]] = []
    try:
        key = next((key for key in keys if key.name == name), None) or _published_key(report, site, name)
        for each in given:
            try:
                promise = open_promise(each.data, key)
                if promise.origin != report.origin:
                    raise LedgerError(Reason.OTHER_LOG, f"it is about the log {promise.origin or '(none)'}.")
                opened.append((each, promise))
            except LedgerError as error:
                _refuse(report, each, error.reason, str(error))
    except LedgerError as error:
        add_problem(report, error.reason, f"The key of promises: {error}")
    return opened


def check_promises(
    report: LogReport,
    recount: SeekingRecount,
    promises: Sequence[tuple[Given, Promise]],
    *,
    size: int,
    dated: Sequence[DatedSize],
    now: int | None,
) -> None:
    """Holds each promise to the log that was recounted, of `size` leaves, and to what the site's log dates.

    `now` is the time by one's own clock, in Unix seconds; without it only the site's own dates tell that a promise
    which is not kept is overdue.
    """
    for given, promise in promises:
        index = recount.found.get(promise.leaf_hash)
        late = next(
            ((at, n) for at, n in dated if at > promise.by and (index is None or n <= index)),
            None,
        )
        if late is not None:
            message = (
                f"it was due at {promise.by}, and at {late[0]} the site's log names {late[1]} leaves without it."
                " With the promise and the proof of that entry anybody can see that the site did not keep its word."
            )
            _refuse(report, given, Reason.BROKEN_PROMISE, message, by=promise.by, index=index)
        elif index is not None:
            counted = recount.is_counted(index)
            report.promises.append(PromiseCheck(given.name, "kept", promise.by, index, counted, None))
        elif now is not None and now > promise.by:
            message = (
                f"it was due at {promise.by}, it is {now}, and the leaf is not among the log's {size}."
                " Keep the promise and this checkpoint; --deep adds the time by the site's own log."
            )
            _refuse(report, given, Reason.BROKEN_PROMISE, message, by=promise.by)
        else:
            report.promises.append(PromiseCheck(given.name, "waiting", promise.by, None, False, None))


def _refuse(
    report: LogReport, given: Given, reason: Reason, message: str, *, by: int | None = None, index: int | None = None
) -> None:
    problem = Problem(reason, f"The promise {given.name}: {message}")
    broken = reason is Reason.BROKEN_PROMISE
    report.promises.append(PromiseCheck(given.name, "broken" if broken else "refused", by, index, False, problem))
    (add_problem if broken else add_misfit)(report, problem.reason, problem.message)


def _published_key(report: LogReport, site: LogSource | None, name: str) -> VerifierKey:
    if site is None:
        raise LedgerError(Reason.WRONG_KEY, f"none named {name} was given.", cure="Pass it by --key.")
    report.warnings.append(
        f"The key of promises was read from {site.name}/{PROMISE_KEY}: compare it, or pass it by --key."
    )
    data = site.fetch(PROMISE_KEY, _MAX_KEY_BYTES)
    key = VerifierKey.parse(data.decode("utf-8", "replace").removesuffix("\n"))
    if key.name != name:
        raise LedgerError(Reason.WRONG_KEY, f"it is named {key.name}, not {name}.")
    return key
