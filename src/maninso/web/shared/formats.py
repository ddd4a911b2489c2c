"""Numbers, dates and particles as people write them, in Korean and in English.

Korean particles follow the sound before them. A translation writes `<j>이/가</j>` behind a value, and
`settle_particles` makes it one of the two once the value is known. A `<` from outside arrives escaped, so only our own
texts hold the mark.
"""

import datetime as dt
import re
from collections.abc import Mapping
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.utils import timezone
from django.utils.translation import ngettext

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)

_MARK = re.compile(
    r"(?P<before>[^\s<>])(?P<between>(?:</[a-z]+>|[\"'”’)\]」』])*)<j>(?P<after>[^<]+)/(?P<open>[^<]+)</j>"
)
_HANGUL_FIRST, _HANGUL_LAST, _FINALS, _RIEUL = 0xAC00, 0xD7A3, 28, 8
# How the last sound of a digit or letter ends when read in Korean: "r" with ㄹ, "c" with another consonant, else open.
_READ = {**dict.fromkeys("036", "c"), **dict.fromkeys("178lr", "r"), **dict.fromkeys("mn", "c")}


def format_number(number: int) -> str:
    """Return a number with thousands apart: 1,831,900."""
    return f"{number:,}"


def say_limit(most: int, unit: str) -> str:
    """Return so many characters or words, in words."""
    if unit == "words":
        return ngettext("%(most)s word", "%(most)s words", most) % {"most": format_number(most)}
    return ngettext("%(most)s character", "%(most)s characters", most) % {"most": format_number(most)}


def format_share(count: int, needed: int) -> str:
    """Return how much of `needed` is there, rounded down, so that 100% is never said before it is true: "91.7%"."""
    thousandths = count * 1000 // needed if needed > 0 else 1000
    if count > 0 and thousandths == 0:
        return "< 0.1%"
    return f"{thousandths // 10}%" if thousandths >= 1000 else f"{thousandths // 10}.{thousandths % 10}%"


def local(when: dt.datetime, zone: str = "") -> dt.datetime:
    """Return an instant on the clock of a time zone (the site's where none is given or it is not known)."""
    try:
        return when.astimezone(ZoneInfo(zone) if zone else timezone.get_default_timezone())
    except (ZoneInfoNotFoundError, ValueError):
        return when.astimezone(timezone.get_default_timezone())


def format_day(day: dt.date, language: str) -> str:
    """Return a day in words: "2026년 11월 21일", "21 November 2026"."""
    if language == "ko":
        return f"{day.year}년 {day.month}월 {day.day}일"
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def format_short_day(day: dt.date, language: str, *, with_year: bool) -> str:
    """Return a day as there is room for it in a chart: "11.21", "21 Nov", or "2026.11.21", "21 Nov 2026"."""
    if language == "ko":
        return f"{day.year}.{day.month}.{day.day}" if with_year else f"{day.month}.{day.day}"
    short = f"{day.day} {_MONTHS[day.month - 1][:3]}"
    return f"{short} {day.year}" if with_year else short


def format_moment(when: dt.datetime, language: str, zone: str = "") -> str:
    """Return an instant in words, on its zone's clock, naming the zone."""
    there = local(when, zone)
    separator = "," if language == "en" else ""
    return f"{format_day(there.date(), language)}{separator} {there:%H:%M:%S} {there.tzname()}"


def format_utc(when: dt.datetime) -> str:
    """Return an instant for programs: ISO 8601 in UTC with milliseconds, 2016-06-25T10:00:00.000Z."""
    return when.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def last_day(closes_at: dt.datetime, zone: str = "") -> dt.date:
    """Return the last legal day before an exclusive end."""
    return (local(closes_at, zone) - dt.timedelta(microseconds=1)).date()


def choose_words(words: Mapping[str, str], language: str) -> tuple[str, str]:
    """Return a text in the language if it is known in it, else in another, and the language that it is in."""
    for code in (language, *words):
        if words.get(code):
            return words[code], code
    return "", language


def settle_particles(text: str) -> str:
    """Replace each `<j>이/가</j>` by the particle that the sound before it asks for."""
    return _MARK.sub(_settle, text)


def _settle(match: re.Match[str]) -> str:
    after, open_form = match["after"], match["open"]
    ending = _ending(match["before"])
    is_closed = ending == "c" or (ending == "r" and after != "으로")
    return f"{match['before']}{match['between']}{after if is_closed else open_form}"


def _ending(character: str) -> str:
    code = ord(character)
    if _HANGUL_FIRST <= code <= _HANGUL_LAST:
        final = (code - _HANGUL_FIRST) % _FINALS
        return "" if final == 0 else "r" if final == _RIEUL else "c"
    return _READ.get(character.lower(), "")


def default_zone() -> str:
    """Return the name of the site's time zone."""
    return str(settings.TIME_ZONE)
