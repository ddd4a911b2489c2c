"""A person at a browser (tests/browser.py): whatever breaks the content security policy fails the journey."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page


@contextmanager
def open_page(
    browser: Browser, *, language: str = "en", scripts: bool = True, width: int = 390, keep: Path | None = None
) -> Iterator[Page]:
    """Open a page of a new person: no cookies, this language, with or without JavaScript.

    Whatever breaks the content security policy, or throws, fails the journey at its end. `keep` is a folder for a
    picture of where it ended.
    """
    context = browser.new_context(
        locale={"ko": "ko-KR", "en": "en-GB"}[language],
        java_script_enabled=scripts,
        viewport={"width": width, "height": 844},
    )
    context.set_default_timeout(20_000)
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if "Content Security" in message.text else None)
    try:
        yield page
        assert faults == []
    finally:
        if keep is not None:
            page.screenshot(path=keep / "end.png", full_page=True)
        context.close()
