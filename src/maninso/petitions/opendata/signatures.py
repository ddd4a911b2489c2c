"""A petition's signatures as the public may have them: what the ledger's entries say, and nothing about anybody."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection

from maninso.petitions.access.find import LARGEST_ID
from maninso.petitions.models import Petition
from maninso.signing.queries import QUERIES

BATCH = 20_000  # leaves

Row = tuple[int, dt.date, str | None, int, int | None]
"""Leaf, day (UTC) of its time bucket, region's code, assurance, reason of the void that takes it out of the count."""


@dataclass(frozen=True, kw_only=True)
class Signatures:
    """The signatures that a petition's last checkpoint covers; `size` counts its entries."""

    petition_id: int
    size: int
    opened_at: dt.datetime
    bucket_seconds: int
    regions: tuple[str, ...]

    def read(self) -> Iterator[list[Row]]:
        """Yield the signatures in the order of the ledger, some thousand at a time."""
        first = int(self.opened_at.timestamp())
        days: dict[int, dt.date] = {}
        for start in range(0, self.size, BATCH):
            given = {
                "petition_id": self.petition_id,
                "first": start,
                "until": min(start + BATCH, self.size),
                "end": self.size,
            }
            with connection.cursor() as cursor:
                cursor.execute(QUERIES["export_signatures"], given)
                found = cursor.fetchall()
            rows: list[Row] = []
            for leaf, method, region, bucket, reason in found:
                day = days.get(bucket)
                if day is None:
                    moment = dt.datetime.fromtimestamp(first + bucket * self.bucket_seconds, dt.UTC)
                    day = days[bucket] = moment.date()
                rows.append((leaf, day, self.regions[region] or None, method, reason))
            yield rows


def find_signatures(petition_id: int) -> Signatures | None:
    """Return a petition's signatures at its last checkpoint; None where it has no ledger."""
    if not 0 < petition_id <= LARGEST_ID:
        return None
    petition = Petition.objects.select_related("tree", "gate").filter(pk=petition_id, tree__isnull=False).first()
    if petition is None or petition.opened_at is None or petition.tree.published_at is None:
        return None
    with connection.cursor() as cursor:
        cursor.execute(QUERIES["read_void_gate"], {"petition_id": petition_id, "now": petition.opened_at})
        _, opened_at, bucket_seconds = cursor.fetchone()
    return Signatures(
        petition_id=petition_id,
        size=petition.tree.size,
        opened_at=opened_at,
        bucket_seconds=bucket_seconds,
        regions=tuple(petition.gate.regions),
    )
