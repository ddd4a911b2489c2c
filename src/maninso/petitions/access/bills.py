"""Bills, rulings and refusals as the public sees them."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Prefetch, QuerySet

from maninso.petitions.access.rows import is_readable
from maninso.petitions.access.views import BillView, StageView
from maninso.petitions.models import Bill, BillPetition, Petition, Provision

LARGEST_ID = 2**63 - 1
_MOST = 500


@dataclass(frozen=True, kw_only=True)
class ProvisionView:
    """One provision as it read and as it reads; "" where it is new or struck out."""

    place: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class AboutView:
    """A petition that a bill is about, the demand, and how far the bill meets it: whole, part or not."""

    petition_id: int
    title: str  # "" where it is not public
    language: str
    demand: str
    meets: str


@dataclass(frozen=True, kw_only=True)
class WholeBill:
    """A bill with its provisions and its petitions."""

    bill: BillView
    provisions: tuple[ProvisionView, ...]
    petitions: tuple[AboutView, ...]
    changed_at: dt.datetime
    digest: str  # SHA-256 of the record, hex


def find_bills(petition: Petition) -> tuple[BillView, ...]:
    """Return what came of a petition, the newest change last; in one query where nothing did."""
    links = (
        BillPetition.objects.filter(petition=petition)
        .select_related("bill")
        .prefetch_related("bill__stages")
        .order_by("bill", "position")
    )
    return tuple(view_bill(link.bill, demand=link.demand, meets=link.meets) for link in links)


def find_bill(bill_id: int) -> WholeBill | None:
    """Return one bill with all that is known of it; None where there is none."""
    if not 0 < bill_id <= LARGEST_ID:
        return None
    bill = bill_rows().filter(pk=bill_id).first()
    return view_whole_bill(bill) if bill else None


def bill_rows() -> "QuerySet[Bill]":
    """Bills with all that is known of them, in a fixed number of queries."""
    links = BillPetition.objects.select_related("petition").defer("petition__body").order_by("position")
    provisions = Provision.objects.order_by("position")
    return Bill.objects.prefetch_related(
        "stages", Prefetch("links", queryset=links), Prefetch("provisions", queryset=provisions)
    )


def view_whole_bill(bill: Bill) -> WholeBill:
    """Make the view of a bill from `bill_rows`."""
    return WholeBill(
        bill=view_bill(bill),
        provisions=tuple(
            ProvisionView(place=each.place, before=each.before, after=each.after) for each in bill.provisions.all()
        ),
        petitions=tuple(
            AboutView(
                petition_id=each.petition_id,
                title=each.petition.title if is_readable(each.petition) else "",
                language=each.petition.language,
                demand=each.demand,
                meets=each.meets,
            )
            for each in bill.links.all()
        ),
        changed_at=bill.changed_at,
        digest=bytes(bill.digest).hex(),
    )


def list_bills() -> tuple[BillView, ...]:
    """Return the bills, rulings and refusals, those that changed last first."""
    rows: Iterable[Bill] = Bill.objects.prefetch_related("stages").order_by("-changed_at", "-pk")[:_MOST]
    return tuple(map(view_bill, rows))


def view_bill(bill: Bill, *, demand: str = "", meets: str = "") -> BillView:
    """Make the view of a bill; `demand` and `meets` are of the petition that it is shown on."""
    stages = sorted(bill.stages.all(), key=lambda each: each.position)
    return BillView(
        bill_id=bill.pk,
        kind=bill.kind,
        register=bill.register,
        number=bill.number,
        title=bill.title,
        language=bill.language,
        body=bill.body,
        proposer=bill.proposer,
        summary=bill.summary,
        address=bill.address,
        act_title=bill.act_title,
        act_number=bill.act_number,
        enacted_on=bill.enacted_on,
        in_force_on=bill.in_force_on,
        stages=tuple(StageView(each.stage, each.on, each.note) for each in stages),
        demand=demand,
        meets=meets,
    )
