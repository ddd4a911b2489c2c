"""Makes a debt of each threshold that was met, exactly once, and follows voids that undo one."""

import datetime as dt

from django.db import connection, transaction

from maninso.petitions.access.rules import due_columns, find_due, find_threshold, read_charter_version
from maninso.petitions.lifecycle import close_petition
from maninso.petitions.models import Petition
from maninso.petitions.obligations.settling import lock_obligation

_MET_WITHOUT_OBLIGATION = """
    SELECT t.petition_id, t.threshold_id, t.registered_on, t.met_index, t.met_count, t.met_at
    FROM signing_threshold t JOIN petitions_petition p ON p.id = t.petition_id
    WHERE t.met_index IS NOT NULL AND jsonb_typeof(t.rule -> 'obligation') = 'object'
      AND NOT EXISTS (
          SELECT FROM petitions_obligation o WHERE o.petition_id = t.petition_id AND o.threshold_id = t.threshold_id
      )
    ORDER BY t.met_at, t.petition_id, t.threshold_id
"""

_TURNED = """
    SELECT o.petition_id, o.id, t.turns, t.turned_index, t.turned_count, t.turned_at
    FROM signing_threshold t JOIN petitions_obligation o USING (petition_id, threshold_id)
    WHERE t.met_index IS NOT NULL AND t.turns > o.turns
    ORDER BY t.turned_at, o.id
"""

_RECORD = """
    INSERT INTO petitions_obligation (
        petition_id, threshold_id, needed, met_index, met_count, met_at, turns, state, due_at, due_on, binding,
        settled_role, settled_by, decline_reason, decline_note, lapse_reason, lapse_note, created_at
    ) VALUES (
        %(petition)s, %(threshold)s, %(needed)s, %(met_index)s, %(met_count)s, %(met_at)s, 0, 'owed',
        %(due_at)s, %(due_on)s, %(binding)s, '', '', '', '', '', '', %(now)s
    )
    ON CONFLICT (petition_id, threshold_id) DO NOTHING
"""


def record_met_thresholds(*, now: dt.datetime) -> int:
    """Make a debt of each threshold that was met and owes something; return how many were new.

    Any number may run this at once: each debt is made once. A threshold that stops the collecting closes its petition.
    A debt whose threshold voids have undone lapses, and one met again is owed again, unless it was settled before.
    """
    with connection.cursor() as cursor:
        cursor.execute(_MET_WITHOUT_OBLIGATION)
        met = cursor.fetchall()
    made = 0
    for petition_id, threshold_id, registered_on, met_index, met_count, met_at in met:
        made += _record(petition_id, threshold_id, registered_on, (met_index, met_count, met_at), now=now)
    with connection.cursor() as cursor:
        cursor.execute(_TURNED)
        turned = cursor.fetchall()
    for petition_id, obligation_id, *turn in turned:
        _turn(petition_id, obligation_id, *turn)
    return made


def _turn(petition_id: int, obligation_id: int, turns: int, index: int, count: int, at: dt.datetime) -> None:
    with transaction.atomic():
        # Held, as where a debt is made, against a closing at the same time.
        Petition.objects.select_for_update(no_key=True).only("pk").get(pk=petition_id)
        obligation = lock_obligation(obligation_id)
        if obligation.turns >= turns:
            return  # somebody else followed it meanwhile
        obligation.turns, obligation.turned_at = turns, at
        obligation.turned_index, obligation.turned_count = index, count
        if obligation.state == "owed" or (obligation.state == "lapsed" and not obligation.lapse_reason):
            obligation.state = "lapsed" if turns % 2 else "owed"
            obligation.settled_at, obligation.settled_role = (at, "system") if turns % 2 else (None, "")
        if obligation.state == "owed":
            due = find_due(
                obligation.petition,
                obligation.threshold_id,
                met_at=obligation.owed_since,
                granted=obligation.extensions.order_by("number"),
            )
            for name, value in due_columns(due).items():
                setattr(obligation, name, value)
        obligation.save()


def _record(
    petition_id: int,
    threshold_id: str,
    registered_on: dt.date,
    met: tuple[int, int, dt.datetime],
    *,
    now: dt.datetime,
) -> int:
    met_index, met_count, met_at = met
    with transaction.atomic(), connection.cursor() as cursor:
        # Held against a closing at the same time, which would miss the new row when it settles the days due.
        petition = (
            Petition.objects.select_for_update(of=("self",), no_key=True).select_related("charter").get(pk=petition_id)
        )
        threshold = find_threshold(read_charter_version(petition.charter), threshold_id)
        if threshold.stops_collecting and petition.state == "open":
            close_petition(petition_id, now=now)
            petition.refresh_from_db()
        due = find_due(petition, threshold_id, met_at=met_at)
        cursor.execute(
            _RECORD,
            {
                "petition": petition_id,
                "threshold": threshold_id,
                "needed": threshold.needed_on(registered_on),
                "met_index": met_index,
                "met_count": met_count,
                "met_at": met_at,
                **due_columns(due),
                "now": now,
            },
        )
        return int(cursor.rowcount)
