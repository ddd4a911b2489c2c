"""Which petitions there are, for those who look for all of them: in parts that stay the same while new ones come."""

import datetime as dt

from django.db.models import F, IntegerField, Max
from django.db.models.functions import Cast, Coalesce

from maninso.petitions.access.rows import LISTED
from maninso.petitions.models import Bill, Petition, Response

PART = 5000  # numbers of petitions; a sitemap may name 50,000 addresses, and this many fit into a web process's memory
MOST_BILLS = 50_000


def list_parts() -> tuple[tuple[int, dt.datetime], ...]:
    """Return each part that has a listed petition, by its number from 0, and when one in it changed last."""
    rows = (
        Petition.objects.filter(LISTED)
        .annotate(part=Cast((F("pk") - 1) / PART, IntegerField()))
        .values_list("part")
        .annotate(changed=Max("updated_at"))
        .order_by("part")
    )
    return tuple((part, changed) for part, changed in rows)


def list_part(part: int) -> tuple[tuple[int, dt.datetime], ...]:
    """Return the listed petitions of a part by number, and when each changed its state last."""
    rows = Petition.objects.filter(LISTED, pk__gt=part * PART, pk__lte=(part + 1) * PART).order_by("pk")
    return tuple(rows.values_list("pk", "updated_at"))


def list_answered(part: int) -> tuple[tuple[int, dt.datetime], ...]:
    """Return the listed petitions of a part that were answered, and when the newest version of an answer came."""
    rows = Petition.objects.filter(LISTED, pk__gt=part * PART, pk__lte=(part + 1) * PART)
    answered = Response.objects.annotate(of=Coalesce("obligation__petition", "petition")).filter(of__in=rows)
    return tuple(answered.values_list("of").annotate(at=Max("published_at")).order_by("of"))


def list_bills() -> tuple[tuple[int, dt.datetime], ...]:
    """Return as many bills, rulings and refusals as a sitemap holds, the newest first, and when each changed last."""
    return tuple(Bill.objects.order_by("-pk").values_list("pk", "changed_at")[:MOST_BILLS])
