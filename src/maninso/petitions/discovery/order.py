"""The orders of lists, and keys that say where in an order a page begins.

A key holds the values that the last petition of a page is ordered by. So the next page is found by an index or a
comparison, however far down the list it is, and petitions that come in above meanwhile move nothing.
"""

import base64
import binascii
import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import (
    Case,
    Expression,
    F,
    FloatField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce, Extract, Floor, Greatest

from maninso.petitions.access.rows import SIGNATURES, unowed_answers
from maninso.petitions.models import NEVER, OPENED, Obligation, Petition, Response, SigningTally

_HOUR = 3600
_FAR_OFF = dt.datetime(9000, 1, 1, tzinfo=dt.UTC)
_LONGEST_KEY = 400  # characters


@dataclass(frozen=True)
class Key:
    """Where a page begins: behind the petition with these values, or before it where `backwards`."""

    values: tuple[Any, ...]
    backwards: bool = False


class Column(NamedTuple):
    """What a list is ordered by. Moments stay moments in the database, as its indexes have them, and are seconds here.

    They are seconds since 1970 in keys, which hold numbers alone.
    """

    name: str  # of the annotation: `by_...`
    expression: Combinable
    falls: bool
    is_moment: bool = False


@dataclass(frozen=True)
class Order:
    """The columns that a list is ordered by; the petition's number is always the last, and falls."""

    columns: Sequence[Column]

    def annotate(self, rows: "QuerySet[Petition]") -> "QuerySet[Petition]":
        """Give the rows the columns."""
        return rows.annotate(**{column.name: column.expression for column in self.columns})

    def read(self, rows: "QuerySet[Petition]") -> list[tuple[Any, ...]]:
        """Return the numbers that annotated rows are ordered by, the petition's at the end."""
        moments = {at for at, column in enumerate(self.columns) if column.is_moment}
        return [
            tuple(value.timestamp() if at in moments else value for at, value in enumerate(values))
            for values in rows.values_list(*(column.name for column in self.columns), "pk")
        ]

    def sort(self, rows: "QuerySet[Petition]", *, backwards: bool = False) -> "QuerySet[Petition]":
        """Return annotated rows in this order."""
        falling = [(column.name, column.falls) for column in self.columns] + [("pk", True)]
        return rows.order_by(*(f"-{name}" if falls is not backwards else name for name, falls in falling))

    def start(self, rows: "QuerySet[Petition]", key: Key) -> "QuerySet[Petition]":
        """Return those annotated rows that follow the key's petition, or precede it.

        The condition on the first column alone says nothing new: it is what an index begins at.
        """
        beyond, equal, first = Q(), Q(), Q()
        for column, number in zip((*self.columns, Column("pk", F("pk"), falls=True)), key.values, strict=True):
            value = dt.datetime.fromtimestamp(number, dt.UTC) if column.is_moment else number
            towards = "lt" if column.falls is not key.backwards else "gt"
            first = first or Q(**{f"{column.name}__{towards}e": value})
            beyond |= equal & Q(**{f"{column.name}__{towards}": value})
            equal &= Q(**{column.name: value})
        return rows.filter(first, beyond)

    def place(self, values: Sequence[Any]) -> tuple[Any, ...]:
        """Return what numbers of the columns, the petition's at the end, sort by in this order."""
        falling = [*(column.falls for column in self.columns), True]
        return tuple(-value if falls else value for value, falls in zip(values, falling, strict=True))


def choose_order(sort: str, *, now: dt.datetime) -> Order:
    """Return the order of a list. That of `relevance` is by a score that is no column of the database."""
    opened = Column("by_opening", OPENED, falls=True, is_moment=True)
    count = Column("by_count", SIGNATURES, falls=True)
    match sort:
        case "newest":
            return Order([opened])
        case "ending":
            running = Case(When(state="open", closes_at__gt=now, then=Value(0)), default=Value(1))
            # Those that run end soonest first, the others ended latest first.
            ends = Case(
                When(state="open", closes_at__gt=now, then=_seconds(F("closes_at"))),
                default=-_seconds(Coalesce(F("closed_at"), F("closes_at"), Value(NEVER))),
                output_field=FloatField(),
            )
            return Order([Column("by_running", running, falls=False), Column("by_end", ends, falls=False)])
        case "trending":
            return Order([Column("by_hour", in_the_last_hour(now), falls=True), count])
        case "created":
            return Order([Column("by_creation", F("created_at"), falls=True, is_moment=True)])
        case "waiting":
            wait = _of_obligation("met_at", Q(state="owed"), _FAR_OFF, first="met_at")
            return Order([Column("by_wait", wait, falls=False)])
        case "settled":
            settled = _of_obligation("settled_at", Q(settled_at__isnull=False), NEVER, first="-settled_at")
            answers = unowed_answers().order_by("-published_at").values("published_at")[:1]
            unowed = _where_there_is(Response.objects.exclude(petition=None), answers, NEVER)
            return Order([Column("by_settling", Greatest(settled, unowed), falls=True)])
        case "relevance":
            return Order([Column("by_score", Value(0.0), falls=True)])
    return Order([count, opened])


def _seconds(moment: Combinable) -> Expression:
    return Cast(Extract(moment, "epoch"), FloatField())


def _of_obligation(moment: str, which: Q, otherwise: dt.datetime, *, first: str) -> Expression:
    """Return a moment of the first obligation of this kind; petitions without one come last."""
    obligations = Obligation.objects.filter(which, petition=OuterRef("pk")).order_by(first)
    return _where_there_is(Obligation.objects.filter(which), obligations.values(moment)[:1], otherwise)


def _where_there_is(which: "QuerySet[Any]", moments: "QuerySet[Any]", otherwise: dt.datetime) -> Expression:
    """Return a moment of a petition's rows; it is looked for only where `which`, of all petitions, has a row of it."""
    there = When(pk__in=which.values("petition"), then=_seconds(Subquery(moments)))
    return Case(there, default=Value(otherwise.timestamp()), output_field=FloatField())


def in_the_last_hour(now: dt.datetime) -> Expression:
    """Signatures of the last 60 minutes: those of the running hour since the opening, and of the hour before its part.

    Tallies are kept by the hour; the part assumes that people signed evenly in the hour before.
    """
    elapsed = Extract(Value(now) - OuterRef("opened_at"), "epoch")
    running = Floor(elapsed / _HOUR)
    part = 1.0 - (elapsed / _HOUR - running)
    tallies = (
        SigningTally.objects.filter(petition=OuterRef("pk"), hour__gte=running - 1)
        .annotate(
            counted=Case(
                When(hour=running - 1, then=(F("signatures") - F("voids")) * part),
                default=F("signatures") - F("voids"),
                output_field=FloatField(),
            )
        )
        .order_by()
        .values("petition")
        .annotate(total=Sum("counted"))
        .values("total")
    )
    # On a large site nearly all petitions have closed long ago: their tallies are not looked for.
    recent = Q(closed_at=None) | Q(closed_at__gte=now - dt.timedelta(hours=2))
    counted = Case(When(recent, then=Subquery(tallies)), default=None, output_field=FloatField())
    return Coalesce(counted, 0.0, output_field=FloatField())


def write_key(key: Key) -> str:
    """Return a key as it stands in an address."""
    text = json.dumps([int(key.backwards), *key.values], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_key(text: str, order: Order) -> Key | None:
    """Return the key that an address holds; None where it is none of this order."""
    if not text or len(text) > _LONGEST_KEY or not text.isascii():
        return None
    try:
        backwards, *values = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, TypeError, RecursionError):
        return None
    if len(values) != len(order.columns) + 1 or backwards not in (0, 1):
        return None
    if not all(type(value) in (int, float) and abs(value) < 2**63 for value in values):
        return None
    moments = [value for value, column in zip(values, order.columns, strict=False) if column.is_moment]
    if not all(NEVER.timestamp() <= moment <= _FAR_OFF.timestamp() for moment in moments):
        return None
    return Key(tuple(values), bool(backwards))
