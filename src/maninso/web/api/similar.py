"""Petitions like a text, for forms that offer them while somebody writes, and for other sites."""

from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from maninso.petitions import discovery
from maninso.web.shared.answers import data
from maninso.web.shared.problems import SEARCH_TOO_SLOW, Refused
from maninso.web.shared.requests import read_count, read_text

MOST, USUAL = 50, 5
CACHING = "public, max-age=60"


@data
def list_similar(request: HttpRequest) -> HttpResponseBase:
    """GET /api/v1/similar?title=&text=&limit=&exclude=: the petitions most like a text, the likeliest first."""
    try:
        found = discovery.find_similar(
            title=read_text(request, "title", longest=discovery.LONGEST_TITLE),
            text=read_text(request, "text", longest=discovery.LONGEST_TEXT),
            limit=read_count(request, "limit", most=MOST, default=USUAL),
            exclude=[number.strip() for number in read_text(request, "exclude", longest=1000).split(",")],
            now=timezone.now(),
        )
    except discovery.SearchTooSlowError as error:
        raise Refused(SEARCH_TOO_SLOW) from error
    response = JsonResponse(
        {
            "data": [
                {
                    "id": each.card.petition_id,
                    "source": each.card.source or None,
                    "source_id": each.card.source_id or None,
                    "title": each.card.title,
                    "state": each.card.state,
                    "signature_count": each.card.count,
                    "score": round(each.score, 4),
                    "relation": each.relation,
                    "shared_words": each.shared,
                }
                for each in found
            ]
        },
        json_dumps_params={"ensure_ascii": False},
    )
    response.headers["Cache-Control"] = CACHING
    return response
