"""How a petition's count came about: signatures and voids by the hour since it opened."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Sum

from maninso.petitions.access.find import LARGEST_ID
from maninso.petitions.access.rules import read_charter_version
from maninso.petitions.models import Petition, SigningTally


@dataclass(frozen=True, kw_only=True)
class Step:
    """What was signed in an hour, and how many of those signatures are void by now."""

    at: dt.datetime  # the hour's beginning
    signatures: int
    voids: int


@dataclass(frozen=True, kw_only=True)
class Series:
    """A petition's hours with signatures, the first one first, by its ledger's last checkpoint."""

    petition_id: int
    time_zone: str
    steps: tuple[Step, ...]


def read_series(petition_id: int) -> Series | None:
    """Return a petition's hours; none before it opens and where another site counted. None: no such petition."""
    if not 0 < petition_id <= LARGEST_ID:
        return None
    petition = Petition.objects.select_related("charter").filter(pk=petition_id).exclude(state="draft").first()
    if petition is None:
        return None
    opened_at = petition.opened_at
    hours = (
        SigningTally.objects.filter(petition=petition)
        .values_list("hour")
        .annotate(signed=Sum("signatures"), voided=Sum("voids"))
        .order_by("hour")
    )
    return Series(
        petition_id=petition_id,
        time_zone=read_charter_version(petition.charter).time_zone,
        steps=tuple(
            Step(at=opened_at + dt.timedelta(hours=hour), signatures=signed, voids=voided)
            for hour, signed, voided in (hours if opened_at else ())
            if opened_at is not None
        ),
    )
