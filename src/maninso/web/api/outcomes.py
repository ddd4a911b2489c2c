"""What came of petitions, as JSON: answers in all versions, what signers say of them, bills and laws."""

import datetime as dt
from typing import Any

from maninso.petitions.access import AnswerView, BillView, ResponseView, VerdictsView, WholeBill
from maninso.petitions.opendata.answered import AnsweredView
from maninso.web.shared.addresses import data_address, site_origin
from maninso.web.shared.formats import format_utc


def describe_response(response: ResponseView) -> dict[str, Any]:
    """Return one version of an answer; `digest` is what the petition's ledger has of it."""
    return {
        "responded_on": response.published_at.date().isoformat(),
        "summary": response.summary,
        "details": response.body,
        "created_at": format_utc(response.published_at),
        "updated_at": format_utc(response.published_at),
        "author": response.author,
        "language": response.language,
        "version": response.version,
        "digest": response.digest or None,
        "documents": [
            {
                "title": each.title,
                "type": each.kind,
                "size": each.size,
                "sha256": each.digest,
                "url": f"{site_origin()}/documents/{each.digest}.{each.ending}",
            }
            for each in response.documents
        ],
    }


def describe_verdicts(verdicts: VerdictsView | None) -> dict[str, int] | None:
    """Return what signers say of an answer; None where no answer stands."""
    if verdicts is None:
        return None
    return {"yes": verdicts.yes, "partly": verdicts.partly, "no": verdicts.no, "earlier": verdicts.earlier}


def describe_answer(answer: AnswerView) -> dict[str, Any]:
    """Return one answer to a petition in all its versions, the newest first."""
    return {
        "id": answer.answer_id or None,
        "obligations": list(answer.obligations),
        "versions": [describe_response(each) for each in answer.versions],
        "retracted_at": format_utc(answer.retracted_at) if answer.retracted_at else None,
        "retraction": answer.retraction or None,
        "also_answers": [each.petition_id for each in answer.besides],
    }


def describe_answered(each: AnsweredView) -> dict[str, Any]:
    """Return one version of an answer to one debt, as the list of all of them gives it."""
    return describe_response(each.said) | {
        "id": each.number,
        "answer": each.answer_id or None,
        "obligation": each.obligation_id,
        "petition": each.petition_id,
        "petition_title": each.petition_title or None,
        "petition_url": f"{site_origin()}/petitions/{each.petition_id}",
        "is_standing": each.is_standing,
        "retracted_at": format_utc(each.retracted_at) if each.retracted_at else None,
        "retraction": each.retraction or None,
    }


def describe_bill(bill: BillView) -> dict[str, Any]:
    """Return a bill, ruling or refusal, and its way."""
    return {
        "id": bill.bill_id,
        "url": f"{site_origin()}/bills/{bill.bill_id}",
        "self": data_address("api_bill", bill.bill_id),
        "kind": bill.kind,
        "register_id": bill.register,
        "number": bill.number,
        "title": bill.title,
        "language": bill.language,
        "body": bill.body or None,
        "proposer": bill.proposer or None,
        "summary": bill.summary or None,
        "address": bill.address or None,
        "is_law": bill.is_law,
        "act_title": bill.act_title or None,
        "act_number": bill.act_number or None,
        "enacted_on": _day(bill.enacted_on),
        "in_force_on": _day(bill.in_force_on),
        "stages": [{"stage": each.stage, "on": each.on.isoformat(), "note": each.note or None} for each in bill.stages],
    }


def describe_petitions_bill(bill: BillView) -> dict[str, Any]:
    """Return a bill as the petition has it that it is about."""
    return describe_bill(bill) | {"demand": bill.demand or None, "meets": bill.meets}


def describe_whole_bill(whole: WholeBill) -> dict[str, Any]:
    """Return a bill with its provisions before and after, and the petitions behind it."""
    return describe_bill(whole.bill) | {
        "changed_at": format_utc(whole.changed_at),
        "petitions": [
            {
                "petition": each.petition_id,
                "title": each.title or None,
                "url": f"{site_origin()}/petitions/{each.petition_id}",
                "demand": each.demand or None,
                "meets": each.meets,
            }
            for each in whole.petitions
        ],
        "provisions": [
            {"place": each.place, "before": each.before or None, "after": each.after or None}
            for each in whole.provisions
        ],
    }


def _day(day: dt.date | None) -> str | None:
    return day.isoformat() if day else None
