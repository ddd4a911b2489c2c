"""What is signed most just now."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import F

from maninso.petitions.discovery.order import in_the_last_hour
from maninso.petitions.models import Petition

_MOST = 10


@dataclass(frozen=True, kw_only=True)
class Trending:
    """An open petition and how many signed it in the last hour."""

    petition_id: int
    title: str
    signatures: int


def list_trending(*, now: dt.datetime) -> tuple[Trending, ...]:
    """Return the ten open petitions that most people signed in the last hour, the most signed first.

    Those that nobody signed are not among them.
    """
    rows = (
        Petition.objects.filter(state="open")
        .annotate(by_hour=in_the_last_hour(now))
        .filter(by_hour__gte=1)
        .order_by(F("by_hour").desc(), "-pk")
        .values_list("pk", "title", "by_hour")[:_MOST]
    )
    return tuple(Trending(petition_id=pk, title=title, signatures=int(by_hour)) for pk, title, by_hour in rows)
