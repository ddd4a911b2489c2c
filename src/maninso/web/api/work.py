"""The challenge that a browser computes on before it asks for a message."""

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from maninso.web.shared.answers import data
from maninso.web.shared.problems import NO_PAGE, Refused
from maninso.web.shared.work import make_challenge


@data
def send_challenge(request: HttpRequest) -> HttpResponseBase:
    """GET /identity/challenge: a new one for everybody who asks."""
    if not settings.MANINSO.proof_of_work:
        raise Refused(NO_PAGE)
    response = JsonResponse(make_challenge(now=timezone.now()))
    response.headers["Cache-Control"] = "no-store"
    return response
