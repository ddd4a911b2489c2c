"""Tables that can be taken away whole: petitions, obligations, a petition's signatures and voids; what is in them."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from maninso.ledger.manifest import export_name
from maninso.ledger.note import SignerKey
from maninso.petitions import discovery, integrity
from maninso.petitions.access import PetitionCard
from maninso.petitions.opendata.debts import JudgedObligation, page_obligations
from maninso.petitions.opendata.lines import write_blue_house
from maninso.petitions.opendata.signatures import find_signatures
from maninso.web.api.columns import OBLIGATIONS, PETITIONS, SIGNATURES, TABLES, VOIDS
from maninso.web.api.writing import send_table
from maninso.web.shared.addresses import site_origin
from maninso.web.shared.answers import data
from maninso.web.shared.filters import find, read_institution, read_wanted
from maninso.web.shared.problems import NO_VOIDS, Refused
from maninso.web.shared.requests import read_number, read_words

BATCH = 500  # rows
DEBTS = ("overdue", "owed", "kept", "declined", "lapsed")


@data
def export_petitions(request: HttpRequest, ending: str) -> HttpResponseBase:
    """GET /petitions.csv, /petitions.parquet: the whole of what a filter finds."""
    now = timezone.now()
    first = find(read_wanted(request), page=1, per_page=BATCH, now=now)  # before the first byte: it can still fail
    return send_table(PETITIONS, _read_petitions(first, now=now), ending=ending, name="petitions")


def _read_petitions(found: discovery.PetitionPage, *, now: dt.datetime) -> Iterator[list[tuple[Any, ...]]]:
    while True:
        yield [_petition(card) for card in found.cards]
        if not found.next_key:
            return
        found = find(found.wanted, page=1, per_page=BATCH, key=found.next_key, now=now)


def _petition(card: PetitionCard) -> tuple[Any, ...]:
    return (
        card.title,
        f"{site_origin()}/petitions/{card.petition_id}",
        card.state,
        card.count,
        card.petition_id,
        card.source or None,
        card.source_id or None,
        card.count_is_reported,
        card.topic or None,
        card.opened_at,
        card.closes_at,
        card.needed,
        card.owed or None,
        card.due_on,
    )


@data
def export_obligations(request: HttpRequest, ending: str) -> HttpResponseBase:
    """GET /obligations.csv?status=&institution=, /obligations.parquet: what is owed and came, the newest first."""
    asked = read_words(request, "status")
    status = asked if asked in DEBTS else "all"
    rows = _read_obligations(status, read_institution(request), now=timezone.now())
    return send_table(OBLIGATIONS, rows, ending=ending, name="obligations")


def _read_obligations(status: str, institution: str, *, now: dt.datetime) -> Iterator[list[tuple[Any, ...]]]:
    before: int | None = None
    while True:
        found = page_obligations(status=status, institution=institution, before=before, limit=BATCH, now=now)
        yield [_obligation(each) for each in found]
        if len(found) < BATCH:
            return
        before = found[-1].debt.obligation_id


def _obligation(each: JudgedObligation) -> tuple[Any, ...]:
    view, said = each.debt, each.verdicts
    return (
        view.obligation_id,
        view.petition_id,
        view.petition_title or None,
        view.threshold_id,
        view.state,
        view.overdue,
        view.days_late,
        view.who.get("en"),
        view.what.get("en"),
        view.needed,
        view.met_at,
        view.met_leaf,
        view.due_on,
        view.binding,
        view.settled_at,
        view.response.author if view.response else None,
        view.response.summary if view.response else None,
        *((said.yes, said.partly, said.no, said.earlier) if said else (None,) * 4),
        view.decline_reason or None,
        view.lapse_reason or None,
    )


@data
def export_signatures(request: HttpRequest, number: str, ending: str) -> HttpResponseBase:
    """GET /petitions/{id}/signatures.csv, …/signatures.parquet: what the ledger says of each."""
    petition_id = read_number(number)
    found = find_signatures(petition_id)
    if found is None:
        raise Refused(NO_VOIDS)
    return send_table(SIGNATURES, found.read(), ending=ending, name=f"petition-{petition_id}-signatures")


@data
def export_voids(request: HttpRequest, number: str, ending: str) -> HttpResponseBase:
    """GET /petitions/{id}/voids.csv, …/voids.parquet: voids and reinstatements, the newest first."""
    petition_id = read_number(number)
    first = integrity.read_voids(petition_id, page=1, per_page=BATCH)
    if first is None:
        raise Refused(NO_VOIDS)
    return send_table(VOIDS, _read_voids(first), ending=ending, name=f"petition-{petition_id}-voids")


def _read_voids(record: integrity.VoidRecord) -> Iterator[list[tuple[Any, ...]]]:
    while True:
        yield [
            (each.leaf, each.signature, each.effect, each.reason, each.reason_words["en"], each.batch_id, each.at)
            for each in record.entries
        ]
        if record.page >= record.pages:
            return
        following = integrity.read_voids(record.petition_id, page=record.page + 1, per_page=BATCH)
        if following is None:
            return
        record = following


@data
def show_dictionary(request: HttpRequest) -> HttpResponseBase:
    """GET /data.json: the tables, their columns, and the licence that the site gives."""
    licence = settings.MANINSO.licence
    body = {
        "licence": {"name": licence.name, "url": licence.address} if licence else None,
        "tables": [
            {
                "name": table.name,
                "about": table.about,
                "csv": f"{site_origin()}{table.place}.csv",
                "parquet": f"{site_origin()}{table.place}.parquet",
                "columns": [
                    {"csv": each.label, "parquet": each.name, "type": each.kind, "about": each.about}
                    for each in table.columns
                ],
            }
            for table in TABLES
        ],
    }
    response = JsonResponse(body, json_dumps_params={"ensure_ascii": False})
    response.headers["Cache-Control"] = "public, max-age=300, stale-if-error=86400"
    return response


@data
def send_export_key(request: HttpRequest) -> HttpResponseBase:
    """GET /export/key: the verifier key of the site's static copies, one line."""
    signer = SignerKey(export_name(settings.MANINSO.host), settings.MANINSO_EXPORT_KEY())
    response = HttpResponse(f"{signer.verifier.render()}\n", content_type="text/plain; charset=utf-8")
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


@data
def export_blue_house(request: HttpRequest) -> HttpResponseBase:
    """GET /blue-house.jsonl: what was imported from the presidential petition site, in the form in which it came."""
    response = StreamingHttpResponse(write_blue_house(), content_type="application/jsonl; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="blue-house.jsonl"'
    response.headers["Cache-Control"] = "public, max-age=60"
    return response
