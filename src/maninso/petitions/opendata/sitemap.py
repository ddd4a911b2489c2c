"""Which petitions there are, for those who look for all of them: in parts that stay the same while new ones come."""

import datetime as dt

from django.db.models import F, IntegerField, Max
from django.db.models.functions import Cast

from maninso.petitions.access.rows import LISTED
from maninso.petitions.models import Petition

PART = 5000  # numbers of petitions; a sitemap may name 50,000 addresses, and this many fit into a web process's memory


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
