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
from typing import Any

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
from maninso.petitions.models import Obligation, Petition, SigningTally

_HOUR = 3600
_NEVER = dt.datetime(1900, 1, 1, tzinfo=dt.UTC)  # petitions that never opened come last
_FAR_OFF = dt.datetime(9000, 1, 1, tzinfo=dt.UTC)
_LONGEST_KEY = 400  # characters


@dataclass(frozen=True)
class Key:
    """Where a page begins: behind the petition with these values, or before it where `backwards`."""

    values: tuple[Any, ...]
    backwards: bool = False


@dataclass(frozen=True)
class Order:
    """The columns that a list is ordered by, each with whether it falls; the petition's number is always the last."""

    columns: Sequence[tuple[str, Expression, bool]]

    def annotate(self, rows: "QuerySet[Petition]") -> "QuerySet[Petition]":
        """Give the rows the columns, named `by_...`."""
        return rows.annotate(**{name: expression for name, expression, _ in self.columns})

    def sort(self, rows: "QuerySet[Petition]", *, backwards: bool = False) -> "QuerySet[Petition]":
        """Return annotated rows in this order."""
        falling = [(name, falls) for name, _, falls in self.columns] + [("pk", True)]
        return rows.order_by(*(f"-{name}" if falls is not backwards else name for name, falls in falling))

    def start(self, rows: "QuerySet[Petition]", key: Key) -> "QuerySet[Petition]":
        """Return those annotated rows that follow the key's petition, or precede it."""
        names = [(name, falls) for name, _, falls in self.columns] + [("pk", True)]
        beyond, equal = Q(), Q()
        for (name, falls), value in zip(names, key.values, strict=True):
            beyond |= equal & Q(**{f"{name}__{'lt' if falls is not key.backwards else 'gt'}": value})
            equal &= Q(**{name: value})
        return rows.filter(beyond)

    def place(self, values: Sequence[Any]) -> tuple[Any, ...]:
        """Return what numbers of the columns, the petition's at the end, sort by in this order."""
        falling = [*(falls for _, _, falls in self.columns), True]
        return tuple(-value if falls else value for value, falls in zip(values, falling, strict=True))


def choose_order(sort: str, *, now: dt.datetime) -> Order:
    """Return the order of a list. That of `relevance` is by a score that is no column of the database."""
    opened = ("by_opening", _seconds(Coalesce(F("opened_at"), Value(_NEVER))), True)
    count = ("by_count", SIGNATURES, True)
    match sort:
        case "newest":
            return Order([opened])
        case "ending":
            running = Case(When(state="open", closes_at__gt=now, then=Value(0)), default=Value(1))
            # Those that run end soonest first, the others ended latest first.
            ends = Case(
                When(state="open", closes_at__gt=now, then=_seconds(F("closes_at"))),
                default=-_seconds(Coalesce(F("closed_at"), F("closes_at"), Value(_NEVER))),
                output_field=FloatField(),
            )
            return Order([("by_running", running, False), ("by_end", ends, False)])
        case "trending":
            return Order([("by_hour", in_the_last_hour(now), True), count])
        case "created":
            return Order([("by_creation", _seconds(F("created_at")), True)])
        case "waiting":
            return Order([("by_wait", _of_obligation("met_at", Q(state="owed"), _FAR_OFF, first="met_at"), False)])
        case "settled":
            settled = _of_obligation("settled_at", Q(settled_at__isnull=False), _NEVER, first="-settled_at")
            unowed = Subquery(unowed_answers().order_by("-published_at").values("published_at")[:1])
            return Order([("by_settling", Greatest(settled, _seconds(Coalesce(unowed, Value(_NEVER)))), True)])
        case "relevance":
            return Order([("by_score", Value(0.0), True)])
    return Order([count, opened])


def _seconds(moment: Combinable) -> Expression:
    return Cast(Extract(moment, "epoch"), FloatField())


def _of_obligation(moment: str, which: Q, otherwise: dt.datetime, *, first: str) -> Expression:
    """Return a moment of the first obligation of this kind; petitions without one come last."""
    obligations = Obligation.objects.filter(which, petition=OuterRef("pk")).order_by(first)
    return _seconds(Coalesce(Subquery(obligations.values(moment)[:1]), Value(otherwise)))


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
    return Key(tuple(values), bool(backwards))
