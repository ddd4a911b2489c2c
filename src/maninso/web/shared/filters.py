"""The filter of lists, which pages, JSON and CSV share: what a request asks for, and links that change one thing."""

import datetime as dt
from urllib.parse import urlencode

from django.http import HttpRequest

from maninso.petitions import discovery
from maninso.web.shared.requests import read_words


def search(request: HttpRequest, *, page: int, per_page: int, now: dt.datetime) -> discovery.PetitionPage:
    """Return what the request's filter finds. Unknown filters count as none, a page past the end as the last."""
    query = read_words(request, "q")
    return discovery.search_petitions(
        query=query,
        state=read_words(request, "state") or "all",
        topic=read_words(request, "topic"),
        sort=read_words(request, "sort") or usual_sort(query),
        page=page,
        per_page=per_page,
        now=now,
    )


def usual_sort(query: str) -> str:
    """Return the order of a list where none is asked for."""
    return "relevance" if query else "signatures"


def link_filter(found: discovery.PetitionPage, **changed: str | int) -> str:
    """Return the query string of a filter with something changed: keys in order, without what is so anyway."""
    chosen: dict[str, str | int] = {"q": found.query, "state": found.state, "topic": found.topic, "sort": found.sort}
    chosen |= changed
    usual = {"q": "", "state": "all", "topic": "", "sort": usual_sort(str(chosen["q"])), "page": 1}
    said = {name: value for name, value in sorted(chosen.items()) if value != usual.get(name)}
    return f"?{urlencode(said)}" if said else ""
