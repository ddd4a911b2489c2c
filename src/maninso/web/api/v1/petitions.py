"""Operations about petitions: what they say, how they stand, and how their count came about."""

import datetime as dt
from collections import defaultdict
from typing import Annotated, Literal
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.utils import timezone
from pydantic import Field

from maninso.petitions import access, discovery, raising
from maninso.petitions.access import PetitionCard, PetitionView
from maninso.petitions.access.series import read_series
from maninso.web.api.attributes import describe_family, describe_original, describe_own
from maninso.web.api.outcomes import describe_answer
from maninso.web.api.reported import describe_reported
from maninso.web.api.v1 import answers, basics, came
from maninso.web.api.v1.operations import Query
from maninso.web.shared.addresses import data_address, site_origin
from maninso.web.shared.filters import find, usual_sort
from maninso.web.shared.formats import format_utc
from maninso.web.shared.problems import BAD_PARAMETER, NO_PETITION, REMOVED, Refused

MOST_PER_PAGE, USUAL_PER_PAGE = 100, 25
GONE = ("hidden", "removed")

Limit = Annotated[int, Field(ge=1, le=MOST_PER_PAGE, description="How many a page")]


class ListQuery(Query):
    """What a list of petitions may be asked."""

    q: str = Field("", max_length=200, description="Words that are looked for")
    state: Literal[
        "all",
        "open",
        "recent",
        "closed",
        "rejected",
        "awaiting_response",
        "with_response",
        "overdue",
        "reached",
        "awaiting_debate",
        "debated",
        "not_debated",
    ] = "all"
    topic: str = Field("", max_length=200)
    institution: str = Field("", max_length=200, description="A charter's id")
    region: str = Field("", max_length=20, description="ISO 3166: petitions that people from there have signed")
    since: dt.date | None = Field(
        None, ge=dt.date(1900, 1, 1), le=dt.date(2999, 12, 31), description="Opened then or later"
    )
    until: dt.date | None = Field(
        None, ge=dt.date(1900, 1, 1), le=dt.date(2999, 12, 31), description="Opened then or earlier"
    )
    sort: Literal["signatures", "newest", "ending", "trending", "relevance", "created", "waiting", "settled"] | None = (
        None
    )
    limit: Limit = USUAL_PER_PAGE
    after: str = Field("", pattern="^[A-Za-z0-9_-]{0,400}$", description="Where the page begins: take `links.next`")


class SeriesQuery(Query):
    """By what a time series is stepped."""

    step: Literal["hour", "day"] = "hour"


def list_petitions(query: ListQuery) -> basics.Page[answers.PetitionSummary]:
    """Return a page of petitions. What a filter names and no petition has is refused, unlike on the site's pages."""
    choices = discovery.list_choices()
    known = {"topic": choices.topics, "institution": choices.institutions, "region": choices.regions}
    unknown = [
        (name, "no petition here has it") for name, all_of in known.items() if getattr(query, name) not in ("", *all_of)
    ]
    if unknown:
        raise Refused(BAD_PARAMETER, errors=unknown)
    wanted = discovery.understand(
        query=query.q,
        state=query.state,
        topic=query.topic,
        institution=query.institution,
        region=query.region,
        since=query.since.isoformat() if query.since else "",
        until=query.until.isoformat() if query.until else "",
        sort=query.sort or usual_sort(discovery.clean_query(query.q), query.state),
        choices=choices,
    )
    found = find(wanted, page=1, per_page=query.limit, key=query.after, now=timezone.now())
    return basics.Page[answers.PetitionSummary](
        links=link_pages("api_petitions", query, found.next_key), data=[summarise(card) for card in found.cards]
    )


def link_pages(name: str, query: Query, after: str) -> basics.Links:
    """Return a page's links: to itself, and to the next one, which begins at `after`."""
    asked = {key: str(value) for key, value in query.model_dump(exclude_defaults=True).items() if value}

    def link(given: dict[str, str]) -> str:
        return data_address(name) + (f"?{urlencode(sorted(given.items()))}" if given else "")

    return basics.Links(self=link(asked), next=link(asked | {"after": after}) if after else None)


def summarise(card: PetitionCard) -> answers.PetitionSummary:
    """Return a petition as lists give it."""
    return answers.PetitionSummary.model_validate(
        {
            "id": card.petition_id,
            "url": f"{site_origin()}/petitions/{card.petition_id}",
            "self": data_address("api_petition", card.petition_id),
            "title": card.title,
            "summary": card.summary,
            "state": card.state,
            "language": card.language,
            "topic": card.topic or None,
            "opened_at": _time(card.opened_at),
            "closes_at": _time(card.closes_at),
            "closed_at": _time(card.closed_at),
            "signature_count": card.count,
            "count_is_reported": card.count_is_reported,
            "source": card.source or None,
            "source_id": card.source_id or None,
            "signatures_needed": card.needed,
            "obligation_state": card.owed or None,
            "obligation_due_on": card.due_on.isoformat() if card.due_on else None,
        }
    )


def show_petition(query: Query, petition_id: int) -> answers.Petition:
    """Return everything public about a petition."""
    now = timezone.now()
    view = require(petition_id, now=now)
    original, own = describe_original(view, background=view.body), describe_own(view)
    family = describe_family(discovery.show_family(view.petition_id, now=now))
    same = ("created_at", "updated_at", "opened_at", "closed_at", "signature_count", "creator_name", "state")
    taken = (
        "language",
        "charter",
        "charter_sha256",
        "source",
        "source_id",
        "source_status",
        "count_is_reported",
        "url",
    )
    parts = ("masked", "thresholds", "obligations", "bills", "would_owe", "ledger")
    return answers.Petition.model_validate(
        {name: original[name] for name in same}
        | {name: own[name] for name in (*taken, *parts)}
        | family
        | {
            "id": view.petition_id,
            "title": view.title or None,
            "body": view.body or None,
            "topic": view.topic or None,
            "reason": _reason(view),
            "institution": dict(view.institution),
            "time_zone": view.time_zone,
            "closes_at": _time(view.closes_at),
            "reported": describe_reported(view.reported),
        }
    )


def show_series(query: SeriesQuery, petition_id: int) -> answers.Series:
    """Return a petition's count over time, by what is void now."""
    require(petition_id, now=timezone.now())
    series = read_series(petition_id)
    if series is None:
        raise Refused(NO_PETITION)
    zone = ZoneInfo(series.time_zone)
    summed: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for step in series.steps:
        at = step.at.astimezone(zone).date().isoformat() if query.step == "day" else format_utc(step.at)
        summed[at][0] += step.signatures
        summed[at][1] += step.voids
    count = 0
    steps = []
    for at, (signatures, voids) in summed.items():
        count += signatures - voids
        steps.append(answers.SeriesStep(at=at, signatures=signatures, voids=voids, count=count))
    return answers.Series(petition=petition_id, step=query.step, time_zone=series.time_zone, data=steps)


def show_breakdowns(query: Query, petition_id: int) -> answers.Breakdowns:
    """Return a petition's count by region, by assurance and by day."""
    view = require(petition_id, now=timezone.now())
    by_day = show_series(SeriesQuery(step="day"), petition_id).data
    return answers.Breakdowns(
        petition=petition_id,
        signature_count=view.count,
        time_zone=view.time_zone,
        by_region=[
            answers.ByRegion(region=region, signature_count=count)
            for region, count in sorted(view.signatures_by_region.items())
        ],
        by_assurance=[
            answers.ByAssurance(assurance=level, signature_count=count)
            for level, count in sorted(view.signatures_by_assurance.items())
        ],
        by_day=[answers.ByDay(day=each.at, signature_count=each.signatures - each.voids) for each in by_day],
    )


def list_updates(query: Query, petition_id: int) -> answers.Updates:
    """Return the news that a petition's creator told."""
    require(petition_id, now=timezone.now())
    news = raising.read_news(petition_id)
    return answers.Updates(
        petition=petition_id,
        data=[
            answers.Update(
                text=each.text or None,
                at=format_utc(each.at),
                hidden_at=_time(each.hidden_at),
                reason=dict(each.reason) if each.reason else None,
            )
            for each in news
        ],
    )


def list_answers(query: Query, petition_id: int) -> came.PetitionsAnswers:
    """Return what was answered to a petition, in all versions."""
    view = require(petition_id, now=timezone.now())
    return came.PetitionsAnswers.model_validate(
        {"petition": petition_id, "data": [describe_answer(each) for each in view.answers]}
    )


def require(petition_id: int, *, now: dt.datetime) -> PetitionView:
    """Return a petition that may be read; refuses others."""
    view = access.find_petition(petition_id, now=now)
    if view is None:
        raise Refused(NO_PETITION)
    if view.state in GONE:
        raise Refused(REMOVED)
    return view


def _reason(view: PetitionView) -> answers.Reason | None:
    if not view.reason_code:
        return None
    return answers.Reason(code=view.reason_code, words=dict(view.reason), note=view.reason_note or None)


def _time(when: dt.datetime | None) -> str | None:
    return format_utc(when) if when else None
