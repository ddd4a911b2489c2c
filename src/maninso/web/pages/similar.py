"""Is there one already? The step before a petition is written, and for everybody who wants to know."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from maninso.web.shared.answers import page, render_page
from maninso.web.shared.requests import read_text
from maninso.web.shared.similar import find_twins, show_twin

LONGEST_TITLE, LONGEST_TEXT = 200, 300  # characters


@page
def show_similar(request: HttpRequest) -> HttpResponseBase:
    """GET /petitions/similar?title=&text=: the five petitions likeliest to ask for the same, with what they are."""
    now = timezone.now()
    title = read_text(request, "title", longest=LONGEST_TITLE)
    text = read_text(request, "text", longest=LONGEST_TEXT)
    twins = find_twins(title, text=text, now=now) if title or text else []
    context = {
        "title": title,
        "text": text,
        "asked": bool(title or text),
        "rows": [show_twin(each, now=now) for each in twins],
    }
    return render_page(request, "similar.html", context)
