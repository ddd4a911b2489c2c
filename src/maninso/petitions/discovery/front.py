"""What the front page shows."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import F, Sum

from maninso.petitions.access.build import build_cards, build_obligation
from maninso.petitions.access.rows import LISTED, card_rows, obligation_rows
from maninso.petitions.access.views import ObligationView, PetitionCard
from maninso.petitions.models import Petition, SigningTree
from maninso.petitions.obligations import count_obligations, nearest_threshold

_ON_FRONT_PAGE = 5


@dataclass(frozen=True, kw_only=True)
class Totals:
    """The whole site in numbers; `signatures` are those of our own ledgers, less voids."""

    petitions: int
    signatures: int
    owed: int  # overdue ones included
    overdue: int
    kept: int


@dataclass(frozen=True, kw_only=True)
class FrontPage:
    """What the front page shows, five of each at most."""

    nearest: tuple[PetitionCard, ...]
    owed: tuple[ObligationView, ...]  # most late first
    answered: tuple[ObligationView, ...]  # latest first
    newest: tuple[PetitionCard, ...]
    totals: Totals


def front_page(*, now: dt.datetime) -> FrontPage:
    """Return what the front page shows."""
    owed = obligation_rows().filter(state="owed").order_by(F("due_at").asc(nulls_last=True), "pk")
    answered = obligation_rows().filter(state="kept").order_by("-settled_at", "pk")
    newest = card_rows().filter(state="open").order_by("-opened_at", "-pk")
    obligations = count_obligations(now=now)
    return FrontPage(
        nearest=nearest_threshold(now=now),
        owed=tuple(build_obligation(row, now=now) for row in owed[:_ON_FRONT_PAGE]),
        answered=tuple(build_obligation(row, now=now) for row in answered[:_ON_FRONT_PAGE]),
        newest=build_cards(newest[:_ON_FRONT_PAGE], now=now),
        totals=Totals(
            petitions=Petition.objects.filter(LISTED).count(),
            signatures=SigningTree.objects.aggregate(total=Sum("count"))["total"] or 0,
            owed=obligations["owed"],
            overdue=obligations["overdue"],
            kept=obligations["kept"],
        ),
    )
