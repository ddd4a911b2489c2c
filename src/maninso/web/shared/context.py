"""What every template may use besides what its view gives it. Nothing here asks the database."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import translation

from maninso.web.shared.addresses import site_origin
from maninso.web.shared.middleware import LANGUAGES

LANGUAGE_NAMES = {"ko": "한국어", "en": "English"}


def site(request: HttpRequest) -> dict[str, Any]:
    """Give templates the page's language, the same page in the other languages, and whether this is a rehearsal."""
    return describe_site(bare_path=getattr(request, "bare_path", request.path_info), query=request.META["QUERY_STRING"])


def describe_site(*, bare_path: str, query: str) -> dict[str, Any]:
    """Return the context of a page at an address without its language prefix; `query` is the raw query string."""
    language = translation.get_language() or LANGUAGES[0]
    tail = f"{bare_path}?{query}" if query else bare_path
    return {
        "rehearsal": settings.MANINSO.rehearsal,
        "host": settings.MANINSO.host,
        "origin": site_origin(),
        "language": language,
        "bare_path": bare_path,
        "alternates": [
            {"code": code, "name": LANGUAGE_NAMES[code], "path": f"/{code}{tail}", "current": code == language}
            for code in LANGUAGES
        ],
    }
