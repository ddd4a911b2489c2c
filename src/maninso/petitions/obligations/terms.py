"""When debts lapse: on a ground of the charter's, with the term of a parliament, or because nothing was handed in."""

import datetime as dt
from collections.abc import Iterable

from django.db import transaction

from maninso import UsageError
from maninso.charter import count_from, end_of_day, legal_day
from maninso.petitions.access.rules import (
    find_charter,
    find_threshold,
    read_calendar,
    read_charter_version,
    read_moments,
)
from maninso.petitions.audit import record_action
from maninso.petitions.lifecycle import SYSTEM, Actor, RoleError, clean_text, shorten_petition
from maninso.petitions.models import CharterVersion, Obligation, Petition, TermEnd
from maninso.petitions.obligations.settling import (
    LONGEST,
    GroundError,
    lock_obligation,
    lock_owed,
)

LONGEST_REASON = 500  # characters


def lapse(obligation_id: int, *, reason: str, note: str, now: dt.datetime, actor: Actor) -> None:
    """Record in public that a debt has lapsed, on a ground of the charter's.

    Raises GroundError for a ground that the charter does not give, ObligationError where nothing is owed, RoleError.
    """
    note = clean_text("note", note, lines=True, most=LONGEST)
    with transaction.atomic():
        obligation, charter = lock_owed(obligation_id, actor=actor)
        owed = find_threshold(charter, obligation.threshold_id).obligation
        grounds = [ground.code for ground in owed.lapses_on] if owed else []
        if reason not in grounds:
            raise GroundError(
                f"reason: {reason!r} is no ground on which anything lapses under {charter.id}",
                cure=f"give one of: {', '.join(grounds)}" if grounds else "the charter gives none",
            )
        _lapse(obligation, reason=reason, note=note, actor=actor, now=now)


def announce_term_end(institution: str, *, on: dt.date, reason: str, actor: Actor, now: dt.datetime) -> int:
    """Record on which day an institution's term ends; return how many open petitions close earlier for it (B78).

    They close with the day before; where the charter says so, what is owed then lapses on that day. Raises RoleError
    for all but operators, UsageError where the charter knows no such end, for a day that is past or one given already.
    """
    if actor.role != "operator":
        raise RoleError(f"a {actor.role} may not end a term", cure="ask an operator")
    reason = clean_text("reason", reason, most=LONGEST_REASON)
    charter = find_charter(institution)
    if charter is None or charter.dissolution is None:
        raise UsageError(
            f"institution: {institution!r}", cure="its rules know no dissolution: nothing ends with a term"
        )
    if not reason:
        raise UsageError("reason: it is empty", cure="say why the term ends")
    if on <= legal_day(charter, now):
        raise UsageError(f"on: {on} is not ahead", cure="give the first day after the term")
    with transaction.atomic():
        _, is_new = TermEnd.objects.get_or_create(
            institution=institution,
            on=on,
            defaults={"reason": reason, "role": actor.role, "actor": actor.name, "at": now},
        )
        if not is_new:
            raise UsageError(f"on: {on} was given already", cure="look at the calendar again")
        after = {"on": on.isoformat()}
        record_action(actor, "term-end-announced", f"calendar/{institution}", {}, after, now=now, reason=reason)
    return follow_term_ends(now=now)


def list_term_ends(institution: str) -> tuple[tuple[dt.date, str], ...]:
    """Return the days on which an institution's terms end or ended, and why, the latest first."""
    return tuple(TermEnd.objects.filter(institution=institution).order_by("-on").values_list("on", "reason"))


def follow_term_ends(*, now: dt.datetime) -> int:
    """Let petitions close before the end of a term, and debts lapse with it; return how many petitions were shortened.

    Any number may run this at once; what is done already is left.
    """
    shortened = 0
    for end in TermEnd.objects.order_by("on", "pk"):
        for version in CharterVersion.objects.filter(charter_id=end.institution).defer("source"):
            charter = read_charter_version(version)
            if charter.dissolution is None:
                continue
            over = end_of_day(charter, end.on - dt.timedelta(days=1))
            late = Petition.objects.filter(charter=version, state="open", closes_at__gt=over, opened_at__lt=over)
            for petition_id in list(late.values_list("pk", flat=True)):
                shortened += shorten_petition(petition_id, closes_at=over, now=now)
            if over <= now and charter.dissolution.debts_lapse:
                owed = Obligation.objects.filter(petition__charter=version, state="owed", petition__opened_at__lt=over)
                _lapse_all(owed.order_by("pk").values_list("pk", flat=True), "dissolution", note=end.reason, now=now)
    return shortened


def lapse_unsubmitted(*, now: dt.datetime) -> int:
    """Let debts lapse whose petition was not handed in within its charter's time; return how many."""
    owed = Obligation.objects.filter(state="owed").select_related("petition__charter").defer("petition__body")
    gone = [each.pk for each in owed.order_by("pk") if _is_unsubmitted(each, now=now)]
    return _lapse_all(gone, "not-submitted", note="", now=now)


def _is_unsubmitted(obligation: Obligation, *, now: dt.datetime) -> bool:
    petition = obligation.petition
    charter = read_charter_version(petition.charter)
    rule = charter.submission
    if rule is None or not rule.lapses:
        return False
    moments = {"threshold": obligation.owed_since, **read_moments(petition, charter)}
    if petition.closed_at is not None:
        moments["closing"] = petition.closed_at - dt.timedelta(microseconds=1)
    start = moments.get(rule.counted_from)
    if start is None or "submission" in moments:
        return False
    last = count_from(legal_day(charter, start), rule.within, read_calendar(charter))
    return last is not None and end_of_day(charter, last) <= now


def _lapse_all(obligations: Iterable[int], reason: str, *, note: str, now: dt.datetime) -> int:
    lapsed = 0
    for obligation_id in list(obligations):
        with transaction.atomic():
            obligation = lock_obligation(obligation_id)
            if obligation.state == "owed":
                _lapse(obligation, reason=reason, note=note, actor=SYSTEM, now=now)
                lapsed += 1
    return lapsed


def _lapse(obligation: Obligation, *, reason: str, note: str, actor: Actor, now: dt.datetime) -> None:
    Obligation.objects.filter(pk=obligation.pk).update(
        state="lapsed",
        lapse_reason=reason,
        lapse_note=note,
        settled_role=actor.role,
        settled_by=actor.name,
        settled_at=now,
    )
    after = {"state": "lapsed", "ground": reason}
    record_action(actor, "lapsed", f"petition/{obligation.petition_id}", {"state": "owed"}, after, now=now, reason=note)
