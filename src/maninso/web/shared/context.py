"""What every template may use besides what its view gives it. One question to the database: what to say on top."""

from typing import Any

from django.conf import settings
from django.db import Error
from django.http import HttpRequest
from django.utils import translation
from django.utils.functional import SimpleLazyObject

from maninso.petitions.noticeboard import NoticeView, read_notices
from maninso.web.shared.addresses import site_origin
from maninso.web.shared.middleware import LANGUAGES

LANGUAGE_NAMES = {"ko": "한국어", "en": "English"}


def site(request: HttpRequest) -> dict[str, Any]:
    """Give templates the page's language, the same page in the other languages, and what the site says on top."""
    path, query = getattr(request, "bare_path", request.path_info), request.META["QUERY_STRING"]
    return {"notices": SimpleLazyObject(find_notices), **describe_site(bare_path=path, query=query)}


def find_notices() -> tuple[NoticeView, ...]:
    """Return what every page says on top now; nothing while the database does not answer."""
    try:
        return read_notices()
    except Error:
        return ()


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
