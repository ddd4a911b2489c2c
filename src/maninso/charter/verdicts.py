"""What a charter would have owed a petition, from its counts alone."""

from dataclasses import dataclass
from datetime import date, datetime

from maninso.charter.clock import is_in_force
from maninso.charter.days import Calendar, calendar_of
from maninso.charter.deadlines import Due, due_at
from maninso.charter.measuring import Counts, Measured, measure
from maninso.charter.model import Charter
from maninso.charter.thresholds import Obligation, Threshold
from maninso.charter.words import say_deadline


@dataclass(frozen=True)
class Verdict:
    """One threshold's answer: how the count stands, what is owed (None: nothing), and by when (None: not known)."""

    threshold: Threshold
    measured: Measured
    owed: Obligation | None
    due: Due | None


def whatif(
    charter: Charter,
    *,
    registered: date,
    counts: Counts,
    threshold_met_at: datetime | None = None,
    closed_at: datetime | None = None,
    certified_at: datetime | None = None,
    submitted_at: datetime | None = None,
    calendar: Calendar | None = None,
) -> list[Verdict]:
    """Returns one verdict a threshold, in the charter's order; the moments that are known give the due days.

    Raises CharterError when no table of regional minimums covers the day of registration.
    """
    verdicts: list[Verdict] = []
    for threshold in charter.thresholds:
        measured = measure(threshold, counts, registered_on=registered)
        owed = threshold.obligation if measured.met else None
        due = None
        if owed is not None:
            due = due_at(
                charter,
                owed,
                threshold_met_at=threshold_met_at,
                closed_at=closed_at,
                certified_at=certified_at,
                submitted_at=submitted_at,
                calendar=calendar or calendar_of(charter.calendar),
            )
        verdicts.append(Verdict(threshold, measured, owed, due))
    return verdicts


def whatif_as_json(
    charter: Charter, *, registered: date, verdicts: list[Verdict], language: str = "en"
) -> dict[str, object]:
    """Returns the answer of `maninso charter whatif --json`: plain values, texts in the language asked for."""
    return {
        "charter": charter.id,
        "charter_sha256": charter.digest.hex(),
        "registered": registered.isoformat(),
        "in_force": is_in_force(charter, registered),
        "counted": charter.counting.signatures,
        "thresholds": [_verdict_as_json(verdict, language) for verdict in verdicts],
    }


def _verdict_as_json(verdict: Verdict, language: str) -> dict[str, object]:
    measured, obligation = verdict.measured, verdict.threshold.obligation
    deadline = obligation.deadline if obligation else None
    return {
        "id": measured.threshold_id,
        "label": verdict.threshold.label.in_language(language),
        "met": measured.met,
        "signatures": measured.signatures,
        "needed": measured.needed,
        "regions_met": measured.regions_met,
        "regions_needed": measured.regions_needed,
        "obligation": obligation.id if obligation else None,
        "what": obligation.what.in_language(language) if obligation else None,
        "who": obligation.who.in_language(language) if obligation else None,
        "owed": verdict.owed is not None,
        "deadline": say_deadline(deadline, language) if deadline else None,
        "due": verdict.due.on.isoformat() if verdict.due else None,
        "binding": verdict.due.binding if verdict.due else None,
    }
