"""The filter of lists, which pages, JSON, CSV and feeds share: what is asked for, and links that change one thing."""

import datetime as dt
from collections.abc import Mapping
from urllib.parse import urlencode

from django.http import HttpRequest

from maninso.petitions import discovery
from maninso.petitions.discovery import Wanted
from maninso.web.shared.problems import SEARCH_TOO_SLOW, Refused
from maninso.web.shared.requests import read_key, read_words

# The order of petition.parliament.uk's lists by state, for programs; pages order all alike until they are told.
BY_STATE = {
    "recent": "newest",
    "rejected": "created",
    "awaiting_response": "waiting",
    "with_response": "settled",
    "awaiting_debate": "waiting",
    "debated": "settled",
    "not_debated": "settled",
}


def read_wanted(request: HttpRequest, *, for_programs: bool = False) -> Wanted:
    """Return what the request's filter asks for. Unknown filters count as none."""
    query = read_words(request, "q")
    state = read_words(request, "state") or "all"
    return discovery.understand(
        query=query,
        state=state,
        topic=read_words(request, "topic") or read_words(request, "topic[]"),
        institution=read_words(request, "institution"),
        region=read_words(request, "region"),
        since=read_words(request, "since"),
        until=read_words(request, "until"),
        sort=read_words(request, "sort") or usual_sort(query, state if for_programs else ""),
        choices=discovery.list_choices(),
    )


def read_institution(request: HttpRequest) -> str:
    """Return the id of the charter that is asked for; "" for one that no petition here follows."""
    asked = read_words(request, "institution")
    return asked if asked in discovery.list_choices().institutions else ""


def read_topic(request: HttpRequest) -> str:
    """Return the topic that is asked for; "" for one that no petition here has."""
    asked = read_words(request, "topic")
    return asked if asked in discovery.list_choices().topics else ""


def search(
    request: HttpRequest, *, page: int, per_page: int, now: dt.datetime, for_programs: bool = False
) -> discovery.PetitionPage:
    """Return what the request's filter finds, from its key on; without one a page past the end is the last."""
    wanted = read_wanted(request, for_programs=for_programs)
    key = read_key(request, "after")
    return find(wanted, page=page, per_page=per_page, key=key, in_full=for_programs, now=now)


def find(
    wanted: Wanted, *, page: int, per_page: int, key: str = "", in_full: bool = False, now: dt.datetime
) -> discovery.PetitionPage:
    """Return a page of what a search finds; refuses one that the database takes too long over."""
    try:
        return discovery.search_petitions(
            wanted=wanted,
            choices=discovery.list_choices(),
            page=page,
            per_page=per_page,
            key=key,
            in_full=in_full,
            now=now,
        )
    except discovery.SearchTooSlowError as error:
        raise Refused(SEARCH_TOO_SLOW) from error


def usual_sort(query: str, state: str = "") -> str:
    """Return the order of a list where none is asked for; `state` where it is ordered as its state wants."""
    return "relevance" if query else BY_STATE.get(state, "signatures")


def link_filter(wanted: Wanted, **changed: str | int) -> str:
    """Return the query string of a filter with something changed: keys in order, without what is so anyway."""
    return _link(wanted, changed, for_programs=False)


def link_data(wanted: Wanted, **changed: str | int) -> str:
    """Return the same for a list that programs read, which is ordered as its state wants."""
    return _link(wanted, changed, for_programs=True)


def _link(wanted: Wanted, changed: Mapping[str, str | int], *, for_programs: bool) -> str:
    chosen: dict[str, str | int] = {
        "q": wanted.query,
        "state": wanted.state,
        "topic": wanted.topic,
        "institution": wanted.institution,
        "region": wanted.region,
        "since": wanted.since.isoformat() if wanted.since else "",
        "until": wanted.until.isoformat() if wanted.until else "",
        "sort": wanted.sort,
    }
    chosen |= changed
    state = str(chosen["state"]) if for_programs else ""
    usual = {"state": "all", "sort": usual_sort(str(chosen["q"]), state), "page": 1}
    said = {name: value for name, value in sorted(chosen.items()) if value != usual.get(name, "")}
    return f"?{urlencode(said)}" if said else ""
