"""From a citizen's draft to an open petition, or to a refusal with its appeal, in a real browser and both languages."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page
from tests.journeys.browser import open_page
from tests.journeys.office import log_in
from tests.live import LiveSite

TEXTS = {
    "ko": (
        "도서관 앞에 자전거 보관대를 놓아 주세요",
        "자전거가 길을 막습니다.\n\n- 지붕 있는 보관대\n- **스무 대**",
    ),
    "en": (
        "Put covered bicycle stands at the library",
        "Bicycles block the ramp.\n\n- Covered\n- For **twenty**",
    ),
}
PHONE = "010-0000-0000"


def raise_petition(page: Page, site: LiveSite, language: str, *, title: str, body: str) -> str:
    """Fill the form in as a citizen does, and return the address of the creator's page."""
    page.goto(f"{site.url}/{language}/petitions/new")
    page.check("#eligible-yes")
    page.click("main button.go")
    page.fill("#title", "")
    page.click("main button.go")
    assert page.locator(".note.red").count() == 1  # B4: empty, and the step is shown again
    page.fill("#title", title)
    page.click("main button.go")
    if page.locator("#body").count() == 0:
        page.click("main button.go")  # B3: similar ones are offered
    page.fill("#body", body)
    page.click("main button.go")
    page.fill("#name", "Han Sol")
    page.click("main button.go")
    page.click("button[name=change][value=title]")  # B6
    assert page.input_value("#title") == title
    page.click("main button.go")
    assert page.locator(".recap strong").count() == 1
    page.click("main > div > form > button.go")
    page.click("main a.go")
    page.click("button[value=confirm]")
    return page.url


def support(page: Page, link: str, people: int) -> None:
    for number in range(people):
        page.goto(link)
        page.fill("#person", f"supporter {number} of {link[-6:]}")
        page.click("main form button.go")


@pytest.mark.parametrize(("language", "scripts"), [("ko", False), ("en", True)])
def test_a_petition_is_raised_supported_masked_approved_and_signed(
    site: LiveSite, chromium: Browser, language: str, scripts: bool
) -> None:
    title, body = TEXTS[language]
    with (
        open_page(chromium, language=language, scripts=scripts) as citizen,
        open_page(chromium, language=language, scripts=False, width=1280) as office,
    ):
        mine = raise_petition(citizen, site, language, title=title, body=f"{body}\n\n{PHONE}")
        link = citizen.locator("a[href*='/support/']").get_attribute("href")
        assert link is not None
        number = urlsplit(mine).path.split("/")[3]
        support(citizen, link, 5)
        citizen.goto(mine)
        assert citizen.locator("#h-due").count() == 1
        log_in(office, site, "operator", language=language)
        office.click(f"a[href$='/office/petitions/{number}']")
        office.click("button[value=claim]")
        assert office.locator("mark").inner_text() == PHONE
        office.check("#passage-1")
        office.click("button[value=mask]")
        assert "■■■" in office.locator("article.raw").inner_text()
        office.click(f"a[href$='/office/petitions/{number}/approve']")
        office.click("button[value=decide]")
        citizen.goto(f"{site.url}/{language}/petitions/{number}")
        assert citizen.locator("h1").inner_text() == title
        assert PHONE not in citizen.content()
    site.wait_for_count(int(number), 6)  # the creator, and five supporters
    checked = site.maninso("verify", f"{site.url}/petitions/{number}")
    assert re.search(r"\b6\b", checked)


@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_refusal_is_taken_back_made_again_appealed_against_and_overturned(
    site: LiveSite, chromium: Browser, language: str
) -> None:
    title, body = TEXTS[language]
    with (
        open_page(chromium, language=language, scripts=False) as citizen,
        open_page(chromium, language=language, scripts=False) as moderator,
        open_page(chromium, language=language, scripts=False) as operator,
    ):
        mine = raise_petition(citizen, site, language, title=f"{title} 2", body=body)
        link = citizen.locator("a[href*='/support/']").get_attribute("href")
        assert link is not None
        number = urlsplit(mine).path.split("/")[3]
        support(citizen, link, 5)
        log_in(moderator, site, "moderator", language=language, name="kim")
        for again in (False, True):
            moderator.goto(f"{site.url}/{language}/office/petitions/{number}/reject")
            moderator.check("#code-unclear")
            moderator.click("main form button.go")
            assert title in moderator.input_value("#letter")
            moderator.click("button[value=decide]")
            if not again:
                moderator.click("button[value=undo]")
                assert moderator.locator("a[href$='/approve']").count() == 1
        citizen.goto(mine)
        citizen.fill("#appeal", "It says which library, and what for.")
        citizen.click("button[value=appeal]")
        citizen.goto(f"{site.url}/{language}/petitions/{number}")
        assert citizen.locator("h1").inner_text() == f"{title} 2"  # a tombstone with its text, reason and appeal
        log_in(operator, site, "operator", language=language, name="park")
        operator.goto(f"{site.url}/{language}/office/second")
        operator.fill("textarea[name=text]", "You are right.")
        operator.click("button[value=uphold]")
        citizen.goto(mine)
        assert "You are right." in citizen.content()
        assert citizen.locator("#h-due").count() == 1
    assert "all unchanged" in site.maninso("office", "audit")
