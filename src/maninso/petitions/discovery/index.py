"""Keeps what petitions are found by: grams at once, how rare each is now and then, vectors as fast as they come.

Triggers write down which petition is due (migration 0010); this job takes it from there in small transactions. It may
run anywhere, twice at a time, and be broken off: what is not done stays due.
"""

import datetime as dt
import hashlib
import threading
import time
from collections.abc import Sequence

from django.db import connection, transaction
from django.db.models import Count, Q
from django.db.models.functions import Coalesce

from maninso.petitions.access.rows import LISTED, STANDING_ANSWERS
from maninso.petitions.discovery.grams import Weights, lead_of, petition_grams
from maninso.petitions.discovery.spelling import count_words
from maninso.petitions.discovery.sql import QUERIES
from maninso.petitions.models import (
    BillPetition,
    GramCount,
    GramFrequency,
    Petition,
    PetitionSearch,
    Response,
    SearchDue,
)

BATCH = 100  # petitions a transaction
_FRESH = 30.0  # seconds for which a process believes the frequencies that it has read
_SAMPLE = 20_000  # petitions that are enough to tell how rare a gram is
_GROWN = 1.1  # times as many petitions as were counted: then it is time to count again
_LAG = 20  # petitions more or fewer than counted that change nothing
_LONE = 1000  # from so many petitions on, grams that one alone holds are not kept: they are as rare as unknown ones

_cache_lock = threading.Lock()
_cache: tuple[float, dt.datetime | None, Weights] | None = None


def catch_up(*, now: dt.datetime) -> int:
    """Bring the grams of all due petitions up to date, and count grams if many have changed; returns how many were due.

    Each batch of 100 is one transaction.
    """
    done = 0
    while taken := index_batch():
        done += taken
    if count_grams(now=now):
        forget_weights()
    return done


def index_batch() -> int:
    """Take the newest due petitions, up to 100, and write or delete their search rows; returns how many were taken."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(QUERIES["take_due"], {"most": BATCH})
        due = [petition_id for (petition_id,) in cursor.fetchall()]
        if not due:
            return 0
        rows = list(Petition.objects.filter(LISTED, pk__in=due).values_list("pk", "title", "body"))
        others = _read_others([petition_id for petition_id, _, _ in rows])
        cursor.executemany(
            QUERIES["keep_grams"],
            [
                {
                    "petition_id": petition_id,
                    "grams": petition_grams(title, body, others.get(petition_id, "")),
                    "digest": digest_of(title, body),
                }
                for petition_id, title, body in rows
            ],
        )
        PetitionSearch.objects.filter(pk__in=set(due) - {petition_id for petition_id, _, _ in rows}).delete()
    return len(due)


def _read_others(petitions: Sequence[int]) -> dict[int, str]:
    """Return the answers to petitions and the titles of their bills, as texts."""
    texts: dict[int, str] = {}
    of_petitions = Q(obligation__petition__in=petitions) | Q(petition__in=petitions)
    found = Response.objects.filter(STANDING_ANSWERS, of_petitions).order_by("pk")
    petition = Coalesce("petition", "obligation__petition")
    for petition_id, summary, body in found.annotate(of=petition).values_list("of", "summary", "body"):
        texts[petition_id] = f"{texts.get(petition_id, '')} {summary} {body}"
    tied = BillPetition.objects.filter(petition__in=petitions).order_by("pk")
    for petition_id, title, act_title in tied.values_list("petition_id", "bill__title", "bill__act_title"):
        texts[petition_id] = f"{texts.get(petition_id, '')} {title} {act_title}"
    return texts


def digest_of(title: str, body: str) -> bytes:
    """Return the SHA-256 (32 bytes) of what a vector is made from."""
    return hashlib.sha256(f"{title}\n{lead_of(body)}".encode()).digest()


def make_all_due() -> int:
    """Make every petition due, so that the job writes all search rows anew; returns how many there are."""
    with connection.cursor() as cursor:
        cursor.execute(QUERIES["make_all_due"])
    return SearchDue.objects.count()


def count_grams(*, now: dt.datetime, always: bool = False) -> bool:
    """Count what petitions and titles hold, if a tenth of them has come or gone since the last time; returns whether.

    Words of titles are counted with them. On a large site a sample of about 20,000 petitions is counted.
    """
    indexed = PetitionSearch.objects.aggregate(all=Count("pk"))["all"]
    last = GramCount.objects.first()
    known = last.petitions if last else 0
    if not always and known / _GROWN - _LAG < indexed < known * _GROWN + _LAG and (last or not indexed):
        return False
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(QUERIES["clear_grams"])
        share = min(100.0, 100.0 * _SAMPLE / max(indexed, 1))
        cursor.execute(QUERIES["count_grams"], {"share": share, "fewest": 2 if indexed >= _LONE else 1})
        count_words(most=_SAMPLE)
        GramCount.objects.update_or_create(id=1, defaults={"petitions": indexed, "counted_at": now})
    return True


def read_weights() -> Weights:
    """Return how much each gram tells here. Read once a process, and anew after a new count (within 30 seconds)."""
    global _cache
    cached = _cache
    if cached is not None and time.monotonic() - cached[0] < _FRESH:
        return cached[2]
    with _cache_lock:
        counted = GramCount.objects.first()
        stamp = counted.counted_at if counted else None
        if cached is not None and cached[1] == stamp and stamp is not None:
            weights = cached[2]
        else:
            frequencies = dict(GramFrequency.objects.values_list("gram", "petitions"))
            weights = Weights(frequencies, counted.petitions if counted else 0)
        _cache = (time.monotonic(), stamp, weights)
        return weights


def forget_weights() -> None:
    """Let this process read the frequencies anew at the next question."""
    global _cache
    _cache = None


def index_lag() -> int:
    """Return how many petitions are due."""
    return SearchDue.objects.count()
