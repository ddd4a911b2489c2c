"""Every page on a site that is in use: status, headers, well-formedness, nothing inline, no cookie."""

import datetime as dt
import re
from collections.abc import Callable

import pytest
from django.test import Client
from tests.web.reading import Page

from maninso.petitions.lifecycle import Reason, draft_petition, reject_petition, submit_petition
from maninso.web.shared.answers import PAGE_CACHING
from maninso.web.shared.middleware import CONTENT_SECURITY_POLICY

pytestmark = pytest.mark.django_db

PLAIN = ("/", "/petitions", "/obligations", "/petitions/new", "/about", "/privacy", "/accessibility")
RULES = ("/charter/blue-house-2019", "/charter/university", "/problems/busy", "/problems/no-such-petition")
ERRORS = {"/nowhere": 404, "/petitions/999999": 404, "/petitions/x": 400, "/charter/none": 404, "/problems/none": 404}


@pytest.fixture
def site(
    opened: Callable[..., int], sign: Callable[..., list[str]], seal: Callable[..., None], now: dt.datetime
) -> list[str]:
    """A site with a petition that is owed an answer, one that is open and one rejected; return their addresses."""
    owed, other, rejected = opened(), opened(title="도서관을 일요일에도 열어 주세요", language="ko"), None
    leaf = sign(owed, 60)[0]
    sign(other, 3)
    seal(now)
    from maninso.charter import load_preset

    rejected = draft_petition(
        charter=load_preset("university"),
        title="Unclear",
        body="Unclear.",
        language="en",
        now=now - dt.timedelta(days=2),
    )
    submit_petition(rejected, now=now)
    from maninso.petitions.lifecycle import pass_to_moderation

    pass_to_moderation(rejected, now=now)
    reject_petition(rejected, reason=Reason(code="unclear"), now=now)
    pending = sign(other, 1, first=3)[0]
    return [
        f"/petitions/{owed}",
        f"/petitions/{other}",
        f"/petitions/{rejected}",
        f"/petitions/{owed}/sign",
        f"/petitions/{owed}/receipts/{leaf}",
        f"/petitions/{other}/receipts/{pending}",
    ]


@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_page_is_well_made(client: Client, site: list[str], language: str) -> None:
    private = [f"/identity/rehearsal?petition={site[0].rsplit('/', 1)[1]}"]
    for path in [*PLAIN, *RULES, *site, *private, *ERRORS]:
        answer = client.get(f"/{language}{path}")
        html = answer.content.decode()
        assert answer.status_code == ERRORS.get(path, 200), path
        assert answer.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert bool(answer.cookies) is (path in private), path
        check_markup(path, html, language)


SCRIPT = r' type="module" src="/static/[a-z]+\.[0-9a-f]{12}\.js"></script>'  # our own, and nothing inline


def is_said(picture: dict[str, str]) -> bool:
    """Whether a picture is hidden from a screen reader, or says what it shows; a chart's plot is inside its chart."""
    if picture.get("role") == "img":
        return bool(picture.get("aria-label"))
    return picture.get("aria-hidden") == "true" or picture.get("class") == "qr" or "preserveaspectratio" in picture


def check_markup(path: str, html: str, language: str) -> None:
    page = Page(html)
    assert not re.search(rf"<script(?!{SCRIPT})|<style|\sstyle=|\son[a-z]+=|javascript:", html), path
    assert "<j>" not in html, path
    assert "&lt;j&gt;" not in html, path
    assert [element["lang"] for element in page.all("html")] == [language]
    assert len(page.all("h1")) == 1, path
    assert len(page.all("main", id="main")) == 1, path
    assert (
        page.all("a", class_="skip")[0]["href"] == "#main"
        if page.all("a", class_="skip")
        else page.links()[0] == "#main"
    )
    identifiers = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(identifiers) == len(set(identifiers)), path
    for tag, attributes in page.elements:
        for name in ("aria-labelledby", "aria-describedby"):
            for reference in attributes.get(name, "").split():
                assert reference in identifiers, (path, reference)
        if tag == "img":
            assert "alt" in attributes, path
        if tag == "svg":
            assert is_said(attributes), path
        if tag in ("input", "select") and attributes.get("type") != "hidden":
            assert page.all("label", for_=attributes["id"]) or [
                label for label in page.all("label") if label.get("for") == attributes["id"]
            ], path
        if tag in ("rect",):
            assert re.fullmatch(r"\d+%?", attributes["width"]), path


def test_public_pages_are_cached_by_shared_caches_and_checked_by_etag(client: Client, site: list[str]) -> None:
    for path in [*PLAIN, *RULES, *site[:5]]:
        answer = client.get(path)
        assert answer.headers["Cache-Control"] == PAGE_CACHING, path
        again = client.get(path, headers={"if-none-match": answer.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b""), path


def test_what_is_not_final_or_has_a_form_that_sets_a_cookie_is_not_cached(client: Client, site: list[str]) -> None:
    number = site[0].rsplit("/", 1)[1]
    for path in (site[5], f"/identity/rehearsal?petition={number}", "/nowhere", "/petitions/x", "/petitions/999999"):
        assert client.get(path).headers["Cache-Control"] == "no-store", path


def test_get_changes_nothing(client: Client, site: list[str], django_assert_num_queries: object) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        for path in [*PLAIN, *site]:
            client.get(path)
    # A list limits how long its statements may take, within a transaction.
    harmless = ("SELECT", "SHOW", "SAVEPOINT", "RELEASE SAVEPOINT", "SET LOCAL statement_timeout")
    assert [query["sql"] for query in queries if not query["sql"].startswith(harmless)] == []


def test_head_answers_without_a_body_and_post_is_refused(client: Client) -> None:
    assert (client.head("/about").status_code, client.head("/about").content) == (200, b"")
    refused = client.post("/en/about")
    assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, HEAD")
    assert "This address does not take that kind of request." in refused.content.decode()


def test_pages_shown_in_a_rehearsal_say_so(client: Client, settings: object) -> None:
    import dataclasses

    assert "예행연습 중입니다" in client.get("/").content.decode()
    settings.MANINSO = dataclasses.replace(settings.MANINSO, rehearsal=False)  # type: ignore[attr-defined]
    assert "예행연습" not in client.get("/").content.decode()


def test_empty_site_has_no_dead_end(client: Client) -> None:
    front = Page(client.get("/en/").content.decode())
    assert "No answer is owed at the moment." in front.text
    assert "/en/petitions/new" in front.links()
    listed = Page(client.get("/en/petitions").content.decode())
    assert "Nothing matches this filter" in listed.text
    board = Page(client.get("/en/obligations").content.decode())
    assert "Nothing has been owed yet" in board.text
    for status in ("overdue", "owed", "kept", "declined", "%00", "nonsense"):
        assert client.get(f"/en/obligations?status={status}").status_code == 200


def test_front_page_and_board_show_what_is_owed(client: Client, site: list[str]) -> None:
    for path in ("/en/", "/en/obligations"):
        page = Page(client.get(path).content.decode())
        assert f"/en{site[0]}" in page.links()
        assert "when the count reached 50 (50 needed)" in page.text
        assert "No date is set" in page.text


def test_asset_has_its_digest_in_its_name_and_is_kept(client: Client) -> None:
    page = Page(client.get("/").content.decode())
    (sheet,) = page.all("link", rel="stylesheet")
    answer = client.get(sheet["href"])
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert client.get("/static/maninso.css").status_code == 404
    import gzip

    packed = client.get(sheet["href"], headers={"accept-encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.content) == answer.content


def test_budget_of_bytes(client: Client, site: list[str]) -> None:
    """WCAG aside: a first view is at most 30 KB in at most 6 requests, without any script."""
    import gzip

    page = client.get(site[0]).content
    sheet = client.get(Page(page.decode()).all("link", rel="stylesheet")[0]["href"]).content
    assert len(gzip.compress(page)) <= 12_000
    assert len(gzip.compress(sheet)) <= 8_000
