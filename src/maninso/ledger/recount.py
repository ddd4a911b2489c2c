"""The recount of a log's entries: who counts, where and when, and whether the log keeps its own rules.

Entries come in order, a bundle at a time. A signature costs five bytes of memory here, for assurance, region and time,
so ten million take 50 MB; its nullifier is remembered in ledger.nullifiers, mostly on disk.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from maninso.ledger.canonical import Json
from maninso.ledger.entries import (
    SIGN,
    SIGN_LENGTH,
    Event,
    Genesis,
    Reinstate,
    UnknownEntry,
    Void,
    parse_entry,
)
from maninso.ledger.errors import LedgerError, Reason
from maninso.ledger.events import CLOSED, KEY_DESTROYED, THRESHOLD, UNDONE
from maninso.ledger.nullifiers import Nullifiers

MAX_PROBLEMS = 100
"""Problems listed one by one; what goes wrong a million times is said a hundred times."""

_MARK = 5
_NO_SIGNATURE = b"\xff" * _MARK  # 255 is no assurance level


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong: a stable reason, and a sentence that names the place."""

    reason: Reason
    message: str


@dataclass(frozen=True, slots=True)
class ThresholdCheck:
    """A threshold event at leaf `event`: its claim that leaf `leaf` met or undid it with `count`, and if that is so."""

    threshold: str
    needed: int
    count: int
    leaf: int
    event: int
    met: bool  # or undone: voids took the count below
    ok: bool


@dataclass(frozen=True, slots=True)
class Tally:
    """What a log's entries add up to. The three breakdowns each add up to `count`; days are UTC dates of signing."""

    count: int
    signatures: int
    voids: int
    reinstated: int
    unknown: int
    by_region: dict[str, int]
    by_day: dict[str, int]
    by_assurance: dict[str, int]
    thresholds: tuple[ThresholdCheck, ...]
    key_destroyed: int | None  # when, in Unix seconds, the key of the nullifiers was, as the log says


@dataclass(slots=True)
class Recount:
    """Takes a log's entries in order, then answers with the tally; `problems` fills on the way."""

    origin: str
    problems: list[Problem] = field(default_factory=list)
    genesis: Genesis | None = None
    signatures: int = 0
    voids: int = 0
    reinstated: int = 0
    unknown: int = 0
    key_destroyed: int | None = None
    _marks: bytearray = field(default_factory=bytearray)
    _nullifiers: Nullifiers = field(default_factory=Nullifiers)
    _void_of: dict[int, int] = field(default_factory=dict)  # signature -> void in force
    _target_of: dict[int, int] = field(default_factory=dict)  # void, rightful or not -> its target
    _changes: dict[int, tuple[int, int]] = field(default_factory=dict)  # rightful void, reinstatement -> signature, +-1
    _thresholds: list[tuple[int, Event]] = field(default_factory=list)

    def add_entries(self, first: int, entries: Sequence[bytes]) -> None:
        """Counts the entries of leaves `first`, `first + 1` and so on."""
        marks, shards = self._marks, self._nullifiers.shards
        for index, entry in enumerate(entries, first):
            if len(entry) == SIGN_LENGTH and entry[0] == SIGN and entry[1] <= 3:
                marks += entry[1:6]
                shards[entry[6]] += entry[6:22] + index.to_bytes(6, "big")
                self.signatures += 1
            else:
                marks += _NO_SIGNATURE
                self._add_other(index, entry)
        self._nullifiers.relieve()

    def is_counted(self, index: int) -> bool:
        """True if the leaf is a signature and no void of it is in force."""
        return self._is_signature(index) and index not in self._void_of

    def finish(self) -> Tally:
        """The tally of all entries added; appends what only the whole log can show to `problems`."""
        self._find_duplicates()
        methods, regions, buckets = self._count_marks()
        genesis = self.genesis
        names = genesis.regions if genesis else ("",)
        by_region: Counter[str] = Counter()
        for code, number in sorted(regions.items()):
            if code >= len(names):
                self._add_problem(
                    Reason.UNKNOWN_REGION, f"{number} signatures are in region {code}, which has no name."
                )
            by_region[names[code] if code < len(names) else f"#{code}"] += number
        by_day: Counter[str] = Counter()
        for bucket, number in sorted(buckets.items()):
            by_day[genesis.day_of(bucket) if genesis else f"#{bucket}"] += number
        if genesis is None and self._marks:
            self._add_problem(Reason.MISSING_GENESIS, "Leaf 0 does not say what the log is about.")
        starts = self._find_starts()
        return Tally(
            count=self._count(),
            signatures=self.signatures,
            voids=self.voids,
            reinstated=self.reinstated,
            unknown=self.unknown,
            by_region=dict(by_region),
            by_day=dict(by_day),
            by_assurance={str(method): number for method, number in sorted(methods.items())},
            thresholds=tuple(
                self._check_threshold(index, event, start)
                for (index, event), start in zip(self._thresholds, starts, strict=True)
            ),
            key_destroyed=self.key_destroyed,
        )

    def _count(self) -> int:
        return self.signatures - self.voids + self.reinstated

    def _is_signature(self, index: int) -> bool:
        return index * _MARK < len(self._marks) and self._marks[index * _MARK] != _NO_SIGNATURE[0]

    def _add_problem(self, reason: Reason, message: str) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(reason, message))

    def _add_other(self, index: int, data: bytes) -> None:
        try:
            entry = parse_entry(data)
        except LedgerError as error:
            self._add_problem(error.reason, f"Leaf {index}: {error}")
            return
        if isinstance(entry, Genesis):
            self._add_genesis(index, entry)
        elif isinstance(entry, Void):
            self._add_void(index, entry.target)
        elif isinstance(entry, Reinstate):
            self._add_reinstatement(index, entry.target)
        elif isinstance(entry, Event):
            self._add_event(index, entry)
        elif isinstance(entry, UnknownEntry):
            self.unknown += 1

    def _add_genesis(self, index: int, genesis: Genesis) -> None:
        if index:
            self._add_problem(Reason.MISPLACED_GENESIS, f"Leaf {index} begins the log a second time.")
        elif genesis.origin != self.origin:
            self._add_problem(Reason.OTHER_LOG, f"Leaf 0 begins the log {genesis.origin}, not {self.origin}.")
        if not index:
            self.genesis = genesis

    def _add_void(self, index: int, target: int) -> None:
        self._target_of[index] = target
        if target >= index or not self._is_signature(target):
            void = target < index and target in self._target_of
            reason, what = (
                (Reason.VOID_OF_VOID, "itself a void") if void else (Reason.VOID_OF_NOTHING, "no signature before it")
            )
            self._add_problem(reason, f"Leaf {index} voids leaf {target}, which is {what}.")
        elif target in self._void_of:
            self._add_problem(
                Reason.VOID_TWICE, f"Leaf {index} voids leaf {target}, which leaf {self._void_of[target]} has voided."
            )
        else:
            self.voids += 1
            self._void_of[target] = index
            self._changes[index] = (target, -1)

    def _add_reinstatement(self, index: int, target: int) -> None:
        signature = self._target_of.get(target)
        if signature is None or self._void_of.get(signature) != target:
            self._add_problem(
                Reason.REINSTATE_OF_NOTHING, f"Leaf {index} undoes leaf {target}, which is no void in force."
            )
            return
        self.reinstated += 1
        del self._void_of[signature]
        self._changes[index] = (signature, 1)

    def _add_event(self, index: int, event: Event) -> None:
        if event.name in (THRESHOLD, UNDONE):
            self._thresholds.append((index, event))
        elif event.name == CLOSED and event.body["count"] != self._count():
            self._add_problem(
                Reason.FALSE_EVENT,
                f"Leaf {index} says the petition closed at {event.body['count']}; the count was {self._count()}.",
            )
        elif event.name == KEY_DESTROYED:
            self.key_destroyed = int(str(event.body["at"]))
            if self.genesis is None or event.body["key"] != self.genesis.key:
                message = f"Leaf {index} says that a key was destroyed that is not this log's."
                self._add_problem(Reason.FALSE_EVENT, message)

    def _count_marks(self) -> tuple[dict[int, int], dict[int, int], dict[int, int]]:
        """Counted signatures by assurance, region code and time bucket."""
        marks = self._marks
        others = len(marks) // _MARK - self.signatures
        methods = Counter(marks[0::_MARK])
        regions = Counter(zip(marks[1::_MARK], marks[2::_MARK], strict=True))
        buckets = Counter(zip(marks[3::_MARK], marks[4::_MARK], strict=True))
        methods[255] -= others
        regions[255, 255] -= others
        buckets[255, 255] -= others
        for target in self._void_of:
            mark = marks[target * _MARK : target * _MARK + _MARK]
            methods[mark[0]] -= 1
            regions[mark[1], mark[2]] -= 1
            buckets[mark[3], mark[4]] -= 1
        # Unary plus keeps what is above zero.
        return (
            dict(+methods),
            {high << 8 | low: number for (high, low), number in (+regions).items()},
            {high << 8 | low: number for (high, low), number in (+buckets).items()},
        )

    def _find_duplicates(self) -> None:
        repeated = self._nullifiers.find_repeated()
        if not repeated:
            return
        changes: dict[int, list[tuple[int, int]]] = {}
        for index, (signature, delta) in self._changes.items():
            changes.setdefault(signature, []).append((index, delta))
        for leaves in repeated.values():
            self._find_twice_live(leaves, changes)

    def _find_twice_live(self, leaves: list[int], changes: Mapping[int, list[tuple[int, int]]]) -> None:
        """One person may sign anew after a void; two of the signatures may never count at one time."""
        steps = [(leaf, 1) for leaf in leaves]
        steps += [step for leaf in leaves for step in changes.get(leaf, [])]
        live = 0
        for index, delta in sorted(steps):
            live += delta
            if live > 1:
                places = ", ".join(map(str, leaves[:5])) + (" and more" if len(leaves) > 5 else "")
                self._add_problem(
                    Reason.DUPLICATED_NULLIFIER,
                    f"The signatures at leaves {places} are one person's; from leaf {index} on, more than one counts.",
                )
                return

    def _find_starts(self) -> list[int | None]:
        """For each threshold event the leaf that it comes after: -1 at first, then that of the opposite event.

        None for a threshold undone that was not met before.
        """
        starts: list[int | None] = []
        last: dict[tuple[Json, str], int] = {}
        for _, event in self._thresholds:
            name = event.body["threshold"]
            opposite = last.get((name, UNDONE if event.name == THRESHOLD else THRESHOLD))
            starts.append(-1 if opposite is None and event.name == THRESHOLD else opposite)
            last[name, event.name] = _as_int(event.body["leaf"])
        return starts

    def _check_threshold(self, index: int, event: Event, start: int | None) -> ThresholdCheck:
        body = event.body
        needed, count, leaf = (_as_int(body[name]) for name in ("needed", "count", "leaf"))
        quorum = body.get("regions")
        minimums: dict[int, int] = {}
        regions_needed = _as_int(body.get("regions_needed", 0))
        names = self.genesis.regions if self.genesis else ()
        if isinstance(quorum, dict):
            minimums = {names.index(name): _as_int(least) for name, least in quorum.items() if name in names}
        met = event.name == THRESHOLD
        found = None
        if start is not None:
            found = self._find_crossing(needed, minimums, regions_needed, start=start, met=met)
        ok = found == (leaf, count) and leaf < index
        if not ok:
            truth = f"leaf {found[0]} did, with {found[1]}" if found else "no leaf did"
            did = "met" if met else "undid"
            self._add_problem(
                Reason.FALSE_EVENT,
                f"Leaf {index} says that leaf {leaf} {did} the threshold {body['threshold']} with {count}; {truth}.",
            )
        return ThresholdCheck(str(body["threshold"]), needed, count, leaf, index, met, ok)

    def _find_crossing(
        self, needed: int, minimums: Mapping[int, int], regions_needed: int, *, start: int, met: bool
    ) -> tuple[int, int] | None:
        """The first leaf behind `start` with which a threshold is met, or is not met any more; the count with it.

        It is met while the count is at least `needed` and enough regions have their minimum.
        """
        count = 0
        by_region: Counter[int] = Counter()
        satisfied = {code for code, least in minimums.items() if least == 0}
        marks = self._marks
        for index in range(len(marks) // _MARK):
            if marks[index * _MARK] != _NO_SIGNATURE[0]:
                signature, delta = index, 1
            elif index in self._changes:
                signature, delta = self._changes[index]
            else:
                continue
            count += delta
            if minimums:
                code = marks[signature * _MARK + 1] << 8 | marks[signature * _MARK + 2]
                by_region[code] += delta
                if code in minimums and by_region[code] >= minimums[code]:
                    satisfied.add(code)
                else:
                    satisfied.discard(code)
            if index > start and (count >= needed and len(satisfied) >= regions_needed) == met:
                return index, count
        return None


def _as_int(value: Json) -> int:
    """Narrows a field that the event's own check has found to be a number."""
    if not isinstance(value, int):
        raise TypeError("an event's number is not one")
    return value
