"""A charter as rows that people read: every figure with its value, how sure it is, and where it was read."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import NamedTuple

from maninso.charter.base import Length, Section, Text, figure_names
from maninso.charter.model import Charter
from maninso.charter.thresholds import ExtensionRule, Ground, MinimumTable, Obligation, Step, Threshold
from maninso.charter.words import (
    CHOICES,
    FIGURES,
    HEADINGS,
    NO,
    NONE,
    NOT_STATED,
    YES,
    say_extension,
    say_length,
    say_span,
)


class Row(NamedTuple):
    """One figure; `confidence` is `confirmed`, `reported` or `unconfirmed`, and empty where nothing is claimed."""

    figure: str
    value: str
    confidence: str
    source: str


# Sections with a heading of their own below, and parts that are shown elsewhere.
_NESTED = frozenset({"regional", "obligation", "steps", "earlier", "label"})
# Rules that few institutions have: no line where a charter is silent about them.
_RARE = frozenset(
    {
        *("all_regions", "best_effort", "disposable_mail", "grace_hours", "or_next_sitting_day"),
        *("scheme", "shorter_allowed", "withdrawals"),
    }
)
_TOP = (
    *(
        "in_force",
        "calendar",
        "sponsors",
        "organisers",
        "gate_keeper",
        "review",
        "collecting",
        "submission",
        "counting",
    ),
    *("thresholds", "text", "signer", "creator", "disclosure", "duplicates", "retention", "blackouts", "dissolution"),
)


def describe(charter: Charter, language: str) -> list[tuple[str, list[Row]]]:
    """Returns the charter as headings with rows, in the order of a petition's life."""
    say = charter.title.in_language
    general = [
        Row("ID", charter.id, "", ""),
        Row(Text(ko="제목", en="Title").in_language(language), say(language), "", ""),
        Row(HEADINGS["general"].in_language(language), charter.institution.in_language(language), "", ""),
        Row(Text(ko="시간대", en="Time zone").in_language(language), charter.time_zone, "", ""),
        Row(
            HEADINGS["regions"].in_language(language),
            ", ".join(charter.regions) or NONE.in_language(language),
            *_absence(charter, "regions", language),
        ),
        Row("SHA-256", charter.digest.hex(), "", ""),
    ]
    described = [(HEADINGS["general"].in_language(language), general)]
    for name in _TOP:
        described += _describe_part(charter, name, language)
    reasons = [
        Row(
            f"{reason.code}: {reason.label.in_language(language)}",
            (
                Text(ko="글을 숨김", en="hides the text") if reason.hides else Text(ko="글을 공개", en="text stays")
            ).in_language(language),
            "",
            "",
        )
        for reason in charter.rejection_reasons
    ]
    described.append((HEADINGS["rejection_reasons"].in_language(language), reasons))
    return described


def _absence(charter: Charter, name: str, language: str) -> tuple[str, str]:
    figure = charter.figures.get(name)
    return (figure.confidence, charter.sources[figure.source].in_language(language)) if figure else ("", "")


def _describe_part(charter: Charter, name: str, language: str) -> Iterator[tuple[str, list[Row]]]:
    part = getattr(charter, name)
    if name == "thresholds":
        for threshold in charter.thresholds:
            yield from _describe_threshold(charter, threshold, language)
    elif isinstance(part, Section):
        yield HEADINGS[name].in_language(language), _describe_section(charter, part, language)
    elif part:
        for number, blackout in enumerate(charter.blackouts, start=1):
            heading = f"{HEADINGS['blackout'].in_language(language)} {number}"
            yield heading, _describe_section(charter, blackout, language)
    elif name in charter.figures:
        heading = HEADINGS[name].in_language(language)
        yield heading, [Row(heading, NONE.in_language(language), *_absence(charter, name, language))]


def _describe_threshold(charter: Charter, threshold: Threshold, language: str) -> Iterator[tuple[str, list[Row]]]:
    heading = f"{HEADINGS['threshold'].in_language(language)}: {threshold.label.in_language(language)}"

    def below(name: str) -> str:
        return f"{heading} – {HEADINGS[name].in_language(language)}"

    yield heading, _describe_section(charter, threshold, language)
    for earlier in threshold.earlier:
        yield below("earlier"), _describe_section(charter, earlier, language)
    if threshold.regional:
        yield below("regional"), _describe_section(charter, threshold.regional, language)
    if threshold.obligation:
        yield below("obligation"), _describe_step(charter, threshold.obligation, language)
        for number, step in enumerate(threshold.obligation.steps, start=1):
            yield f"{below('step')} {number}", _describe_step(charter, step, language)


def _describe_step(charter: Charter, step: Step | Obligation, language: str) -> list[Row]:
    rows = _describe_section(charter, step, language)
    if step.deadline:
        return rows + _describe_section(charter, step.deadline, language)
    figure = step.evidence("deadline")
    source = charter.sources[figure.source].in_language(language)
    return [
        *rows,
        Row(FIGURES["deadline"].in_language(language), NONE.in_language(language), figure.confidence, source),
    ]


def _describe_section(charter: Charter, section: Section, language: str) -> list[Row]:
    rows: list[Row] = []
    for name in figure_names(type(section)):
        value = getattr(section, name)
        if name in _NESTED or isinstance(value, Section):
            continue
        if value is None or value in ((), {}):
            # What is absent is worth a line only where the charter says how it is known; see also _describe_step.
            if name not in section.figures or name == "deadline":
                continue
            said = NONE.in_language(language)
        else:
            said = _say(value, language)
        figure = section.evidence(name)
        confidence, source = str(figure.confidence), charter.sources[figure.source].in_language(language)
        if name not in section.model_fields_set and name not in section.figures:
            if name in _RARE:
                continue
            confidence, source = "unconfirmed", NOT_STATED.in_language(language)
        rows.append(Row(FIGURES[name].in_language(language), said, confidence, source))
    return rows


def _say(value: object, language: str) -> str:
    if isinstance(value, bool):
        return (YES if value else NO).in_language(language)
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, Text):
        return value.in_language(language)
    if isinstance(value, Length):
        return say_length(value, language)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, ExtensionRule):
        return say_extension(value, language)
    if isinstance(value, Ground):
        return value.label.in_language(language)
    if isinstance(value, MinimumTable):
        return f"{say_span(value.since, value.until)}: {_say(value.minimum, language)}"
    if isinstance(value, Mapping):
        return " · ".join(f"{key} {_say(item, language)}" for key, item in value.items())
    if isinstance(value, tuple):
        return "; ".join(_say(item, language) for item in value)
    text = CHOICES.get(str(value))
    return text.in_language(language) if text else str(value)
