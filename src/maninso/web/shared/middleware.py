"""The two middlewares that every answer passes: its headers, and the language that it is written in."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import get_script_prefix, set_script_prefix
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation.trans_real import parse_accept_lang_header

GetResponse = Callable[[HttpRequest], HttpResponseBase]

LANGUAGES = ("ko", "en")

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self' data:",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "script-src 'self'",
        "connect-src 'self'",
        "font-src 'self'",
    )
)
FRAMED_POLICY = CONTENT_SECURITY_POLICY.replace("frame-ancestors 'none'", "frame-ancestors *")
"""Of the one page that other sites may frame: it has nothing that could be pressed by mistake."""

_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # What says nothing of caching is not cached: an error seen for a second must not be served for an hour.
    "Cache-Control": "no-store",
}


def security_headers(get_response: GetResponse) -> GetResponse:
    """Give every answer the security headers, and `no-store` where the view did not say how it may be cached."""

    def add_headers(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        may_be_framed = response.headers.get("Content-Security-Policy") == FRAMED_POLICY
        for name, value in _HEADERS.items():
            if name != "X-Frame-Options" or not may_be_framed:
                response.headers.setdefault(name, value)
        return response

    return add_headers


def choose_language(get_response: GetResponse) -> GetResponse:
    """Answer in the language of the address (`/ko/...`, `/en/...`), else in the one the reader prefers, else Korean.

    The prefix is taken off the path that the address table sees, and becomes the script prefix, so that `reverse` and
    `{% url %}` keep the reader in their language.
    """

    def answer_in_language(request: HttpRequest) -> HttpResponseBase:
        fixed, bare_path = split_language(request.path_info)
        language = fixed or preferred_language(request.headers.get("Accept-Language", ""))
        request.LANGUAGE_CODE = language
        request.bare_path = bare_path  # type: ignore[attr-defined]
        outer = get_script_prefix()
        if fixed:
            request.path_info = bare_path
            request.urlconf = "maninso.web.page_urls"
            set_script_prefix(f"{outer}{fixed}/")
        try:
            with translation.override(language):
                response = get_response(request)
        finally:
            set_script_prefix(outer)
        if is_page(response):
            response.headers["Content-Language"] = language
            if not fixed:
                patch_vary_headers(response, ["Accept-Language"])
        return response

    return answer_in_language


def split_language(path: str) -> tuple[str, str]:
    """Return the language that an address fixes ("" where it fixes none) and the address without it."""
    head, slash, rest = path[1:].partition("/")
    if head in LANGUAGES:
        return head, f"/{rest}" if slash else "/"
    return "", path


def preferred_language(accept_language: str) -> str:
    """Return the first language of an Accept-Language header that this site speaks, else Korean."""
    for code, quality in parse_accept_lang_header(accept_language):
        language = code.partition("-")[0]
        if quality > 0 and language in LANGUAGES:
            return language
    return "ko"


def is_page(response: HttpResponseBase) -> bool:
    """Whether an answer is a page for people, and so written in a language."""
    return isinstance(response, HttpResponse) and response.headers.get("Content-Type", "").startswith("text/html")
