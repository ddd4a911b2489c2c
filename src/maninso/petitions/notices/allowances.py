"""How often somebody may ask for something, counted by keyed digests that say nothing about them."""

import datetime as dt
import hmac

from django.conf import settings
from django.db import connection

from maninso.identity.ticket import derive_key
from maninso.petitions.models import Allowance

MOST_MESSAGES = 5
"""Messages that ask one mailbox to confirm one signature (or one subscription), ever."""

_LENGTH = 16  # bytes of a key

_TAKE = """
INSERT INTO petitions_allowance (key, used, until) VALUES (%(key)s, 1, %(until)s)
ON CONFLICT (key) DO UPDATE SET used = petitions_allowance.used + 1 WHERE petitions_allowance.used < %(most)s
"""


def take_allowance(what: str, *, most: int, until: dt.datetime) -> bool:
    """Count one more of `what`, a text that names who asks for what; whether it is within `most`.

    Of two at once one waits for the other, so that no more are let through. The count is kept until `until`.
    """
    secret = derive_key(settings.MANINSO_SUBJECT_SECRET(), purpose="allowance")
    key = hmac.digest(secret, what.encode(), "sha256")[:_LENGTH]
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, {"key": key, "until": until, "most": most})
        return bool(cursor.rowcount == 1)


def drop_lapsed_allowances(*, now: dt.datetime) -> int:
    """Delete the counts that are of no use any more; return how many."""
    deleted, _ = Allowance.objects.filter(until__lte=now).delete()
    return deleted
