"""Signing with an OpenID Connect provider in a real browser without JavaScript, and without a browser where it lies."""

import http.client
import re
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.browser import OpenBrowser
from tests.journeys.conftest import open_petition
from tests.live import LiveSite
from tests.provider import LyingProvider

WORDS = {
    "ko": {"go": "모의 기관으로 가기", "sign": "지금 서명", "late": "시간이 지났거나 다른 브라우저로 돌아왔습니다"},
    "en": {"go": "Go to Mock", "sign": "Sign now", "late": "You came back too late, or in another browser"},
}


@pytest.fixture
def petition(identity_site: LiveSite) -> int:
    return open_petition(identity_site)


@pytest.fixture
def honest(liar: LyingProvider) -> Iterator[LyingProvider]:
    """The lying provider, as if it had never lied."""
    before = dict(vars(liar))
    yield liar
    vars(liar).update(before)


class Browser:
    """A browser without pages: keeps cookies, follows nothing."""

    def __init__(self, site: LiveSite) -> None:
        self.site = site
        self.cookies: dict[str, str] = {}

    def get(self, path: str) -> tuple[int, str, str]:
        """Return status, Location and body of an address of the site."""
        return self.ask("GET", self.site.port, path, {"cookie": self.cookie()})

    def sign(self, petition: int) -> tuple[int, str, str]:
        return self.ask(
            "POST",
            self.site.port,
            f"/en/petitions/{petition}/signatures",
            {
                "cookie": self.cookie(),
                "accept": "text/html",
                "content-type": "application/x-www-form-urlencoded",
                "origin": self.site.url,
            },
        )

    def visit(self, address: str) -> str:
        """Follow a provider's address to where it sends people back."""
        parts = urlsplit(address)
        assert parts.port is not None
        _, location, _ = self.ask("GET", parts.port, f"{parts.path}?{parts.query}", {})
        return location.removeprefix(self.site.url)

    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def ask(self, method: str, port: int, path: str, headers: dict[str, str]) -> tuple[int, str, str]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        for header in answer.msg.get_all("set-cookie") or []:
            name, _, rest = header.partition("=")
            value = rest.partition(";")[0].strip('"')
            self.cookies[name] = value
            if not value:
                del self.cookies[name]
        body = answer.read().decode()
        connection.close()
        return answer.status, answer.getheader("location") or "", body


@pytest.mark.parametrize("language", ["ko", "en"])
def test_there_and_back_and_a_button(
    identity_site: LiveSite, petition: int, open_browser: OpenBrowser, language: str
) -> None:
    site, words = identity_site, WORDS[language]
    for visit in ("first", "again"):
        page = open_browser(site.url, language=language, javascript=False)
        page.goto(f"/petitions/{petition}/sign")
        page.get_by_role("link", name=words["go"]).click()
        page.locator("input[name=sub]").fill(f"citizen-{language}")
        page.get_by_role("button", name="Authorize").click()
        assert page.url == f"{site.url}/{language}/petitions/{petition}/sign/now"
        names = {cookie["name"] for cookie in page.context.cookies()}
        assert names == {"maninso_ticket"}
        page.get_by_role("button", name=words["sign"]).click()
        receipt = rf"{site.url}/{language}/petitions/{petition}/receipts/[0-9a-f]{{64}}"
        assert re.fullmatch(receipt + ("" if visit == "first" else r"\?again=1"), page.url)
        site.wait_for_count(petition, 1)


def test_who_says_no_is_told_what_to_do(identity_site: LiveSite, petition: int, open_browser: OpenBrowser) -> None:
    page = open_browser(identity_site.url, language="en", javascript=False)
    page.goto(f"/petitions/{petition}/sign")
    page.get_by_role("link", name="Go to Mock").click()
    page.get_by_role("button", name="Deny").click()
    # This provider forgets the state where somebody says no, so it is not known what they were about to sign.
    assert page.locator("h1").inner_text() == "You came back without proving who you are"
    assert "Nothing was signed" in page.content()


def test_an_answer_is_looked_at_once(identity_site: LiveSite, petition: int, honest: LyingProvider) -> None:
    browser = Browser(identity_site)
    _, away, _ = browser.get(f"/en/identity/oidc/liar?petition={petition}")
    back = browser.visit(away)
    status, location, _ = browser.get(back)
    assert (status, location) == (303, f"/en/petitions/{petition}/sign/now")
    status, _, body = browser.get(back)
    assert (status, WORDS["ko"]["late"] in body) == (400, True)
    stranger = Browser(identity_site)
    assert stranger.get(back)[0] == 400
    assert stranger.cookies == {}


@pytest.mark.parametrize(
    ("lie", "note"),
    [
        ({"algorithm": "none"}, "unproven"),
        ({"algorithm": "HS256"}, "unproven"),
        ({"algorithm": "foreign"}, "unproven"),
        ({"twist": lambda claims: {**claims, "nonce": "another"}}, "unproven"),
        ({"twist": lambda claims: {**claims, "exp": 1}}, "unproven"),
        ({"twist": lambda claims: {**claims, "aud": "somebody-else"}}, "unproven"),
        ({"twist": lambda claims: {**claims, "iss": "https://elsewhere.example"}}, "unproven"),
        ({"denies": True}, "stopped"),
    ],
)
def test_lies_give_no_ticket(
    identity_site: LiveSite, petition: int, honest: LyingProvider, lie: dict[str, Any], note: str
) -> None:
    browser = Browser(identity_site)
    _, away, _ = browser.get(f"/en/identity/oidc/liar?petition={petition}")
    vars(honest).update(lie)
    status, location, _ = browser.get(browser.visit(away))
    assert (status, location) == (303, f"/en/petitions/{petition}/sign?note={note}")
    assert browser.cookies == {}
    status, _, page = browser.get(location)
    assert (status, "Nothing was signed" in page or "nothing was signed" in page) == (200, True)


def test_a_cookie_of_another_site_or_provider(identity_site: LiveSite, petition: int, honest: LyingProvider) -> None:
    browser = Browser(identity_site)
    _, away, _ = browser.get(f"/en/identity/oidc/liar?petition={petition}")
    back = browser.visit(away)
    assert browser.get(back.replace("/liar/", "/naver/"))[0] == 400
    (name,) = [name for name in browser.cookies if name.startswith("maninso_oidc_")]
    browser.cookies[name] = browser.cookies[name][:-4] + "AAAA"
    assert browser.get(back)[0] == 400


def test_a_provider_without_an_id_token(identity_site: LiveSite, petition: int, honest: LyingProvider) -> None:
    honest.profile = {"id": "naver-person"}
    browser = Browser(identity_site)
    _, away, _ = browser.get(f"/en/identity/oidc/naver?petition={petition}")
    assert browser.get(browser.visit(away))[0] == 303
    assert browser.sign(petition)[0] == 303
    identity_site.wait_for_count(petition, 1)


def test_where_one_provider_is_gone_the_others_and_the_pages_go_on(
    identity_site: LiveSite, petition: int, honest: LyingProvider
) -> None:
    browser = Browser(identity_site)
    for _ in range(5):
        status, _, body = browser.get(f"/en/identity/oidc/nobody?petition={petition}")
        assert (status, "Nobody does not answer" in body) == (503, True)
    _, away, _ = browser.get(f"/en/identity/oidc/liar?petition={petition}")
    assert browser.get(browser.visit(away))[0] == 303
    assert browser.sign(petition)[0] == 303


def test_a_slow_provider_holds_up_no_page(identity_site: LiveSite, petition: int, honest: LyingProvider) -> None:
    from concurrent.futures import ThreadPoolExecutor

    browsers = [Browser(identity_site) for _ in range(12)]
    backs = [browser.visit(browser.get(f"/en/identity/oidc/liar?petition={petition}")[1]) for browser in browsers]
    honest.delay = 3.0
    with ThreadPoolExecutor(12) as crowd:
        waiting = [crowd.submit(browser.get, back) for browser, back in zip(browsers, backs, strict=True)]
        time.sleep(0.5)
        started = time.monotonic()
        for path in (f"/en/petitions/{petition}/sign/email", "/en/check", "/en/petitions?q=x"):
            assert Browser(identity_site).get(path)[0] == 200
        assert time.monotonic() - started < 2.0
        answers = [each.result()[0] for each in waiting]
    assert set(answers) <= {303, 503}
    assert answers.count(303) >= 1
    assert answers.count(503) >= 1
