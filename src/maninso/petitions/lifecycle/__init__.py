"""A petition's way: the transition table, the steps, and the only writer of a petition's state."""

from maninso.petitions.lifecycle.reported import Kept, ReportedPetition, keep_reported_petitions
from maninso.petitions.lifecycle.steps import (
    BlackoutError,
    ReasonError,
    close_due_petitions,
    close_petition,
    draft_petition,
    hide_petition,
    open_petition,
    pass_to_moderation,
    reject_petition,
    remove_petition,
    restore_petition,
    submit_petition,
    withdraw_petition,
)
from maninso.petitions.lifecycle.table import (
    SYSTEM,
    TRANSITIONS,
    Actor,
    Reason,
    RoleError,
    TransitionError,
    UnknownPetitionError,
)
from maninso.petitions.lifecycle.texts import TextError, canonical_text, check_language, clean_text, digest_text

__all__ = [
    "SYSTEM",
    "TRANSITIONS",
    "Actor",
    "BlackoutError",
    "Kept",
    "Reason",
    "ReasonError",
    "ReportedPetition",
    "RoleError",
    "TextError",
    "TransitionError",
    "UnknownPetitionError",
    "canonical_text",
    "check_language",
    "clean_text",
    "close_due_petitions",
    "close_petition",
    "digest_text",
    "draft_petition",
    "hide_petition",
    "keep_reported_petitions",
    "open_petition",
    "pass_to_moderation",
    "reject_petition",
    "remove_petition",
    "restore_petition",
    "submit_petition",
    "withdraw_petition",
]
