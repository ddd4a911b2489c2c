"""Into the office, in a real browser: a code by mail and a second factor, a passkey instead, and out again."""

import dataclasses
import time

import pytest
from playwright.sync_api import Browser, Page
from tests.journeys.browser import open_page
from tests.journeys.office import compute_totp, log_in, read_mails, request_code
from tests.live import LiveSite


@pytest.mark.parametrize("language", ["ko", "en"])
def test_without_javascript_a_code_and_an_app_let_a_moderator_in(
    site: LiveSite, chromium: Browser, language: str
) -> None:
    with open_page(chromium, language=language, scripts=False) as page:
        secret = log_in(page, site, "moderator", language=language)
        assert page.locator("html").get_attribute("lang") == language
    with open_page(chromium, language=language, scripts=False) as page:  # the next day
        address = f"moderator@{language}.example.org"
        request_code(page, site, address, language=language)
        assert page.url.endswith("/account/login/factor")
        page.goto(f"{site.url}/{language}/office")
        assert "/account/login" in page.url  # the code alone lets nobody in
        page.goto(f"{site.url}/{language}/account/login/factor")
        page.fill("#id_code", "000000")
        page.click("main form.card button[type=submit]")
        assert page.locator(".err").count() == 1
        page.fill("#id_code", compute_totp(secret, now=time.time(), step=1))
        page.click("main form.card button[type=submit]")
        assert page.url == f"{site.url}/{language}/office"


def add_authenticator(page: Page) -> None:
    """Give the page's browser a made-up passkey device that verifies its owner."""
    client = page.context.new_cdp_session(page)
    client.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    client.send(
        "WebAuthn.addVirtualAuthenticator",
        {"options": {**options, "isUserVerified": True, "automaticPresenceSimulation": True}},
    )


def test_a_passkey_is_both_factors_at_once(site: LiveSite, chromium: Browser) -> None:
    site.maninso("office", "add", "passkey@example.org", "--role", "clerk")
    here = dataclasses.replace(site, name="localhost")  # a passkey belongs to a name, not to a number
    with open_page(chromium) as page:
        add_authenticator(page)
        request_code(page, here, "passkey@example.org")
        page.click("a[href='/en/account/factors/keys/add']")
        page.check("#id_passwordless")
        page.click("#mfa_webauthn_add")
        page.wait_for_url("**/account/factors/codes")
        page.goto(f"{here.url}/en/office")
        assert page.url == f"{here.url}/en/office/debts"  # a clerk comes to what is owed
        page.goto(f"{here.url}/en/account/factors")
        page.click("form[action='/en/account/logout'] button")
        page.wait_for_url("**/account/login**")
        mails = len(read_mails(site, "passkey@example.org"))
        page.click("#passkey_login")
        page.wait_for_url("**/office/debts")
        assert len(read_mails(site, "passkey@example.org")) == mails


def test_whoever_has_no_account_is_told_nothing_and_gets_no_mail(site: LiveSite, chromium: Browser) -> None:
    with open_page(chromium) as page:
        page.goto(f"{site.url}/en/office")
        page.fill("#email", "nobody@example.org")
        page.click("main button.wide")
        assert "/account/login/code" in page.url  # the same page that a member sees
        assert read_mails(site, "nobody@example.org") == []


def test_a_removed_member_is_out_at_the_next_click(site: LiveSite, chromium: Browser) -> None:
    with open_page(chromium) as page:
        log_in(page, site, "auditor")
        site.maninso("office", "remove", "auditor@en.example.org")
        page.goto(f"{site.url}/en/office")
        assert "/account/login" in page.url
