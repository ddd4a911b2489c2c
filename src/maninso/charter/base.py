"""What every part of a charter is made of: texts in two languages, lengths of time, and sections that cite a source.

A charter is TOML 1.0 read by `tomllib`; the models are strict (a number in quotes is not a number), frozen, and refuse
keys they do not know. Contradictions between values are raised by `refuse`, which carries the place of each one, so
that `load.py` can print the line.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_serializer, model_validator
from pydantic_core import PydanticCustomError

from maninso import UsageError

Path = tuple[str | int, ...]
Problem = tuple[Path, str]

Confidence = Literal["confirmed", "reported", "unconfirmed"]
Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*\z", max_length=64)]
# ISO 3166-1 alpha-2, or ISO 3166-2.
Region = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?\z")]
# More people than live on Earth is a slip of the keyboard.
Amount = Annotated[int, Field(ge=1, le=8_000_000_000)]
Small = Annotated[int, Field(ge=1, le=10_000)]


class CharterError(UsageError):
    """A charter, or a question put to one, that cannot be used; each line of the message names its place."""


def refuse(problems: list[Problem]) -> None:
    """Raises one validation error that carries every problem with its place relative to the model; none: returns."""
    if problems:
        raise PydanticCustomError("contradiction", "values contradict each other", {"problems": problems})


class Model(BaseModel):
    """The common base: immutable, strict about types, and closed to unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Text(Model):
    """A text in Korean and English; in TOML `{ ko = "…", en = "…" }`, or one string for both."""

    ko: str = Field(min_length=1)
    en: str = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _spread(cls, value: object) -> object:
        return {"ko": value, "en": value} if isinstance(value, str) else value

    def in_language(self, lang: str) -> str:
        """Returns the Korean for `ko` and its variants (`ko-KR`), else the English."""
        return self.ko if lang.split("-")[0].casefold() == "ko" else self.en


LengthUnit = Literal["day", "week", "month", "year", "working day", "sitting day", "sitting week"]
_LENGTH = re.compile(r"([1-9][0-9]{0,4}) ((?:working |sitting )?day|(?:sitting )?week|month|year)(s?)")
_LONGEST_DAYS = 36_600
_DAYS_IN: Mapping[str, int] = {"day": 1, "week": 7, "month": 31, "year": 366}


class Length(Model):
    """A length of time as people write it: `30 days`, `1 month`, `10 sitting weeks`; at most a hundred years.

    `Length.parse(text).render() == text` for every text that parses.
    """

    count: int
    unit: LengthUnit

    @model_validator(mode="before")
    @classmethod
    def _read(cls, value: object) -> object:
        if not isinstance(value, str):
            raise PydanticCustomError("length", "must be a length of time in quotes, such as '30 days'")
        match = _LENGTH.fullmatch(value)
        if match is None or (match[1] == "1") == bool(match[3]):
            raise PydanticCustomError(
                "length",
                "must be a length such as '1 day', '30 days', '6 weeks', '12 months', '1 year', '15 working days', "
                "'3 sitting days' or '10 sitting weeks'",
            )
        if int(match[1]) * _DAYS_IN.get(match[2], 1) > _LONGEST_DAYS:
            raise PydanticCustomError("length", "must be at most a hundred years")
        return {"count": int(match[1]), "unit": match[2]}

    @model_serializer
    def render(self) -> str:
        """Returns the one way to write this length in a charter."""
        return f"{self.count} {self.unit}{'' if self.count == 1 else 's'}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads a length; raises pydantic's ValidationError for anything but the canonical way to write it."""
        return cls.model_validate(text)

    @property
    def in_calendar(self) -> bool:
        """Whether the calendar alone says when it ends (no holidays, no sittings)."""
        return self.unit in _DAYS_IN


def _require_calendar(length: Length) -> Length:
    if not length.in_calendar:
        raise PydanticCustomError("length", "must be in days, weeks, months or years")
    return length


CalendarLength = Annotated[Length, AfterValidator(_require_calendar)]


class Figure(Model):
    """How sure a figure is, and where it was read: `source` names an entry of the charter's `[sources]`."""

    confidence: Confidence
    source: Identifier


class Section(Model):
    """A part of the charter that says where its figures come from.

    `confidence` and `source` hold for every figure of the section; `figures` names those that differ, or says where
    it was read that an optional figure is absent.
    """

    confidence: Confidence
    source: Identifier
    figures: Mapping[str, Figure] = {}

    @model_validator(mode="after")
    def _check_figures(self) -> Self:
        known = figure_names(type(self))
        problems: list[Problem] = []
        for name in self.figures:
            if name not in known:
                problems.append((("figures", name), "names no figure of this section"))
            elif isinstance(getattr(self, name), Section):
                problems.append((("figures", name), "has a confidence and a source of its own"))
        refuse(problems)
        return self

    def evidence(self, name: str) -> Figure:
        """Returns how sure the named figure is and its source."""
        return self.figures.get(name, Figure(confidence=self.confidence, source=self.source))


_NOT_FIGURES = frozenset({"confidence", "source", "figures", "id"})


def figure_names(kind: type[Section]) -> tuple[str, ...]:
    """Returns the names of the figures of a kind of section, in the order of the model."""
    return tuple(name for name in kind.model_fields if name not in _NOT_FIGURES)


def iterate_sections(model: Model, path: Path = ()) -> Iterator[tuple[Path, Section]]:
    """Yields every section in a model, outermost first, with its place."""
    if isinstance(model, Section):
        yield path, model
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, Model):
            yield from iterate_sections(value, (*path, name))
        elif isinstance(value, tuple):
            for index, item in enumerate(value):
                if isinstance(item, Model):
                    yield from iterate_sections(item, (*path, name, index))


def find_repeated(values: list[tuple[Path, str]]) -> list[Problem]:
    """Returns a problem for each value that an earlier place holds already."""
    seen: set[str] = set()
    problems: list[Problem] = []
    for place, value in values:
        if value in seen:
            problems.append((place, f"{value!r} is used twice"))
        seen.add(value)
    return problems
