"""What other sites show of a petition: its count as a badge or a picture, and where to find the frame (oEmbed).

Both are public and the same for everybody; shared caches keep them for seconds, so counts are fresh within a minute.
"""

import re
import unicodedata
from html import escape
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils import timezone, translation
from django.utils.translation import gettext, ngettext

from maninso.petitions import access
from maninso.petitions.access import PetitionView
from maninso.web.shared.addresses import site_origin
from maninso.web.shared.answers import data
from maninso.web.shared.display import owed_tag, pick_threshold, state_tag
from maninso.web.shared.formats import format_number, format_share
from maninso.web.shared.middleware import LANGUAGES, split_language
from maninso.web.shared.pictures import Card, draw_card
from maninso.web.shared.problems import NO_OEMBED_FORMAT, NO_PETITION, REMOVED, Refused
from maninso.web.shared.requests import read_count, read_number, read_text, read_words

CACHING = "public, max-age=30, s-maxage=5, stale-while-revalidate=20, stale-if-error=86400"
PICTURE_CACHING = "public, max-age=300, s-maxage=300, stale-while-revalidate=60, stale-if-error=86400"
FRESH = 30  # seconds
WIDTH, HEIGHT, NARROWEST = 480, 340, 240  # pixels of a frame
LONGEST_LABEL = 40  # characters
_PETITION = re.compile(r"/petitions/([1-9][0-9]{0,18})/?", re.ASCII)

_BADGE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="28" viewBox="0 0 {width} 28" role="img"'
    ' aria-label="{said}"><title>{said}</title><rect width="{width}" height="28" rx="5" fill="#1d3557"/>'
    '<path d="M{label}0h{count}a5 5 0 0 1 5 5v18a5 5 0 0 1-5 5h-{count}z" fill="#a3261d"/>'
    '<g fill="#fff" font-family="system-ui,sans-serif" font-size="13" text-anchor="middle">'
    '<text x="{label_at}" y="18.5">{title}</text>'
    '<text x="{count_at}" y="18.5" font-weight="700">{number}</text></g></svg>'
)


@data
def send_badge(request: HttpRequest, number: str) -> HttpResponseBase:
    """GET /petitions/{id}/badge.svg?lang=: title and count as a small picture."""
    view = _find(read_number(number))
    with translation.override(_choose_language(request, view)):
        count = ngettext("%(count)s signature", "%(count)s signatures", view.count) % {
            "count": format_number(view.count)
        }
    body = draw_badge(view.title, count)
    return HttpResponse(body, content_type="image/svg+xml; charset=utf-8", headers={"Cache-Control": CACHING})


@data
def send_card(request: HttpRequest, number: str) -> HttpResponseBase:
    """GET /petitions/{id}/card.png?lang=: the picture beside the petition's address (Open Graph), 1200 by 630."""
    view = _find(read_number(number))
    with translation.override(_choose_language(request, view)):
        body = draw_card(make_card(view))
    return HttpResponse(body, content_type="image/png", headers={"Cache-Control": PICTURE_CACHING})


def make_card(view: PetitionView) -> Card:
    """Return what a petition's picture says, in the page's language."""
    threshold, goal, part = pick_threshold(view), "", None
    if threshold:
        part = view.count * 1000 // threshold.needed
        goal = gettext("%(part)s of the %(needed)s needed") % {
            "part": format_share(view.count, threshold.needed),
            "needed": format_number(threshold.needed),
        }
    owed = next(
        (tag for each in view.obligations if (tag := owed_tag("overdue" if each.overdue else each.state))), None
    )
    return Card(
        title=view.title,
        state=" · ".join(str(tag.label) for tag in (state_tag(view.state), owed) if tag),
        count=format_number(view.count),
        unit=ngettext("signature", "signatures", view.count),
        goal=goal,
        part=part,
        site=f"{gettext('Maninso')} · {settings.MANINSO.host}",
    )


def _choose_language(request: HttpRequest, view: PetitionView) -> str:
    asked = read_words(request, "lang")
    return asked if asked in LANGUAGES else view.language if view.language in LANGUAGES else "en"


def draw_badge(title: str, count: str) -> str:
    """Return a badge: no script, no style, nothing from elsewhere, and its words for whoever does not see it."""
    short = title if len(title) <= LONGEST_LABEL else f"{title[: LONGEST_LABEL - 1].rstrip()}…"
    label, counted = measure(short) + 20, measure(count, heavy=True) + 20
    return _BADGE.format(
        width=label + counted,
        said=escape(f"{title}: {count}"),
        label=f"{label} ",
        count=counted - 5,
        label_at=label / 2,
        count_at=label + counted / 2,
        title=escape(short),
        number=escape(count),
    )


def measure(text: str, *, heavy: bool = False) -> int:
    """Return about how wide a text is at 13 pixels: what is wide in East Asia takes twice the room."""
    units = sum(13.0 if unicodedata.east_asian_width(each) in "WF" else 7.2 for each in text)
    return round(units * (1.06 if heavy else 1.0))


@data
def show_oembed(request: HttpRequest) -> HttpResponseBase:
    """GET /oembed?url=&maxwidth=&maxheight=&format=: how a petition's address is shown on another site (oEmbed 1.0)."""
    if read_words(request, "format") not in ("", "json"):
        raise Refused(NO_OEMBED_FORMAT)
    parts = urlsplit_safely(read_text(request, "url", longest=500))
    language, path = split_language(parts[1])
    match = _PETITION.fullmatch(path)
    if parts[0] != site_origin() or match is None:
        raise Refused(NO_PETITION)
    view = _find(read_number(match[1]))
    width = max(NARROWEST, min(WIDTH, read_count(request, "maxwidth", most=99_999, default=WIDTH)))
    height = min(HEIGHT, read_count(request, "maxheight", most=99_999, default=HEIGHT))
    place = f"{site_origin()}{f'/{language}' if language else ''}/petitions/{view.petition_id}/frame"
    response = JsonResponse(
        {
            "version": "1.0",
            "type": "rich",
            "provider_name": site_origin().partition("://")[2],
            "provider_url": site_origin(),
            "title": view.title,
            "cache_age": FRESH,
            "html": write_frame(place, view.title, width=width, height=height),
            "width": width,
            "height": height,
        },
        json_dumps_params={"ensure_ascii": False},
    )
    response.headers["Cache-Control"] = CACHING
    return response


def write_frame(place: str, title: str, *, width: int = WIDTH, height: int = HEIGHT) -> str:
    """Return the HTML that shows a frame: no script, and sandboxed but for the link to the petition."""
    return (
        f'<iframe src="{escape(place)}" title="{escape(title)}" width="{width}" height="{height}" loading="lazy"'
        ' sandbox="allow-popups allow-popups-to-escape-sandbox" referrerpolicy="no-referrer" style="border:0"></iframe>'
    )


def urlsplit_safely(text: str) -> tuple[str, str]:
    """Return an address's origin and path; two empty texts where it is none."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return "", ""
    return f"{parts.scheme}://{parts.netloc}", parts.path


def _find(petition_id: int) -> PetitionView:
    view = access.find_petition(petition_id, now=timezone.now())
    if view is None:
        raise Refused(NO_PETITION)
    if view.state in ("hidden", "removed"):
        raise Refused(REMOVED)
    if not view.title:
        raise Refused(NO_PETITION)  # its text is not public yet
    return view
