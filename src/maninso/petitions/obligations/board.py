"""The public board: what is owed and what came of it, by institution, and how well each keeps its word."""

import datetime as dt
from dataclasses import dataclass

from django.db import connection
from django.db.models import Case, Count, F, FloatField, Q, When
from django.db.models.functions import Cast

from maninso.petitions.access.build import build_cards, build_obligation
from maninso.petitions.access.rows import NEXT_NEEDED, SIGNATURES, card_rows, obligation_rows, overdue
from maninso.petitions.access.rules import read_charter_version, words
from maninso.petitions.access.views import ObligationView, PetitionCard, Words
from maninso.petitions.models import CharterVersion, Obligation

STATUSES = ("all", "owed", "overdue", "kept", "declined", "lapsed")

_MOST_ROWS = 500
_NEAREST = 5


@dataclass(frozen=True, kw_only=True)
class Score:
    """How one institution keeps its word. Debts whose day is not binding count as owed and kept, never as late."""

    institution: str  # the charter's id
    name: Words
    owed: int  # overdue ones included
    overdue: int
    kept: int
    kept_late: int
    declined: int
    median_days: float | None  # from the signature that met the threshold to the answer, of those that were answered

    @property
    def on_time(self) -> int | None:
        """Percent of the answers whose day has come, or that came, that were there by their day; None: none yet."""
        came = self.kept + self.overdue
        return (self.kept - self.kept_late) * 100 // came if came else None


@dataclass(frozen=True, kw_only=True)
class Board:
    """What is owed and what came: rows most late first, and how many there are in each state."""

    rows: tuple[ObligationView, ...]  # at most 500
    status: str
    institution: str  # whose rows; "" for all
    owed: int  # overdue ones included
    overdue: int
    kept: int
    declined: int
    nearest: tuple[PetitionCard, ...]  # open petitions nearest to their next threshold
    scores: tuple[Score, ...]  # of every institution that ever owed something, the most overdue first


_SCORES = """\
SELECT c.charter_id, max(c.id),
    count(*) FILTER (WHERE o.state = 'owed'),
    count(*) FILTER (WHERE o.state = 'owed' AND o.binding AND o.due_at <= %(now)s),
    count(*) FILTER (WHERE o.state = 'kept'),
    count(*) FILTER (WHERE o.state = 'kept' AND o.binding AND o.due_at <= o.settled_at),
    count(*) FILTER (WHERE o.state = 'declined'),
    percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM o.settled_at - o.met_at) / 86400)
        FILTER (WHERE o.state = 'kept')
FROM petitions_obligation o
    JOIN petitions_petition p ON p.id = o.petition_id
    JOIN petitions_charterversion c ON c.id = p.charter_id
GROUP BY c.charter_id
ORDER BY 4 DESC, 3 DESC, 1
"""


def board(*, now: dt.datetime, status: str = "all", institution: str = "") -> Board:
    """Return what is owed and what came, most late first; an unknown status or institution shows all."""
    scores = read_scores(now=now)
    institution = institution if institution in {score.institution for score in scores} else ""
    status = status if status in STATUSES else "all"
    wanted = {"all": Q(), "overdue": overdue(now)}.get(status, Q(state=status))
    urgency = Case(When(state="owed", then=0), default=1)
    rows = (
        obligation_rows()
        .filter(wanted, **({"petition__charter__charter_id": institution} if institution else {}))
        .order_by(
            urgency, Case(When(state="owed", then=F("due_at"))).asc(nulls_last=True), F("settled_at").desc(), "pk"
        )[:_MOST_ROWS]
    )
    totals = count_obligations(now=now)
    return Board(
        rows=tuple(build_obligation(row, now=now) for row in rows),
        status=status,
        institution=institution,
        owed=totals["owed"],
        overdue=totals["overdue"],
        kept=totals["kept"],
        declined=totals["declined"],
        nearest=nearest_threshold(now=now),
        scores=scores,
    )


def read_scores(*, now: dt.datetime) -> tuple[Score, ...]:
    """Return how each institution that ever owed something keeps its word, the most overdue first."""
    with connection.cursor() as cursor:
        cursor.execute(_SCORES, {"now": now})
        rows = cursor.fetchall()
    versions = CharterVersion.objects.defer("source").in_bulk([row[1] for row in rows])
    return tuple(
        Score(
            institution=charter_id,
            name=words(read_charter_version(versions[version]).institution),
            owed=owed,
            overdue=late,
            kept=kept,
            kept_late=kept_late,
            declined=declined,
            median_days=float(days) if days is not None else None,
        )
        for charter_id, version, owed, late, kept, kept_late, declined, days in rows
    )


def count_obligations(*, now: dt.datetime) -> dict[str, int]:
    """Return how many obligations are owed (overdue ones included), overdue, kept and declined."""
    return Obligation.objects.aggregate(
        owed=Count("pk", filter=Q(state="owed")),
        overdue=Count("pk", filter=overdue(now)),
        kept=Count("pk", filter=Q(state="kept")),
        declined=Count("pk", filter=Q(state="declined")),
    )


def nearest_threshold(*, now: dt.datetime) -> tuple[PetitionCard, ...]:
    """Return cards of the open petitions nearest to their next threshold, nearest first."""
    rows = (
        card_rows()
        .filter(state="open")
        .annotate(next_needed=NEXT_NEEDED)
        .filter(next_needed__isnull=False)
        .order_by((Cast(SIGNATURES, FloatField()) / F("next_needed")).desc(), "closes_at", "pk")[:_NEAREST]
    )
    return build_cards(rows, now=now)
