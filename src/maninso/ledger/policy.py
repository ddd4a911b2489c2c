"""Which logs and witnesses one trusts, and how many of them must agree (c2sp.org/tlog-policy).

A policy is a text of lines: `log VKEY [URL]`, `witness NAME VKEY [URL]`, `group NAME all|any|K MEMBER...` and exactly
one `quorum NAME`. A name must be defined before it is used and is a member of one group at most.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from maninso import UnreadableError, UsageError
from maninso.ledger.errors import LedgerError
from maninso.ledger.note import COSIGNATURES, ED25519, VerifierKey

MAX_POLICY_BYTES = 1_000_000
NONE = "none"
_THRESHOLD = re.compile(r"[1-9][0-9]{0,5}", re.ASCII)
_SPACE = re.compile(r"[ \t]+")
_COMMENT = re.compile(r"[ \t]*(#.*)?")


class PolicyError(UsageError):
    """A line of a policy cannot be used; the message names the line."""


@dataclass(frozen=True, slots=True)
class KnownLog:
    """A log that one trusts; its key is named as its origin. `url` is "" where the policy gives none."""

    key: VerifierKey
    url: str


@dataclass(frozen=True, slots=True)
class KnownWitness:
    """A witness: `name` is the policy's own word for it; `url` is its submission prefix, "" where none is given."""

    name: str
    key: VerifierKey
    url: str


@dataclass(frozen=True, slots=True)
class Group:
    """At least `needed` of `members` (names of witnesses and groups) must have cosigned."""

    needed: int
    members: tuple[str, ...]


@dataclass(slots=True)
class Policy:
    """Logs, witnesses and the quorum: the name of a witness or group, or "none"."""

    logs: list[KnownLog] = field(default_factory=list)
    witnesses: list[KnownWitness] = field(default_factory=list)
    groups: dict[str, Group] = field(default_factory=dict)
    quorum: str = ""

    @property
    def witness_keys(self) -> list[VerifierKey]:
        """The witnesses' keys, in the policy's order."""
        return [witness.key for witness in self.witnesses]

    def is_met(self, cosigners: Collection[VerifierKey]) -> bool:
        """True if these keys, whose cosignatures were verified, make the quorum."""
        met = {witness.name for witness in self.witnesses if witness.key in cosigners}
        for name, group in self.groups.items():  # members are defined before their group
            if sum(member in met for member in group.members) >= group.needed:
                met.add(name)
        return self.quorum == NONE or self.quorum in met


def parse_policy(data: bytes, *, name: str = "policy") -> Policy:
    """The policy of a file called `name`. Raises PolicyError naming the first line that is wrong."""
    if len(data) > MAX_POLICY_BYTES:
        raise PolicyError(f"{name} is longer than a policy can be.")
    # The bytes above 7f are opaque by the specification; keys' names, which are UTF-8, come out right where they are.
    text = data.decode(errors="surrogateescape")
    lines = text.split("\n")
    policy, used = Policy(), set[str]()
    for number, line in enumerate(lines, start=1):
        place = f"{name}, line {number}"
        if any(char < " " and char != "\t" for char in line) or "\x7f" in line:
            raise PolicyError(f"{place}: there is a control character in it.")
        if number == len(lines) and line:
            raise PolicyError(f"{place}: the last line does not end.", cure="End the file with a newline.")
        if not _COMMENT.fullmatch(line):
            _add_line(policy, used, _SPACE.split(line.strip(" \t")), place)
    if not policy.quorum:
        raise PolicyError(f"{name} has no quorum line.", cure="Add `quorum NAME`, or `quorum none`.")
    return policy


def read_policy(path: Path) -> Policy:
    """The policy in a file. Raises UnreadableError, and PolicyError as `parse_policy`."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableError(f"{path} could not be read: {error.strerror}.") from error
    return parse_policy(data, name=str(path))


def _add_line(policy: Policy, used: set[str], words: list[str], place: str) -> None:
    kind, *rest = words
    if kind == "log" and len(rest) in (1, 2):
        _add_log(policy, rest[0], "".join(rest[1:]), place)
    elif kind == "witness" and len(rest) in (2, 3):
        _define(policy, rest[0], place)
        key = _parse_key(rest[1], COSIGNATURES, "a witness's key, of type 04 or 06", place)
        if any(key.public_key == other.public_key for other in policy.witness_keys):
            raise PolicyError(f"{place}: this witness's key is there already.")
        policy.witnesses.append(KnownWitness(rest[0], key, "".join(rest[2:])))
    elif kind == "group" and len(rest) >= 3:
        _add_group(policy, used, rest, place)
    elif kind == "quorum" and len(rest) == 1:
        if policy.quorum:
            raise PolicyError(f"{place}: there is a quorum line already.")
        if rest[0] != NONE and not _is_defined(policy, rest[0]):
            raise PolicyError(f"{place}: {rest[0]!r} is defined on no line before.")
        policy.quorum = rest[0]
    else:
        raise PolicyError(
            f"{place}: {' '.join(words)[:80]!r} is no line of a policy.",
            cure="Lines are: log VKEY [URL]; witness NAME VKEY [URL]; group NAME all|any|K MEMBER...; quorum NAME.",
        )


def _add_log(policy: Policy, vkey: str, url: str, place: str) -> None:
    key = _parse_key(vkey, (ED25519,), "a log's key, of type 01", place)
    if any(key.public_key == log.key.public_key for log in policy.logs):
        raise PolicyError(f"{place}: this log's key is there already.")
    policy.logs.append(KnownLog(key, url))


def _add_group(policy: Policy, used: set[str], words: list[str], place: str) -> None:
    name, threshold, *members = words
    _define(policy, name, place)
    for member in members:
        if not _is_defined(policy, member):
            raise PolicyError(f"{place}: {member!r} is defined on no line before.")
        if member in used:
            raise PolicyError(f"{place}: {member!r} is a member already.")
        used.add(member)
    if threshold in ("all", "any"):
        needed = len(members) if threshold == "all" else 1
    elif _THRESHOLD.fullmatch(threshold) and int(threshold) <= len(members):
        needed = int(threshold)
    else:
        raise PolicyError(f"{place}: {threshold!r} is neither all, any, nor a number from 1 to {len(members)}.")
    policy.groups[name] = Group(needed, tuple(members))


def _define(policy: Policy, name: str, place: str) -> None:
    if name == NONE:
        raise PolicyError(f"{place}: the name {NONE!r} stands for no quorum.")
    if _is_defined(policy, name):
        raise PolicyError(f"{place}: the name {name!r} is taken.")


def _is_defined(policy: Policy, name: str) -> bool:
    return name in policy.groups or any(name == witness.name for witness in policy.witnesses)


def _parse_key(vkey: str, kinds: tuple[int, ...], what: str, place: str) -> VerifierKey:
    try:
        key = VerifierKey.parse(vkey)
    except (LedgerError, UnicodeEncodeError) as error:
        raise PolicyError(f"{place}: {vkey[:80]!r} is not {what}.", cure=getattr(error, "cure", "")) from error
    if key.type not in kinds:
        raise PolicyError(f"{place}: the key {key.name} is not {what}.")
    return key
