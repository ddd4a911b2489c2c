"""Petitions that another site ran and counted: kept as closed, with the count that site reported.

They have no gate, no log and no obligations here: nobody can check those counts, so they create no debt.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection, transaction

from maninso.charter import Charter, legal_day
from maninso.petitions.access.rules import keep_charter
from maninso.petitions.lifecycle.texts import digest_text
from maninso.petitions.models import Petition


@dataclass(frozen=True, kw_only=True)
class ReportedPetition:
    """One petition of another site. `closes_at` is exclusive; `title` and `body` are kept as they are given."""

    source_id: str
    title: str
    body: str
    language: str
    topic: str
    opened_at: dt.datetime
    closes_at: dt.datetime
    count: int
    status: str


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What became of a list of reported petitions: their numbers there, and our numbers by theirs."""

    added: frozenset[str]
    changed: frozenset[str]
    unchanged: frozenset[str]
    refused: frozenset[str]  # text or dates differ from those kept, which never change
    numbers: dict[str, int]


_ADD = """
    WITH given AS (
        SELECT * FROM unnest(
            %(source_ids)s::text[], %(titles)s::text[], %(bodies)s::text[], %(languages)s::text[], %(topics)s::text[],
            %(digests)s::bytea[], %(opened)s::timestamptz[], %(closes)s::timestamptz[], %(counts)s::bigint[],
            %(statuses)s::text[], %(needed)s::text[]
        ) AS g (source_id, title, body, language, topic, digest, opened_at, closes_at, count, status, needed)
    ), added AS (
        INSERT INTO petitions_petition (
            state, title, body, language, topic, creator_name, charter_id, length, needed, text_digest, created_at,
            opened_at, closes_at, closed_at, updated_at, reason_code, reason_note, source, source_id, source_status,
            reported_count
        )
        SELECT 'closed', g.title, g.body, g.language, g.topic, '', %(charter)s, '', g.needed::bigint[], g.digest,
               g.opened_at, g.opened_at, g.closes_at, g.closes_at, %(now)s, '', '', %(source)s, g.source_id, g.status,
               g.count
        FROM given g
        ON CONFLICT (source, source_id) WHERE source <> '' DO NOTHING
        RETURNING id, source_id
    ), recorded AS (
        INSERT INTO petitions_statechange (petition_id, old, new, at, role, actor, reason_code, reason_note)
        SELECT id, '', 'closed', %(now)s, 'system', 'import', '', '' FROM added
    )
    SELECT source_id, id FROM added
"""


def keep_reported_petitions(
    petitions: Sequence[ReportedPetition], *, source: str, charter: Charter, now: dt.datetime
) -> Kept:
    """Store what is new and take over newer counts, states and topics, in one transaction.

    No `source_id` is there twice. What is stored already and the same stays untouched.
    """
    given = {petition.source_id: petition for petition in petitions}
    digests = {key: digest_text(title=each.title, body=each.body) for key, each in given.items()}
    with transaction.atomic():
        kept = {
            row.source_id: row
            for row in Petition.objects.filter(source=source, source_id__in=list(given)).only(
                "source_id", "text_digest", "opened_at", "closes_at", "reported_count", "source_status", "topic"
            )
        }
        # Only what is new is tried, or each run would use up numbers of the sequence.
        added = _add([each for key, each in given.items() if key not in kept], digests, source, charter, now)
        changed, refused = set(), set()
        for key, row in kept.items():
            petition = given[key]
            window = (row.opened_at, row.closes_at)
            if bytes(row.text_digest or b"") != digests[key] or window != (petition.opened_at, petition.closes_at):
                refused.add(key)
            elif (row.reported_count, row.source_status, row.topic) != (
                petition.count,
                petition.status,
                petition.topic,
            ):
                changed.add(key)
                Petition.objects.filter(pk=row.pk).update(
                    reported_count=petition.count,
                    source_status=petition.status,
                    topic=petition.topic,
                    updated_at=now,
                )
    unchanged = given.keys() - added.keys() - changed - refused
    return Kept(
        added=frozenset(added),
        changed=frozenset(changed),
        unchanged=frozenset(unchanged),
        refused=frozenset(refused),
        numbers={**{key: row.pk for key, row in kept.items()}, **added},
    )


def _add(
    petitions: Sequence[ReportedPetition],
    digests: dict[str, bytes],
    source: str,
    charter: Charter,
    now: dt.datetime,
) -> dict[str, int]:
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
                "titles": [each.title for each in petitions],
                "bodies": [each.body for each in petitions],
                "languages": [each.language for each in petitions],
                "topics": [each.topic for each in petitions],
                "digests": [digests[each.source_id] for each in petitions],
                "opened": [each.opened_at for each in petitions],
                "closes": [each.closes_at for each in petitions],
                "counts": [each.count for each in petitions],
                "statuses": [each.status for each in petitions],
                "needed": [_needed(charter, each) for each in petitions],
            },
        )
        return {source_id: int(pk) for source_id, pk in cursor.fetchall()}


def _needed(charter: Charter, petition: ReportedPetition) -> str:
    registered_on = legal_day(charter, petition.opened_at)
    amounts = sorted(threshold.needed_on(registered_on) for threshold in charter.thresholds)
    # An array of arrays has to be rectangular in PostgreSQL, so each comes as the text of an array.
    return "{" + ",".join(str(amount) for amount in amounts) + "}"
