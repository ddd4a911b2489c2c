"""Signing by e-mail in a real browser without JavaScript, in both languages (issue IDENTITY)."""

import re

import pytest
from tests.browser import OpenBrowser
from tests.live import LiveSite
from tests.mailbox import find_link, wait_for_message

WORDS = {
    "ko": {"way": "전자우편으로 서명", "send": "링크 보내기", "sign": "지금 서명", "sent": "전자우편함을 확인하세요"},
    "en": {"way": "Sign by e-mail", "send": "Send me the link", "sign": "Sign now", "sent": "Look in your mailbox"},
}


@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_link_and_a_button_sign(site: LiveSite, petition: int, open_browser: OpenBrowser, language: str) -> None:
    """B19, B20, B30: one step a page, nothing before the button, and a receipt in the end."""
    words = WORDS[language]
    address = f"signer-{language}@gist.ac.kr"
    page = open_browser(site.url, language=language, javascript=False)
    page.goto(f"/petitions/{petition}/sign")
    page.get_by_role("link", name=words["way"]).click()
    page.locator("input[name=email]").fill(address)
    page.get_by_role("button", name=words["send"]).click()
    assert page.locator("h1").inner_text() == words["sent"]
    message = wait_for_message(site.home / "mail", address)
    link = find_link(message)
    assert link.startswith(f"{site.url}/{language}/petitions/{petition}/confirm?ticket=mt1.")
    elsewhere = open_browser(site.url, language=language, javascript=False)
    elsewhere.goto(link)
    site.wait_for_count(petition, 0)
    elsewhere.get_by_role("button", name=words["sign"]).click()
    assert re.fullmatch(rf"{site.url}/{language}/petitions/{petition}/receipts/[0-9a-f]{{64}}", elsewhere.url)
    assert address not in elsewhere.content()
    site.wait_for_count(petition, 1)
