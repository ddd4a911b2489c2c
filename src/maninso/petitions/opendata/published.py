"""What a copy of the site has to hold: every petition that was public, and what its pages are made of, in short."""

import datetime as dt
from collections.abc import Iterator
from hashlib import sha256

from django.db.models import Count, Max, OuterRef, Q, Subquery

from maninso.petitions.access.rows import LISTED
from maninso.petitions.models import (
    Announcement,
    Appeal,
    BillPetition,
    DueChange,
    Extension,
    FamilyMember,
    Obligation,
    Petition,
    Response,
)

_BATCH = 2000
_TOMBSTONE = Q(state__in=("hidden", "removed"), opened_at__isnull=False)


def list_published(*, now: dt.datetime) -> Iterator[tuple[int, bool, str]]:
    """Yield each petition that a copy holds: its number, whether it has a log, and a digest of what is said of it.

    As long as the digest is the same, so are the petition's pages and data. What is open or owed is said anew each day.
    """
    # A family's page shows its other members, so what becomes of any of them is said on all of their pages.
    kin = FamilyMember.objects.filter(family=OuterRef("membership__family")).order_by().values("family")
    hidden = Announcement.objects.filter(petition=OuterRef("pk"), hidden_at__isnull=False).order_by().values("petition")
    owed = Obligation.objects.filter(petition=OuterRef("pk")).order_by().values("petition")
    rows = (
        Petition.objects.filter(LISTED | _TOMBSTONE)
        .annotate(
            news=_newest(Announcement, "petition"),
            hidden_news=Subquery(hidden.annotate(n=Count("pk")).values("n")),
            appeal=_newest(Appeal, "petition"),
            response=_newest(Response, "obligation__petition"),
            unowed=_newest(Response, "petition"),
            extension=_newest(Extension, "obligation__petition"),
            moved=_newest(DueChange, "obligation__petition"),
            bill=_newest(BillPetition, "petition"),
            family=Subquery(kin.annotate(n=Max("petition__updated_at")).values("n")),
            relatives=Subquery(kin.annotate(n=Count("pk")).values("n")),
            debts=Subquery(owed.annotate(n=Count("pk")).values("n")),
            settled=Subquery(owed.annotate(n=Max("settled_at")).values("n")),
            turns=Subquery(owed.annotate(n=Max("turned_at")).values("n")),
            pending=Subquery(owed.filter(state="owed").annotate(n=Count("pk")).values("n")),
        )
        .order_by("pk")
        .values_list(
            *("pk", "state", "updated_at", "closes_at", "reported_count", "tree__size", "tree__count"),
            *(
                "news",
                "hidden_news",
                "appeal",
                "response",
                "unowed",
                "extension",
                "moved",
                "bill",
                "family",
                "relatives",
                "debts",
                "settled",
                "turns",
                "pending",
            ),
        )
    )
    last = 0
    while batch := list(rows.filter(pk__gt=last)[:_BATCH]):
        for row in batch:
            petition_id, state, *_, pending = row
            today = now.date() if state == "open" or pending else None
            digest = sha256(repr((row, today)).encode()).hexdigest()[:32]
            yield petition_id, bool(row[5]), digest
        last = batch[-1][0]


def _newest(model: type, place: str) -> Subquery:
    rows = model.objects.filter(**{place: OuterRef("pk")}).order_by("-pk")  # type: ignore[attr-defined]
    return Subquery(rows.values("pk")[:1])
