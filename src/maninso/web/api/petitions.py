"""Petitions as JSON in the shape of petition.parliament.uk's, with more besides, and as CSV.

Ours differs where that shape has traps: an unknown filter falls back to "all" instead of a redirect to HTML, and every
time is in UTC. docs/reference/addresses.md lists the attributes.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from maninso.petitions import access, discovery
from maninso.web.api.attributes import describe_card, describe_count, describe_family, describe_marks, describe_petition
from maninso.web.shared.addresses import data_address
from maninso.web.shared.answers import PAGE_CACHING, data
from maninso.web.shared.filters import link_data, search
from maninso.web.shared.formats import format_utc
from maninso.web.shared.problems import NO_FORMAT, NO_PETITION, REMOVED, Refused
from maninso.web.shared.requests import LAST_PAGE, read_count, read_key, read_number

PER_PAGE, MOST_PER_PAGE = 25, 50
COUNT_CACHING = "public, max-age=5, s-maxage=1, stale-while-revalidate=30, stale-if-error=86400"
MINUTE_CACHING = "public, max-age=60, stale-while-revalidate=60, stale-if-error=86400"
GONE = ("hidden", "removed")


def _send(body: dict[str, Any], caching: str = PAGE_CACHING) -> HttpResponse:
    response = JsonResponse(body, json_dumps_params={"ensure_ascii": False})
    response.headers["Cache-Control"] = caching
    return response


@data
def list_petitions(request: HttpRequest) -> HttpResponseBase:
    """GET /petitions.json?q=&state=&…&sort=&page=&after=&count=: a page of petitions; past the end it is empty."""
    page = read_count(request, "page", most=LAST_PAGE, default=1)
    per_page = min(read_count(request, "count", most=99, default=PER_PAGE), MOST_PER_PAGE)
    now = timezone.now()
    found = search(request, page=page, per_page=per_page, now=now, for_programs=True)
    count: dict[str, int] = {"count": per_page} if "count" in request.GET else {}

    def link(number: int, after: str = "") -> str:
        return data_address("petitions_json") + link_data(found.wanted, page=number, after=after, **count)

    past_end = page > found.pages and not read_key(request, "after")
    return _send(
        {
            "links": {
                "self": link(page, read_key(request, "after")),
                "first": link(1),
                "last": link(found.pages),
                "next": link(page + 1, found.next_key) if found.next_key and not past_end else None,
                "prev": link(found.pages)
                if past_end
                else link(max(page - 1, 1), found.previous_key if page > 2 else "")
                if found.previous_key
                else None,
            },
            "data": []
            if past_end
            else [
                {
                    "type": "petition",
                    "id": card.petition_id,
                    "links": {"self": data_address("petition_json", card.petition_id)},
                    "attributes": describe_card(card, found.views[card.petition_id])
                    | describe_marks(found.marks.get(card.petition_id)),
                }
                for card in found.cards
            ],
            "meta": {"total": found.total, "total_is_cut": found.is_cut}
            | ({"read_as": found.read_as} if found.read_as else {}),
        }
    )


@data
def show_petition(request: HttpRequest, number: str) -> HttpResponseBase:
    """GET /petitions/{id}.json: everything public about one petition; 410 once it was hidden or removed."""
    view = access.find_petition(read_number(number), now=timezone.now())
    if view is None:
        raise Refused(NO_PETITION)
    if view.state in GONE:
        raise Refused(REMOVED)
    return _send(
        {
            "links": {"self": data_address("petition_json", view.petition_id)},
            "data": {
                "type": "petition",
                "id": view.petition_id,
                "attributes": describe_petition(view)
                | describe_family(discovery.show_family(view.petition_id, now=timezone.now())),
            },
        }
    )


@data
def show_count(request: HttpRequest, number: str) -> HttpResponseBase:
    """GET /petitions/{id}/count.json: the number alone, in at most 200 bytes."""
    count = access.find_count(read_number(number))
    if count is None:
        raise Refused(NO_PETITION)
    response = JsonResponse(describe_count(count), json_dumps_params={"separators": (",", ":")})
    response.headers["Cache-Control"] = COUNT_CACHING
    return response


@data
def list_trending(request: HttpRequest) -> HttpResponseBase:
    """GET /trending.json: the ten petitions that most people signed in the last hour; `signature_count` is of it."""
    now = timezone.now().replace(second=0, microsecond=0)
    return _send(
        {
            "data": [
                {
                    "type": "petition",
                    "id": each.petition_id,
                    "links": {"self": data_address("petition_json", each.petition_id)},
                    "attributes": {"action": each.title, "signature_count": each.signatures},
                }
                for each in discovery.list_trending(now=now)
            ],
            "links": {"self": data_address("trending_json")},
            "meta": {"updated_at": format_utc(now)},
        },
        MINUTE_CACHING,
    )


@data
def list_topics(request: HttpRequest) -> HttpResponseBase:
    """GET /topics.json: every topic that a petition here has, by its code, which is its name."""
    return _send({name: {"code": name, "name": name} for name in discovery.list_choices().topics}, MINUTE_CACHING)


@data
def refuse_format(request: HttpRequest, /, **named: str) -> HttpResponseBase:
    """GET /petitions.xml and the like."""
    raise Refused(NO_FORMAT)
