"""Days off and days of sitting: what a charter says of them, and what is known besides.

Public holidays are computed by the package `holidays`, without network; working days are Monday to Friday without
them. Days that an institution announces later are given to `calendar_of` by whoever keeps them.
"""

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Self

from pydantic import StringConstraints, model_validator

from maninso.charter.base import Problem, Section, find_repeated, refuse

_SATURDAY = 5

Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}\z")]
Subdivision = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{1,3}\z")]


class CalendarRules(Section):
    """Whose public holidays are no working days, further days off, and the days on which the assembly sits.

    `country` is an ISO 3166-1 code, `subdivision` what follows the hyphen in an ISO 3166-2 code ("BE" for Berlin).
    """

    country: Country | None = None
    subdivision: Subdivision | None = None
    days_off: tuple[date, ...] = ()
    sitting_days: tuple[date, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Self:
        problems: list[Problem] = []
        known = _supported() if self.country is not None else {}
        if self.country is not None and self.country not in known:
            problems.append((("country",), "is no country whose public holidays are known"))
        if self.subdivision is not None and self.country is None:
            problems.append((("subdivision",), "has no meaning without 'country'"))
        elif self.subdivision is not None and self.subdivision not in known.get(self.country or "", ()):
            offered = ", ".join(known.get(self.country or "", ())) or "none"
            problems.append((("subdivision",), f"is none of those whose holidays are known: {offered}"))
        for name in ("days_off", "sitting_days"):
            days: tuple[date, ...] = getattr(self, name)
            problems += find_repeated([((name, index), day.isoformat()) for index, day in enumerate(days)])
        refuse(problems)
        return self


@dataclass(frozen=True)
class Calendar:
    """What the count of days alone does not tell: days off, and days the assembly sits, as far as they are announced.

    Days off are `holidays`, and the public holidays of `country` (and its `subdivision`) where there is one.
    """

    holidays: frozenset[date] = frozenset()
    sitting_days: frozenset[date] = frozenset()
    country: str = ""
    subdivision: str = ""

    def is_working_day(self, day: date) -> bool:
        """Whether it is a Monday to Friday and no day off."""
        if day.weekday() >= _SATURDAY or day in self.holidays:
            return False
        return not self.country or day not in find_holidays(self.country, self.subdivision, day.year)


def calendar_of(
    rules: CalendarRules | None, *, days_off: Iterable[date] = (), sitting_days: Iterable[date] = ()
) -> Calendar:
    """Returns a charter's calendar together with days that were given besides."""
    if rules is None:
        return Calendar(holidays=frozenset(days_off), sitting_days=frozenset(sitting_days))
    return Calendar(
        holidays=frozenset((*rules.days_off, *days_off)),
        sitting_days=frozenset((*rules.sitting_days, *sitting_days)),
        country=rules.country or "",
        subdivision=rules.subdivision or "",
    )


@functools.lru_cache(maxsize=1000)
def find_holidays(country: str, subdivision: str, year: int) -> frozenset[date]:
    """Returns the public holidays of a country or one of its subdivisions in a year, as the package knows them."""
    import holidays  # it takes a third of a second, and few charters count working days

    return frozenset(holidays.country_holidays(country, subdiv=subdivision or None, years=year))


@functools.cache
def _supported() -> dict[str, tuple[str, ...]]:
    import holidays

    return {country: tuple(parts) for country, parts in holidays.list_supported_countries().items()}
