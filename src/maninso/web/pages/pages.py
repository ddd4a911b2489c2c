"""The site's own pages, as its operators write them."""

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation

from maninso.petitions import noticeboard
from maninso.web.shared.answers import page, render_page


@page
def list_pages(request: HttpRequest) -> HttpResponseBase:
    """GET /pages: every page of the site."""
    pages = [each for each in noticeboard.list_pages(translation.get_language() or "ko") if each.body]
    return render_page(request, "pages.html", {"pages": pages})


@page
def show_page(request: HttpRequest, slug: str) -> HttpResponseBase:
    """GET /pages/{slug}: one page, in the reader's language, else in the other."""
    language = translation.get_language() or "ko"
    found = [noticeboard.read_page(slug, code) for code in (language, *noticeboard.LANGUAGES)]
    shown = next((each for each in found if each is not None and each.body), None)
    if shown is None:
        raise Http404
    return render_page(request, "page.html", {"page": shown})
