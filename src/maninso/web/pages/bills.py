"""Bills, rulings and refusals: all of them, and one with its stages and its provisions before and after."""

import json
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import translation
from django.utils.safestring import SafeString, mark_safe

from maninso.petitions import access
from maninso.petitions.access import BillView, WholeBill
from maninso.web.shared.addresses import data_path, site_origin
from maninso.web.shared.answers import page, render_page
from maninso.web.shared.display import show_bill
from maninso.web.shared.problems import NO_BILL, Refused
from maninso.web.shared.requests import read_number

IN_SCRIPT = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026"}


@page
def list_bills(request: HttpRequest) -> HttpResponseBase:
    """GET /bills: what came of petitions beyond an answer, the newest change first."""
    spoken = f"?lang={translation.get_language() or 'ko'}"
    context = {
        "bills": [show_bill(each) for each in access.list_bills()],
        "json": data_path("api_bills"),
        "csv": data_path("bills_csv"),
        "atom": data_path("bills_atom_feed") + spoken,
    }
    return render_page(request, "bills.html", context)


@page
def show_one(request: HttpRequest, number: str) -> HttpResponseBase:
    """GET /bills/{id}: one bill, ruling or refusal."""
    whole = access.find_bill(read_number(number, missing=NO_BILL))
    if whole is None:
        raise Refused(NO_BILL)
    context = {"whole": whole, **show_bill(whole.bill), "legislation": describe_legislation(whole)}
    return render_page(request, "bill.html", context)


def describe_legislation(whole: WholeBill) -> SafeString:
    """Return a bill as schema.org/Legislation in JSON-LD, safe inside a script element; "" for what is none."""
    bill = whole.bill
    if bill.kind != "bill":
        return SafeString("")
    told: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Legislation",
        "url": site_origin() + reverse("bill", args=[bill.bill_id]),
        "name": bill.title,
        "inLanguage": bill.language,
        "legislationIdentifier": bill.number,
        "legislationType": "Act" if bill.is_law else "Bill",
        "legislationLegalForce": force_of(bill),
    }
    if bill.stages:
        told["dateCreated"] = bill.stages[0].on.isoformat()
    if bill.proposer:
        told["creator"] = {"@type": "Person", "name": bill.proposer}
    if bill.body:
        told["legislationPassedBy"] = {"@type": "Organization", "name": bill.body}
    if bill.address:
        told["sameAs"] = bill.address
    if bill.summary:
        told["abstract"] = bill.summary
    if bill.enacted_on:
        told["legislationDate"] = bill.enacted_on.isoformat()
        told["alternateName"] = f"{bill.act_title} {bill.act_number}".strip()
    if bill.in_force_on:
        told["temporalCoverage"] = f"{bill.in_force_on.isoformat()}/.."
    told["about"] = [
        {"@type": "CreativeWork", "url": f"{site_origin()}/petitions/{each.petition_id}", "name": each.title}
        for each in whole.petitions
        if each.title
    ]
    return mark_safe(json.dumps(told, ensure_ascii=False).translate(IN_SCRIPT))  # noqa: S308 - escaped just now


def force_of(bill: BillView) -> str:
    """Return schema.org's word for whether it is in force: by its stages, since pages are cached longer than a day."""
    in_force = any(each.stage == "in-force" for each in bill.stages)
    return "https://schema.org/InForce" if in_force else "https://schema.org/NotInForce"
