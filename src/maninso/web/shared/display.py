"""What a petition's page works out from the read models: the steps of its way, the threshold it is measured by."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from maninso.petitions.access import (
    BillView,
    ObligationView,
    PetitionCard,
    PetitionView,
    ReportedView,
    ThresholdView,
)
from maninso.petitions.discovery import Marked
from maninso.web.shared.formats import last_day, local

STATE_LABELS: Mapping[str, Promise] = {
    "draft": _("Draft"),
    "gathering": _("Gathering supporters"),
    "moderation": _("Being checked"),
    "open": _("Open for signatures"),
    "closed": pgettext_lazy("state of a petition", "Closed"),
    "rejected": _("Rejected"),
    "hidden": _("Hidden"),
    "withdrawn": _("Withdrawn"),
    "lapsed": _("Too few supporters"),
    "removed": _("Removed"),
}
STATE_TONES = {"open": "", "gathering": "warn", "moderation": "warn"}

OWED_LABELS: Mapping[str, Promise] = {
    "owed": _("Answer owed"),
    "overdue": _("Overdue"),
    "kept": _("Answered"),
    "declined": _("Declined"),
    "lapsed": _("Lapsed"),
}
OWED_TONES = {"owed": "warn", "overdue": "red", "kept": "ok", "declined": "plain", "lapsed": "plain"}


@dataclass(frozen=True)
class Tag:
    """A small label; `tone` is a class of the style sheet."""

    label: str | Promise
    tone: str


REPLY_TAGS: Mapping[str, Tag] = {
    "writing": Tag(_("Draft"), "plain"),
    "proposed": Tag(_("For a second pair of eyes"), "warn"),
    "approved": Tag(_("Approved, waits for its time"), ""),
    "published": Tag(_("Published"), "ok"),
    "retracted": Tag(_("Taken back"), "red"),
    "dropped": Tag(_("Given up"), "plain"),
}


STAGE_LABELS: Mapping[str, Promise] = {
    "proposed": _("Introduced"),
    "committee": _("In committee"),
    "reported": _("Reported by the committee"),
    "plenary": _("Before the plenary"),
    "passed": _("Passed"),
    "promulgated": _("Promulgated"),
    "in-force": _("In force"),
    "rejected": _("Voted down"),
    "withdrawn": _("Withdrawn"),
    "expired": _("Expired with the term"),
    "filed": _("Brought before the court"),
    "decided": _("Decided"),
    "refused": _("Refused"),
}
TOLD_STAGES = ("proposed", "in-force", "rejected", "withdrawn", "expired", "filed", "decided", "refused")
"""Those that stand among the steps of a petition; the others are on the bill's own page."""
STEP_LABELS: Mapping[str, Promise] = {
    "proposed": _("Bill introduced"),
    "rejected": _("Bill voted down"),
    "filed": _("Brought before the court"),
    "decided": _("The court decided"),
}
"""What these are called beside other steps."""
ENDED_BADLY = ("rejected", "withdrawn", "expired", "refused")
KIND_LABELS: Mapping[str, Promise] = {"bill": _("Bill"), "ruling": _("Ruling"), "refusal": _("Refusal")}
MEETS_TAGS: Mapping[str, Tag] = {
    "whole": Tag(_("meets the demand"), "ok"),
    "part": Tag(_("meets it in part"), "warn"),
    "not": Tag(_("does not meet it"), "red"),
}


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of a petition's way: `state` is done, now, late or next; `day` is when it was or is due."""

    label: str | Promise
    state: str
    day: dt.date | None = None
    until: dt.date | None = None  # the last day, where it is not a day but a time
    needed: int = 0  # signatures, where the step is a threshold


def state_tag(state: str) -> Tag:
    """Return the label of a petition's state."""
    return Tag(STATE_LABELS.get(state, state), STATE_TONES.get(state, "plain"))


def owed_tag(owed: str) -> Tag | None:
    """Return the label of what is owed to a petition, None where nothing is."""
    return Tag(OWED_LABELS[owed], OWED_TONES[owed]) if owed in OWED_LABELS else None


def standing(obligation: ObligationView) -> str:
    """Return where an obligation stands: owed, overdue, kept, declined or lapsed."""
    return "overdue" if obligation.overdue else obligation.state


def show_debt(obligation: ObligationView) -> dict[str, Any]:
    """Return what the templates of a debt need: it, its label, and how many days late it was settled."""
    late = 0
    if obligation.settled_at and obligation.due_on and obligation.binding:
        late = max((local(obligation.settled_at).date() - obligation.due_on).days, 0)
    tag = Tag(_("Answered late"), "warn") if late and obligation.state == "kept" else owed_tag(standing(obligation))
    return {"obligation": obligation, "tag": tag, "late_by": late}


def show_bill(bill: BillView) -> dict[str, Any]:
    """Return what the templates of a bill need: it, its label, its stages in words, and how it meets the demand."""
    stages = [{"label": STAGE_LABELS[each.stage], "on": each.on, "note": each.note} for each in bill.stages]
    last = bill.stages[-1].stage if bill.stages else ""
    stands = Tag(KIND_LABELS[bill.kind], "plain" if last in ENDED_BADLY else "")
    return {
        "bill": bill,
        "tag": Tag(_("Law"), "ok") if bill.is_law else stands,
        "kind": KIND_LABELS[bill.kind],
        "stages": stages,
        "last": stages[-1] if stages else None,
        "meets": MEETS_TAGS.get(bill.meets),
    }


DEBATE_LINKS: Mapping[str, Promise] = {
    "transcript_url": _("Transcript"),
    "video_url": _("Video"),
    "debate_pack_url": _("Briefing"),
    "public_engagement_url": _("Public engagement"),
    "debate_summary_url": _("Summary"),
}


def show_reported(reported: ReportedView | None) -> dict[str, Any]:
    """Return what the template of another site's record needs: links of the debate, and places by signatures."""
    if reported is None:
        return {}
    places = (
        (_("Signatures by region"), reported.regions),
        (_("Signatures by constituency"), reported.constituencies),
        (_("Signatures by country"), reported.countries),
    )
    return {
        "debate_links": [
            (label, reported.debate_addresses[name])
            for name, label in DEBATE_LINKS.items()
            if name in reported.debate_addresses
        ],
        "reported_parts": [
            (label, sorted(parts, key=lambda each: (-each.count, each.name))) for label, parts in places
        ],
    }


def days_left(closes_at: dt.datetime, *, now: dt.datetime, zone: str = "") -> int:
    """Return how many days follow today until the last one; 0 on the last day, negative once it has passed."""
    return (last_day(closes_at, zone) - local(now, zone).date()).days


def pick_threshold(view: PetitionView) -> ThresholdView | None:
    """Return the threshold that the bar shows: the next one not met, else the last.

    Once no more signatures come, it is the last that was met, where one was.
    """
    met = [threshold for threshold in view.thresholds if threshold.met]
    if met and (view.state != "open" or len(met) == len(view.thresholds)):
        return met[-1]
    return next((threshold for threshold in view.thresholds if not threshold.met), None)


def card_days(card: PetitionCard, *, now: dt.datetime) -> int | None:
    """Return how many days an open petition has left, None for one that takes no signatures."""
    return days_left(card.closes_at, now=now) if card.state == "open" and card.closes_at else None


def show_card(
    card: PetitionCard, *, now: dt.datetime, marks: tuple[Marked, Marked | None] | None = None
) -> dict[str, Any]:
    """Return what the template of a card needs besides the card; `marks` are what a search found in it."""
    title, passage = marks or (None, None)
    return {
        "card": card,
        "title": title,
        "passage": passage,
        "state": state_tag(card.state),
        "owed": owed_tag(card.owed or ("kept" if card.is_answered_unowed else "")),
        "days": card_days(card, now=now),
        "ended": ended_on(card.closes_at, card.closed_at),
    }


def ended_on(closes_at: dt.datetime | None, closed_at: dt.datetime | None, zone: str = "") -> dt.date | None:
    """Return the last day on which a petition could be signed; None while it can be, or where it never could."""
    if closed_at is None:
        return None
    if closes_at is not None and closed_at >= closes_at:
        return last_day(closes_at, zone)
    return local(closed_at, zone).date()


def build_steps(view: PetitionView, *, now: dt.datetime) -> list[Step]:
    """Return the steps of a petition's way: what happened in the order in which it did, then what is to come."""
    steps = sorted(_past(view), key=lambda step: step.day or dt.date.min)
    steps += _to_come(view)
    if not any(step.state in ("now", "late") for step in steps) and steps:
        done = [index for index, step in enumerate(steps) if step.state == "done"]
        steps[done[-1]] = replace(steps[done[-1]], state="now")
    return steps


def _past(view: PetitionView) -> Iterator[Step]:
    zone = view.time_zone

    def on(when: dt.datetime) -> dt.date:
        return local(when, zone).date()

    if not view.source:
        yield Step(label=_("Raised"), state="done", day=on(view.created_at))
    if view.opened_at:
        yield Step(label=_("Published"), state="done", day=on(view.opened_at))
    for threshold in view.thresholds:
        if threshold.met and threshold.met_at:
            yield Step(label=_("Threshold reached"), state="done", day=on(threshold.met_at), needed=threshold.needed)
    for obligation in view.obligations:
        if obligation.settled_at:
            yield Step(label=OWED_LABELS[obligation.state], state="done", day=on(obligation.settled_at))
    for bill in {each.bill_id: each for each in view.bills}.values():
        for stage in bill.stages:
            if stage.stage in TOLD_STAGES:
                label = STEP_LABELS.get(stage.stage, STAGE_LABELS[stage.stage])
                yield Step(label=label, state="done", day=stage.on)
        if bill.enacted_on:
            yield Step(label=_("Became law"), state="done", day=bill.enacted_on)
    if view.state == "closed":
        yield Step(label=_("Signing ended"), state="done", day=ended_on(view.closes_at, view.closed_at, zone))
    elif view.state in ("rejected", "hidden", "withdrawn", "lapsed", "removed"):
        yield Step(label=STATE_LABELS[view.state], state="now", day=on(view.closed_at or view.updated_at))


def _to_come(view: PetitionView) -> Iterator[Step]:
    if view.state in ("gathering", "moderation"):
        yield Step(label=STATE_LABELS[view.state], state="now")
        yield Step(label=_("Published"), state="next")
    if view.state == "open" and view.closes_at:
        yield Step(label=_("Collecting signatures"), state="now", until=last_day(view.closes_at, view.time_zone))
    for obligation in view.obligations:
        if obligation.state == "owed":
            late = obligation.overdue
            waiting = "late" if late else "now" if view.state == "closed" else "next"
            yield Step(label=_("Answer overdue") if late else _("Answer due"), state=waiting, day=obligation.due_on)
    if view.state in ("gathering", "moderation", "open"):
        for threshold in view.thresholds:
            if not threshold.met:
                yield Step(label=_("Threshold"), state="next", needed=threshold.needed)
