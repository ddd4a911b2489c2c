"""How a petition's count grew, in stretches few enough for a chart: one question to the database, a bounded answer."""

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.db.models import F, Sum

from maninso.petitions.access.views import PetitionView
from maninso.petitions.models import SigningTally

MOST_STRETCHES = 120
_HOURS = (1, 2, 3, 4, 6, 8, 12, 24, 168)  # of a stretch: they divide a day or are a week


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """A stretch of time in which somebody signed, on the clock of the petition's charter.

    The ledger tells hours from the opening on; here they count from the full hour before it.
    """

    begins: dt.datetime
    ends: dt.datetime
    added: int  # signatures of this time less those of them that are void by now
    count: int  # with all before it


def read_curve(view: PetitionView, *, now: dt.datetime) -> tuple[Stretch, ...]:
    """Return the stretches of a petition's time with signatures, the first one first, by its last checkpoint.

    There are none before it opened, and none where another site counted.
    """
    if view.opened_at is None or view.ledger is None:
        return ()
    opened = view.opened_at.astimezone(ZoneInfo(view.time_zone))
    lasted = ((view.closed_at or now) - view.opened_at) / dt.timedelta(hours=1)
    hours = next((each for each in _HOURS if lasted <= each * MOST_STRETCHES), _HOURS[-1])
    midnight = opened.replace(hour=0, minute=0, second=0, microsecond=0)
    rows = (
        SigningTally.objects.filter(petition_id=view.petition_id)
        .values_list((F("hour") + opened.hour) / hours)
        .annotate(added=Sum(F("signatures") - F("voids")))
        .order_by((F("hour") + opened.hour) / hours)
    )
    stretches, count = [], 0
    for number, added in rows:
        count += added
        begins = midnight + dt.timedelta(hours=number * hours)  # on the clock there
        ends = begins + dt.timedelta(hours=hours)
        stretches.append(Stretch(begins=max(begins, opened), ends=ends, added=added, count=count))
    return tuple(stretches)
