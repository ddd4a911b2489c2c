"""Finds one petition, those of a list, and the files of a log, for whoever asks by number."""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import Exists, F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce

from maninso.petitions.access.answers import count_verdicts, find_answers
from maninso.petitions.access.bills import find_bills
from maninso.petitions.access.build import Counts, build_card, build_petition
from maninso.petitions.access.reported import find_all_reported, find_reported
from maninso.petitions.access.rows import (
    BEGINNING,
    LISTED,
    SIGNATURES,
    STANDS_SINCE,
    is_readable,
    petition_rows,
    standing_thresholds,
    unowed_answers,
)
from maninso.petitions.access.rules import read_charter_version, reason_words
from maninso.petitions.access.views import (
    DEBATE,
    CountView,
    DebateCount,
    MaskedView,
    PetitionCard,
    PetitionView,
    ReceiptView,
)
from maninso.petitions.models import (
    Appeal,
    Mask,
    Obligation,
    Petition,
    Response,
    SigningGate,
    SigningTally,
    SigningThreshold,
)
from maninso.signing import log
from maninso.signing.log import LogFile

LARGEST_ID = 2**63 - 1


def find_petition(petition_id: int, *, now: dt.datetime) -> PetitionView | None:
    """Return a petition as the public may see it; None where there is none, or only a draft."""
    if not 0 < petition_id <= LARGEST_ID:
        return None
    answered = Exists(Response.objects.filter(petition=OuterRef("pk")))  # though nothing was owed
    petition = petition_rows().annotate(answered=answered).filter(pk=petition_id).exclude(state="draft").first()
    if petition is None:
        return None
    view = build_petition(petition, counts=_count(petition), now=now)
    has_kept = any(each.state == "kept" for each in view.obligations)
    return replace(
        view,
        masked=_find_masked(petition),
        appeal=_find_appeal(petition),
        answers=find_answers(petition) if view.obligations or petition.answered else (),
        verdicts=count_verdicts(Q(petition=petition)) if has_kept else (),
        bills=find_bills(petition),
        reported=find_reported(petition.pk) if petition.source and is_readable(petition) else None,
    )


def read_listed(petition_ids: Sequence[int], *, now: dt.datetime) -> tuple[list[PetitionCard], dict[int, PetitionView]]:
    """Return those of the petitions that are listed: cards in the order given, and views by number.

    It takes a fixed number of queries. Breakdowns, masked passages and appeals are left out: `find_petition` has them.
    """
    found = {row.pk: row for row in petition_rows().annotate(beginning=BEGINNING).filter(LISTED, pk__in=petition_ids)}
    rows = [found[number] for number in petition_ids if number in found]
    views = {row.pk: build_petition(row, counts=Counts({}, {}), now=now) for row in rows}
    imported = [number for number, view in views.items() if view.source and view.title]
    reported = find_all_reported(imported) if imported else {}
    cards = [build_card(row, now=now) for row in rows]
    return cards, {number: replace(view, reported=reported.get(number)) for number, view in views.items()}


def find_count(petition_id: int) -> CountView | None:
    """Return a petition's count at its last checkpoint, in one query; None where there is none, or only a draft."""
    if not 0 < petition_id <= LARGEST_ID:
        return None
    statement, values, place = _count_statement()
    with connection.cursor() as cursor:
        cursor.execute(statement, [*values[:place], petition_id, *values[place + 1 :]])
        row = cursor.fetchone()
    if row is None:
        return None
    about = DebateCount(reached_at=row[4], settled_at=row[5], debated=row[6] == "kept") if row[3] else None
    return CountView(count=row[0], reached_at=row[1], answered_at=row[2], debate=about)


@cache
def _count_statement() -> tuple[str, tuple[Any, ...], int]:
    """Return what `find_count` asks: the statement, its values, and at which place of these the petition's number goes.

    It is built once, for that takes several times as long as all the rest, in threads beside those who sign.
    """
    met = standing_thresholds().filter(petition=OuterRef("pk")).order_by(STANDS_SINCE)
    debts = Obligation.objects.filter(petition=OuterRef("pk")).order_by("pk")
    answered = debts.filter(response__isnull=False).exclude(threshold_id=DEBATE)
    debate = debts.filter(threshold_id=DEBATE)
    knows_debates = SigningThreshold.objects.filter(petition=OuterRef("pk"), threshold_id=DEBATE)
    rows = (
        Petition.objects.filter(pk=LARGEST_ID)  # in whose place the number goes
        .exclude(state="draft")
        .values_list(
            SIGNATURES,
            Subquery(met.exclude(threshold_id=DEBATE).values(since=STANDS_SINCE)[:1]),
            Coalesce(
                Subquery(answered.values("response__published_at")[:1]),
                Subquery(unowed_answers().order_by("-published_at", "-pk").values("published_at")[:1]),
            ),
            Exists(knows_debates),
            Subquery(met.filter(threshold_id=DEBATE).values(since=STANDS_SINCE)[:1]),
            Subquery(debate.exclude(state="lapsed").values("settled_at")[:1]),
            Subquery(debate.values("state")[:1]),
        )
    )
    statement, values = rows.query.sql_with_params()
    return statement, values, values.index(LARGEST_ID)


def read_log_file(petition_id: int, path: str) -> LogFile | None:
    """Return a file of a petition's log: `checkpoint` or `tile/...`; None where there is no such file (yet)."""
    if not 0 < petition_id <= LARGEST_ID:
        return None
    with connection.cursor() as cursor:
        return log.read_log_file(cursor, petition_id=petition_id, path=path)


def read_receipt(petition_id: int, leaf_hash: bytes) -> ReceiptView | None:
    """Return the leaf with this hash (32 bytes) and its receipt, where a checkpoint covers it; None: no such leaf."""
    if not 0 < petition_id <= LARGEST_ID:
        return None
    with connection.cursor() as cursor:
        leaf = log.find_leaf(cursor, petition_id=petition_id, leaf_hash=leaf_hash)
    gate = SigningGate.objects.select_related("petition").filter(pk=petition_id).first()
    if leaf is None or gate is None:
        return None
    return ReceiptView(
        petition_id=petition_id,
        petition_title=gate.petition.title if is_readable(gate.petition) else "",
        petition_language=gate.petition.language,
        origin=gate.origin,
        leaf_hash=leaf_hash,
        leaf_index=leaf.index,
        proof=leaf.receipt,
    )


def log_key(petition_id: int) -> str | None:
    """Return the verifier key (vkey) of a petition's log, by which anyone checks its checkpoints; None: no log yet."""
    if not 0 < petition_id <= LARGEST_ID:
        return None
    with connection.cursor() as cursor:
        return log.read_log_key(cursor, petition_id=petition_id)


def _find_masked(petition: Petition) -> tuple[MaskedView, ...]:
    if petition.source:
        return ()
    charter = read_charter_version(petition.charter)
    return tuple(
        MaskedView(
            reason_code=mask.reason_code,
            reason=reason_words(charter, mask.reason_code),
            commitment=bytes(mask.commitment).hex(),
        )
        for mask in Mask.objects.filter(petition=petition, undone_at=None).order_by("pk")
    )


def _find_appeal(petition: Petition) -> str:
    if petition.state not in ("rejected", "hidden", "removed"):
        return ""
    return Appeal.objects.filter(petition=petition).order_by("-pk").values_list("state", flat=True).first() or ""


def _count(petition: Petition) -> Counts:
    """Count a petition's signatures less voids by region and by assurance, in one query; nothing before it opened."""
    gate = getattr(petition, "gate", None)
    by_region: Counter[str] = Counter()
    by_assurance: Counter[int] = Counter()
    if gate is None or petition.opened_at is None:
        return Counts(by_region, by_assurance)
    rows = (
        SigningTally.objects.filter(petition=petition)
        .values_list("region", "method")
        .annotate(total=Sum(F("signatures") - F("voids")))
        .order_by("region", "method")
    )
    for region, method, total in rows:
        by_assurance[method] += total
        if region:
            by_region[gate.regions[region]] += total
    return Counts(by_region, by_assurance)
