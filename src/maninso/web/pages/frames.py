"""A petition in a frame on another site: title, count and a link, and nothing that could be pressed by mistake."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from maninso.web.pages.petitions import GONE, find_petition
from maninso.web.shared.answers import page, render_page
from maninso.web.shared.display import pick_threshold, state_tag
from maninso.web.shared.middleware import FRAMED_POLICY
from maninso.web.shared.problems import NO_PETITION, REMOVED, Refused

CACHING = "public, max-age=30, s-maxage=5, stale-while-revalidate=20, stale-if-error=86400"


@page
def show_frame(request: HttpRequest, number: str) -> HttpResponseBase:
    """GET /petitions/{id}/frame: a card that any site may frame; it has no form, no cookie and no script."""
    view = find_petition(number, now=timezone.now())
    if view.state in GONE:
        raise Refused(REMOVED)
    if not view.title:
        raise Refused(NO_PETITION)
    context = {"petition": view, "state": state_tag(view.state), "threshold": pick_threshold(view)}
    response = render_page(request, "frame.html", context)
    response.headers["Cache-Control"] = CACHING
    response.headers["Content-Security-Policy"] = FRAMED_POLICY
    return response
