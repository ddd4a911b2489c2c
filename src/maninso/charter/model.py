"""The charter itself: every rule an institution gives its petitions, as one frozen value.

The file format is described in docs/reference/charter.md. `Charter` values come from `load.load_charter`, which keeps
the exact bytes they were read from: their SHA-256 is what a petition pins when it opens.
"""

import hashlib
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, PrivateAttr, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from maninso.charter.base import (
    CalendarLength,
    Figure,
    Identifier,
    Length,
    Model,
    Path,
    Problem,
    Region,
    Section,
    Small,
    Text,
    find_repeated,
    iterate_sections,
    refuse,
)
from maninso.charter.days import CalendarRules
from maninso.charter.thresholds import Moment, Threshold

MailDomain = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+\z", max_length=253)]
TextUnit = Literal["characters", "words"]


def _require_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        message = "must be an IANA time zone such as 'Asia/Seoul'"
        raise PydanticCustomError("time_zone", message) from error
    return name


class Period(Section):
    """A span of legal days, both ends included; no `until`: still running."""

    since: date
    until: date | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.until is not None and self.until < self.since:
            refuse([(("until",), "is before 'since'")])
        return self


class Blackout(Section):
    """Legal days, both ends included, on which the institution publishes no petition."""

    since: date
    until: date
    why: Text

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.until < self.since:
            refuse([(("until",), "is before 'since'")])
        return self


class Sponsors(Section):
    """Early supporters needed before a petition is published."""

    count: Small
    maximum: Small | None = None
    window: CalendarLength | None = None
    secret_link: bool = True

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.maximum is not None and self.maximum < self.count:
            refuse([(("maximum",), "is less than 'count'")])
        return self


class Organisers(Section):
    """People who must stand behind a petition together, perhaps living in so many different regions."""

    count: Small | None = None
    regions: Small | None = None
    roles: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.count is None and not self.roles:
            refuse([(("count",), "give 'count', or the 'roles' there must be")])
        if self.count is not None and self.regions is not None and self.regions > self.count:
            refuse([(("regions",), "is more than 'count'")])
        return self


class GateKeeper(Section):
    """Someone, such as a member of parliament, who must let a petition through."""

    who: Text
    window: CalendarLength | None = None
    attempts: Small | None = None


class Review(Section):
    """The check of requirements before publication."""

    within: Length


class Collecting(Section):
    """How long a petition takes signatures: one `length`, or the petitioner's choice among `choices`.

    The day it starts does not count, and the last day counts to its end in the charter's time zone. Who asked for their
    link before that may confirm for `grace_hours` more, and counts.
    """

    starts: Literal["posting", "publication", "chosen date"]
    length: CalendarLength | None = None
    choices: tuple[CalendarLength, ...] = ()
    shorter_allowed: bool = False
    start_within: CalendarLength | None = None
    grace_hours: Annotated[int, Field(ge=0, le=24)] = 24

    @model_validator(mode="after")
    def _check(self) -> Self:
        problems: list[Problem] = []
        if (self.length is None) == (not self.choices):
            problems.append((("length",), "give either 'length' or 'choices'"))
        if self.shorter_allowed and self.choices:
            problems.append((("shorter_allowed",), "has no meaning beside 'choices'"))
        if self.start_within is not None and self.starts != "chosen date":
            problems.append((("start_within",), "has a meaning only where starts = 'chosen date'"))
        places: list[tuple[Path, str]] = [(("choices", i), length.render()) for i, length in enumerate(self.choices)]
        refuse(problems + find_repeated(places))
        return self


class Submission(Section):
    """What the petitioner must hand in after collecting, by when, and whether the petition lapses otherwise."""

    within: Length
    counted_from: Moment
    lapses: bool


class Counting(Section):
    """Whether the thresholds count signatures as they come in, or those that were verified.

    `withdrawals`: signers may take their signatures back while the petition is open.
    """

    signatures: Literal["raw", "verified"]
    withdrawals: bool = True


class TextLimits(Section):
    """How long the title, the body and an additional text may be, and whether they may hold links."""

    title_max: Small
    body_max: Small
    additional_max: Small | None = None
    title_unit: TextUnit = "characters"
    body_unit: TextUnit = "characters"
    links_allowed: bool = True


class Eligibility(Section):
    """Who may act in a role. `who` says it in words; the rest is what can be checked.

    With `citizenship` or `residence`, being a citizen of or a resident in any of them is enough. With `scheme`, one
    root identity scheme (`email`, or that of a provider) is accepted and no other, so that nobody counts twice by two.
    """

    who: Text
    minimum_assurance: int = Field(ge=0, le=3)
    minimum_age: int | None = Field(default=None, ge=1, le=120)
    citizenship: tuple[Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}\z")], ...] = ()
    residence: tuple[Region, ...] = ()
    mail_domains: tuple[MailDomain, ...] = ()
    disposable_mail: Literal["refused", "marked"] = "refused"
    scheme: Identifier | None = None
    identity: Text | None = None


class Disclosure(Section):
    """Whose names the public sees, and when."""

    creator_name: Literal["never", "while open", "always"]
    signer_names: Literal["never", "once verified", "always"]


class Duplicates(Section):
    """Which petitions stand in the way of another one that asks for the same thing."""

    while_open: bool
    after_closing: CalendarLength | None = None


class Retention(Section):
    """How long after closing personal data and the petition's key are kept; then the key is destroyed."""

    after_closing: CalendarLength


class Dissolution(Section):
    """What the end of a parliament does: every petition closes with it, and perhaps what is owed lapses."""

    closes_all: Literal[True]
    debts_lapse: bool = False


class RejectionReason(Model):
    """A reason to refuse a petition; one that `hides` keeps its text from the public."""

    code: Identifier
    label: Text
    hides: bool


class Charter(Model):
    """An institution's rules for petitions. Days are legal days in `time_zone`; regions are ISO 3166 codes.

    `figures` says, for optional parts that are absent, how sure it is that the institution has no such rule.
    """

    id: Identifier
    title: Text
    institution: Text
    time_zone: Annotated[str, AfterValidator(_require_zone)]
    sources: Mapping[Identifier, Text] = Field(min_length=1)
    figures: Mapping[str, Figure] = {}
    regions: tuple[Region, ...] = ()
    in_force: Period | None = None
    calendar: CalendarRules | None = None
    sponsors: Sponsors | None = None
    organisers: Organisers | None = None
    gate_keeper: GateKeeper | None = None
    review: Review | None = None
    collecting: Collecting
    submission: Submission | None = None
    counting: Counting
    thresholds: tuple[Threshold, ...] = Field(min_length=1)
    text: TextLimits
    signer: Eligibility
    creator: Eligibility
    disclosure: Disclosure
    duplicates: Duplicates | None = None
    retention: Retention
    blackouts: tuple[Blackout, ...] = ()
    dissolution: Dissolution | None = None
    rejection_reasons: tuple[RejectionReason, ...] = Field(min_length=1)

    _source: bytes = PrivateAttr()

    @property
    def source(self) -> bytes:
        """The exact TOML bytes this charter was read from."""
        return self._source

    @property
    def digest(self) -> bytes:
        """SHA-256 of `source`: what a petition pins."""
        return hashlib.sha256(self._source).digest()

    @model_validator(mode="after")
    def _check(self) -> Self:
        refuse(
            _find_repeated_names(self)
            + _find_unknown_sources(self)
            + _find_wrong_figures(self)
            + _find_region_faults(self)
            + _find_blackout_faults(self)
            + _find_disclosure_faults(self)
        )
        return self


def attach_source(charter: Charter, source: bytes) -> Charter:
    """Gives a charter that was just read its bytes; for `load.py` alone."""
    charter._source = source
    return charter


def _find_repeated_names(charter: Charter) -> list[Problem]:
    steps: list[tuple[Path, str]] = []
    for index, threshold in enumerate(charter.thresholds):
        if threshold.obligation is not None:
            place: Path = ("thresholds", index, "obligation")
            steps.append(((*place, "id"), threshold.obligation.id))
            steps += [((*place, "steps", i, "id"), step.id) for i, step in enumerate(threshold.obligation.steps)]
    return (
        find_repeated([(("thresholds", i, "id"), threshold.id) for i, threshold in enumerate(charter.thresholds)])
        + find_repeated(steps)
        + find_repeated([(("rejection_reasons", i, "code"), r.code) for i, r in enumerate(charter.rejection_reasons)])
        + find_repeated([(("regions", i), region) for i, region in enumerate(charter.regions)])
    )


def _find_unknown_sources(charter: Charter) -> list[Problem]:
    cited: list[tuple[Path, str]] = [(("figures", name, "source"), f.source) for name, f in charter.figures.items()]
    for place, section in iterate_sections(charter):
        cited.append(((*place, "source"), section.source))
        cited += [((*place, "figures", name, "source"), figure.source) for name, figure in section.figures.items()]
    return [(place, f"{name!r} is not in [sources]") for place, name in cited if name not in charter.sources]


def _find_wrong_figures(charter: Charter) -> list[Problem]:
    problems: list[Problem] = []
    optional = [name for name, field in Charter.model_fields.items() if not field.is_required()]
    for name in charter.figures:
        place: Path = ("figures", name)
        if name not in optional or name == "figures":
            problems.append((place, "names no optional part of a charter"))
        elif getattr(charter, name) and name != "regions":
            problems.append((place, f"[{name}] is present, with a confidence and a source of its own"))
    return problems


def _find_region_faults(charter: Charter) -> list[Problem]:
    problems: list[Problem] = []
    known = set(charter.regions)
    for index, threshold in enumerate(charter.thresholds):
        for number, table in enumerate(threshold.regional.tables if threshold.regional else ()):
            place: Path = ("thresholds", index, "regional", "tables", number, "minimum")
            problems += [((*place, code), "is not among the charter's regions") for code in set(table.minimum) - known]
            if missing := sorted(known - set(table.minimum)):
                problems.append((place, f"lacks {', '.join(missing)}"))
    if charter.organisers and (charter.organisers.regions or 0) > len(charter.regions):
        problems.append((("organisers", "regions"), "is more than the charter's regions"))
    return sorted(problems, key=lambda problem: [str(part) for part in problem[0]])


def _find_blackout_faults(charter: Charter) -> list[Problem]:
    problems: list[Problem] = []
    for index, blackout in enumerate(charter.blackouts):
        if index and blackout.since <= charter.blackouts[index - 1].until:
            problems.append((("blackouts", index, "since"), "must be after the blackout before it"))
        if charter.in_force and not (
            charter.in_force.since <= blackout.since and blackout.until <= (charter.in_force.until or date.max)
        ):
            problems.append((("blackouts", index), "is outside the days this charter is in force"))
    return problems


def _find_disclosure_faults(charter: Charter) -> list[Problem]:
    if charter.disclosure.signer_names == "once verified" and charter.counting.signatures == "raw":
        return [(("disclosure", "signer_names"), "nothing is verified where [counting] has signatures = 'raw'")]
    return []
