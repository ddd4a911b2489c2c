"""Thresholds and what they oblige the institution to: tiers, regional quorums, deadlines, extensions, grounds.

A threshold stands alone: it can be stored as JSON beside a petition and measured without its charter. The regional
quorum follows Regulation (EU) 2019/788, Article 3: a total, and a minimum in so many member states, from the table in
force on the day of registration.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Literal, Self

from pydantic import Field, model_validator

from maninso.charter.base import (
    Amount,
    CharterError,
    Identifier,
    Length,
    Model,
    Problem,
    Region,
    Section,
    Small,
    Text,
    find_repeated,
    refuse,
)

Moment = Literal["threshold", "closing", "certification", "submission"]


class MinimumTable(Model):
    """The fewest signatures each region needs, for petitions registered from `since` to `until`, both included."""

    since: date
    until: date | None = None
    minimum: Mapping[Region, Amount] = Field(min_length=1)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.until is not None and self.until < self.since:
            refuse([(("until",), "is before 'since'")])
        return self


class Regional(Section):
    """So many regions (or all of them) must each reach their minimum."""

    regions_needed: Small | None = None
    all_regions: bool = False
    tables: tuple[MinimumTable, ...] = Field(min_length=1)
    # Other codes for the same region, such as the EU's EL for ISO 3166's GR: other code -> code of the tables.
    also_written: Mapping[Region, Region] = {}

    @model_validator(mode="after")
    def _check(self) -> Self:
        problems: list[Problem] = []
        if (self.regions_needed is not None) == self.all_regions:
            problems.append((("regions_needed",), "give either 'regions_needed' or 'all_regions = true'"))
        for index, table in enumerate(self.tables):
            if self.regions_needed is not None and self.regions_needed > len(table.minimum):
                problems.append((("regions_needed",), f"is more than the {len(table.minimum)} regions of a table"))
            before = self.tables[index - 1] if index else None
            if before and (before.until is None or before.until + timedelta(days=1) != table.since):
                problems.append((("tables", index, "since"), "must be the day after the table before it ends"))
        for other, code in self.also_written.items():
            if code not in self.tables[0].minimum or other in self.tables[0].minimum:
                problems.append(
                    (("also_written", other), "must be a code outside the tables that stands for one inside")
                )
        refuse(problems)
        return self

    def table_on(self, registered_on: date) -> MinimumTable:
        """Returns the table for a petition registered that day; raises CharterError when no table covers it."""
        for table in self.tables:
            if table.since <= registered_on and (table.until is None or registered_on <= table.until):
                return table
        first, last = self.tables[0].since, self.tables[-1].until
        raise CharterError(
            f"registered {registered_on}: no table of regional minimums covers that day "
            f"(they run from {first} {'on' if last is None else f'to {last}'})",
            cure="give the day of registration as the register shows it, or use the charter that was in force then",
        )

    def needed_in(self, table: MinimumTable) -> int:
        """Returns how many regions must reach their minimum in that table."""
        return len(table.minimum) if self.regions_needed is None else self.regions_needed


class ExtensionRule(Model):
    """Extensions of a deadline: how many (none given: any number), how long each at most (none given: as decided)."""

    at_most: Small | None = None
    length: Length | None = None
    reason_required: bool = True
    decided_by: Text | None = None


class Deadline(Section):
    """By when something is owed: `within` counted from a moment, whose own day does not count.

    `target` is an earlier aim within the deadline. A `best_effort` deadline is shown, but missing it breaks no rule.
    """

    within: Length
    counted_from: Moment
    target: Length | None = None
    or_next_sitting_day: bool = False
    best_effort: bool = False
    extensions: tuple[ExtensionRule, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Self:
        problems: list[Problem] = []
        if self.target is not None and self.target.unit != self.within.unit:
            problems.append((("target",), "must be in the unit of 'within'"))
        elif self.target is not None and self.target.count >= self.within.count:
            problems.append((("target",), "must be shorter than 'within'"))
        if self.or_next_sitting_day and self.within.unit.startswith("sitting"):
            problems.append((("or_next_sitting_day",), "has no meaning where 'within' counts sittings already"))
        if self.best_effort and self.extensions:
            problems.append((("extensions",), "a best-effort deadline is not extended"))
        for index, rule in enumerate(self.extensions[:-1]):
            if rule.at_most is None:
                problems.append(
                    (("extensions", index), "needs 'at_most', or the extensions after it are never reached")
                )
        refuse(problems)
        return self


class Step(Section):
    """One thing owed: what, by whom, and by when (no deadline: the rules set none)."""

    id: Identifier
    what: Text
    who: Text
    deadline: Deadline | None = None


class Ground(Model):
    """A ground on which the institution may decline to do what it owes, or on which that lapses."""

    code: Identifier
    label: Text


class Obligation(Step):
    """What a threshold obliges the institution to, the rule that says so, and further steps owed on the way."""

    basis: Text
    declines: tuple[Ground, ...] = ()
    lapses_on: tuple[Ground, ...] = ()
    steps: tuple[Step, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Self:
        refuse(
            find_repeated([(("declines", i, "code"), ground.code) for i, ground in enumerate(self.declines)])
            + find_repeated([(("lapses_on", i, "code"), ground.code) for i, ground in enumerate(self.lapses_on)])
        )
        return self


class _Amounts(Section):
    at_least: Amount | None = None
    more_than: Amount | None = None

    @model_validator(mode="after")
    def _check_amount(self) -> Self:
        if (self.at_least is None) == (self.more_than is None):
            refuse([(("at_least",), "give either 'at_least' or 'more_than'")])
        return self

    @property
    def needed(self) -> int:
        """How many signatures are enough: N for at least N, N + 1 for more than N."""
        return self.at_least if self.at_least is not None else (self.more_than or 0) + 1


class EarlierAmount(_Amounts):
    """What a threshold asked of petitions registered up to and including `until`."""

    until: date


class Threshold(_Amounts):
    """So many signatures, perhaps spread over regions, and what the institution owes once they are reached."""

    id: Identifier
    label: Text
    earlier: tuple[EarlierAmount, ...] = ()
    regional: Regional | None = None
    obligation: Obligation | None = None
    stops_collecting: bool = False
    undone_by_voids: bool = False

    @model_validator(mode="after")
    def _check_earlier(self) -> Self:
        days = [amount.until for amount in self.earlier]
        refuse(
            [
                (("earlier", index, "until"), "must be later than the entry before it")
                for index in range(1, len(days))
                if days[index] <= days[index - 1]
            ]
        )
        return self

    def needed_on(self, registered_on: date) -> int:
        """Returns how many signatures a petition registered that day needs."""
        for amount in self.earlier:
            if registered_on <= amount.until:
                return amount.needed
        return self.needed
