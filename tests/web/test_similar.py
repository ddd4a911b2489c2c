"""Petitions like a text, over HTTP; and that nothing that is sent there or to a search is ever a failure."""

import datetime as dt
from collections.abc import Callable
from urllib.parse import quote

import pytest
from django.db.models.expressions import RawSQL
from django.test import Client

from maninso.petitions.discovery import candidates, catch_up, count_grams, lists
from maninso.petitions.discovery.order import Column, Order

pytestmark = pytest.mark.django_db

BAD = [
    "",
    "a" * 10_000,
    "가" * 10_000,
    "가나다라 " * 2_000,
    "!?.,;:'\"()[]{}<>@#$%^&*-+=~`|/\\",
    "' & | ! <-> :* ( ) \\",
    '"" “” "unclosed',
    "한글 English кириллица 日本語 العربية 😀 𝒜",
    "a\0b\x01\x1f\ud7ff",
    "%%%s%(x)s {among} {0}",
    "ㅋㅋㅋ ㅠㅠ",
    "1" * 19,
    "-- ; DROP TABLE petitions_petition",
]


def test_similar_petitions(client: Client, opened: Callable[..., int], now: dt.datetime) -> None:
    twin = opened(title="Open the library on Sundays please", body="We can only study on Sundays.")
    other = opened(title="More night buses", body="The last bus leaves too early.")
    far = opened(title="도서관", body="일요일")
    catch_up(now=now)
    answer = client.get("/api/v1/similar", {"title": "Sunday opening of the library", "text": "We study on Sundays."})
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "public, max-age=60")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    first, *rest = answer.json()["data"]
    assert first.pop("score") > 0.3
    assert first.pop("relation") in ("same", "related")
    assert set(first.pop("shared_words")) >= {"library", "sundays", "study"}
    assert first == {
        "id": twin,
        "source": None,
        "source_id": None,
        "title": "Open the library on Sundays please",
        "state": "open",
        "signature_count": 0,
    }
    assert far not in [each["id"] for each in rest]
    asked = {"title": "Sunday opening of the library", "exclude": f"{twin}, {other},x,"}
    assert twin not in [each["id"] for each in client.get("/api/v1/similar", asked).json()["data"]]


def test_limit(client: Client, opened: Callable[..., int], now: dt.datetime) -> None:
    for _ in range(7):
        opened()
    catch_up(now=now)
    for limit, found in (("", 5), ("2", 2), ("0", 5), ("x", 5), ("99", 5), ("50", 7)):
        assert len(client.get("/api/v1/similar", {"title": "library", "limit": limit}).json()["data"]) == found


@pytest.mark.parametrize("text", BAD)
def test_nothing_that_is_sent_is_a_failure(
    client: Client, opened: Callable[..., int], now: dt.datetime, text: str
) -> None:
    opened()
    catch_up(now=now)
    sent = quote(text.encode("utf-8", "surrogatepass"))
    for address in (
        f"/en/petitions?q={sent}",
        f"/petitions.json?q={sent}&since={sent}&institution={sent}&after={sent}",
        f"/petitions.csv?q={sent}&region={sent}",
        f"/feeds/petitions.atom?q={sent}&sort={sent}",
        f"/api/v1/similar?title={sent}&text={sent}&exclude={sent}&limit={sent}",
    ):
        answer = client.get(address)
        assert answer.status_code in (200, 400), address[:80]
        assert answer.getvalue() if answer.streaming else answer.content


def test_a_slow_search_is_given_up(
    client: Client, opened: Callable[..., int], now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened()
    catch_up(now=now)
    monkeypatch.setitem(candidates.QUERIES, "find_by_words", "SELECT pg_sleep(20)")
    monkeypatch.setattr(candidates, "PATIENCE", 50)
    answer = client.get("/petitions.json?q=library")
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/search-too-slow")
    assert answer.headers["Retry-After"] == "5"
    page = client.get("/en/petitions", {"q": 'library "a&b"'})
    assert page.status_code == 503
    assert 'value="library &quot;a&amp;b&quot;"' in page.content.decode()  # to be tried again, or changed


def test_a_slow_list_is_given_up(client: Client, opened: Callable[..., int], monkeypatch: pytest.MonkeyPatch) -> None:
    opened()
    slow = Order([Column("by_nothing", RawSQL("length(pg_sleep(20)::text)", []), falls=True)])
    monkeypatch.setattr(lists, "choose_order", lambda sort, now: slow)
    monkeypatch.setattr(candidates, "PATIENCE", 50)
    answer = client.get("/petitions.json?sort=trending")
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/search-too-slow")


def test_a_misspelt_question_is_shown_how_titles_spell_it(
    client: Client, opened: Callable[..., int], now: dt.datetime
) -> None:
    opened(title="시립도서관 개관", body="일요일")
    opened(title="도서관을 열어 주세요", body="일요일")
    catch_up(now=now)
    count_grams(now=now, always=True)
    page = client.get("/ko/petitions", {"q": "도셔관", "state": "open"}).content.decode()
    assert "혹시 이것을 찾으셨나요?" in page
    assert f'<a href="/ko/petitions?q={quote("도서관")}&amp;state=open">도서관</a>' in page
    for query in ("도서관", "xylophone", "<b>&amp;"):
        page = client.get("/en/petitions", {"q": query}).content.decode()
        assert "Did you mean" not in page


def test_a_name_in_letters_is_said_to_be_read_as_korean(
    client: Client, opened: Callable[..., int], now: dt.datetime
) -> None:
    opened(title="홍길동 도서관", body="x", language="ko", topic="Libraries")
    catch_up(now=now)
    asked = {"q": "Hong Gil-dong", "topic": "Libraries"}
    page = client.get("/ko/petitions", asked).content.decode()
    assert "로마자로 쓴 이름을 한글로 읽어 “홍길동”(으)로 찾은 결과입니다." in page
    page = client.get("/en/petitions", asked).content.decode()
    assert "These are what “홍길동” finds: a name in Latin letters is read as Korean." in page
    exactly = '/en/petitions?q=%22Hong+Gil-dong%22&amp;topic=Libraries"'
    assert f'<a href="{exactly}>Look for “Hong Gil-dong” exactly</a>' in page
    assert "read as Korean" not in client.get("/en/petitions", {"q": "library"}).content.decode()
    found = client.get("/petitions.json", asked).json()
    assert (len(found["data"]), found["meta"]["read_as"]) == (1, "홍길동")
    assert "read_as" not in client.get("/petitions.json", {"q": "library"}).json()["meta"]


def test_the_feed_has_the_filter_of_the_page(client: Client, opened: Callable[..., int], now: dt.datetime) -> None:
    opened(title="Open the library <b>")
    bus = opened(title="More night buses", body="Please.")
    catch_up(now=now)
    answer = client.get("/feeds/petitions.atom?q=night")
    assert answer.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    text = answer.content.decode()
    assert text.count("<entry>") == 1
    assert f"https://petitions.example.org/petitions/{bus}" in text
    assert "&lt;b&gt;" in client.get("/feeds/petitions.atom").content.decode()
