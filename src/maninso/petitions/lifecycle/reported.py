"""Petitions that another site ran and counted: kept as closed or rejected, with the count that site reported.

They have no gate, no log and no obligations here: nobody can check those counts, so they create no debt.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from django.db import connection, transaction

from maninso.charter import Charter, legal_day
from maninso.petitions.access.rules import keep_charter
from maninso.petitions.lifecycle.texts import digest_text
from maninso.petitions.models import Petition, ReportedRecord

Part = tuple[str, str, int]
"""A region, constituency or country: its code there, its name, and signatures."""


@dataclass(frozen=True, kw_only=True)
class ReportedOutcome:
    """What came of it there, and from where it was signed, as that site says."""

    responded_on: dt.date | None = None
    response_summary: str = ""  # "": it was not answered
    response_details: str = ""
    is_debated: bool = False
    debated_on: dt.date | None = None
    debate_overview: str = ""
    debate_addresses: dict[str, str] = field(default_factory=dict)
    regions: tuple[Part, ...] = ()
    constituencies: tuple[Part, ...] = ()
    countries: tuple[Part, ...] = ()

    @property
    def digest(self) -> bytes:
        """SHA-256 of all of it."""
        return hashlib.sha256(json.dumps(asdict(self), default=str, sort_keys=True).encode()).digest()


NOTHING = ReportedOutcome()


@dataclass(frozen=True, kw_only=True)
class ReportedPetition:
    """One petition of another site; `title` and `body` are kept as they are given.

    `closes_at` is exclusive. One that was rejected never opened: it has a reason and `rejected_at`, and no days.
    """

    source_id: str
    title: str
    body: str
    language: str
    topic: str
    opened_at: dt.datetime | None
    closes_at: dt.datetime | None
    count: int
    status: str
    created_at: dt.datetime | None = None  # where it is not when it opened
    rejected_at: dt.datetime | None = None
    reason_code: str = ""
    reason_note: str = ""
    outcome: ReportedOutcome = NOTHING

    @property
    def state(self) -> str:
        """The state that it is kept in."""
        return "rejected" if self.rejected_at else "closed"


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What became of a list of reported petitions: their numbers there, and our numbers by theirs."""

    added: frozenset[str]
    changed: frozenset[str]
    unchanged: frozenset[str]
    refused: frozenset[str]  # text, days or state differ from those kept, which never change
    numbers: dict[str, int]


_ADD = """
    WITH given AS (
        SELECT * FROM unnest(
            %(source_ids)s::text[], %(states)s::text[], %(titles)s::text[], %(bodies)s::text[], %(languages)s::text[],
            %(topics)s::text[], %(digests)s::bytea[], %(created)s::timestamptz[], %(opened)s::timestamptz[],
            %(closes)s::timestamptz[], %(updated)s::timestamptz[], %(counts)s::bigint[], %(statuses)s::text[],
            %(codes)s::text[], %(notes)s::text[], %(needed)s::text[]
        ) AS g (
            source_id, state, title, body, language, topic, digest, created_at, opened_at, closes_at, updated_at, count,
            status, code, note, needed
        )
    ), added AS (
        INSERT INTO petitions_petition (
            state, title, body, language, topic, creator_name, charter_id, length, needed, text_digest, created_at,
            opened_at, closes_at, closed_at, updated_at, reason_code, reason_note, source, source_id, source_status,
            reported_count
        )
        SELECT g.state, g.title, g.body, g.language, g.topic, '', %(charter)s, '', g.needed::bigint[], g.digest,
               g.created_at, g.opened_at, g.closes_at, g.closes_at, g.updated_at, g.code, g.note, %(source)s,
               g.source_id, g.status, g.count
        FROM given g
        ON CONFLICT (source, source_id) WHERE source <> '' DO NOTHING
        RETURNING id, source_id, state, reason_code, reason_note
    ), recorded AS (
        INSERT INTO petitions_statechange (petition_id, old, new, at, role, actor, reason_code, reason_note)
        SELECT id, '', state, %(now)s, 'system', 'import', reason_code, reason_note FROM added
    )
    SELECT source_id, id FROM added
"""
_FIELDS = (
    *("source_id", "state", "title", "body", "text_digest", "opened_at", "closes_at", "reported_count"),
    *("source_status", "topic", "reason_code", "reason_note", "record__digest"),
)


def keep_reported_petitions(
    petitions: Sequence[ReportedPetition], *, source: str, charter: Charter, now: dt.datetime
) -> Kept:
    """Store what is new and take over newer counts, states, topics, reasons and outcomes, in one transaction.

    No `source_id` is there twice. What is stored already and the same stays untouched.
    """
    given = {petition.source_id: petition for petition in petitions}
    with transaction.atomic():
        rows = Petition.objects.filter(source=source, source_id__in=list(given)).select_related("record").only(*_FIELDS)
        kept = {row.source_id: row for row in rows}
        # Only what is new is tried, or each run would use up numbers of the sequence.
        added = _add([each for key, each in given.items() if key not in kept], source, charter, now)
        for key, number in added.items():
            _keep_outcome(number, given[key].outcome)
        changed, refused = set(), set()
        for key, row in kept.items():
            if not _is_the_same(row, given[key]):
                refused.add(key)
            elif _take_over(row, given[key], now=now):
                changed.add(key)
    unchanged = given.keys() - added.keys() - changed - refused
    return Kept(
        added=frozenset(added),
        changed=frozenset(changed),
        unchanged=frozenset(unchanged),
        refused=frozenset(refused),
        numbers={**{key: row.pk for key, row in kept.items()}, **added},
    )


def _is_the_same(row: Petition, petition: ReportedPetition) -> bool:
    """Whether what never changes is as it was kept. A petition that was removed here since stays the same one."""
    was_open = row.opened_at is not None
    same_text = (
        bytes(row.text_digest or b"") == digest_text(title=petition.title, body=petition.body)
        if was_open
        else (row.title, row.body) == (petition.title, petition.body)
    )
    return same_text and (row.opened_at, row.closes_at) == (petition.opened_at, petition.closes_at)


def _take_over(row: Petition, petition: ReportedPetition, *, now: dt.datetime) -> bool:
    """Take over what may change; whether anything did."""
    told = {
        "reported_count": petition.count,
        "source_status": petition.status,
        "topic": petition.topic,
        **(
            {"reason_code": petition.reason_code, "reason_note": petition.reason_note}
            if row.state == "rejected"
            else {}
        ),
    }
    is_told = any(getattr(row, name) != value for name, value in told.items())
    record: ReportedRecord | None = getattr(row, "record", None)
    is_outcome = (bytes(record.digest) if record else NOTHING.digest) != petition.outcome.digest
    if is_outcome:
        _keep_outcome(row.pk, petition.outcome)
    if is_told or is_outcome:
        # A rejection's own moment is what its record shows.
        Petition.objects.filter(pk=row.pk).update(**told, updated_at=petition.rejected_at or now)
    return is_told or is_outcome


def _keep_outcome(petition_id: int, outcome: ReportedOutcome) -> None:
    if outcome == NOTHING:
        ReportedRecord.objects.filter(pk=petition_id).delete()
        return
    told = {name: list(value) if isinstance(value, tuple) else value for name, value in vars(outcome).items()}
    ReportedRecord.objects.update_or_create(pk=petition_id, defaults={**told, "digest": outcome.digest})


def _add(petitions: Sequence[ReportedPetition], source: str, charter: Charter, now: dt.datetime) -> dict[str, int]:
    if not petitions:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            _ADD,
            {
                "source": source,
                "charter": keep_charter(charter, now=now).pk,
                "now": now,
                "source_ids": [each.source_id for each in petitions],
                "states": [each.state for each in petitions],
                "titles": [each.title for each in petitions],
                "bodies": [each.body for each in petitions],
                "languages": [each.language for each in petitions],
                "topics": [each.topic for each in petitions],
                "digests": [
                    digest_text(title=each.title, body=each.body) if each.opened_at else None for each in petitions
                ],
                "created": [each.created_at or each.opened_at or each.rejected_at for each in petitions],
                "opened": [each.opened_at for each in petitions],
                "closes": [each.closes_at for each in petitions],
                "updated": [each.rejected_at or now for each in petitions],
                "counts": [each.count for each in petitions],
                "statuses": [each.status for each in petitions],
                "codes": [each.reason_code for each in petitions],
                "notes": [each.reason_note for each in petitions],
                "needed": [_needed(charter, each) for each in petitions],
            },
        )
        return {source_id: int(pk) for source_id, pk in cursor.fetchall()}


def _needed(charter: Charter, petition: ReportedPetition) -> str:
    if petition.opened_at is None:
        return "{}"
    registered_on = legal_day(charter, petition.opened_at)
    amounts = sorted(threshold.needed_on(registered_on) for threshold in charter.thresholds)
    # An array of arrays has to be rectangular in PostgreSQL, so each comes as the text of an array.
    return "{" + ",".join(str(amount) for amount in amounts) + "}"
