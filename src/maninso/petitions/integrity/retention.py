"""Forgets who signed, when the charter says so: the key of a petition's nullifiers and the evidence are destroyed.

What stays are random numbers: the log's bytes, roots, proofs and receipts are what they were, and the log says when it
happened. A sealed key in an old backup of the database opens no more, since half of what opens it was a file outside
the database (maninso.run.settings.petition_key_file), and that file is gone.
"""

import datetime as dt
import os
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction

from maninso.charter import retention_ends_at
from maninso.petitions.access.rules import read_charter_version
from maninso.petitions.models import Petition
from maninso.signing.gate import destroy_key
from maninso.signing.queries import QUERIES


def destroy_due_keys(*, now: dt.datetime) -> int:
    """Destroy the keys of all petitions whose retention has ended, each in a transaction; return how many.

    Interrupted at any point, the next call does the rest: the file goes first, and the log says so last.
    """
    with connection.cursor() as cursor:
        cursor.execute(QUERIES["list_kept_keys"])
        kept = [petition_id for (petition_id,) in cursor.fetchall()]
    closed = Petition.objects.filter(pk__in=kept, closed_at__lte=now).select_related("charter")
    due = [
        petition.pk
        for petition in closed.only("closed_at", "charter__digest", "charter__charter_id").order_by("pk")
        if petition.closed_at is not None
        and retention_ends_at(read_charter_version(petition.charter), closed_at=petition.closed_at) <= now
    ]
    return sum(destroy_petition_key(petition_id, now=now) for petition_id in due)


def destroy_petition_key(petition_id: int, *, now: dt.datetime) -> bool:
    """Destroy one petition's key and evidence; False where it was done before, or the petition is not closed."""
    with transaction.atomic(), connection.cursor() as cursor:
        destroyed = destroy_key(cursor, petition_id=petition_id, now=now)
        if destroyed:
            delete_for_good(settings.MANINSO_PETITION_KEY_FILE(petition_id))
    return destroyed


def delete_for_good(file: Path) -> None:
    """Delete a file so that it does not come back after a power cut; one that is gone already is no error."""
    file.unlink(missing_ok=True)
    if file.parent.exists():
        folder = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
