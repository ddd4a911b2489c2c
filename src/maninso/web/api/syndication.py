"""What a feed is made of, and how it is written: Atom (RFC 4287) and JSON Feed 1.1."""

import datetime as dt
import json
import re
from dataclasses import dataclass

from django.http import HttpResponse
from django.utils.feedgenerator import Atom1Feed

from maninso.web.shared.addresses import site_origin
from maninso.web.shared.answers import PAGE_CACHING
from maninso.web.shared.formats import format_utc

KINDS = {"atom": "application/atom+xml; charset=utf-8", "json": "application/feed+json"}
JSON_FEED = "https://jsonfeed.org/version/1.1"
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_BEGINNING = dt.datetime(2017, 8, 19, tzinfo=dt.UTC)  # of a feed that has no entry yet


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One thing that happened. `place` is its page; `entry_id` an address of its own, which never changes."""

    entry_id: str
    place: str
    title: str
    text: str
    at: dt.datetime
    updated_at: dt.datetime | None = None  # where it is later than `at`
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Feed:
    """A feed: `address` is its own, `page` that of the page for people. The newest entry comes first."""

    title: str
    address: str
    page: str
    language: str
    entries: tuple[Entry, ...]

    @property
    def updated_at(self) -> dt.datetime:
        """When the newest entry was written or changed."""
        return max((each.updated_at or each.at for each in self.entries), default=_BEGINNING)


class _Atom(Atom1Feed):
    def latest_post_date(self) -> dt.datetime:
        updated_at = self.feed["updated_at"]
        assert isinstance(updated_at, dt.datetime)  # noqa: S101 - given below
        return updated_at


def send_feed(feed: Feed, kind: str) -> HttpResponse:
    """Return a feed in one of KINDS."""
    body = _write_atom(feed) if kind == "atom" else _write_json(feed)
    return HttpResponse(body, content_type=KINDS[kind], headers={"Cache-Control": PAGE_CACHING})


def _write_atom(feed: Feed) -> str:
    atom = _Atom(
        title=_clean(feed.title),
        link=feed.page,
        description="",
        language=feed.language,
        feed_url=feed.address,
        feed_guid=feed.address,
        author_name=_author(),
        updated_at=feed.updated_at,
    )
    for entry in feed.entries:
        atom.add_item(
            title=_clean(entry.title),
            link=entry.place,
            description=_clean(entry.text),
            unique_id=entry.entry_id,
            pubdate=entry.at,
            updateddate=entry.updated_at or entry.at,
            categories=[_clean(tag) for tag in entry.tags],
        )
    return atom.writeString("utf-8")


def _write_json(feed: Feed) -> str:
    body = {
        "version": JSON_FEED,
        "title": feed.title,
        "home_page_url": feed.page,
        "feed_url": feed.address,
        "language": feed.language,
        "authors": [{"name": _author()}],
        "items": [
            {
                "id": entry.entry_id,
                "url": entry.place,
                "title": entry.title,
                "content_text": entry.text,
                "date_published": format_utc(entry.at),
                "date_modified": format_utc(entry.updated_at or entry.at),
                "tags": list(entry.tags),
            }
            for entry in feed.entries
        ],
    }
    return json.dumps(body, ensure_ascii=False)


def _author() -> str:
    return site_origin().partition("://")[2]


def _clean(text: str) -> str:
    """Return a text without what XML cannot hold."""
    return _NO_XML.sub("", text)
