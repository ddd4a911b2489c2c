"""Makes the read models out of rows. Nothing here asks the database what `rows` has not fetched already.

But for one thing: what a charter would have owed (`would_owe`) may need the calendar that its institution gave.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo

from maninso.charter import Charter, Measured, Threshold, legal_day, measure
from maninso.charter import Counts as Measurable
from maninso.charter import Obligation as Owed
from maninso.petitions.access.answers import view_response
from maninso.petitions.access.rows import is_readable
from maninso.petitions.access.rules import (
    LAPSES,
    find_due,
    find_threshold,
    read_charter_version,
    reason_words,
    words,
)
from maninso.petitions.access.views import (
    DueChangeView,
    ExtensionView,
    LedgerView,
    ObligationView,
    PetitionCard,
    PetitionView,
    ThresholdView,
    WouldOwe,
)
from maninso.petitions.models import MOMENT_KINDS, Obligation, Petition, Response, SigningGate, SigningTree

_SUMMARY = 160  # characters
_PRESSING = ("overdue", "owed", "kept")


def build_card(petition: Petition, *, now: dt.datetime) -> PetitionCard:
    """Make a card of a petition from `card_rows`."""
    thresholds = _thresholds(petition, by_region={})
    met = [each for each in thresholds if each.met]
    upcoming = next((each for each in thresholds if not each.met), met[-1] if met else None)
    if met and petition.state != "open":
        upcoming = met[-1]  # no more signatures come
    standing, due_on = _most_pressing(petition, now=now)
    return PetitionCard(
        petition_id=petition.pk,
        state=petition.state,
        title=petition.title,
        summary=summarise(getattr(petition, "beginning", "")),
        language=petition.language,
        topic=petition.topic,
        opened_at=petition.opened_at,
        closes_at=petition.closes_at,
        closed_at=petition.closed_at,
        count=count_of(petition),
        count_is_reported=bool(petition.source),
        source=petition.source,
        source_id=petition.source_id,
        needed=upcoming.needed if upcoming else None,
        owed=standing,
        due_on=due_on,
        is_answered_unowed=bool(getattr(petition, "unowed", False)),
    )


class Counts(NamedTuple):
    """Signatures less voids: by region's code, and by assurance."""

    by_region: Mapping[str, int]
    by_assurance: Mapping[int, int]


def build_petition(petition: Petition, *, counts: Counts, now: dt.datetime) -> PetitionView:
    """Make the view of a petition from `petition_rows`; a tombstone where its text is not public."""
    charter = read_charter_version(petition.charter)
    readable = is_readable(petition)
    obligations = tuple(build_obligation(each, now=now) for each in petition.debts)  # type: ignore[attr-defined]
    ledger = _ledger(petition)
    unowed: Sequence[Response] = getattr(petition, "unowed", ())
    return PetitionView(
        petition_id=petition.pk,
        state=petition.state,
        title=petition.title if readable else "",
        body=petition.body if readable else "",
        language=petition.language,
        topic=petition.topic,
        creator_name=_creator_name(petition, charter) if readable else "",
        charter_id=charter.id,
        charter_digest=charter.digest,
        charter_title=words(charter.title),
        institution=words(charter.institution),
        time_zone=charter.time_zone,
        created_at=petition.created_at,
        opened_at=petition.opened_at,
        closes_at=petition.closes_at,
        closed_at=petition.closed_at,
        count=count_of(petition),
        count_is_reported=bool(petition.source),
        source=petition.source,
        source_id=petition.source_id,
        source_status=petition.source_status,
        reason_code=petition.reason_code,
        reason=reason_words(charter, petition.reason_code),
        reason_note=petition.reason_note,
        thresholds=_thresholds(petition, by_region=counts.by_region),
        obligations=obligations,
        would_owe=would_owe(petition),
        signatures_by_region=counts.by_region,
        signatures_by_assurance=counts.by_assurance,
        ledger=ledger,
        unowed=view_response(unowed[-1]) if unowed else None,
        confirms_until=_confirms_until(petition),
        moderation_at=getattr(petition, "moderation_at", None),
        updated_at=max(
            [petition.updated_at]
            + [moment for each in obligations for moment in (each.met_at, each.settled_at) if moment]
            + [each.response.published_at for each in obligations if each.response]
            + [each.published_at for each in unowed[-1:]]
            + ([ledger.published_at] if ledger else [])
        ),
    )


def _confirms_until(petition: Petition) -> dt.datetime | None:
    gate: SigningGate | None = getattr(petition, "gate", None)
    if petition.state != "closed" or gate is None or gate.state != "open" or gate.closes_at is None:
        return None
    until: dt.datetime = gate.closes_at + gate.grace
    return until


def build_obligation(obligation: Obligation, *, now: dt.datetime) -> ObligationView:
    """Make the view of an obligation from `obligation_rows`."""
    petition = obligation.petition
    charter = read_charter_version(petition.charter)
    owed = find_threshold(charter, obligation.threshold_id).obligation
    if owed is None:
        raise AssertionError(f"obligation {obligation.pk} is for a threshold that owes nothing")
    undone = obligation.turns % 2 == 1
    return ObligationView(
        obligation_id=obligation.pk,
        petition_id=petition.pk,
        petition_title=petition.title if is_readable(petition) else "",
        petition_language=petition.language,
        threshold_id=obligation.threshold_id,
        what=words(owed.what),
        who=words(owed.who),
        basis=words(owed.basis),
        needed=obligation.needed,
        count=count_of(petition),
        met_at=obligation.owed_since,
        met_leaf=obligation.met_index if obligation.turned_index is None or undone else obligation.turned_index,
        met_count=obligation.met_count if obligation.turned_count is None or undone else obligation.turned_count,
        undone_leaf=obligation.turned_index if undone else None,
        undone_count=obligation.turned_count if undone else None,
        due_on=obligation.due_on,
        binding=obligation.binding,
        state=obligation.state,
        days_late=_days_late(obligation, charter, now=now),
        extended=len(obligation.extensions.all()),
        settled_at=obligation.settled_at,
        decline_reason=obligation.decline_reason,
        decline_note=obligation.decline_note,
        response=view_response(obligation.response) if obligation.response else None,
        ground=next((words(each.label) for each in owed.declines if each.code == obligation.decline_reason), {}),
        extensions=tuple(
            ExtensionView(each.old_due_on, each.new_due_on, each.reason, each.at)
            for each in sorted(obligation.extensions.all(), key=lambda each: each.number)
        ),
        due_changes=tuple(
            DueChangeView(each.old_due_on, each.new_due_on, each.cause, each.at)
            for each in sorted(obligation.due_changes.all(), key=lambda each: each.pk)
        ),
        waits_for=_waits_for(obligation, owed),
        lapse_reason=obligation.lapse_reason,
        lapse_ground=next(
            (words(each.label) for each in owed.lapses_on if each.code == obligation.lapse_reason),
            LAPSES.get(obligation.lapse_reason, {}),
        ),
        lapse_note=obligation.lapse_note,
    )


def _waits_for(obligation: Obligation, owed: Owed) -> str:
    deadline = owed.deadline
    if deadline is None or obligation.state not in ("owed", "kept"):
        return ""
    if obligation.due_on is not None:
        return "calendar" if deadline.or_next_sitting_day and not (obligation.binding or deadline.best_effort) else ""
    return deadline.counted_from if deadline.counted_from in MOMENT_KINDS else "calendar"


def would_owe(petition: Petition) -> tuple[WouldOwe, ...]:
    """Say what the petition's charter would have owed for a count that another site reported; () for our own."""
    if not petition.source or petition.opened_at is None:
        return ()
    charter = read_charter_version(petition.charter)
    found = []
    for threshold, measured in _measure(petition, charter, by_region={}):
        if threshold.obligation is not None and measured.met:
            due = find_due(petition, threshold.id, met_at=None)
            found.append(
                WouldOwe(
                    what=words(threshold.obligation.what),
                    who=words(threshold.obligation.who),
                    needed=measured.needed,
                    due_on=due.on if due else None,
                )
            )
    return tuple(found)


def count_of(petition: Petition) -> int:
    """Return the public number of a petition: its ledger's at the last checkpoint, else the reported one, else 0."""
    tree = tree_of(petition)
    return tree.count if tree else petition.reported_count or 0


def tree_of(petition: Petition) -> SigningTree | None:
    """Return the petition's tree; None for one that never opened here."""
    return getattr(petition, "tree", None)


def summarise(text: str) -> str:
    """Return the beginning of a text on one line, at most 160 characters, cut at a space where there is one."""
    line = " ".join(text.split())
    if len(line) <= _SUMMARY:
        return line
    head, space, _ = line[:_SUMMARY].rpartition(" ")
    return (head if space and len(head) > _SUMMARY // 2 else line[: _SUMMARY - 1]) + "…"


def _measure(petition: Petition, charter: Charter, *, by_region: Mapping[str, int]) -> list[tuple[Threshold, Measured]]:
    registered_on = legal_day(charter, petition.opened_at or petition.created_at)
    counts = Measurable(count_of(petition), by_region)
    measured = [(each, measure(each, counts, registered_on=registered_on)) for each in charter.thresholds]
    return sorted(measured, key=lambda pair: pair[1].needed)


def _thresholds(petition: Petition, *, by_region: Mapping[str, int]) -> tuple[ThresholdView, ...]:
    charter = read_charter_version(petition.charter)
    rows = {row.threshold_id: row for row in petition.threshold_rows}  # type: ignore[attr-defined]
    views = []
    for threshold, measured in _measure(petition, charter, by_region=by_region):
        row = rows.get(threshold.id)
        views.append(
            ThresholdView(
                threshold_id=threshold.id,
                label=words(threshold.label),
                needed=measured.needed,
                met=measured.met if petition.source else row is not None and row.stands,
                met_at=(row.turned_at or row.met_at) if row and row.stands else None,
                met_leaf=(row.turned_index or row.met_index) if row and row.stands else None,
                regions_met=measured.regions_met,
                regions_needed=measured.regions_needed,
            )
        )
    return tuple(views)


def _most_pressing(petition: Petition, *, now: dt.datetime) -> tuple[str, dt.date | None]:
    found: dict[str, dt.date | None] = {}
    debts: Sequence[Obligation] = petition.debts  # type: ignore[attr-defined]
    for obligation in sorted(debts, key=lambda each: each.due_on or dt.date.max, reverse=True):
        late = obligation.binding and obligation.due_at is not None and obligation.due_at <= now
        found["overdue" if obligation.state == "owed" and late else obligation.state] = obligation.due_on
    return next(((standing, found[standing]) for standing in _PRESSING if standing in found), ("", None))


def _days_late(obligation: Obligation, charter: Charter, *, now: dt.datetime) -> int:
    if obligation.state != "owed" or not obligation.binding or obligation.due_on is None:
        return 0
    return max(0, (now.astimezone(ZoneInfo(charter.time_zone)).date() - obligation.due_on).days)


def _creator_name(petition: Petition, charter: Charter) -> str:
    match charter.disclosure.creator_name:
        case "always":
            return petition.creator_name if petition.state != "rejected" else ""
        case "while open":
            return petition.creator_name if petition.state == "open" else ""
        case "never":
            return ""


def _ledger(petition: Petition) -> LedgerView | None:
    tree = tree_of(petition)
    if tree is None or tree.published_at is None:
        return None
    return LedgerView(
        origin=petition.gate.origin,
        size=tree.size,
        signatures=tree.signatures,
        voids=tree.voids,
        reinstated=tree.reinstated,
        root=bytes(tree.root),
        published_at=tree.published_at,
    )


def build_cards(petitions: Iterable[Petition], *, now: dt.datetime) -> tuple[PetitionCard, ...]:
    """Make cards in the order of the rows."""
    return tuple(build_card(petition, now=now) for petition in petitions)
