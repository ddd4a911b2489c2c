"""What search engines and archives are told: robots.txt (RFC 9309) and sitemaps (sitemaps.org)."""

from collections.abc import Iterable
from xml.sax.saxutils import escape

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from maninso.petitions.opendata import sitemap
from maninso.web.shared.addresses import data_address, site_origin
from maninso.web.shared.answers import data
from maninso.web.shared.formats import format_utc
from maninso.web.shared.problems import NO_PAGE, Refused

PAGES = (
    *("/", "/petitions", "/obligations", "/bills", "/about", "/log", "/moderation", "/pages"),
    *("/privacy", "/accessibility"),
)
NOT_FOR_ROBOTS = (
    *("/office", "/account", "/identity", "/check", "/petitions/new", "/petitions/similar", "/updates/"),
    *("/petitions/*/sign", "/petitions/*/confirm", "/petitions/*/updates", "/petitions/*/receipts/"),
    *("/petitions/*/support/", "/petitions/*/creator/", "/petitions/*/verdict/"),
)
CACHING = "public, max-age=3600, stale-if-error=86400"
_NAMESPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
_MOST_PARTS = 999_999_999


@data
def send_robots(request: HttpRequest) -> HttpResponseBase:
    """GET /robots.txt: everything may be read but forms; nothing at all on a rehearsal, whose petitions are made up."""
    if settings.MANINSO.rehearsal:
        lines = ["User-agent: *", "Disallow: /"]
    else:
        refused = [f"Disallow: {start}{path}" for path in NOT_FOR_ROBOTS for start in ("", "/ko", "/en")]
        lines = ["User-agent: *", *refused, "", f"Sitemap: {data_address('sitemap')}"]
    text = "\n".join(lines) + "\n"
    return HttpResponse(text, content_type="text/plain; charset=utf-8", headers={"Cache-Control": CACHING})


@data
def send_index(request: HttpRequest) -> HttpResponseBase:
    """GET /sitemap.xml: the sitemaps: the site's own pages, bills, and one for each 5,000 numbers of petitions."""
    parts = [(data_address("sitemap_part", str(part)), format_utc(changed)) for part, changed in sitemap.list_parts()]
    own = [(data_address("sitemap_part", each), "") for each in ("pages", "bills")]
    return _send("sitemapindex", "sitemap", [*own, *parts])


@data
def send_part(request: HttpRequest, part: str) -> HttpResponseBase:
    """GET /sitemaps/{part}.xml: the site's own pages (`pages`), `bills`, or petitions and their answers."""
    if part == "pages":
        return _send("urlset", "url", [(site_origin() + page, "") for page in PAGES])
    if part == "bills":
        bills = sitemap.list_bills()
        return _send("urlset", "url", ((f"{site_origin()}/bills/{bill}", format_utc(at)) for bill, at in bills))
    if not (part.isascii() and part.isdigit() and len(part) <= len(str(_MOST_PARTS))):
        raise Refused(NO_PAGE)
    petitions = sitemap.list_part(int(part))
    if not petitions:
        raise Refused(NO_PAGE)
    place = f"{site_origin()}/petitions/"
    answered = [(f"{place}{number}/answers", format_utc(at)) for number, at in sitemap.list_answered(int(part))]
    named = [(f"{place}{number}", format_utc(changed)) for number, changed in petitions]
    return _send("urlset", "url", named + answered)


def _send(outer: str, inner: str, places: Iterable[tuple[str, str]]) -> HttpResponse:
    lines = [
        f"<{inner}><loc>{escape(place)}</loc>{f'<lastmod>{changed}</lastmod>' if changed else ''}</{inner}>"
        for place, changed in places
    ]
    body = "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', f"<{outer} {_NAMESPACE}>", *lines, f"</{outer}>"])
    return HttpResponse(body, content_type="application/xml; charset=utf-8", headers={"Cache-Control": CACHING})
