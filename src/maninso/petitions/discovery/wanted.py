"""What somebody looks for: one object for the page, JSON, CSV and the feed, and what of it the database is asked.

Nothing that a visitor types is an error here: what cannot be used counts as not given.
"""

import datetime as dt
import time
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Exists, F, Func, IntegerField, OuterRef, Q, Value

from maninso.petitions.access.rows import LISTED, STANDING_ANSWERS, overdue, standing_thresholds
from maninso.petitions.access.views import DEBATE
from maninso.petitions.models import Obligation, Petition, Response, SigningGate, SigningTally

STATES = (
    *("all", "open", "recent", "closed", "rejected", "awaiting_response", "with_response", "overdue", "reached"),
    *("awaiting_debate", "debated", "not_debated"),
)
SORTS = ("signatures", "newest", "ending", "trending", "relevance", "created", "waiting", "settled")
LONGEST_QUERY = 200  # characters
_FRESH = 10.0  # seconds for which choices are kept, or longer:
_TIMES = 200.0  # as long as reading them took, so that it takes at most a two-hundredth of the time


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A search: words and filters. Make one with `understand`, which leaves nothing in it that cannot be used."""

    query: str = ""
    state: str = "all"
    topic: str = ""
    institution: str = ""  # a charter's name
    region: str = ""  # ISO 3166 code: petitions that people from there have signed
    since: dt.date | None = None  # published on that day or later, in the site's time zone
    until: dt.date | None = None  # published on that day or earlier
    sort: str = "signatures"

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but the words keeps petitions out."""
        return bool(self.state != "all" or self.topic or self.institution or self.region or self.since or self.until)


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What filters can be set to here."""

    topics: tuple[str, ...]
    institutions: tuple[str, ...]
    regions: tuple[str, ...]


_kept: tuple[float, Choices] | None = None  # until when, and what


def list_choices() -> Choices:
    """Return every topic, institution (its charter's name) and region that a listed petition has.

    A process keeps them for ten seconds, and longer on a large site, where they are costly: they rarely change.
    """
    global _kept
    kept = _kept
    if kept is None or time.monotonic() > kept[0]:
        started = time.monotonic()
        choices = _read_choices()
        took = time.monotonic() - started
        _kept = kept = (started + max(_FRESH, took * _TIMES), choices)
    return kept[1]


def forget_choices() -> None:
    """Let this process read the choices anew."""
    global _kept
    _kept = None


def _read_choices() -> Choices:
    listed = Petition.objects.filter(LISTED)
    topics = listed.exclude(topic="").order_by("topic").values_list("topic", flat=True).distinct()
    institutions = listed.order_by("charter__charter_id").values_list("charter__charter_id", flat=True).distinct()
    regions = SigningGate.objects.filter(regions__len__gt=1).values_list("regions", flat=True).distinct()
    return Choices(
        topics=tuple(topics),
        institutions=tuple(institutions),
        regions=tuple(sorted({region for names in regions for region in names if region})),
    )


def understand(
    *,
    query: str = "",
    state: str = "all",
    topic: str = "",
    institution: str = "",
    region: str = "",
    since: str = "",
    until: str = "",
    sort: str = "signatures",
    choices: Choices,
) -> Wanted:
    """Return the search that these words ask for. What is not known counts as not given; days are ISO 8601."""
    return Wanted(
        query=clean_query(query),
        state=state if state in STATES else "all",
        topic=topic if topic in choices.topics else "",
        institution=institution if institution in choices.institutions else "",
        region=region if region in choices.regions else "",
        since=_day(since),
        until=_day(until),
        sort=sort if sort in SORTS else "signatures",
    )


def clean_query(query: str) -> str:
    """Return what can be searched for: NFC, one space between words, no controls, at most 200 characters."""
    kept = "".join(" " if unicodedata.category(each) in ("Cc", "Cs") else each for each in query[: LONGEST_QUERY * 4])
    return " ".join(unicodedata.normalize("NFC", kept).split())[:LONGEST_QUERY].strip()


def narrow(wanted: Wanted, *, now: dt.datetime) -> Q:
    """Return the condition that the filters make; the words are not in it."""
    condition = _in_state(wanted.state, now)
    if wanted.topic:
        condition &= Q(topic=wanted.topic)
    if wanted.institution:
        condition &= Q(charter__charter_id=wanted.institution)
    if wanted.region:
        condition &= _signed_from(wanted.region)
    if wanted.since:
        condition &= Q(opened_at__gte=_midnight(wanted.since))
    if wanted.until:
        condition &= Q(opened_at__lt=_midnight(wanted.until + dt.timedelta(days=1)))
    return condition


def _in_state(state: str, now: dt.datetime) -> Q:
    if state in ("open", "closed", "rejected"):
        return Q(state=state)
    if state == "recent":
        return Q(state="open")
    if state == "reached":
        met = standing_thresholds().filter(petition=OuterRef("pk"))
        return Q(Exists(met)) | Q(needed__0__lte=F("reported_count"))
    if state == "with_response":
        kept = Obligation.objects.filter(state="kept").values("petition")
        unowed = Response.objects.filter(STANDING_ANSWERS).exclude(petition=None).values("petition")
        return Q(pk__in=kept.union(unowed))  # one set to look into, where OR would look at every petition
    owed: Mapping[str, Q] = {
        "awaiting_response": Q(state="owed"),
        "overdue": overdue(now),
        "awaiting_debate": Q(state="owed", threshold_id=DEBATE),
        "debated": Q(state="kept", threshold_id=DEBATE),
        "not_debated": Q(state="declined", threshold_id=DEBATE),
    }
    if state not in owed:
        return Q()
    return Q(Exists(Obligation.objects.filter(owed[state], petition=OuterRef("pk"))))


def _signed_from(region: str) -> Q:
    """Petitions that somebody from a region has signed; as with the counts themselves, not those that were rejected."""
    number = Func(F("petition__gate__regions"), Value(region), function="array_position", output_field=IntegerField())
    # PostgreSQL counts an array from 1, a tally its regions from 0; number 0 is no region.
    signed = SigningTally.objects.alias(number=number - 1).filter(
        petition=OuterRef("pk"), signatures__gt=F("voids"), region__gt=0, region=F("number")
    )
    return Q(Exists(signed), state__in=("open", "closed"))


def _day(text: str) -> dt.date | None:
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1900 <= day.year <= 9000 else None


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), tzinfo=ZoneInfo(settings.TIME_ZONE))
