"""What the institution promised: rules as data, and pure functions of them.

A charter is a TOML file (docs/reference/charter.md). Nothing here does I/O except reading that file, and `now` or the
moments that count are always arguments.
"""

from maninso.charter.admission import (
    Person,
    Refusal,
    TextFault,
    find_text_faults,
    forbids_duplicate,
    refuse_creator,
    refuse_signer,
)
from maninso.charter.base import CharterError, Figure, Length, Section, Text
from maninso.charter.clock import (
    add_length,
    closes_at,
    count_midnights,
    cut_at_dissolution,
    end_of_day,
    extend_for_pause,
    in_blackout,
    is_in_force,
    legal_day,
    retention_ends_at,
)
from maninso.charter.counts import load_counts
from maninso.charter.days import Calendar, CalendarRules, calendar_of
from maninso.charter.deadlines import Due, Extension, count_from, due_at, needs_calendar
from maninso.charter.description import Row, describe
from maninso.charter.load import load_charter, load_preset, preset_ids, read_charter
from maninso.charter.measuring import Counts, Measured, is_met, measure, thresholds_met
from maninso.charter.model import Blackout, Charter, RejectionReason
from maninso.charter.thresholds import Deadline, ExtensionRule, Obligation, Step, Threshold
from maninso.charter.verdicts import Verdict, whatif, whatif_as_json
from maninso.charter.words import say_deadline, say_length

__all__ = [
    "Blackout",
    "Calendar",
    "CalendarRules",
    "Charter",
    "CharterError",
    "Counts",
    "Deadline",
    "Due",
    "Extension",
    "ExtensionRule",
    "Figure",
    "Length",
    "Measured",
    "Obligation",
    "Person",
    "Refusal",
    "RejectionReason",
    "Row",
    "Section",
    "Step",
    "Text",
    "TextFault",
    "Threshold",
    "Verdict",
    "add_length",
    "calendar_of",
    "closes_at",
    "count_from",
    "count_midnights",
    "cut_at_dissolution",
    "describe",
    "due_at",
    "end_of_day",
    "extend_for_pause",
    "find_text_faults",
    "forbids_duplicate",
    "in_blackout",
    "is_in_force",
    "is_met",
    "legal_day",
    "load_charter",
    "load_counts",
    "load_preset",
    "measure",
    "needs_calendar",
    "preset_ids",
    "read_charter",
    "refuse_creator",
    "refuse_signer",
    "retention_ends_at",
    "say_deadline",
    "say_length",
    "thresholds_met",
    "whatif",
    "whatif_as_json",
]
