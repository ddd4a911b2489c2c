"""A petition on other sites: badge, frame and oEmbed, fresh within a minute, and nothing else may be framed."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
from django.test import Client
from tests.web.reading import Page

from maninso.petitions.lifecycle import Reason, draft_petition, remove_petition
from maninso.web.api.embeds import CACHING, draw_badge, measure

pytestmark = pytest.mark.django_db

HOST = "https://petitions.example.org"
SVG = "{http://www.w3.org/2000/svg}"


def max_age(answer: Any) -> int:
    """Give the most seconds for which a browser and a shared cache together may keep an answer."""
    said = dict(re.findall(r"([a-z-]+)=(\d+)", answer.headers["Cache-Control"]))
    return int(said["max-age"]) + int(said["s-maxage"]) + int(said["stale-while-revalidate"])


def test_the_badge_says_title_and_count(
    client: Client, opened: Callable[..., int], sign: Any, seal: Any, now: dt.datetime
) -> None:
    petition = opened(title='Bells & "whistles" <b>')
    sign(petition, 60)
    seal(now)
    reply = client.get(f"/petitions/{petition}/badge.svg")
    assert reply.headers["Content-Type"] == "image/svg+xml; charset=utf-8"
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    assert max_age(reply) <= 60
    badge = ElementTree.fromstring(reply.content)
    assert badge.findtext(f"{SVG}title") == 'Bells & "whistles" <b>: 60 signatures'
    assert badge.get("role") == "img"
    assert [each.text for each in badge.iter(f"{SVG}text")] == ['Bells & "whistles" <b>', "60 signatures"]
    assert b"style" not in reply.content
    korean = client.get(f"/petitions/{petition}/badge.svg?lang=ko").content.decode()
    assert "서명 60명" in korean or "60명" in korean


def test_a_long_title_is_cut_in_the_picture_and_said_whole() -> None:
    badge = ElementTree.fromstring(draw_badge("가" * 90, "1,831,900명"))
    texts = [each.text or "" for each in badge.iter(f"{SVG}text")]
    assert (len(texts[0]), texts[0][-1]) == (40, "…")
    assert badge.findtext(f"{SVG}title") == f"{'가' * 90}: 1,831,900명"
    assert int(badge.get("width", "0")) == measure(texts[0]) + measure(texts[1], heavy=True) + 40


def test_the_frame_may_be_framed_and_nothing_else(client: Client, opened: Callable[..., int]) -> None:
    petition = opened()
    framed = client.get(f"/en/petitions/{petition}/frame")
    assert "frame-ancestors *" in framed.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in framed.headers
    assert max_age(framed) <= 60
    assert not framed.cookies
    text = framed.content.decode()
    assert not re.search(r"<script|<form|<input|<button", text)
    assert f'href="/en/petitions/{petition}" target="_blank"' in text
    for path in (f"/en/petitions/{petition}", "/en/petitions/999999/frame", "/petitions.json"):
        other = client.get(path)
        assert "frame-ancestors 'none'" in other.headers["Content-Security-Policy"]
        assert other.headers["X-Frame-Options"] == "DENY"


def test_oembed(client: Client, opened: Callable[..., int]) -> None:
    petition = opened()
    place = f"{HOST}/en/petitions/{petition}"
    reply = client.get(f"/oembed?url={quote(place)}&maxwidth=300&maxheight=200")
    assert reply.headers["Cache-Control"] == CACHING
    body = reply.json()
    assert (body["version"], body["type"], body["title"]) == ("1.0", "rich", "Open the library on Sundays")
    assert (body["width"], body["height"]) == (300, 200)
    assert f'src="{place}/frame"' in body["html"]
    assert "<script" not in body["html"]
    named = re.search(
        r'application/json\+oembed" href="([^"]+)"', client.get(place.removeprefix(HOST)).content.decode()
    )
    assert named is not None
    assert client.get(named[1].replace("&amp;", "&")).json()["title"] == body["title"]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "x",
        "https://elsewhere.example/petitions/1",
        f"{HOST}/petitions/999999",
        f"{HOST}/petitions",
        "https://[",
        "\0",
    ],
)
def test_oembed_of_what_is_no_petition_is_404(client: Client, url: str) -> None:
    assert client.get("/oembed", {"url": url}).json()["type"] == "/problems/no-such-petition"


def test_oembed_in_another_format_is_501(client: Client) -> None:
    assert client.get("/oembed?url=x&format=xml").status_code == 501
    assert Page(client.get("/en/problems/no-oembed-format").content.decode())


def test_what_is_gone_or_not_public_is_not_shown(client: Client, opened: Callable[..., int], now: dt.datetime) -> None:
    from maninso.charter import load_preset
    from maninso.petitions.lifecycle import submit_petition

    gone = opened()
    remove_petition(gone, reason=Reason(code="personal-data"), now=now)
    waiting = draft_petition(
        charter=load_preset("university"),
        title="Not yet",
        body="x",
        language="en",
        topic="",
        creator_name="Han Sol",
        now=now,
    )
    submit_petition(waiting, now=now)
    for petition, status in ((gone, 410), (waiting, 404)):
        for path in (f"/petitions/{petition}/badge.svg", f"/en/petitions/{petition}/frame"):
            assert client.get(path).status_code == status
        assert client.get("/oembed", {"url": f"{HOST}/petitions/{petition}"}).status_code == status
