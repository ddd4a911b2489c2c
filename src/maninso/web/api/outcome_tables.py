"""Tables of what came of petitions: answers in all versions, and bills with their stages, provisions and petitions."""

from collections.abc import Callable, Iterator
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from maninso.petitions.access import WholeBill
from maninso.petitions.opendata.answered import AnsweredView, page_answers
from maninso.petitions.opendata.bill_lists import KINDS, page_bills
from maninso.web.api.columns import ANSWERS, BILLS, DEMANDS, PROVISIONS, STAGES
from maninso.web.api.writing import Batch, send_table
from maninso.web.shared.answers import data
from maninso.web.shared.requests import read_words

BATCH = 500  # answers or bills

Rows = Callable[[WholeBill], list[tuple[Any, ...]]]


@data
def export_answers(request: HttpRequest, ending: str) -> HttpResponseBase:
    """GET /answers.csv, /answers.parquet: what institutions answered, each version to each debt."""
    return send_table(ANSWERS, _read_answers(), ending=ending, name="answers")


def _read_answers() -> Iterator[Batch]:
    before: int | None = None
    while True:
        found = page_answers(before=before, limit=BATCH)
        yield [_answer(each) for each in found]
        if len(found) < BATCH:
            return
        before = found[-1].number


def _answer(each: AnsweredView) -> tuple[Any, ...]:
    return (
        each.number,
        each.answer_id or None,
        each.said.version,
        each.obligation_id,
        each.petition_id,
        each.petition_title or None,
        each.is_standing,
        each.said.published_at,
        each.said.author,
        each.said.language,
        each.said.summary,
        each.said.body or None,
        each.said.digest or None,
        each.retracted_at,
        each.retraction or None,
    )


@data
def export_bills(request: HttpRequest, ending: str) -> HttpResponseBase:
    """GET /bills.csv?kind=, /bills.parquet: bills, laws, rulings and refusals."""
    asked = read_words(request, "kind")
    rows = _read_bills(_bill, kind=asked if asked in KINDS else "all")
    return send_table(BILLS, rows, ending=ending, name="bills")


@data
def export_stages(request: HttpRequest, ending: str) -> HttpResponseBase:
    """GET /bills/stages.csv, /bills/stages.parquet: the way of each."""
    return send_table(STAGES, _read_bills(_stages), ending=ending, name="bills-stages")


@data
def export_provisions(request: HttpRequest, ending: str) -> HttpResponseBase:
    """GET /bills/provisions.csv, /bills/provisions.parquet: what each changes."""
    return send_table(PROVISIONS, _read_bills(_provisions), ending=ending, name="bills-provisions")


@data
def export_demands(request: HttpRequest, ending: str) -> HttpResponseBase:
    """GET /bills/petitions.csv, /bills/petitions.parquet: the petitions behind each."""
    return send_table(DEMANDS, _read_bills(_demands), ending=ending, name="bills-petitions")


def _read_bills(rows_of: Rows, *, kind: str = "all") -> Iterator[Batch]:
    before: int | None = None
    while True:
        found = page_bills(kind=kind, before=before, limit=BATCH)
        yield [row for each in found for row in rows_of(each)]
        if len(found) < BATCH:
            return
        before = found[-1].bill.bill_id


def _bill(whole: WholeBill) -> list[tuple[Any, ...]]:
    bill = whole.bill
    last = bill.stages[-1] if bill.stages else None
    return [
        (
            bill.bill_id,
            bill.kind,
            bill.register,
            bill.number,
            bill.title,
            bill.language,
            bill.body or None,
            bill.proposer or None,
            bill.summary or None,
            bill.address or None,
            bill.act_title or None,
            bill.act_number or None,
            bill.enacted_on,
            bill.in_force_on,
            last.stage if last else None,
            last.on if last else None,
            whole.changed_at,
        )
    ]


def _stages(whole: WholeBill) -> list[tuple[Any, ...]]:
    return [
        (whole.bill.bill_id, number, each.stage, each.on, each.note or None)
        for number, each in enumerate(whole.bill.stages, start=1)
    ]


def _provisions(whole: WholeBill) -> list[tuple[Any, ...]]:
    return [
        (whole.bill.bill_id, number, each.place, each.before or None, each.after or None)
        for number, each in enumerate(whole.provisions, start=1)
    ]


def _demands(whole: WholeBill) -> list[tuple[Any, ...]]:
    return [
        (whole.bill.bill_id, each.petition_id, each.title or None, each.demand or None, each.meets)
        for each in whole.petitions
    ]
