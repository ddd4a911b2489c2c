"""The queries behind the read models: which petitions are public, and each with what it is shown with."""

import datetime as dt

from django.db.models import BigIntegerField, Exists, F, Func, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Left, Mod

from maninso.petitions.models import Obligation, Petition, Response, ResponseDocument, SigningThreshold, StateChange

LISTED = Q(state__in=("open", "closed", "rejected")) | Q(state="withdrawn", opened_at__isnull=False)
"""Petitions that lists and searches show. Removed ones are found by their number only, as tombstones."""

READABLE_STATES = frozenset({"open", "closed", "rejected", "withdrawn"})

SIGNATURES = Coalesce(F("tree__count"), F("reported_count"), 0, output_field=BigIntegerField())
"""The public number: of our own ledger, else as another site reported it."""

NEXT_NEEDED = Func(F("needed"), SIGNATURES, function="petition_next_needed", output_field=BigIntegerField())
"""Signatures of the next threshold that the count does not reach; NULL where it reaches all."""

STANDS_SINCE = Coalesce(F("turned_at"), F("met_at"))
"""When a standing threshold was met, the last time."""

STANDING_ANSWERS = Q(reply=None) | ~Q(reply__state="retracted")
"""Responses that were not taken back."""

DOCUMENTS = Prefetch(
    "documents", queryset=ResponseDocument.objects.select_related("document").defer("document__content")
)
"""The documents of responses, without their bytes."""

UNOWED_ANSWERS = Prefetch(
    "responses",
    queryset=Response.objects.filter(STANDING_ANSWERS).prefetch_related(DOCUMENTS).order_by("published_at", "pk"),
    to_attr="unowed",
)
"""Standing answers to petitions to which nothing is owed, the newest version last."""

# As a list, not behind a manager: making one for every petition takes longer than the query.
THRESHOLDS = Prefetch("thresholds", to_attr="threshold_rows")
"""What a petition's thresholds came to."""

BEGINNING = Left("body", 400)  # of the text: a card's summary is made from it


def is_readable(petition: Petition) -> bool:
    """Whether the petition's text is public."""
    if petition.state == "withdrawn":
        return petition.opened_at is not None
    return petition.state in READABLE_STATES


def overdue(now: dt.datetime) -> Q:
    """Obligations whose day has passed without an answer."""
    return Q(state="owed", binding=True, due_at__lte=now)


def standing_thresholds() -> "QuerySet[SigningThreshold]":
    """Thresholds that are met and that no voids have undone."""
    return SigningThreshold.objects.filter(met_index__isnull=False).alias(odd=Mod("turns", 2)).filter(odd=0)


def petition_rows() -> "QuerySet[Petition]":
    """Petitions with all that their own page shows, in a fixed number of queries."""
    handed_in = StateChange.objects.filter(petition=OuterRef("pk"), new="moderation").order_by("pk")
    return (
        Petition.objects.annotate(moderation_at=Subquery(handed_in.values("at")[:1]))
        .select_related("charter", "tree", "gate")
        .defer("charter__source")
        .prefetch_related(THRESHOLDS, UNOWED_ANSWERS, Prefetch("obligations", queryset=_debts(), to_attr="debts"))
    )


def card_rows(which: Q = LISTED) -> "QuerySet[Petition]":
    """Petitions (the listed ones) with all that their cards show, in a fixed number of queries."""
    return (
        Petition.objects.filter(which)
        .annotate(beginning=BEGINNING, unowed=Exists(unowed_answers()))
        .select_related("charter", "tree")
        .defer("charter__source", "body")
        .prefetch_related(THRESHOLDS, Prefetch("obligations", to_attr="debts"))
    )


def unowed_answers() -> "QuerySet[Response]":
    """Standing answers to the petition of an outer query, to which nothing is owed."""
    return Response.objects.filter(STANDING_ANSWERS, petition=OuterRef("pk"))


def obligation_rows() -> "QuerySet[Obligation]":
    """Obligations with all that the board shows, in a fixed number of queries."""
    return (
        _debts()
        .select_related("petition__charter", "petition__tree")
        .defer("petition__charter__source", "petition__body")
    )


def _debts() -> "QuerySet[Obligation]":
    """The same without their petitions, for those of a petition that was read: Django gives them that very one."""
    return (
        Obligation.objects.select_related("response")
        .prefetch_related("extensions", "due_changes", Prefetch("response__documents", queryset=DOCUMENTS.queryset))
        .order_by("pk")
    )
