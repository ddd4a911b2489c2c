"""How the office decides, for everybody."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from maninso.petitions import moderation
from maninso.web.shared.answers import page, render_page
from maninso.web.shared.charters import site_charter


@page
def show_statistics(request: HttpRequest) -> HttpResponseBase:
    """GET /moderation: how many petitions were opened and refused in a year, with every reason, and how fast."""
    figures = moderation.read_statistics(now=timezone.now())
    labels = {reason.code: reason.label for reason in site_charter().rejection_reasons}

    def name(code: str) -> dict[str, str]:
        label = labels.get(code)
        return {"ko": label.ko, "en": label.en} if label else {"en": code, "ko": code}

    context = {
        "figures": figures,
        "reasons": [(name(code), code, count) for code, count in figures.reasons],
        "masked": [(name(code), code, count) for code, count in figures.masked],
        "decided": figures.opened + figures.rejected + figures.hidden,
    }
    return render_page(request, "moderation.html", context)
