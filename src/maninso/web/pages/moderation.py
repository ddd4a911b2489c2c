"""How the office decides, for everybody."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from maninso.petitions import moderation
from maninso.web.shared.answers import page, render_page
from maninso.web.shared.charters import name_reason


@page
def show_statistics(request: HttpRequest) -> HttpResponseBase:
    """GET /moderation: how many petitions were opened and refused in a year, with every reason, and how fast."""
    figures = moderation.read_statistics(now=timezone.now())
    context = {
        "figures": figures,
        "reasons": [(name_reason(code), code, count) for code, count in figures.reasons],
        "masked": [(name_reason(code), code, count) for code, count in figures.masked],
        "decided": figures.opened + figures.rejected + figures.hidden,
    }
    return render_page(request, "moderation.html", context)
