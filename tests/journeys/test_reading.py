"""Reading a running site: from memory, in one's own language, told when nothing has changed, and never out of date."""

import gzip
import re
import time

import pytest
from tests.journeys.conftest import ticket_of
from tests.live import Answer, LiveSite

TIMELY = 3.0  # seconds: one to be sealed, one to be fresh, one to be stale while it is made anew


def read_page_count(page: Answer) -> int:
    found = re.search(r'<p class="num"[^>]*>([0-9,]+)<small>', page.body.decode())
    assert found is not None
    return int(found[1].replace(",", ""))


@pytest.mark.parametrize("path", ["/", "/petitions", "/petitions/{}", "/petitions.json", "/petitions/{}.json"])
def test_a_tag_goes_round(site: LiveSite, petition: int, path: str) -> None:
    path = path.format(petition)
    deadline = time.monotonic() + 30
    while True:  # until nothing is published between two looks
        first = site.ask("GET", path)
        again = site.ask("GET", path, if_none_match=first.headers["etag"])
        if again.status == 304 or time.monotonic() > deadline:
            break
    assert (first.status, again.status, again.body) == (200, 304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert again.headers["cache-control"] == first.headers["cache-control"]
    assert "s-maxage=1" in first.headers["cache-control"]
    assert int(again.headers["age"]) >= int(first.headers["age"]) >= 0
    assert site.ask("GET", path, if_none_match='"older"').status == 200
    head = site.ask("HEAD", path)
    assert (head.status, head.body, head.headers["content-type"]) == (200, b"", first.headers["content-type"])


def test_each_reader_gets_their_own_language_and_coding(site: LiveSite, petition: int) -> None:
    path = f"/petitions/{petition}"
    for _ in range(2):
        for accepted, language in [("ko-KR, en;q=0.5", "ko"), ("en-GB, ko;q=0.5", "en"), ("fr", "ko")]:
            plain = site.ask("GET", path, accept_language=accepted)
            assert plain.headers["content-language"] == language
            assert f'<html lang="{language}">' in plain.body.decode()
            assert sorted(plain.headers["vary"].split(", ")) == ["Accept-Encoding", "Accept-Language"]
            zipped = site.ask("GET", path, accept_language=accepted, accept_encoding="gzip")
            assert (zipped.headers["content-encoding"], zipped.headers["content-language"]) == ("gzip", language)
            assert f'<html lang="{language}">' in gzip.decompress(zipped.body).decode()
        for language in ("ko", "en"):  # the address says more than the reader's header
            page = site.ask("GET", f"/{language}{path}", accept_language="ko" if language == "en" else "en")
            assert (page.headers["content-language"], page.headers.get("vary")) == (language, "Accept-Encoding")


def test_a_signature_shows_in_time_on_a_page_that_was_in_memory(site: LiveSite, petition: int) -> None:
    path = f"/en/petitions/{petition}"
    assert read_page_count(site.ask("GET", path)) == 0
    answer = site.ask(
        "POST",
        f"/petitions/{petition}/signatures",
        b"{}",
        content_type="application/json",
        authorization=f"Ticket {ticket_of('reader')}",
    )
    assert answer.status == 201
    site.wait_for_count(petition, 1)
    sealed = time.monotonic()
    while read_page_count(site.ask("GET", path)) != 1:
        assert time.monotonic() < sealed + TIMELY
        time.sleep(0.1)


def test_the_count_alone_is_short_and_checkable(site: LiveSite, petition: int) -> None:
    path = f"/petitions/{petition}/count.json"
    count = site.ask("GET", path)
    assert (count.json()["signature_count"], len(count.body) <= 200) == (0, True)
    assert site.ask("GET", path, if_none_match=count.headers["etag"]).status == 304


def test_a_cookie_changes_no_public_page(site: LiveSite, petition: int) -> None:
    path = f"/petitions/{petition}/sign"
    # Django answers a malformed token of its own with a new cookie: nobody else is to get that.
    known = site.ask("GET", path, cookie=f"maninso_ticket={ticket_of('reader')}; csrftoken=x; django_language=en")
    assert ("set-cookie" in known.headers, "age" in known.headers) == (False, True)
    assert known.body == site.ask("GET", path).body


def test_a_form_that_is_somebodys_own_stays_so(site: LiveSite, petition: int) -> None:
    forms = [site.ask("GET", f"/identity/rehearsal?petition={petition}") for _ in range(3)]
    assert {form.headers["cache-control"] for form in forms} == {"no-store"}
    assert len({form.headers["set-cookie"] for form in forms}) == 3
    assert ["age" in form.headers for form in forms] == [False] * 3


def test_what_never_changes_is_kept_and_a_checkpoint_is_not(site: LiveSite, petition: int) -> None:
    page = site.ask("GET", "/about").body.decode()
    sheet = re.search(r'href="(/static/[^"]+\.css)"', page)
    assert sheet is not None
    for _ in range(2):
        answer = site.ask("GET", sheet[1], accept_encoding="br")
        assert (answer.status, answer.headers["content-encoding"], "age" in answer.headers) == (200, "br", True)
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    deadline = time.monotonic() + 30
    while (checkpoint := site.ask("GET", f"/p/{petition}/log/checkpoint")).status == 404:
        assert time.monotonic() < deadline, "the log was not begun"
        time.sleep(0.1)
    assert (checkpoint.status, checkpoint.headers["cache-control"]) == (200, "no-store")
    assert "age" not in checkpoint.headers
