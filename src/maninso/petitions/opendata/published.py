"""What a copy of the site has to hold: every petition that was public, and what its pages are made of, in short."""

import datetime as dt
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, NamedTuple

from django.db.models import Count, Max, Model, OuterRef, Q, QuerySet, Subquery, Value

from maninso.petitions.access.rows import LISTED
from maninso.petitions.models import (
    VERDICTS,
    Announcement,
    Appeal,
    Bill,
    BillPetition,
    DueChange,
    Extension,
    FamilyMember,
    Obligation,
    Petition,
    ReplyTarget,
    Response,
    Verdict,
)

_BATCH = 2000
_IMPORTED = ("reported_count", "source_status", "topic", "record__digest")
_TOMBSTONE = Q(state__in=("hidden", "removed"), opened_at__isnull=False)


class Published(NamedTuple):
    """One petition that a copy holds; `digest` is of what its pages and data say."""

    petition_id: int
    has_log: bool
    has_answers: bool
    digest: str


def list_published(*, now: dt.datetime) -> Iterator[Published]:
    """Yield each petition that a copy holds.

    As long as the digest is the same, so are the petition's pages and data. What is open or owed is said anew each day.
    """
    last = 0
    while batch := list(_rows().filter(pk__gt=last)[:_BATCH]):
        for row in batch:
            is_fleeting = row["state"] == "open" or row["pending"]
            said = (sorted(row.items()), now.date() if is_fleeting else None)
            digest = sha256(repr(said).encode()).hexdigest()[:32]
            yield Published(row["pk"], bool(row["tree__size"]), (row["response"] or row["unowed"]) is not None, digest)
        last = batch[-1]["pk"]


def list_published_bills() -> Iterator[tuple[int, str]]:
    """Yield the number of each bill, ruling and refusal, and a digest of what its page says."""
    rows = Bill.objects.annotate(petitions=Max("links__petition__updated_at")).order_by("pk")
    for bill_id, *said in rows.values_list("pk", "changed_at", "petitions").iterator(chunk_size=_BATCH):
        yield bill_id, sha256(repr(said).encode()).hexdigest()[:32]


def _rows() -> "QuerySet[Petition, dict[str, Any]]":
    """Petitions that a copy holds, with what changes when their pages do."""
    petition = OuterRef("pk")
    # A family's page shows its other members, so what becomes of any of them is said on all of their pages; and an
    # answer names the other petitions that it answers.
    kin = _of(FamilyMember, family=OuterRef("membership__family"))
    beside = _of(ReplyTarget, reply__targets__obligation__petition=petition)
    owed = _of(Obligation, petition=petition)
    answers = _of(Response, obligation__petition=petition)
    verdicts = _of(Verdict, obligation__petition=petition)
    bills = _of(BillPetition, petition=petition)
    said = {
        "news": _newest(Announcement, "petition"),
        "hidden_news": _count(_of(Announcement, petition=petition, hidden_at__isnull=False)),
        "appeal": _newest(Appeal, "petition"),
        "response": _newest(Response, "obligation__petition"),
        "taken_back": _count(answers.filter(reply__retracted_at__isnull=False)),
        "besides": _last(beside, "obligation__petition__updated_at"),
        "unowed": _newest(Response, "petition"),
        "unowed_taken_back": _count(_of(Response, petition=petition, reply__retracted_at__isnull=False)),
        "extension": _newest(Extension, "obligation__petition"),
        "moved": _newest(DueChange, "obligation__petition"),
        "family": _last(kin, "petition__updated_at"),
        "relatives": _count(kin),
        "debts": _count(owed),
        "settled": _last(owed, "settled_at"),
        "turns": _last(owed, "turned_at"),
        "pending": _count(owed.filter(state="owed")),
        "bills": _count(bills),
        "bill": _last(bills, "bill__changed_at"),
        **{f"said_{each}": _count(verdicts.filter(verdict=each)) for each in VERDICTS},
    }
    kept = ("pk", "state", "updated_at", "closes_at", "tree__size", "tree__count", "reason_note", *_IMPORTED)
    rows: QuerySet[Petition, dict[str, Any]] = (
        Petition.objects.filter(LISTED | _TOMBSTONE).annotate(**said).order_by("pk").values(*kept, *said)
    )
    return rows


def _of(model: type[Model], **given: Any) -> "QuerySet[Any]":
    rows: QuerySet[Any] = model._default_manager.filter(**given).order_by()
    return rows


def _count(rows: "QuerySet[Any]") -> Subquery:
    return Subquery(rows.annotate(one=Value(1)).values("one").annotate(n=Count("pk", distinct=True)).values("n"))


def _last(rows: "QuerySet[Any]", moment: str) -> Subquery:
    return Subquery(rows.annotate(one=Value(1)).values("one").annotate(n=Max(moment)).values("n"))


def _newest(model: type[Model], place: str) -> Subquery:
    return Subquery(_of(model, **{place: OuterRef("pk")}).order_by("-pk").values("pk")[:1])
