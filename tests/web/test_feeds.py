"""Feeds that any reader takes, and what robots are told."""

import dataclasses
import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.robotparser import RobotFileParser
from xml.etree import ElementTree

import jsonschema_rs
import pytest
from django.db import connection
from django.test import Client
from lxml import etree
from tests.web.outcomes import keep_law

from maninso.petitions.lifecycle import Actor, Reason, close_petition, remove_petition
from maninso.petitions.models import Announcement
from maninso.petitions.obligations import answer, board
from maninso.web.api.syndication import Entry, Feed, send_feed

pytestmark = pytest.mark.django_db

HOST = "https://petitions.example.org"
GRAMMAR = etree.RelaxNG(file=str(Path(__file__).with_name("atom.rng")))
ATOM = "{http://www.w3.org/2005/Atom}"
MAPS = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
NOW = dt.datetime(2026, 11, 21, 3, 0, tzinfo=dt.UTC)
MOMENT = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$"}
ADDRESS = {"type": "string", "pattern": "^https://petitions\\.example\\.org/"}
ITEM = {
    "type": "object",
    "required": ["id", "url", "title", "content_text", "date_published"],
    "properties": {
        "id": ADDRESS,
        "url": ADDRESS,
        "title": {"type": "string", "minLength": 1},
        "content_text": {"type": "string"},
        "date_published": MOMENT,
        "date_modified": MOMENT,
        "tags": {"type": "array", "items": {"type": "string", "minLength": 1}},
    },
    "additionalProperties": False,
}
JSON_FEED = {
    "type": "object",
    "required": ["version", "title", "items"],
    "properties": {
        "version": {"const": "https://jsonfeed.org/version/1.1"},
        "title": {"type": "string", "minLength": 1},
        "home_page_url": ADDRESS,
        "feed_url": ADDRESS,
        "language": {"enum": ["ko", "en"]},
        "authors": {"type": "array", "items": {"type": "object", "required": ["name"]}},
        "items": {"type": "array", "items": ITEM},
    },
    "additionalProperties": False,
}


def read_atom(text: bytes) -> list[dict[str, str]]:
    """Read a feed as RFC 4287 (section 4) wants it: by the grammar and beyond; gives its entries."""
    GRAMMAR.assertValid(etree.fromstring(text))
    feed = ElementTree.fromstring(text)
    assert feed.tag == f"{ATOM}feed"
    for name in ("id", "title", "updated"):
        assert len(feed.findall(f"{ATOM}{name}")) == 1, name
    assert len(feed.findall(f"{ATOM}author/{ATOM}name")) == 1
    links = {link.get("rel"): link.get("href", "") for link in feed.findall(f"{ATOM}link")}
    assert links["self"].startswith(HOST)
    assert links["alternate"].startswith(HOST)
    entries = []
    for entry in feed.findall(f"{ATOM}entry"):
        said = {}
        for name in ("id", "title", "updated", "published"):
            (found,) = entry.findall(f"{ATOM}{name}")
            assert found.text, name
            said[name] = found.text
        assert said["id"].startswith(HOST)
        assert re.fullmatch(MOMENT["pattern"], said["updated"])
        assert dt.datetime.fromisoformat(said["updated"]) <= dt.datetime.fromisoformat(
            feed.findtext(f"{ATOM}updated") or ""
        )
        assert len(entry.findall(f"{ATOM}link")) == 1
        entries.append(said)
    assert len({each["id"] for each in entries}) == len(entries)
    return entries


@pytest.fixture
def told(opened: Callable[..., int], sign: Any, seal: Any, now: dt.datetime) -> int:
    """A petition that was opened, met its threshold, was answered and closed, among others."""
    opened(title="Bells & <b>more</b>", topic="")
    petition = opened(age=dt.timedelta(days=2))
    sign(petition, 60)
    seal(now)
    row = board(now=now).rows[0]
    given = {"author": "The library", "summary": "Yes.", "body": "From March.", "language": "en"}
    answer(row.obligation_id, **given, now=now, actor=Actor(role="clerk"))
    close_petition(petition, now=now + dt.timedelta(seconds=1))
    keep_law(petition, now=now, title="Bells & <b>laws</b>")
    Announcement.objects.create(petition_id=petition, kind="creator", text="We met <them> & talked.", at=now)
    return petition


@pytest.mark.parametrize("query", ["", "?state=closed", "?q=library&lang=ko", "?sort=signatures", "?state=nonsense"])
@pytest.mark.parametrize("place", ["petitions", "obligations", "petitions/{id}", "bills", "updates"])
def test_feeds_are_valid_and_both_kinds_say_the_same(client: Client, told: int, place: str, query: str) -> None:
    path = f"/feeds/{place.format(id=told)}"
    atom = client.get(f"{path}.atom{query}")
    assert atom.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    entries = read_atom(atom.content)
    reply = client.get(f"{path}.json{query}")
    assert reply.headers["Content-Type"] == "application/feed+json"
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    body = reply.json()
    jsonschema_rs.Draft202012Validator(JSON_FEED).validate(body)
    assert [item["id"] for item in body["items"]] == [each["id"] for each in entries]
    assert body["feed_url"].startswith(f"{HOST}{path}.json")


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        (b"</updated>", b"</updated><updated>2026-11-21T03:00:00Z</updated>"),
        (b"T03:00:00+00:00</updated>", b"T03:00:00</updated>"),
        (b"<id>https:", b"<id>nowhere:"),
        (b' rel="self"', b' rel="me"'),
        (b"<name>petitions.example.org</name>", b""),
    ],
)
def test_the_grammar_refuses_what_is_no_feed(good: bytes, bad: bytes) -> None:
    entry = Entry(entry_id=f"{HOST}/1", place=f"{HOST}/1", title="a", text="b", at=NOW, tags=("c",))
    feed = Feed(title="y", address=f"{HOST}/f", page=f"{HOST}/p", language="en", entries=(entry,))
    text = send_feed(feed, "atom").content
    read_atom(text)
    assert good in text
    with pytest.raises(etree.DocumentInvalid):
        read_atom(text.replace(good, bad, 1))


def test_what_became_of_a_petition(client: Client, told: int) -> None:
    titles = [each["title"] for each in read_atom(client.get(f"/feeds/petitions/{told}.atom").content)]
    assert titles == [
        "Closed for signatures",
        "50 signatures reached",
        "Answered by The library",
        "News from the creator",
        "Open for signatures",
        "In force: Bells & <b>laws</b>",
        "Introduced: Bells & <b>laws</b>",
    ]
    korean = client.get(f"/feeds/petitions/{told}.json?lang=ko").json()
    assert [item["title"] for item in korean["items"]][4:6] == ["서명 진행 중", "시행: Bells & <b>laws</b>"]
    assert korean["title"] == "Open the library on Sundays"


def test_obligations(client: Client, told: int) -> None:
    (item,) = client.get("/feeds/obligations.json").json()["items"]
    assert item["title"] == "Kept: Open the library on Sundays"
    assert item["content_text"].endswith("Yes.")
    assert client.get("/feeds/obligations.json?status=overdue").json()["items"] == []
    for institution, kept in (("university", "institution=university"), ("town", "")):  # no such one: all
        feed = client.get(f"/feeds/obligations.json?institution={institution}").json()
        assert (len(feed["items"]), feed["home_page_url"].partition("?")[2]) == (1, kept)


def test_refusals(client: Client, told: int, now: dt.datetime) -> None:
    remove_petition(told, reason=Reason(code="personal-data"), now=now + dt.timedelta(seconds=2))
    assert client.get(f"/feeds/petitions/{told}.atom").status_code == 410
    assert client.get("/feeds/petitions/999999.atom").status_code == 404
    assert client.get("/feeds/petitions/x.json").status_code == 400


def test_a_feed_does_not_change_while_nothing_happens(client: Client, told: int) -> None:
    for path in ("/feeds/petitions.atom", "/feeds/obligations.atom?status=overdue"):
        assert client.get(path).content == client.get(path).content
    empty = Feed(title="x", address=f"{HOST}/f", page=f"{HOST}/p", language="en", entries=())
    assert read_atom(send_feed(empty, "atom").content) == []


def test_what_xml_cannot_hold_is_left_out() -> None:
    entry = Entry(entry_id=f"{HOST}/1", place=f"{HOST}/1", title="a\x0b\ud800b", text="\ufffe", at=NOW, tags=("x\x00",))
    feed = Feed(title="\x08y", address=f"{HOST}/f", page=f"{HOST}/p", language="en", entries=(entry,))
    assert [each["title"] for each in read_atom(send_feed(feed, "atom").content)] == ["ab"]


def test_pages_name_their_feeds(client: Client, told: int) -> None:
    for page in (f"/en/petitions/{told}", "/en/obligations", "/en/petitions", "/en/bills"):
        feeds = re.findall(r'type="application/atom\+xml" href="([^"]+)"', client.get(page).content.decode())
        assert [client.get(feed.replace("&amp;", "&")).status_code for feed in feeds] == [200]


def test_robots_may_read_everything_but_forms(client: Client, settings: Any) -> None:
    settings.MANINSO = dataclasses.replace(settings.MANINSO, rehearsal=False)
    reply = client.get("/robots.txt")
    assert reply.headers["Content-Type"] == "text/plain; charset=utf-8"
    rules = RobotFileParser()
    rules.parse(reply.content.decode().splitlines())
    assert rules.site_maps() == [f"{HOST}/sitemap.xml"]
    for path in ("/", "/petitions", "/petitions/12", "/ko/obligations", "/petitions.json", "/p/1/log/checkpoint"):
        assert rules.can_fetch("anybody", path), path
    for path in ("/office", "/en/office", "/account/login", "/petitions/new"):
        assert not rules.can_fetch("anybody", path), path


def test_robots_may_not_read_a_rehearsal(client: Client, settings: Any) -> None:
    settings.MANINSO = dataclasses.replace(settings.MANINSO, rehearsal=True)
    assert client.get("/robots.txt").content == b"User-agent: *\nDisallow: /\n"


def test_sitemaps_name_every_listed_petition(
    client: Client, opened: Callable[..., int], monkeypatch: pytest.MonkeyPatch, now: dt.datetime
) -> None:
    from maninso.petitions.opendata import sitemap

    monkeypatch.setattr(sitemap, "PART", 2)
    with connection.cursor() as cursor:  # so that parts have five digits
        cursor.execute("ALTER TABLE petitions_petition ALTER COLUMN id RESTART WITH 150001")
    numbers = [opened(), opened(), opened(), opened()]
    remove_petition(numbers.pop(), reason=Reason(code="personal-data"), now=now)
    index = ElementTree.fromstring(client.get("/sitemap.xml").content)
    parts = [each.text or "" for each in index.findall(f"{MAPS}sitemap/{MAPS}loc")]
    assert parts[0] == f"{HOST}/sitemaps/pages.xml"
    named: list[str] = []
    for part in parts:
        found = ElementTree.fromstring(client.get(part.removeprefix(HOST)).content)
        named += [each.text or "" for each in found.findall(f"{MAPS}url/{MAPS}loc")]
    assert [each for each in named if each.rpartition("/")[2].isdigit()] == [f"{HOST}/petitions/{n}" for n in numbers]
    own = [each.removeprefix(HOST) for each in named if not each.rpartition("/")[2].isdigit()]
    assert {client.get(f"/en{page}").status_code for page in own} == {200}
    for wrong in ("99999", "x", "%00", "99999999999999999999"):
        assert client.get(f"/sitemaps/{wrong}.xml").status_code == 404
