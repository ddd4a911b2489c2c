"""The attributes of a petition in JSON: the names of petition.parliament.uk, then what it does not have."""

import datetime as dt
from typing import Any

from maninso.petitions.access import (
    DEBATE,
    CountView,
    LedgerView,
    ObligationView,
    PetitionCard,
    PetitionView,
    ThresholdView,
    VerdictsView,
    WouldOwe,
)
from maninso.petitions.discovery import FamilyView, Marked
from maninso.web.api.outcomes import describe_petitions_bill, describe_response, describe_verdicts
from maninso.web.api.reported import describe_reported_debate, describe_reported_places, describe_reported_response
from maninso.web.shared.addresses import data_address, site_origin
from maninso.web.shared.formats import format_utc, last_day


def _time(when: dt.datetime | None) -> str | None:
    return format_utc(when) if when else None


def _day(day: dt.date | None) -> str | None:
    return day.isoformat() if day else None


def describe_card(card: PetitionCard, view: PetitionView) -> dict[str, Any]:
    """Return the attributes that a list gives; `background` is the text's beginning."""
    return describe_original(view, background=card.summary) | {
        "url": f"{site_origin()}/petitions/{card.petition_id}",
        "language": card.language,
        "source": card.source or None,
        "source_id": card.source_id or None,
        "count_is_reported": card.count_is_reported,
        "signatures_needed": card.needed,
        "obligation_state": card.owed or None,
        "obligation_due_on": _day(card.due_on),
    }


def describe_marks(marks: tuple[Marked, Marked | None] | None) -> dict[str, Any]:
    """Return what a search marks in a petition: pieces of title and text, each with whether it was looked for."""
    if marks is None:
        return {}
    title, passage = marks
    return {"highlights": {"action": list(title.pieces), "background": list(passage.pieces) if passage else None}}


def describe_family(family: FamilyView | None) -> dict[str, Any]:
    """Return the other petitions of a family by number; no sum, since whoever signed two of them counts in both."""
    if family is None:
        return {"family": None}
    twin = family.open_twin
    return {
        "family": {
            "petitions": [card.petition_id for card in family.others],
            "open_twin": twin.petition_id if twin else None,
        }
    }


def describe_petition(view: PetitionView) -> dict[str, Any]:
    """Return the attributes that a petition's own JSON gives."""
    return (
        describe_original(view, background=view.body)
        | describe_own(view)
        | (describe_places(view) if view.state in ("open", "closed") else {"signatures_by_region": []})
    )


def describe_original(view: PetitionView, *, background: str) -> dict[str, Any]:
    """Return the attributes that petition.parliament.uk gives in lists and alone, by its names and in its order.

    What this site does not know of is null or empty, so that the original's readers find each name.
    """
    attributes: dict[str, Any] = {
        "action": view.title,
        "background": background,
        "additional_details": None,
        "committee_note": None,
        "state": view.state,
        "signature_count": view.count,
    }
    if view.state == "open" and view.closes_at:
        attributes["closing_date"] = last_day(view.closes_at, view.time_zone).isoformat()
    answered = next((each for each in view.obligations if each.response and each.threshold_id != DEBATE), None)
    response = answered.response if answered else view.unowed
    debate = next((each for each in view.obligations if each.threshold_id == DEBATE), None)
    is_settled = debate is not None and debate.state in ("kept", "declined")
    return attributes | {
        "created_at": _time(view.created_at),
        "updated_at": _time(view.updated_at),
        "rejected_at": _time(view.updated_at) if view.state == "rejected" else None,
        "opened_at": _time(view.opened_at),
        "closed_at": _time(view.closed_at),
        "moderation_threshold_reached_at": _time(view.moderation_at),
        "response_threshold_reached_at": _time(_first_met_at(view, is_debate=False)),
        "government_response_at": _time(response.published_at) if response else None,
        "debate_threshold_reached_at": _time(_first_met_at(view, is_debate=True)),
        "debate_scheduled_on": None,
        "scheduled_debate_date": None,
        "debate_outcome_at": _time(debate.settled_at) if debate and is_settled else None,
        "creator_name": view.creator_name or None,
        "rejection": _rejection(view),
        "government_response": describe_response(response) if response else describe_reported_response(view.reported),
        "debate": _debate(debate) if debate and debate.state == "kept" else describe_reported_debate(view.reported),
        "departments": [],
        "topics": [view.topic] if view.topic else [],
    }


def describe_own(view: PetitionView) -> dict[str, Any]:
    """Return what the original does not have: rules, thresholds, what is owed and came, the ledger."""
    verdicts = {each.obligation_id: each for each in view.verdicts}
    return {
        "url": f"{site_origin()}/petitions/{view.petition_id}",
        "language": view.language,
        "charter": view.charter_id,
        "charter_sha256": view.charter_digest.hex(),
        "source": view.source or None,
        "source_id": view.source_id or None,
        "source_status": view.source_status or None,
        "count_is_reported": view.count_is_reported,
        "masked": [
            {"code": each.reason_code, "reason": dict(each.reason), "commitment": each.commitment}
            for each in (view.masked if view.body else ())
        ],
        "thresholds": [_threshold(threshold) for threshold in view.thresholds],
        "obligations": [describe_obligation(each, verdicts.get(each.obligation_id)) for each in view.obligations],
        "bills": [describe_petitions_bill(each) for each in view.bills],
        "would_owe": [_would_owe(would) for would in view.would_owe],
        "signatures_by_assurance": [
            {"assurance": level, "signature_count": count}
            for level, count in sorted(view.signatures_by_assurance.items())
        ],
        "ledger": _ledger(view.petition_id, view.ledger) if view.ledger else None,
    }


def describe_places(view: PetitionView) -> dict[str, Any]:
    """Return the original's breakdowns of an open or closed petition; those that this site does not make are empty."""
    if view.reported is not None:
        return describe_reported_places(view.reported)
    return {
        "signatures_by_country": [],
        "signatures_by_constituency": [],
        "signatures_by_region": [
            {"name": code, "ons_code": code, "code": code, "signature_count": count}
            for code, count in sorted(view.signatures_by_region.items())
        ],
        "other_parliamentary_business": [],
    }


def describe_count(view: CountView) -> dict[str, Any]:
    """Return the count alone, in the names of `describe_petition`: at most 200 bytes where nothing is debated."""
    attributes: dict[str, Any] = {
        "signature_count": view.count,
        "response_threshold_reached_at": _time(view.reached_at),
        "government_response_at": _time(view.answered_at),
    }
    if view.debate is None:
        return attributes
    return attributes | {
        "debate_threshold_reached_at": _time(view.debate.reached_at),
        "scheduled_debate_date": None,
        "debate_outcome_at": _time(view.debate.settled_at),
        "debated": view.debate.debated,
    }


def _first_met_at(view: PetitionView, *, is_debate: bool) -> dt.datetime | None:
    met = (each.met_at for each in view.thresholds if each.met_at and (each.threshold_id == DEBATE) == is_debate)
    return min(met, default=None)


def _debate(obligation: ObligationView) -> dict[str, Any]:
    response = obligation.response
    return {
        "debated_on": response.published_at.date().isoformat() if response else None,
        "transcript_url": None,
        "video_url": None,
        "debate_pack_url": None,
        "public_engagement_url": None,
        "debate_summary_url": None,
        "overview": response.summary if response else None,
    }


def _rejection(view: PetitionView) -> dict[str, Any] | None:
    if view.state != "rejected":
        return None
    return {"code": view.reason_code, "details": view.reason_note or None, "reason": dict(view.reason)}


def _threshold(threshold: ThresholdView) -> dict[str, Any]:
    return {
        "id": threshold.threshold_id,
        "label": dict(threshold.label),
        "needed": threshold.needed,
        "met": threshold.met,
        "met_at": _time(threshold.met_at),
        "met_leaf": threshold.met_leaf,
        "regions_met": threshold.regions_met,
        "regions_needed": threshold.regions_needed,
    }


def describe_obligation(obligation: ObligationView, verdicts: VerdictsView | None) -> dict[str, Any]:
    """Return what is owed, what came of it, and what signers say of that."""
    return {
        "id": obligation.obligation_id,
        "threshold": obligation.threshold_id,
        "state": obligation.state,
        "overdue": obligation.overdue,
        "days_late": obligation.days_late,
        "what": dict(obligation.what),
        "who": dict(obligation.who),
        "basis": dict(obligation.basis),
        "needed": obligation.needed,
        "met_at": _time(obligation.met_at),
        "met_leaf": obligation.met_leaf,
        "met_count": obligation.met_count,
        "undone_leaf": obligation.undone_leaf,
        "undone_count": obligation.undone_count,
        "due_on": _day(obligation.due_on),
        "binding": obligation.binding,
        "extended": obligation.extended,
        "settled_at": _time(obligation.settled_at),
        "decline_reason": obligation.decline_reason or None,
        "lapse_reason": obligation.lapse_reason or None,
        "waits_for": obligation.waits_for or None,
        "due_changes": [
            {
                "old_due_on": _day(each.old_due_on),
                "new_due_on": _day(each.new_due_on),
                "cause": each.cause,
                "at": _time(each.at),
            }
            for each in obligation.due_changes
        ],
        "response": describe_response(obligation.response) if obligation.response else None,
        "verdicts": describe_verdicts(verdicts),
    }


def _would_owe(would: WouldOwe) -> dict[str, Any]:
    return {
        "what": dict(would.what),
        "who": dict(would.who),
        "needed": would.needed,
        "due_on": _day(would.due_on),
    }


def _ledger(petition_id: int, ledger: LedgerView) -> dict[str, Any]:
    return {
        "origin": ledger.origin,
        "size": ledger.size,
        "signatures": ledger.signatures,
        "voids": ledger.voids,
        "reinstated": ledger.reinstated,
        "root": ledger.root.hex(),
        "published_at": _time(ledger.published_at),
        "checkpoint": data_address("log_file", petition_id, "checkpoint"),
        "key": data_address("log_key", petition_id),
    }
