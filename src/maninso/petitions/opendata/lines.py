"""Gives the presidential petition site's archive back in the form in which it came: JSON lines, one a petition."""

import datetime as dt
import json
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from maninso.petitions.access.rows import LISTED
from maninso.petitions.access.rules import read_charter_version
from maninso.petitions.models import Petition
from maninso.petitions.opendata.bluehouse import SOURCE

_BATCH = 500


def write_blue_house() -> Iterator[bytes]:
    """Yield the lines of what was imported from there and is public, some hundred at a time, by our numbers.

    Importing them anew changes nothing.
    """
    rows = Petition.objects.filter(LISTED, source=SOURCE).select_related("charter").order_by("pk")
    last = 0
    while batch := list(rows.filter(pk__gt=last)[:_BATCH]):
        yield b"".join(_line(petition) for petition in batch)
        last = batch[-1].pk


def _line(petition: Petition) -> bytes:
    zone = ZoneInfo(read_charter_version(petition.charter).time_zone)
    if petition.opened_at is None or petition.closes_at is None:
        raise AssertionError(f"petition {petition.pk} was imported without its days")
    record = {
        "category": petition.topic,
        "begin": petition.opened_at.astimezone(zone).date().isoformat(),
        "end": (petition.closes_at.astimezone(zone) - dt.timedelta(microseconds=1)).date().isoformat(),
        "content": petition.body,
        "num_agree": petition.reported_count,
        "petition_idx": petition.source_id,
        "status": petition.source_status,
        "title": petition.title,
    }
    return json.dumps(record, ensure_ascii=False).encode() + b"\n"
