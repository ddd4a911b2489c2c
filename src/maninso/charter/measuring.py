"""Whether a count meets a threshold.

A regional minimum is met by reaching it, as Regulation (EU) 2019/788, Article 3(1)(b), has it; the total likewise
(Article 3(1)(a)). Where the charter counts verified signatures, the caller passes the verified ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from maninso.charter.model import Charter
from maninso.charter.thresholds import Threshold


@dataclass(frozen=True)
class Counts:
    """Signatures in all, and by region (ISO 3166 code); signatures of no known region are in the total alone."""

    signatures: int
    by_region: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Measured:
    """How far a count has come; `regions_met` and `regions_needed` are None where no regional rule applies."""

    threshold_id: str
    met: bool
    signatures: int
    needed: int
    regions_met: int | None
    regions_needed: int | None


def measure(threshold: Threshold, counts: Counts, *, registered_on: date) -> Measured:
    """Returns how a petition registered on that legal day stands against one threshold.

    Raises CharterError when no table of regional minimums covers the day.
    """
    needed = threshold.needed_on(registered_on)
    enough = counts.signatures >= needed
    regional = threshold.regional
    if regional is None:
        return Measured(threshold.id, enough, counts.signatures, needed, None, None)
    table = regional.table_on(registered_on)
    by_region: dict[str, int] = {}
    for code, signatures in counts.by_region.items():
        code = regional.also_written.get(code, code)
        by_region[code] = by_region.get(code, 0) + signatures
    regions_met = sum(by_region.get(code, 0) >= minimum for code, minimum in table.minimum.items())
    regions_needed = regional.needed_in(table)
    met = enough and regions_met >= regions_needed
    return Measured(threshold.id, met, counts.signatures, needed, regions_met, regions_needed)


def is_met(threshold: Threshold, counts: Counts, *, registered_on: date) -> bool:
    """Returns whether the count meets the threshold, its regional rule included; raises as `measure`."""
    return measure(threshold, counts, registered_on=registered_on).met


def thresholds_met(charter: Charter, counts: Counts, *, registered_on: date) -> tuple[Threshold, ...]:
    """Returns the charter's thresholds that the count meets, in the charter's order; raises as `measure`."""
    return tuple(each for each in charter.thresholds if is_met(each, counts, registered_on=registered_on))
