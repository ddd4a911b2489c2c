"""A page that is left open follows the count, without a word to screen readers, and only while somebody looks at it."""

from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, Route, expect
from tests.journeys.browser import open_page
from tests.journeys.conftest import ticket_of
from tests.live import LiveSite

SOON = 16_000  # milliseconds: longer than the longest pause between two questions


def open_petition(page: Page, site: LiveSite, petition: int, *, language: str = "en") -> None:
    page.clock.install()
    page.goto(f"{site.url}/{language}/petitions/{petition}")


def test_the_number_follows_the_ledger(site: LiveSite, petition: int, chromium: Browser) -> None:
    with open_page(chromium) as page:
        open_petition(page, site, petition)
        number, beside = page.locator("[data-count]"), page.locator("[data-count] ~ .apart")
        expect(number).to_have_text("0signatures")
        for person, said in (("first", "1signature"), ("second", "2signatures")):
            answer = site.ask(
                "POST",
                f"/petitions/{petition}/signatures",
                b"{}",
                content_type="application/json",
                authorization=f"Ticket {ticket_of(f'{person} of {petition}')}",
            )
            assert answer.status == 201
            site.wait_for_count(petition, int(said[0]))
            page.clock.fast_forward(SOON)
            expect(number).to_have_text(said)
        expect(beside).to_have_text("4.0% 48 more to 50")
        bar = page.locator("[data-count] ~ .meter rect").last
        assert bar.get_attribute("width") == "40"
        assert page.locator("[aria-live]").count() == 0


def test_a_site_that_does_not_answer_is_asked_more_rarely_and_a_threshold_brings_a_new_page(
    site: LiveSite, petition: int, chromium: Browser
) -> None:
    asked: list[str] = []
    answers = iter(["", "", '{"signature_count": 50}'])

    def answer(route: Route) -> None:
        asked.append(urlsplit(route.request.url).path)
        body = next(answers, '{"signature_count": 0}')
        route.fulfill(status=200 if body else 503, body=body, content_type="application/json")

    with open_page(chromium) as page:
        page.route("**/count.json", answer)
        open_petition(page, site, petition)
        with page.expect_response("**/count.json"):
            page.clock.run_for(10_500)
        assert asked == [f"/petitions/{petition}/count.json"]
        page.evaluate("() => null")  # by then the script has read the answer
        page.clock.run_for(19_000)  # it waits twice as long now: 20 to 30 seconds
        assert len(asked) == 1
        with page.expect_response("**/count.json"):
            page.clock.run_for(12_000)
        page.evaluate("() => null")
        with page.expect_navigation():
            page.clock.run_for(61_000)
        assert len(asked) >= 3  # the new page asks as well


def test_a_page_that_takes_no_signatures_asks_nothing(site: LiveSite, petition: int, chromium: Browser) -> None:
    with open_page(chromium, scripts=False) as page:
        page.goto(f"{site.url}/en/petitions/{petition}")
        assert page.locator("script[src*='/static/live.']").count() == 1
        page.goto(f"{site.url}/en/petitions")
        assert page.locator("script").count() == 0
