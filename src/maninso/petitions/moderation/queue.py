"""What waits for a decision: by the day on which it is due, with what to look at first; and how the office does."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from statistics import median

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from maninso.charter import Calendar, legal_day
from maninso.petitions.access.rules import find_review_day, read_charter_version, words
from maninso.petitions.access.views import Words
from maninso.petitions.models import Appeal, Case, Mask, Petition, StateChange, Takedown
from maninso.petitions.moderation.personal import find_personal_data

SHOWN = ("waiting", "mine", "flagged", "dormant")
TARGET = dt.timedelta(days=7)  # where the charter sets no day
SOON = dt.timedelta(days=2)
MOST = 100  # petitions on a page
_RECENT = 500  # decisions that the median is taken of

Decision = tuple[dt.datetime, dt.datetime, str, str]
"""When the petition came, when it was decided, the new state, and the reason's code."""


@dataclass(frozen=True, kw_only=True)
class QueueRow:
    """One petition that waits. `band` is fresh, soon or late; `due_on` is a target where `binding` is False."""

    petition_id: int
    title: str
    language: str
    institution: Words
    sponsors: int | None  # None where nobody raised it through the form
    entered_at: dt.datetime
    due_on: dt.date
    days_left: int  # negative: late
    binding: bool
    band: str
    holder: str
    hold: str
    marks: tuple[str, ...]  # kinds of personal data that the text seems to hold
    appealed: bool


@dataclass(frozen=True, kw_only=True)
class Queue:
    """The rows that were asked for, earliest day first, and the office in numbers."""

    rows: tuple[QueueRow, ...]
    show: str
    waiting: int
    late: int
    median_hours: int | None
    refused_share: int | None  # percent of the decisions of seven days
    takedowns: int  # proposed
    appeals: int  # open


def read_queue(*, show: str, holder: str, now: dt.datetime) -> Queue:
    """Return what waits: all of it, what `holder` works on, or what was set aside; unknown: all that waits."""
    show = show if show in SHOWN else "waiting"
    waiting = _read_waiting(now=now)
    chosen = [(row, petition) for row, petition in waiting if _is_shown(row, show, holder)]
    open_rows = [row for row, _ in waiting if row.hold != "dormant"]
    return Queue(
        rows=tuple(replace(row, marks=_find_marks(petition)) for row, petition in chosen[:MOST]),
        show=show,
        waiting=len(open_rows),
        late=sum(row.band == "late" for row in open_rows),
        median_hours=_median_hours(_decisions()[:_RECENT]),
        refused_share=_refused_share(now),
        takedowns=Takedown.objects.filter(state="proposed").count(),
        appeals=Appeal.objects.filter(state="open").count(),
    )


def _read_waiting(*, now: dt.datetime) -> list[tuple[QueueRow, Petition]]:
    """Return what waits, earliest day first, each with its petition, whose text was not looked through yet."""
    entered = StateChange.objects.filter(petition=OuterRef("pk"), new="moderation").order_by("-pk")
    rows = (
        Petition.objects.filter(state="moderation")
        .select_related("charter", "raising", "case__holder")
        .defer("charter__source")
        .annotate(entered_at=Subquery(entered.values("at")[:1]), appeals_made=Count("appeals"))
    )
    calendars: dict[str, Calendar] = {}
    waiting = [(_row(each, calendars, now=now), each) for each in rows]
    return sorted(waiting, key=lambda pair: (pair[0].due_on, pair[0].entered_at))


def _is_shown(row: QueueRow, show: str, holder: str) -> bool:
    match show:
        case "mine":
            return row.holder == holder
        case "flagged" | "dormant":
            return row.hold == show
    return row.hold != "dormant"


def _row(petition: Petition, calendars: dict[str, Calendar], *, now: dt.datetime) -> QueueRow:
    charter = read_charter_version(petition.charter)
    entered_at: dt.datetime = petition.entered_at  # type: ignore[attr-defined]
    day = find_review_day(charter, entered_at=entered_at, calendars=calendars)
    due_on = day or legal_day(charter, entered_at + TARGET)
    left = (due_on - legal_day(charter, now)).days
    case: Case | None = getattr(petition, "case", None)
    raising = getattr(petition, "raising", None)
    return QueueRow(
        petition_id=petition.pk,
        title=petition.title,
        language=petition.language,
        institution=words(charter.institution),
        sponsors=raising.sponsors if raising else None,
        entered_at=entered_at,
        due_on=due_on,
        days_left=left,
        binding=day is not None,
        band="late" if left < 0 else "soon" if left <= SOON.days else "fresh",
        holder=case.holder.email if case and case.holder else "",
        hold=case.hold if case else "",
        marks=(),
        appealed=petition.appeals_made > 0,  # type: ignore[attr-defined]
    )


def _find_marks(petition: Petition) -> tuple[str, ...]:
    kinds = [passage.kind for passage in find_personal_data(f"{petition.title}\n{petition.body}")]
    return tuple(dict.fromkeys(kinds))


def _decisions(since: dt.datetime | None = None) -> "QuerySet[StateChange, Decision]":
    """Return the query of decisions, latest first."""
    entered = StateChange.objects.filter(petition=OuterRef("petition"), new="moderation", pk__lt=OuterRef("pk"))
    rows = StateChange.objects.filter(old="moderation", new__in=("open", "rejected", "hidden"))
    if since is not None:
        rows = rows.filter(at__gte=since)
    came = Subquery(entered.order_by("-pk").values("at")[:1])
    return rows.annotate(came=came).order_by("-pk").values_list("came", "at", "new", "reason_code")


def _median_hours(decisions: Iterable[Decision]) -> int | None:
    hours = [(at - came).total_seconds() / 3600 for came, at, _, _ in decisions]
    return round(median(hours)) if hours else None


def _refused_share(now: dt.datetime) -> int | None:
    decided = [new for _, _, new, _ in _decisions(now - dt.timedelta(days=7))]
    return round(100 * sum(new != "open" for new in decided) / len(decided)) if decided else None


@dataclass(frozen=True, kw_only=True)
class Statistics:
    """How the office decides, for everybody: of the last `days` days."""

    days: int
    waiting: int
    late: int
    opened: int
    rejected: int
    hidden: int
    median_hours: int | None
    reasons: tuple[tuple[str, int], ...]  # charter's codes, most frequent first
    masked: tuple[tuple[str, int], ...]  # passages, by reason
    removed: int
    appeals_upheld: int
    appeals_dismissed: int
    appeals_open: int


def read_statistics(*, now: dt.datetime, days: int = 365) -> Statistics:
    """Return how the office decided lately, with every reason that it gave."""
    since = now - dt.timedelta(days=days)
    decided = list(_decisions(since))
    states = [new for _, _, new, _ in decided]
    waiting = [row for row, _ in _read_waiting(now=now) if row.hold != "dormant"]
    masks = Mask.objects.filter(undone_at=None, masked_at__gte=since).values_list("reason_code")
    appeals = dict(
        Appeal.objects.filter(Q(state="open") | Q(decided_at__gte=since)).values_list("state").annotate(n=Count("pk"))
    )
    reasons: dict[str, int] = {}
    for _, _, new, code in decided:
        if new != "open":
            reasons[code] = reasons.get(code, 0) + 1
    return Statistics(
        days=days,
        waiting=len(waiting),
        late=sum(row.band == "late" for row in waiting),
        opened=states.count("open"),
        rejected=states.count("rejected"),
        hidden=states.count("hidden"),
        median_hours=_median_hours(decided[:_RECENT]),
        reasons=tuple(sorted(reasons.items(), key=lambda item: (-item[1], item[0]))),
        masked=tuple(masks.annotate(n=Count("pk")).order_by("-n", "reason_code")),
        removed=StateChange.objects.filter(new="removed", at__gte=since).count(),
        appeals_upheld=appeals.get("upheld", 0),
        appeals_dismissed=appeals.get("dismissed", 0),
        appeals_open=appeals.get("open", 0),
    )
