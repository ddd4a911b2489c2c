"""A real browser for journeys: Debian's Chromium, driven by Playwright.

`make test` installs it where it may (root and apt-get). Where there is none, the tests that need it are skipped, and
the run's summary says so in capitals.

A test asks for `open_browser` and gets a page of a browser that knows nothing yet:

    def test_it(site: LiveSite, open_browser: OpenBrowser) -> None:
        page = open_browser(site.url, language="ko", javascript=False)
        page.goto("/petitions")
"""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

# The shell without a window first: it is the same engine, and costs half the processor time.
PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
MISSING = "NO BROWSER: Chromium is not installed, so what people see was not tested (apt-get install chromium)"
ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)
ACCEPTED = {"ko": "ko-KR", "en": "en-GB"}

OpenBrowser = Callable[..., Page]
"""Called with the site's address, and by name `language` (ko, en), `javascript`, `width` in pixels and `network`.

`network` is the address that the browser comes from, where the site takes a proxy's word for it.
"""


def find_program() -> str | None:
    """Return the path of the browser; None where there is none."""
    return next((found for name in PROGRAMS if (found := shutil.which(name))), None)


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for a file's tests, which reaches this machine alone.

    Not for the session: while Playwright runs, its event loop is this thread's, and no other test could start its own.
    """
    program = find_program()
    if program is None:
        pytest.skip(MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_browser(chromium: Browser) -> Iterator[OpenBrowser]:
    """Open pages of browsers that share nothing with each other."""
    contexts = []

    def open_page(
        url: str, *, language: str = "ko", javascript: bool = True, width: int = 390, network: str = ""
    ) -> Page:
        context = chromium.new_context(
            base_url=url,
            locale=ACCEPTED[language],
            java_script_enabled=javascript,
            viewport={"width": width, "height": 844},
            extra_http_headers={"X-Forwarded-For": network} if network else {},
        )
        context.set_default_timeout(15_000)
        contexts.append(context)
        return context.new_page()

    yield open_page
    for context in contexts:
        context.close()


def photograph(page: Page, folder: Path, name: str) -> Path:
    """Keep a picture of the whole page, for whoever wants to look."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.png"
    page.screenshot(path=path, full_page=True)
    return path
