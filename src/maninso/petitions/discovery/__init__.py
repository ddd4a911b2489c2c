"""Finds petitions: lists, search, and what the front page shows.

Nothing that a visitor types is an error here: what cannot be used falls back to the whole list.
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Case, Exists, F, IntegerField, OuterRef, Q, QuerySet, Sum, Value, When

from maninso.petitions.access.build import build_cards, build_obligation
from maninso.petitions.access.rows import LISTED, SIGNATURES, card_rows, obligation_rows, overdue, standing_thresholds
from maninso.petitions.access.views import ObligationView, PetitionCard
from maninso.petitions.models import Obligation, Petition, SigningTree
from maninso.petitions.obligations import count_obligations, nearest_threshold

STATES = ("all", "open", "closed", "rejected", "awaiting_response", "with_response", "overdue", "reached")
SORTS = ("signatures", "newest", "ending", "relevance")
LONGEST_QUERY = 200  # characters

_MOST_PER_PAGE = 200
_ON_FRONT_PAGE = 5
_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class PetitionPage:
    """One page of a list, and what was understood of the question."""

    cards: tuple[PetitionCard, ...]
    total: int  # petitions on all pages
    page: int  # from 1
    pages: int  # at least 1
    state: str
    sort: str
    topic: str
    query: str
    topics: tuple[str, ...]  # every topic there is, for the filter


@dataclass(frozen=True, kw_only=True)
class Totals:
    """The whole site in numbers; `signatures` are those of our own ledgers, less voids."""

    petitions: int
    signatures: int
    owed: int  # overdue ones included
    overdue: int
    kept: int


@dataclass(frozen=True, kw_only=True)
class FrontPage:
    """What the front page shows, five of each at most."""

    nearest: tuple[PetitionCard, ...]
    owed: tuple[ObligationView, ...]  # most late first
    answered: tuple[ObligationView, ...]  # latest first
    newest: tuple[PetitionCard, ...]
    totals: Totals


def search_petitions(
    *, query: str, state: str, topic: str, sort: str, page: int, per_page: int, now: dt.datetime
) -> PetitionPage:
    """Return one page of the listed petitions that match.

    Every word of `query` must occur in the title or the text; digits alone also find a petition's number, here or on
    the site it comes from. An unknown state, sort or topic counts as "all", "signatures" or none, and a page that does
    not exist is the nearest that does.
    """
    query = clean_query(query)
    state = state if state in STATES else "all"
    sort = sort if sort in SORTS else "signatures"
    per_page = min(max(per_page, 1), _MOST_PER_PAGE)
    topics = tuple(
        Petition.objects.filter(LISTED).exclude(topic="").order_by("topic").values_list("topic", flat=True).distinct()
    )
    topic = topic if topic in topics else ""
    found = card_rows().filter(_in_state(state, now), _matches(query))
    if topic:
        found = found.filter(topic=topic)
    total = found.count()
    pages = max(1, -(-total // per_page))
    page = min(max(page, 1), pages)
    rows = _sorted(found, sort=sort, query=query, now=now)
    return PetitionPage(
        cards=build_cards(rows[(page - 1) * per_page : page * per_page], now=now),
        total=total,
        page=page,
        pages=pages,
        state=state,
        sort=sort,
        topic=topic,
        query=query,
        topics=topics,
    )


def front_page(*, now: dt.datetime) -> FrontPage:
    """Return what the front page shows."""
    owed = obligation_rows().filter(state="owed").order_by(F("due_at").asc(nulls_last=True), "pk")
    answered = obligation_rows().filter(state="kept").order_by("-settled_at", "pk")
    newest = card_rows().filter(state="open").order_by("-opened_at", "-pk")
    obligations = count_obligations(now=now)
    return FrontPage(
        nearest=nearest_threshold(now=now),
        owed=tuple(build_obligation(row, now=now) for row in owed[:_ON_FRONT_PAGE]),
        answered=tuple(build_obligation(row, now=now) for row in answered[:_ON_FRONT_PAGE]),
        newest=build_cards(newest[:_ON_FRONT_PAGE], now=now),
        totals=Totals(
            petitions=Petition.objects.filter(LISTED).count(),
            signatures=SigningTree.objects.aggregate(total=Sum("count"))["total"] or 0,
            owed=obligations["owed"],
            overdue=obligations["overdue"],
            kept=obligations["kept"],
        ),
    )


def clean_query(query: str) -> str:
    """Return what can be searched for: NFC, one space between words, no controls, at most 200 characters."""
    kept = "".join(" " if unicodedata.category(each) in ("Cc", "Cs") else each for each in query[: LONGEST_QUERY * 4])
    return " ".join(unicodedata.normalize("NFC", kept).split())[:LONGEST_QUERY].strip()


def _in_state(state: str, now: dt.datetime) -> Q:
    if state in ("open", "closed", "rejected"):
        return Q(state=state)
    if state == "reached":
        met = standing_thresholds().filter(petition=OuterRef("pk"))
        return Q(Exists(met)) | Q(needed__0__lte=F("reported_count"))
    wanted: Mapping[str, Q] = {
        "awaiting_response": Q(state="owed"),
        "with_response": Q(state="kept"),
        "overdue": overdue(now),
    }
    if state not in wanted:
        return Q()
    return Q(Exists(Obligation.objects.filter(wanted[state], petition=OuterRef("pk"))))


def _matches(query: str) -> Q:
    words = Q()
    for word in query.split():
        words &= Q(title__icontains=word) | Q(body__icontains=word)
    if _NUMBER.fullmatch(query):
        words |= Q(pk=int(query)) | Q(source_id=query)
    return words


def _sorted(rows: "QuerySet[Petition]", *, sort: str, query: str, now: dt.datetime) -> "QuerySet[Petition]":
    match sort:
        case "newest":
            return rows.order_by(F("opened_at").desc(nulls_last=True), "-pk")
        case "ending":
            running = Case(When(state="open", closes_at__gt=now, then=0), default=1)
            return rows.order_by(running, Case(When(state="open", then=F("closes_at"))), F("closed_at").desc(), "-pk")
        case "relevance":
            return rows.annotate(rank=_rank(query)).order_by("rank", SIGNATURES.desc(), "-pk")
    return rows.order_by(SIGNATURES.desc(), F("opened_at").desc(nulls_last=True), "-pk")


def _rank(query: str) -> Case:
    """Rank 0 for the number itself, 1 where every word is in the title, 2 otherwise."""
    in_title = Q()
    for word in query.split():
        in_title &= Q(title__icontains=word)
    ranks = [When(in_title, then=Value(1))] if query else []
    if _NUMBER.fullmatch(query):
        ranks.insert(0, When(Q(pk=int(query)) | Q(source_id=query), then=Value(0)))
    return Case(*ranks, default=Value(2), output_field=IntegerField())
