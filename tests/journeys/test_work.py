"""The proof of work in a real browser: one that computes asks freely, one without scripts asks a little."""

import pytest
from tests.browser import OpenBrowser
from tests.journeys.conftest import open_petition
from tests.live import LiveSite
from tests.minutes import within_a_minute


@pytest.fixture
def petition(identity_site: LiveSite) -> int:
    return open_petition(identity_site)


@pytest.mark.parametrize("path", ["sign/email", "updates"])
@pytest.mark.parametrize(("javascript", "sent"), [(True, 4), (False, 2)])
def test_a_browser_computes_by_itself(
    identity_site: LiveSite, petition: int, open_browser: OpenBrowser, path: str, javascript: bool, sent: int
) -> None:
    def ask(attempt: int) -> list[str]:
        network = f"203.0.113.{attempt * 4 + (path == 'updates') * 2 + javascript}"
        page = open_browser(identity_site.url, language="en", javascript=javascript, network=network)
        titles = []
        for number in range(4):
            page.goto(f"/petitions/{petition}/{path}")
            page.locator("input[name=email]").fill(f"worker{number}.{attempt}@example.org")
            page.get_by_role("button", name="Send me the link").click()
            page.locator("input[name=email]").wait_for(state="detached")
            titles.append(page.locator("h1").inner_text())
        return titles

    refused = (
        "Too many people on your network have asked without their browser’s work in this minute. Nothing was sent."
    )
    assert within_a_minute(ask) == ["Look in your mailbox"] * sent + [refused] * (4 - sent)
