"""Ways into the office that several journeys take."""

import hashlib
import hmac
import re
import struct
import time
from base64 import b32decode
from email import message_from_bytes, policy
from pathlib import Path

from playwright.sync_api import Page
from tests.live import LiveSite


def read_mails(site: LiveSite, address: str) -> list[str]:
    """Return the texts of the mails to an address, oldest first, from the folder that the site writes them to."""
    found = []
    for file in sorted((site.home / "mail").glob("*.log"), key=lambda file: file.stat().st_mtime_ns):
        for part in re.split(rb"\n-{79}\n", file.read_bytes()):
            message = message_from_bytes(part.strip(), policy=policy.default)
            if message["To"] == address:
                found.append(message.get_content())
    return found


def last_code(site: LiveSite, address: str, *, after: int) -> str:
    """Wait for another mail than the first `after` to an address, and return the code in it."""
    deadline = time.monotonic() + 10
    while len(mails := read_mails(site, address)) <= after:
        assert time.monotonic() < deadline, "no mail came"
        time.sleep(0.1)
    code = re.search(r"^([A-Z0-9]{4,}(?:-[A-Z0-9]+)*)$", mails[-1], re.MULTILINE)
    assert code is not None, mails[-1]
    return code[1]


def compute_totp(secret: str, *, now: float, step: int = 0) -> str:
    """Return what an authenticator app shows for a secret in base32 (RFC 6238), `step` half minutes from now."""
    counter = struct.pack(">Q", int(now) // 30 + step)
    digest = hmac.digest(b32decode(secret + "=" * (-len(secret) % 8)), counter, hashlib.sha1)
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"


def request_code(page: Page, site: LiveSite, address: str, *, language: str = "en") -> None:
    """Ask for a code by mail and enter it."""
    before = len(read_mails(site, address))
    page.goto(f"{site.url}/{language}/office")
    page.fill("#email", address)
    page.click("main button.wide")
    page.fill("#id_code", last_code(site, address, after=before))
    page.click("main form.card button[type=submit]")


def log_in(page: Page, site: LiveSite, role: str, *, language: str = "en", name: str = "") -> str:
    """Add a member of a role to the office, log in with both factors for the first time, and return the secret."""
    address = f"{name or role}@{language}.example.org"
    site.maninso("office", "add", address, "--role", role)
    request_code(page, site, address, language=language)
    page.click(f"a[href='/{language}/account/factors/app/add']")
    secret = page.input_value("#authenticator_secret")
    page.fill("#id_code", compute_totp(secret, now=time.time()))
    page.click("main button[type=submit]")
    page.click(f"a[href='/{language}/office'].go")
    assert page.url == f"{site.url}/{language}/office"
    return secret


def picture(page: Page, name: str, folder: Path) -> None:
    """Keep a picture of a page, on a telephone and on a desk."""
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 844})
        page.screenshot(path=folder / f"{name}-{width}.png", full_page=True)
