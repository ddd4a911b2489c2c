"""Template tags and filters: numbers, dates, texts in two languages, and bars drawn as SVG.

They are built-ins of the template engine, so templates load nothing. What is drawn has integer coordinates in
attributes: no inline style (the policy forbids it), and no decimal comma.
"""

import datetime as dt
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import segno
from django import template
from django.utils import translation
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from maninso.petitions.discovery import Marked
from maninso.web.shared import addresses, assets, formats
from maninso.web.shared.markup import render_markup, render_page_markup

register = template.Library()

SOURCE_NAMES: Mapping[str, Promise] = {
    "blue-house": _("the presidential petition site"),
    "uk": _("petition.parliament.uk"),
}

METER_WIDTH = 1000
_MARK = (mark_safe("<mark>"), mark_safe("</mark>"))
_THINNEST = 6  # of METER_WIDTH: a few signatures are not none


def current_language() -> str:
    """Return the language that the page is written in."""
    return translation.get_language() or "ko"


@register.filter
def number(value: int) -> str:
    """Return a number with thousands apart."""
    return formats.format_number(value)


@register.simple_tag
def days(value: float) -> str:
    """Return a time in days, in words, rounded to whole ones."""
    return ngettext("%(n)s day", "%(n)s days", round(value)) % {"n": formats.format_number(round(value))}


@register.filter
def markup(text: str) -> SafeString:
    """Return a petition's text as HTML."""
    return render_markup(text)


@register.filter
def page_markup(text: str) -> SafeString:
    """Return a page's text as HTML."""
    return render_page_markup(text)


@register.filter
def source_name(source: str) -> str:
    """Return the name of the site that a petition was imported from."""
    return str(SOURCE_NAMES.get(source, source))


@register.simple_tag
def day(when: dt.date | dt.datetime, zone: str = "") -> SafeString:
    """Return a day as a `time` element; an instant is taken on the zone's clock."""
    date = formats.local(when, zone).date() if isinstance(when, dt.datetime) else when
    return _time(date.isoformat(), formats.format_day(date, current_language()))


@register.simple_tag
def last_day(closes_at: dt.datetime, zone: str = "") -> SafeString:
    """Return the last day before an exclusive end as a `time` element."""
    return day(formats.last_day(closes_at, zone))


@register.simple_tag
def moment(when: dt.datetime, zone: str = "") -> SafeString:
    """Return an instant, to the second, as a `time` element."""
    return _time(formats.format_utc(when), formats.format_moment(when, current_language(), zone))


def _time(value: str, words: str) -> SafeString:
    return format_html('<time datetime="{}">{}</time>', value, words)


@register.simple_tag
def words(text: Mapping[str, str]) -> SafeString:
    """Return a text in the page's language; where it is known only in another, marked with that language."""
    chosen, language = formats.choose_words(text, current_language())
    if language == current_language():
        return format_html("{}", chosen)
    return format_html('<span lang="{}">{}</span>', language, chosen)


@register.filter
def plain_words(text: Mapping[str, str]) -> str:
    """Return a text in the page's language, or the one it is known in, without markup."""
    return formats.choose_words(text, current_language())[0]


@register.simple_tag
def meter(count: int, needed: int, kind: str = "") -> SafeString:
    """Return a bar for `count` of `needed`, hidden from screen readers: the text beside it says the same."""
    share = min(count * METER_WIDTH // needed, METER_WIDTH) if needed > 0 else METER_WIDTH
    width = max(share, _THINNEST) if count > 0 else 0
    return format_html(
        '<svg class="meter {}" viewBox="0 0 {} 40" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
        '<rect class="track" width="{}" height="40"/><rect class="{}" width="{}" height="40"/></svg>',
        kind,
        METER_WIDTH,
        METER_WIDTH,
        "full" if count >= needed else "fill",
        width,
    )


@register.simple_tag
def share(count: int, needed: int) -> str:
    """Return how much of `needed` is there, rounded down."""
    return formats.format_share(count, needed)


@register.simple_tag
def marked(passage: Marked) -> SafeString:
    """Return a passage with what was looked for in it marked."""
    return format_html_join(
        "", "{}{}{}", ((_MARK[0] if found else "", piece, _MARK[1] if found else "") for piece, found in passage.pieces)
    )


@register.simple_tag
@lru_cache(maxsize=256)
def qr(address: str) -> SafeString:
    """Return an address as a QR code (ISO/IEC 18004) in SVG, dark on white in every colour scheme. Made once."""
    code = segno.make(address, error="m", micro=False)
    return mark_safe(code.svg_inline(omitsize=True, light="#fff", svgclass="qr", lineclass=None))  # noqa: S308


@register.simple_tag
def data_path(name: str, *args: Any) -> str:
    """Return the address of JSON, CSV or a log file, which is the same in every language."""
    return addresses.data_path(name, *args)


@register.simple_tag
def data_address(name: str, *args: Any) -> str:
    """Return the absolute address of JSON, CSV or a log file."""
    return addresses.data_address(name, *args)


@register.simple_tag
def asset(file: str) -> str:
    """Return the address of the style sheet or the icon."""
    return assets.asset_path(file)
