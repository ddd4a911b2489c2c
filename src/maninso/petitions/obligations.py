"""Records what is owed, by when, and what came of it.

A debt is made when the sequencer has recorded that a threshold was met, exactly once; whether it is overdue is a
question of the clock and never stored. Where the charter says so, voids can undo the threshold, and then it lapses.
"""

import datetime as dt
import hashlib
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import Case, Count, F, FloatField, Q, When
from django.db.models.functions import Cast
from pydantic import ValidationError

from maninso import ManinsoError, UsageError
from maninso.charter import Length
from maninso.ledger.canonical import render_json
from maninso.ledger.entries import Event
from maninso.ledger.events import ANSWERED
from maninso.petitions import notices
from maninso.petitions.access.build import build_cards, build_obligation
from maninso.petitions.access.rows import NEXT_NEEDED, SIGNATURES, card_rows, obligation_rows, overdue
from maninso.petitions.access.rules import find_due, find_threshold, read_charter_version
from maninso.petitions.access.views import ObligationView, PetitionCard
from maninso.petitions.lifecycle import Actor, check_language, clean_text, close_petition
from maninso.petitions.models import Extension, Obligation, Petition, Response
from maninso.signing.gate import append_entries

STATUSES = ("all", "owed", "overdue", "kept", "declined")

_MOST_ROWS = 500
_NEAREST = 5
_LONGEST = 100_000  # characters of a response


class ObligationError(ManinsoError):
    """The obligation is not in a state that allows this."""


class GroundError(UsageError):
    """The ground to decline is none of the charter's."""


@dataclass(frozen=True, kw_only=True)
class Board:
    """What is owed and what came: rows most late first, and how many there are in each state."""

    rows: tuple[ObligationView, ...]  # at most 500
    status: str
    owed: int  # overdue ones included
    overdue: int
    kept: int
    declined: int
    nearest: tuple[PetitionCard, ...]  # open petitions nearest to their next threshold


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
        settled_role, settled_by, decline_reason, decline_note, created_at
    ) VALUES (
        %(petition)s, %(threshold)s, %(needed)s, %(met_index)s, %(met_count)s, %(met_at)s, 0, 'owed',
        %(due_at)s, %(due_on)s, %(binding)s, '', '', '', '', %(now)s
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
        obligation = _lock(obligation_id)
        if obligation.turns >= turns:
            return  # somebody else followed it meanwhile
        obligation.turns, obligation.turned_at = turns, at
        obligation.turned_index, obligation.turned_count = index, count
        if obligation.state in ("owed", "lapsed"):
            obligation.state = "lapsed" if turns % 2 else "owed"
            obligation.settled_at, obligation.settled_role = (at, "system") if turns % 2 else (None, "")
        if obligation.state == "owed":
            due = find_due(
                obligation.petition,
                obligation.threshold_id,
                met_at=obligation.owed_since,
                granted=obligation.extensions.order_by("number"),
            )
            obligation.due_at, obligation.due_on = (due.at, due.on) if due else (None, None)
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
                "due_at": due.at if due else None,
                "due_on": due.on if due else None,
                "binding": due.binding if due else True,
                "now": now,
            },
        )
        return int(cursor.rowcount)


def answer(
    obligation_id: int,
    *,
    author: str,
    summary: str,
    body: str,
    language: str,
    now: dt.datetime,
    actor: Actor,
) -> int:
    """Publish the institution's response and return its version; the debt is kept with the first one.

    A later call publishes a new version; the earlier ones stay. The response's digest goes into the petition's log.
    Raises ObligationError where the debt was declined or lapsed, TextError for an unusable text.
    """
    author = clean_text("author", author, most=200)
    summary = clean_text("summary", summary, most=1000)
    body = clean_text("body", body, lines=True, most=_LONGEST)
    if not author or not summary:
        raise UsageError("a response needs an author and a summary", cure="say who answers, and the answer in brief")
    check_language(language)
    digest = digest_response(author=author, summary=summary, body=body, language=language)
    with transaction.atomic(), connection.cursor() as cursor:
        obligation = _lock(obligation_id)
        if obligation.state not in ("owed", "kept"):
            raise ObligationError(
                f"obligation {obligation_id} is {obligation.state}", cure="there is nothing to answer any more"
            )
        response = Response.objects.create(
            obligation=obligation,
            version=obligation.responses.count() + 1,
            author=author,
            summary=summary,
            body=body,
            language=language,
            digest=digest,
            role=actor.role,
            actor=actor.name,
            published_at=now,
        )
        first = (
            {} if obligation.settled_at else {"settled_at": now, "settled_role": actor.role, "settled_by": actor.name}
        )
        Obligation.objects.filter(pk=obligation_id).update(state="kept", response=response, **first)
        event = Event(
            ANSWERED,
            {"at": int(now.timestamp()), "threshold": obligation.threshold_id, "response": digest.hex()},
        )
        append_entries(cursor, petition_id=obligation.petition_id, entries=[event.render()])
        if response.version == 1:  # a correction is no news
            notices.announce(petition_id=obligation.petition_id, kind="answered", now=now)
    return response.version


def decline(obligation_id: int, *, reason: str, note: str, now: dt.datetime, actor: Actor) -> None:
    """Record in public that the institution declines, on a ground of the charter's.

    Raises GroundError for a ground that the charter does not give, ObligationError where nothing is owed any more.
    """
    note = clean_text("note", note, lines=True, most=_LONGEST)
    with transaction.atomic():
        obligation = _lock(obligation_id)
        _require_owed(obligation)
        charter = read_charter_version(obligation.petition.charter)
        owed = find_threshold(charter, obligation.threshold_id).obligation
        grounds = [ground.code for ground in owed.declines] if owed else []
        if reason not in grounds:
            raise GroundError(
                f"reason: {reason!r} is no ground to decline under {charter.id}",
                cure=f"give one of: {', '.join(grounds)}" if grounds else "the charter gives none: answer it",
            )
        Obligation.objects.filter(pk=obligation_id).update(
            state="declined",
            decline_reason=reason,
            decline_note=note,
            settled_role=actor.role,
            settled_by=actor.name,
            settled_at=now,
        )


def extend(obligation_id: int, *, length: str, reason: str, now: dt.datetime, actor: Actor) -> dt.date:
    """Move the day due by `length` ("30 days"), as far as the charter allows it; return the new day.

    Raises CharterError for an extension that the charter does not allow, ObligationError where nothing is owed.
    """
    reason = clean_text("reason", reason, lines=True, most=_LONGEST)
    try:
        Length.parse(length)
    except ValidationError as error:
        raise UsageError(f"length: {length!r} is not a length of time", cure="give one such as '30 days'") from error
    with transaction.atomic():
        obligation = _lock(obligation_id)
        _require_owed(obligation)
        if obligation.due_on is None:
            raise ObligationError(f"obligation {obligation_id} has no day to move", cure="grant no extension")
        granted = list(obligation.extensions.order_by("number"))
        extension = Extension(
            obligation=obligation,
            number=len(granted) + 1,
            length=length,
            reason=reason,
            old_due_on=obligation.due_on,
            role=actor.role,
            actor=actor.name,
            at=now,
        )
        due = find_due(
            obligation.petition, obligation.threshold_id, met_at=obligation.owed_since, granted=[*granted, extension]
        )
        if due is None:
            raise ObligationError(f"obligation {obligation_id} has no day to move", cure="grant no extension")
        extension.new_due_on = due.on
        extension.save()
        Obligation.objects.filter(pk=obligation_id).update(due_at=due.at, due_on=due.on)
    return due.on


def board(*, now: dt.datetime, status: str = "all") -> Board:
    """Return what is owed and what came, most late first; an unknown status shows all."""
    status = status if status in STATUSES else "all"
    wanted = {"all": Q(), "overdue": overdue(now)}.get(status, Q(state=status))
    urgency = Case(When(state="owed", then=0), default=1)
    rows = (
        obligation_rows()
        .filter(wanted)
        .order_by(
            urgency, Case(When(state="owed", then=F("due_at"))).asc(nulls_last=True), F("settled_at").desc(), "pk"
        )[:_MOST_ROWS]
    )
    totals = count_obligations(now=now)
    return Board(
        rows=tuple(build_obligation(row, now=now) for row in rows),
        status=status,
        owed=totals["owed"],
        overdue=totals["overdue"],
        kept=totals["kept"],
        declined=totals["declined"],
        nearest=nearest_threshold(now=now),
    )


def count_obligations(*, now: dt.datetime) -> dict[str, int]:
    """Return how many obligations are owed (overdue ones included), overdue, kept and declined."""
    return Obligation.objects.aggregate(
        owed=Count("pk", filter=Q(state="owed")),
        overdue=Count("pk", filter=overdue(now)),
        kept=Count("pk", filter=Q(state="kept")),
        declined=Count("pk", filter=Q(state="declined")),
    )


def nearest_threshold(*, now: dt.datetime) -> tuple[PetitionCard, ...]:
    """Return cards of the open petitions nearest to their next threshold, nearest first."""
    rows = (
        card_rows()
        .filter(state="open")
        .annotate(next_needed=NEXT_NEEDED)
        .filter(next_needed__isnull=False)
        .order_by((Cast(SIGNATURES, FloatField()) / F("next_needed")).desc(), "closes_at", "pk")[:_NEAREST]
    )
    return build_cards(rows, now=now)


def digest_response(*, author: str, summary: str, body: str, language: str) -> bytes:
    """Return the SHA-256 of a response's canonical JSON (sorted keys, no spaces, UTF-8): what the log has of it."""
    return hashlib.sha256(
        render_json({"author": author, "body": body, "language": language, "summary": summary})
    ).digest()


def _lock(obligation_id: int) -> Obligation:
    obligation = (
        Obligation.objects.select_for_update(of=("self",), no_key=True)
        .select_related("petition__charter")
        .filter(pk=obligation_id)
        .first()
    )
    if obligation is None:
        raise ObligationError(f"there is no obligation {obligation_id}", cure="check the number")
    return obligation


def _require_owed(obligation: Obligation) -> None:
    if obligation.state != "owed":
        raise ObligationError(
            f"obligation {obligation.pk} is {obligation.state} already", cure="look at the board of obligations again"
        )
