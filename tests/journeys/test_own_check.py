"""The check in the reader's own browser: a good file and each bad kind of file, in Chromium, said in plain words."""

import re
import time
from base64 import b64decode, b64encode
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route
from tests.browser import OpenBrowser
from tests.journeys.conftest import open_petition
from tests.journeys.test_withdrawing import sign
from tests.live import STARTING, LiveSite

from maninso.ledger.note import SignerKey, sign_note
from maninso.ledger.proof import Promise, Receipt, sign_promise

PEOPLE = ("Ada", "Bo", "Chu", "Dan", "Eun")
WITHOUT_ED25519 = """
const known = crypto.subtle.importKey.bind(crypto.subtle);
crypto.subtle.importKey = (format, key, algorithm, ...rest) => algorithm === "Ed25519"
  ? Promise.reject(new DOMException("Unrecognized name", "NotSupportedError")) : known(format, key, algorithm, ...rest);
"""
STRANGER = SignerKey("elsewhere.example/p/7/log", bytes(32))


@pytest.fixture(scope="module")
def addresses(site: LiveSite) -> list[str]:
    """The receipts' addresses of five signatures under one petition, all sealed and named by the site's log."""
    petition = open_petition(site)
    found = [str(sign(site, petition, person).json()["receipt"]) for person in PEOPLE]
    site.wait_for_count(petition, len(PEOPLE))
    deadline = time.monotonic() + STARTING
    while site.ask("GET", f"{found[0]}.site.tlog-proof").status != 200:
        assert time.monotonic() < deadline, "the site's log names no checkpoint"
        time.sleep(0.2)
    return found


@pytest.fixture
def receipt(site: LiveSite, addresses: list[str]) -> bytes:
    return site.ask("GET", f"{addresses[1]}.tlog-proof").body


@pytest.fixture
def promise(site: LiveSite, addresses: list[str]) -> bytes:
    return site.ask("GET", f"{addresses[1]}.promise").body


@pytest.fixture
def check_page(site: LiveSite, open_browser: OpenBrowser) -> Page:
    """The page that checks, in a browser that reports what its console says as the test's failure."""
    page = open_browser(site.url, language="en", width=390)
    page.on("console", lambda message: pytest.fail(f"the console says: {message.text}"))
    page.on("pageerror", lambda error: pytest.fail(f"the script failed: {error}"))
    page.goto("/check")
    return page


def choose(page: Page, data: bytes, name: str = "kept.tlog-proof") -> None:
    page.locator("input[type=file]").set_input_files(
        [{"name": name, "mimeType": "application/octet-stream", "buffer": data}]
    )


def verdict(page: Page) -> str:
    """What the page says, once the browser is done: the first sentence."""
    return page.locator("[data-check] [role=status] b").first.inner_text()


def test_a_good_receipt(check_page: Page, receipt: bytes) -> None:
    parsed = Receipt.parse(receipt)
    origin, size, _ = parsed.checkpoint_bytes.decode().split("\n")[:3]
    choose(check_page, receipt)
    assert verdict(check_page) == "Your browser has computed it: this entry is under the seal."
    said = check_page.locator("[data-check] li").all_inner_texts()
    assert said == [
        f"The file is a whole receipt. It names the ledger {origin}.",
        f"Number of the entry: {parsed.index}. Together with the {len(parsed.hashes)} codes in the file it gives"
        f" exactly the code that was sealed, for {size} entries. Had a single character been changed, it would not.",
        "The seal is signed with the key below.",
    ]
    assert "whether the signature still counts today" in check_page.locator("[data-check] [role=status]").inner_text()


def test_every_entry_of_a_log_fits(site: LiveSite, addresses: list[str], check_page: Page) -> None:
    for address in addresses:
        data = site.ask("GET", f"{address}.tlog-proof").body
        choose(check_page, b"nothing")
        check_page.get_by_text("This is neither a receipt nor a promise.").first.wait_for()
        choose(check_page, data.replace(b"\n", b"\r\n"))  # as a mail program may have left it
        check_page.get_by_text("this entry is under the seal").wait_for()


def change(data: bytes, line: int) -> bytes:
    """The same file with one bit changed in the base64 of that line."""
    lines = data.split(b"\n")
    head, space, value = lines[line].rpartition(b" ")
    raw = bytearray(b64decode(value))
    raw[-1] ^= 1
    lines[line] = head + space + b64encode(raw)
    return b"\n".join(lines)


def line_of(data: bytes, beginning: str) -> int:
    return next(n for n, line in enumerate(data.decode().split("\n")) if line.startswith(beginning))


CHANGED = "The file was changed: its entry is not under this seal."
FORGED = "The signature is not one of this key: the file was changed, or somebody else made it."
UNREADABLE = "This is neither a receipt nor a promise."
BAD: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "entry": (lambda data: change(data, 1), CHANGED),
    "hash": (lambda data: change(data, 3), CHANGED),
    "index": (lambda data: re.sub(rb"index \d+", b"index 0", data), CHANGED),
    "index beyond": (lambda data: re.sub(rb"index \d+", b"index 999", data), CHANGED),
    "a hash too few": (lambda data: b"\n".join(line for n, line in enumerate(data.split(b"\n")) if n != 3), CHANGED),
    "a hash too many": (lambda data: re.sub(rb"(index \d+\n)", rb"\1" + b64encode(bytes(32)) + b"\n", data), CHANGED),
    "root": (lambda data: change(data, line_of(data, "\u2014") - 2), CHANGED),
    "signature": (lambda data: change(data, line_of(data, "\u2014")), FORGED),
    "another's signature": (
        lambda data: Receipt(
            *(lambda r: (r.entry, r.index, r.hashes))(Receipt.parse(data)), _resign(Receipt.parse(data))
        ).render(),
        "It was signed with another key than the one below.",
    ),
    "another log": (
        lambda data: data.replace(b"/p/", b"/q/"),
        "No key below is one of ",
    ),
    "no entry": (
        lambda data: re.sub(rb"extra .*\n", b"", data),
        "This receipt does not hold the entry that it is about.",
    ),
    "half": (lambda data: data[: len(data) // 2], UNREADABLE),
    "base64 in another way": (lambda data: re.sub(rb"(extra .*)\n", rb"\1=\n", data), UNREADABLE),
    "a number in another way": (lambda data: data.replace(b"index ", b"index 0"), UNREADABLE),
    "something else": (lambda data: b"%PDF-1.7\n\n\n", UNREADABLE),
    "the first line alone": (lambda data: data[:23], UNREADABLE),
    "empty": (lambda data: b"", UNREADABLE),
    "too large": (lambda data: data + b"\n" * 1_200_000, UNREADABLE),
    "no text": (lambda data: data + bytes(range(256)), UNREADABLE),
}


def _resign(receipt: Receipt) -> bytes:
    """The checkpoint under a key of ours with the site's name."""
    text = receipt.checkpoint_bytes.decode().split("\n\n")[0] + "\n"
    return sign_note(text, [SignerKey(text.split("\n")[0], bytes(32))])


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_receipt(check_page: Page, receipt: bytes, kind: str) -> None:
    spoil, expected = BAD[kind]
    spoiled = spoil(receipt)
    assert spoiled != receipt
    choose(check_page, spoiled)
    said = verdict(check_page)
    assert said.startswith(expected)
    box = check_page.locator("[data-check] [role=status] .note")
    assert box.locator("p").count() == 2  # what is wrong, and the cure
    assert "{" not in box.inner_text()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda data: data, "Your browser has checked it: this promise is signed with the key below."),
        (lambda data: change(data, 2), FORGED),
        (lambda data: re.sub(rb"by \d", b"by 9", data), FORGED),
        (lambda data: data.replace(b"by ", b"by 0"), UNREADABLE),
        (lambda data: data.replace(b"leaf ", b"leaf"), UNREADABLE),
        (
            lambda _: sign_promise(
                Promise("elsewhere.example/promise", STRANGER.name, bytes(32), 1),
                SignerKey("elsewhere.example/promise", bytes(32)),
            ),
            "No key below is one of elsewhere.example/promise.",
        ),
    ],
)
def test_a_promise(check_page: Page, promise: bytes, spoil: Callable[[bytes], bytes], said: str) -> None:
    choose(check_page, spoil(promise), "kept.promise")
    assert verdict(check_page) == said


def test_a_pasted_text_and_another_key(site: LiveSite, check_page: Page, receipt: bytes) -> None:
    check_page.locator("textarea[name=text]").fill(receipt.decode())
    assert verdict(check_page).startswith("Your browser has computed it")
    check_page.get_by_text("The keys that it checks with").click()
    keys = check_page.get_by_label("Keys", exact=True)
    shown = keys.input_value()
    assert shown.split("\n") == [site.ask("GET", path).body.decode().strip() for path in ("/log/key", "/promise/key")]
    origin = receipt.decode().split("\n\n")[1].split("\n")[0]
    for given, said in (
        (SignerKey(origin, bytes(32)).verifier.render(), "It was signed with another key than the one below."),
        (STRANGER.verifier.render(), f"No key below is one of {origin}."),
        (shown.replace("+", "-"), "One of the lines below is not a key."),
        ("", f"No key below is one of {origin}."),
        (shown.split("\n")[0][:-1], "One of the lines below is not a key."),
        (site.ask("GET", f"/{origin.partition('/')[2]}/key").body.decode(), "Your browser has computed it"),
    ):
        keys.fill(given)
        check_page.locator("[data-check] [role=status] b").first.get_by_text(said).wait_for()


def test_a_dropped_file_is_checked_and_sent_with_the_form(check_page: Page, receipt: bytes) -> None:
    dropped = check_page.evaluate_handle(
        """text => { const dropped = new DataTransfer();
        dropped.items.add(new File([text], "kept.tlog-proof")); return dropped; }""",
        receipt.decode(),
    )
    check_page.dispatch_event("main", "drop", {"dataTransfer": dropped})
    assert verdict(check_page).startswith("Your browser has computed it")
    check_page.get_by_role("button", name="Check", exact=True).press("Enter")
    # The site's answer stands beside the browser's own, which is computed again from what was sent.
    check_page.get_by_text("Yes: this signature is in the ledger, and it counts.").wait_for()
    assert verdict(check_page).startswith("Your browser has computed it")


def test_a_browser_that_cannot_check_signatures_says_so(
    site: LiveSite, open_browser: OpenBrowser, receipt: bytes, promise: bytes
) -> None:
    page = open_browser(site.url, language="en")
    page.add_init_script(WITHOUT_ED25519)
    page.goto("/check")
    for data, said in (
        (receipt, "This entry fits the seal. Who made the seal, your browser could not check."),
        (change(receipt, line_of(receipt, "\u2014")), "This entry fits the seal. Who made the seal, your browser"),
        (change(receipt, 1), CHANGED),
        (promise, "This is a whole promise. Who signed it, your browser could not check."),
    ):
        choose(page, data)
        page.locator("[data-check] [role=status] b").first.get_by_text(said).wait_for()


def test_a_page_without_a_safe_address_says_so(site: LiveSite, open_browser: OpenBrowser, receipt: bytes) -> None:
    page = open_browser(site.url, language="en")
    page.add_init_script("Object.defineProperty(crypto, 'subtle', { value: undefined });")
    page.goto("/check")
    choose(page, receipt)
    assert verdict(page) == "Your browser computes only on pages whose address begins with https://."


def test_the_receipts_page_checks_itself(site: LiveSite, open_browser: OpenBrowser, addresses: list[str]) -> None:
    page = open_browser(site.url, language="ko")
    page.goto(addresses[2])
    page.get_by_role("button", name="이 브라우저로 확인하기").press("Enter")
    assert verdict(page) == "브라우저가 계산했습니다. 이 항목은 봉인 아래에 있습니다."

    def send_another(route: Route) -> None:
        route.fulfill(body=site.ask("GET", f"{addresses[3]}.tlog-proof").body)

    for answer, said in (
        (send_another, "이 사이트가 다른 서명의 영수증을 보냈습니다."),
        (lambda route: route.abort(), "영수증 파일을 받지 못했습니다."),
        (lambda route: route.fulfill(status=503), "영수증 파일을 받지 못했습니다."),
    ):
        page.reload()
        page.route("**/*.tlog-proof", answer)
        page.get_by_role("button", name="이 브라우저로 확인하기").click()
        assert verdict(page) == said
        page.unroute("**/*.tlog-proof")


def test_without_scripts_the_site_answers(site: LiveSite, open_browser: OpenBrowser, receipt: bytes) -> None:
    page = open_browser(site.url, language="en", javascript=False)
    page.goto("/check")
    assert not page.locator("[data-check]").is_visible()
    choose(page, receipt)
    page.get_by_role("button", name="Check", exact=True).click()
    assert page.get_by_text("Yes: this signature is in the ledger, and it counts.").is_visible()
    assert not page.locator("[data-check]").is_visible()
