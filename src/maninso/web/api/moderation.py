"""How the office decides, as JSON."""

import datetime as dt
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from maninso.petitions import moderation
from maninso.web.shared.addresses import data_address
from maninso.web.shared.answers import PAGE_CACHING, data
from maninso.web.shared.charters import name_reason
from maninso.web.shared.formats import format_utc


@data
def show_statistics(request: HttpRequest) -> HttpResponseBase:
    """GET /moderation.json: the figures of the page `/moderation`, of the last `days` days."""
    now = timezone.now()
    attributes = describe_statistics(moderation.read_statistics(now=now), now=now)
    body = {
        "links": {"self": data_address("moderation_json")},
        "data": {"type": "moderation", "attributes": attributes},
    }
    response = JsonResponse(body, json_dumps_params={"ensure_ascii": False})
    response.headers["Cache-Control"] = PAGE_CACHING
    return response


def describe_statistics(figures: moderation.Statistics, *, now: dt.datetime) -> dict[str, Any]:
    """Return the figures by name."""
    return {
        "as_of": format_utc(now.replace(microsecond=0)),
        "days": figures.days,
        "opened": figures.opened,
        "rejected": figures.rejected,
        "hidden": figures.hidden,
        "removed": figures.removed,
        "median_hours": figures.median_hours,
        "waiting": figures.waiting,
        "overdue": figures.late,
        "rejection_reasons": _reasons(figures.reasons),
        "masked_passages": _reasons(figures.masked),
        "appeals_upheld": figures.appeals_upheld,
        "appeals_dismissed": figures.appeals_dismissed,
        "appeals_open": figures.appeals_open,
    }


def _reasons(counted: tuple[tuple[str, int], ...]) -> list[dict[str, Any]]:
    return [{"code": code, "reason": name_reason(code), "count": count} for code, count in counted]
