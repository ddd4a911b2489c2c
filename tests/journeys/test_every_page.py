"""Every page of the site, in both languages, on phone and desk, in the light and in the dark: nobody is kept out.

One citizen and two members of an office walk through a sample site; at each page they stop, and `looking.look_at` says
what is wrong with it. An address that no tour stops at fails the test, so a new page is looked at from its first day.
"""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import brotli
import pytest
from django.urls import resolve
from playwright.sync_api import Browser, Page, Response
from tests.browser import photograph
from tests.journeys import looking
from tests.journeys.conftest import ticket_of
from tests.journeys.office import compute_totp, last_code, read_mails
from tests.live import LiveSite, find_free_port, run_to_the_end
from tests.mailbox import wait_for_message
from tests.shared import give_sample

from maninso.run.demo_petitions import SAMPLES
from maninso.run.demo_stories import LAW
from maninso.run.postgres import server_url
from maninso.run.settings import read_settings
from maninso.web import office_urls, page_urls
from maninso.web.shared.assets import read_asset

HEAVIEST_PAGE, HEAVIEST_SENT = 60_000, 12_000  # bytes of HTML: as it is, and compressed by brotli
HEAVIEST_CSS, HEAVIEST_SCRIPTS = 8_000, 5_000  # bytes, compressed by brotli, all files together
HEAVIEST_VIEW, MOST_REQUESTS = 30_000, 6  # bytes as they are sent, and requests, of a page with all that it loads
MOST_NODES, MOST_NODES_WITHIN, MOST_SHIFT = 800, 2_000, 0.05  # elements, and in the office; layout shift
PROVIDERS = """
[agency]
name = { ko = "시민 인증", en = "Citizen ID" }
client_id = "maninso"
issuer = "http://127.0.0.1:9"
"""
NEVER_SEEN = {
    "oidc": "goes on to a provider",
    "oidc_return": "goes on to the button that signs, or back to the ways",
    "account_request_login_code": "the same address as account_login",
    "account_inactive": "accounts are taken away, never made inactive",
    "mfa_login_webauthn": "answers scripts",
    "subscribe": "its link comes in a message: tests/web/test_updates.py",
    "unsubscribe": "its link comes in a message: tests/web/test_updates.py",
    "mfa_reauthenticate_webauthn": "asks for a passkey, which no tour has",
    "mfa_edit_webauthn": "asks for a passkey, which no tour has",
    "mfa_remove_webauthn": "asks for a passkey, which no tour has",
}
WORDS = {
    "ko": ("도서관 앞에 자전거 보관대를 놓아 주세요", "자전거가 길을 막습니다.\n\n- 지붕 있는 보관대\n- **스무 대**"),
    "en": ("Put covered bicycle stands at the library", "Bicycles block the ramp.\n\n- Covered\n- For **twenty**"),
}
# Either language is looked at in two of the four ways, and so every page in all four.
LOOKS = {
    "ko": ((looking.PHONE, "light"), (looking.DESK, "dark")),
    "en": ((looking.PHONE, "dark"), (looking.DESK, "light")),
}
WHOLE = "ko"  # whose markup is looked at as a whole
WHERE = ("university", "open")  # its rules let people sign by e-mail
PHONE = "010-0000-0000"


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LiveSite, dict[str, str]]]:
    """The sample site, served; and the ways into its office by role."""
    home: Path = tmp_path_factory.mktemp("sample-site")
    give_sample(home)
    (home / "providers.toml").write_text(PROVIDERS)
    more = {
        "MANINSO_OIDC_PROVIDERS": str(home / "providers.toml"),
        "MANINSO_RATE_NETWORK": "500",
        "MANINSO_SECRET_KEY": read_settings({"MANINSO_HOME": str(home)}).secret_key,
    }
    site = LiveSite(
        home, server_url(home / "postgres" / "socket"), find_free_port(), "university", embedded=True, more=more
    )
    said = site.maninso("demo", "--no-serve")
    ways = dict(re.findall(r"(\w+)@example\.org\n +\S+(/office/enter/\S+)", said))
    for site_running in run_to_the_end(site):
        yield site_running, ways


@dataclass
class Tour:
    """Somebody who goes from page to page and looks at each."""

    site: LiveSite
    page: Page
    language: str
    looks: dict[tuple[int, str], set[str]]  # what was seen, of all who tour together
    pictures: Path | None = None
    faults: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._console = looking.listen(self.page)
        self._document: Response | None = None
        self.page.on("response", self._note)

    def _note(self, response: Response) -> None:
        if response.request.resource_type == "document" and response.status not in (301, 302, 303, 307):
            self._document = response

    def open(self, path: str, *, look: bool = True, name: str = "") -> None:
        """Go to an address without its language, and look."""
        self.page.goto(f"{self.site.url}/{self.language}{path}")
        if look:
            self.look(name)

    def click(self, what: str, *, look: bool = True) -> None:
        """Press, and look at what comes."""
        self.page.click(what)
        self.page.wait_for_load_state()
        if look:
            self.look()

    def look(self, name: str = "") -> None:
        """Look at the page that is shown now."""
        path = urlsplit(self.page.url).path.removeprefix(f"/{self.language}") or "/"
        found = name or resolve(path, "maninso.web.page_urls").url_name or path
        self.seen.add(found)
        assert self._document is not None
        html = self._document.body()
        sent = len(brotli.compress(html, quality=5))
        # Before the window changes its width, which shifts everything.
        within = path.startswith("/office")  # where tables are as long as they have to be
        nodes = MOST_NODES_WITHIN if within else MOST_NODES
        faults = looking.find_weight(
            self.page, view=HEAVIEST_VIEW, requests=MOST_REQUESTS, nodes=nodes, shift=MOST_SHIFT
        )
        if len(html) > HEAVIEST_PAGE or sent > HEAVIEST_SENT:
            faults.append(f"{len(html)} bytes of HTML, {sent} sent")
        whole = self.language == WHOLE
        faults += looking.look_at(self.page, *LOOKS[self.language], seen=self.looks, whole=whole) + self._console
        self._console.clear()
        self.faults += [f"{self.language} {path} ({found}) {fault}" for fault in faults]
        if self.pictures:
            self._keep(found)

    def _keep(self, name: str) -> None:
        assert self.pictures is not None
        number = len(list(self.pictures.glob("*-1280.png")))
        self.page.emulate_media(color_scheme="light")
        for width in (looking.PHONE, looking.DESK):
            self.page.set_viewport_size({"width": width, "height": looking.HEIGHT})
            photograph(self.page, self.pictures, f"{self.language}-{number:03}-{name}-{width}")
        self.page.set_viewport_size({"width": looking.PHONE, "height": looking.HEIGHT})
        self.page.emulate_media(color_scheme="dark")
        photograph(self.page, self.pictures, f"{self.language}-{number:03}-{name}-dark")


def find_petitions(site: LiveSite) -> list[tuple[int, dict[str, Any]]]:
    """Return every sample petition whose data are public: its number and attributes."""
    answers = (site.ask("GET", f"/petitions/{number}.json") for number in range(1, len(SAMPLES) + 1))
    found = [answer.json()["data"] for answer in answers if answer.status == 200]
    return [(each["id"], each["attributes"]) for each in found]


def read_and_search(tour: Tour) -> None:
    """Look at everything that is there to read, with petitions in every state."""
    petitions = find_petitions(tour.site)
    by_state = {each["state"]: number for number, each in petitions}
    by_state["law"] = next(number for number, each in petitions if each["action"] == LAW)
    by_state["gone"] = next(iter({*range(1, len(SAMPLES) + 1)} - {number for number, _ in petitions}))
    void = next(number for number, each in petitions if each["ledger"] and each["ledger"]["voids"])
    answered, debt = next(
        (number, each["obligations"][0]["id"]) for number, each in petitions if each["government_response"]
    )
    for path in (
        *("/", "/petitions", "/petitions?q=zzzzzz", "/obligations", "/log", "/about", "/privacy", "/accessibility"),
        *("/moderation", "/pages", "/check", "/charter/university", "/problems/not-shown", "/petitions/new/proved"),
        "/petitions/similar?title=library&text=bicycles",
        *(f"/petitions/{number}" for number in by_state.values()),
        f"/petitions/{void}/voids",
        f"/petitions/{void}/frame",
        f"/petitions/{answered}",
        f"/petitions/{answered}/answers",
        f"/petitions/{answered}/verdict/{debt}",
        *("/bills", "/bills/1"),
    ):
        tour.open(path)
    tour.open("/nowhere", name="an address that is none")


def sign(tour: Tour, petition: int) -> None:
    """Become a made-up person, sign, look at the receipt, and take the signature back."""
    for path in ("sign?note=expired", "sign/email", "sign/email/sent", "updates", "updates/sent"):
        tour.open(f"/petitions/{petition}/{path}")
    ticket = ticket_of("somebody with a link", secret=tour.site.settings.secret_key)
    tour.open(f"/petitions/{petition}/confirm?ticket={ticket}")
    tour.open(f"/identity/rehearsal?petition={petition}")
    tour.click("main form button.go")
    # A receipt that waits for its seal is looked at before it loads itself anew, and after.
    tour.page.route("**/static/seal.*", lambda route: route.fulfill(body="", content_type="text/javascript"))
    tour.click("main form button.go")  # which signs
    tour.page.unroute("**/static/seal.*")
    tour.page.reload()
    tour.page.wait_for_selector("a[href$='.tlog-proof']")
    tour.look()
    tour.open(urlsplit(tour.page.url).path.removeprefix(f"/{tour.language}") + "/withdraw")
    tour.page.context.clear_cookies()


def raise_petition(tour: Tour) -> tuple[str, str]:
    """Fill the form in, with a mistake on the way; return the addresses of the creator's page and of its number."""
    title, body = WORDS[tour.language]
    tour.open("/petitions/new")
    tour.page.check("#eligible-no")
    tour.click("main button.go")
    tour.open("/petitions/new", look=False)
    tour.page.check("#eligible-yes")
    tour.click("main button.go", look=False)
    tour.click("main button.go")  # with nothing written
    tour.page.fill("#title", title)
    tour.click("main button.go")
    if tour.page.locator("#body").count() == 0:
        tour.click("main button.go")  # similar ones were offered
    tour.page.fill("#body", f"{body}\n\n{PHONE}")
    tour.click("main button.go")
    tour.page.fill("#name", "Han Sol")
    tour.click("main button.go")
    tour.click("main > div > form > button.go")
    tour.click("main a.go")
    tour.click("button[value=confirm]")
    mine = tour.page.url
    link = tour.page.get_attribute("a[href*='/support/']", "href")
    assert link is not None
    for number in range(5):
        tour.page.goto(link)
        if number == 0:
            tour.look()
        tour.page.fill("#person", f"supporter {number} of {link[-6:]}")
        tour.click("main form button.go", look=number == 0)
    tour.page.goto(mine)
    tour.look()
    return mine, urlsplit(mine).path.split("/")[3]


def keep_in_account(tour: Tour, mine: str) -> None:
    """Keep the petition in an account, look at all that the account has, and end it."""
    address = f"creator@{tour.language}.example.org"
    tour.page.goto(f"{mine}/account")
    tour.look()
    tour.page.fill("#email", "no address")
    tour.click("main form button.go")
    tour.page.fill("#email", address)
    tour.click("main form button.go")
    subject = wait_for_message(tour.site.home / "mail", address)["Subject"]
    tour.page.fill("#code", "".join(re.findall(r"\d{4}", subject)))
    tour.click("main form button.go")
    for path in ("account", "account/sessions", "account/factors", "account/end"):
        tour.open(f"/{path}")
    tour.page.check("#sure")
    tour.click("main form button.no")


def decide(tour: Tour, number: str) -> None:
    """Look at the desk, mask, and refuse a petition, with every page on the way."""
    tour.open("/office")
    tour.open(f"/office/petitions/{number}")
    tour.click("button[value=claim]")
    tour.page.check("#passage-1")
    tour.click("button[value=mask]")
    tour.open(f"/office/petitions/{number}/approve")
    tour.open(f"/office/petitions/{number}/reject")
    tour.page.check("#code-unclear")
    tour.click("main form button.go")
    tour.click("button[value=decide]")


def manage(tour: Tour, petition: int) -> None:
    """Look at what operators see: the second look, the record, members, pages, notices."""
    tour.open(f"/office/petitions/{petition}")
    tour.open(f"/office/petitions/{petition}/remove")
    tour.open(f"/office/petitions/{petition}/family")
    tour.page.fill("#numbers", "1 2 3 4")
    tour.click("main form button[value=preview]")
    tour.open("/office/second")
    tour.open("/office/record?check=1")
    tour.open("/office/members")
    tour.open(f"/office/pages/rules-{tour.language}/{tour.language}")
    tour.page.fill("#title", "Rules")
    tour.page.fill("#body", "## Fair\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n- one\n- [two](https://example.org)")
    tour.click("button[value=preview]")
    tour.click("button[value=save]")
    tour.open("/office/pages")
    tour.open(f"/pages/rules-{tour.language}")
    tour.open("/pages")
    tour.open("/office/notices")
    tour.page.fill("#text-ko", "점검이 있습니다.")
    tour.page.fill("#text-en", "We are tidying up.")
    tour.click("main form.card button.go")
    tour.click("button[value=end]")


def answer_debt(tour: Tour) -> None:
    """Look at the clerk's desk: what is owed, an answer as a draft and handed on, calendars, bills."""
    tour.open("/office/debts")
    tour.click("main tbody tr:first-child th a")
    tour.click("button[value=answer]")
    tour.page.fill("#document-title", "The plan")
    tour.page.set_input_files("#file", {"name": "plan.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7"})
    tour.click("button[value=attach]")
    tour.page.fill("#author", "The mayor")
    tour.page.fill("#summary", "Yes, from May on.")
    tour.page.fill("#body", "## How\n\n- first\n- then **this**\n\n| a | b |\n|---|---|\n| 1 | 2 |")
    tour.click("button[value=propose]")
    tour.open("/office/calendar")
    tour.click("main .rows li:first-child a")
    tour.page.fill("#since", "2027-01-01")
    tour.page.fill("#until", "2027-12-31")
    tour.page.fill("#days", "2027-01-12\n2027-01-13")
    tour.click("button[value=give]")
    tour.open("/office/bills")
    tour.click("main .rows li:first-child a")
    tour.open("/office/bills/new")
    tour.page.fill("#register", "assembly")
    tour.page.fill("#number", "1")
    tour.page.fill("#title", "Stands")
    tour.page.fill("#place-1", "Section 1")
    tour.click("button[value=save]")  # a provision that changes nothing: the form with its mistake


def set_factors_up(tour: Tour, address: str) -> None:
    """Look at the log-in of the office: its factors first, then the way in from outside."""
    tour.open("/account/factors")
    tour.open("/account/factors/app/add")
    secret = tour.page.input_value("#authenticator_secret")
    tour.page.fill("#id_code", compute_totp(secret, now=time.time()))
    tour.click("main button[type=submit]")
    for path in ("factors/codes", "factors/codes/new", "factors/keys", "factors/keys/add", "factors/app/remove"):
        tour.open(f"/account/{path}")
    for path in ("sessions", "again", "logout"):
        tour.open(f"/account/{path}")
    tour.page.context.clear_cookies()
    before = len(read_mails(tour.site, address))
    tour.open("/account/login")
    tour.page.fill("#email", address)
    tour.click("main button.wide")
    tour.page.fill("#id_code", last_code(tour.site, address, after=before))
    tour.click("main form.card button[type=submit]")


@pytest.mark.parametrize("language", ["ko", "en"])
def test_nobody_is_kept_out_of_any_page(
    sample: tuple[LiveSite, dict[str, str]], chromium: Browser, language: str, request: pytest.FixtureRequest
) -> None:
    site, ways = sample
    folder = request.config.getoption("--pictures")
    contexts = [chromium.new_context(viewport={"width": looking.PHONE, "height": looking.HEIGHT}) for _ in range(3)]
    for context in contexts:
        looking.bring_axe(context)
    looks: dict[tuple[int, str], set[str]] = {}
    citizen, moderator, operator = (
        Tour(site, context.new_page(), language, looks, Path(folder) if folder else None) for context in contexts
    )
    try:
        by_mail = next(n for n, each in find_petitions(site) if (each["charter"], each["state"]) == WHERE)
        read_and_search(citizen)
        sign(citizen, by_mail)
        mine, number = raise_petition(citizen)
        for tour, role in ((moderator, "moderator"), (operator, "operator")):
            tour.open(ways[role])
            tour.click("main button.go", look=False)
        decide(moderator, number)
        citizen.page.goto(mine)
        citizen.look()
        citizen.page.fill("#appeal", "It says which library.")
        citizen.click("button[value=appeal]")
        keep_in_account(citizen, mine)
        manage(operator, by_mail)
        answer_debt(operator)
        # Of the one site that both languages tour, each takes another member, who has no factor yet.
        member, address = {
            "ko": (moderator, "moderator@example.org"),
            "en": (operator, "operator@example.org"),
        }[language]
        set_factors_up(member, address)
    finally:
        for context in contexts:
            context.close()
    faults = sorted(citizen.faults + moderator.faults + operator.faults)
    assert faults == [], "\n".join(faults)
    every = {each.name for urls in (page_urls, office_urls) for each in urls.urlpatterns if getattr(each, "name", None)}
    assert every - citizen.seen - moderator.seen - operator.seen == set(NEVER_SEEN)


def test_a_page_loads_little() -> None:
    static = Path(page_urls.__file__).parent / "static" / "maninso"
    weights = {
        ending: sum(len(brotli.compress(read_asset(file.name))) for file in static.glob(f"*.{ending}"))
        for ending in ("css", "js")
    }
    assert weights["css"] < HEAVIEST_CSS
    assert weights["js"] < HEAVIEST_SCRIPTS


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page to be looked at, without any of the site."""
    context = chromium.new_context(viewport={"width": looking.PHONE, "height": looking.HEIGHT})
    looking.bring_axe(context)
    yield context.new_page()
    context.close()


FAULTY = {
    "find_barriers": '<html lang="en"><title>t</title><main><h1>Picture</h1><img src="data:,"></main>',
    "find_wordless": '<html lang="en"><title>t</title><main><h1>Pages</h1><a href="/x"><svg></svg></a></main>',
    "find_pale": '<html lang="en"><title>t</title><main><h1 style="color:#eee;background:#fff">Pale</h1></main>',
    "find_sideways": '<main style="width:2000px">wide</main>',
    "find_cut_off": '<button style="width:7em;padding:0;white-space:nowrap;font:16px/1 monospace">Sign it now</button>',
    "find_bad_controls": "<style>:focus{outline:none}</style><label>a <input></label><button>Go</button>",
}


@pytest.mark.parametrize("check", FAULTY)
def test_each_check_sees_its_fault(page: Page, check: str) -> None:
    find = getattr(looking, check)
    page.set_content('<html lang="en"><title>t</title><main><h1>Plain</h1><label>a <input></label></main>')
    assert find(page) == []
    page.set_content(FAULTY[check])
    assert find(page) != []


def test_colours_are_looked_at_once_for_what_looks_alike(page: Page) -> None:
    seen: set[str] = set()
    page.set_content('<main><p class="a">Plain</p><p class="a">Plain</p></main>')  # on no ground of its own
    assert looking.find_pale(page, seen) == []
    assert len(seen) == 1
    for pale in ('<p class="b" style="color:#eee">', '<div><p class="a" style="color:#eee">', '<b style="color:#eee">'):
        page.set_content(f"<main>{pale}Pale</main>")
        assert looking.find_pale(page, seen) != []


def test_axe_core_is_not_asked_of_plain_text_that_differs_enough(page: Page) -> None:
    seen: set[str] = set()
    page.set_content('<body style="background:#fff"><p style="color:#767676">4.54</p><input style="color:#333">')
    assert looking.find_pale(page, seen) == []
    assert seen == set()


@pytest.mark.parametrize(
    "pale",
    [
        '<p style="color:#777">4.48</p>',
        '<p style="color:#0006">Through which the ground is seen</p>',
        '<p style="color:#555;opacity:.6">Pale as a whole</p>',
        '<div style="background:#000"><div style="background:#fff0"><p style="color:#333">On a ground further out</p>',
        '<div class="spot"></div><p style="color:#333;position:absolute;margin:0">On what is no element around it</p>',
        '<div class="spot" style="z-index:-1"></div><p style="color:#333;margin:0">Above what lies behind all</p>',
    ],
)
def test_pale_text_is_found_on_every_ground(page: Page, pale: str) -> None:
    spot = ".spot{position:absolute;top:0;left:0;width:600px;height:99px;background:#222}"
    page.set_content(f'<style>{spot}</style><body style="background:#fff"><main>{pale}</main>')
    assert looking.find_pale(page) != []


def test_targets_are_looked_at_at_every_width(page: Page) -> None:
    links = "<a href=x>a</a><a href=y>b</a>"
    for style in (
        "a{display:inline-block;width:10px;height:10px;overflow:hidden}",
        "a{display:block;width:60px;height:18px;margin-bottom:2px}",
        "a{position:absolute;left:0;top:0;width:60px;height:60px} a+a{left:15px;top:10px}",  # one over another
    ):
        page.set_content(f'<html lang="en"><title>t</title><main><style>{style}</style><ul><li>{links}</ul></main>')
        found = looking.find_barriers_at_width(page)
        assert [fault for fault in found if fault.startswith("target-size")] != [], style
    roomy = "a{display:block;width:60px;height:18px;margin:6px 0}"  # 24 pixels from middle to middle
    alone = "a{position:absolute;left:0;top:0;width:60px;height:60px}"
    for style, some in ((roomy, links), (alone, "<a href=x>a</a>")):
        page.set_content(f'<html lang="en"><title>t</title><main><style>{style}</style><ul><li>{some}</ul></main>')
        assert looking.find_barriers_at_width(page) == []


def test_a_link_that_looks_like_its_text_is_seen(page: Page) -> None:
    for line, found in (("underline", False), ("none", True)):
        link = f'<a href="x" style="color:#111;text-decoration:{line}">a link</a>'
        page.set_content(f'<html lang="en"><title>t</title><main style="color:#000"><p>Words about {link} there.</p>')
        faults = looking.find_barriers_at_width(page)
        assert bool([fault for fault in faults if fault.startswith("link-in-text-block")]) == found


def test_a_box_that_only_a_mouse_scrolls_is_seen(page: Page) -> None:
    for overflow, found in (("visible", False), ("auto", True)):
        box = f'<div style="height:50px;overflow:{overflow}">{"<p>High</p>" * 9}</div>'
        page.set_content(f'<html lang="en"><title>t</title><main>{box}')
        faults = looking.find_barriers_at_width(page)
        assert bool([fault for fault in faults if fault.startswith("scrollable-region")]) == found


def test_what_only_a_screen_reader_reads_is_not_cut_off_but_what_stands_beside_it_is(page: Page) -> None:
    page.set_content('<div style="position:absolute;width:1px;height:1px;overflow:hidden"><b>Count</b> Day</div>')
    assert looking.find_cut_off(page) == []
    page.set_content('<div style="width:2px;height:2px;overflow:hidden"><b>Count</b> Day</div>')
    assert looking.find_cut_off(page) != []


@pytest.mark.parametrize("limit", ["view", "requests", "nodes", "shift"])
def test_each_weight_is_seen(sample: tuple[LiveSite, dict[str, str]], chromium: Browser, limit: str) -> None:
    page = chromium.new_page(viewport={"width": looking.PHONE, "height": looking.HEIGHT})
    page.goto(f"{sample[0].url}/en/petitions/1")
    wide = {"view": HEAVIEST_VIEW, "requests": MOST_REQUESTS, "nodes": MOST_NODES, "shift": MOST_SHIFT}
    assert looking.find_weight(page, **wide) == []
    assert looking.find_weight(page, **{**wide, limit: -1}) != []
    page.close()


def test_a_control_without_a_label_is_seen(chromium: Browser) -> None:
    page = chromium.new_page()
    page.set_content('<input name="a">')
    assert [fault for fault in looking.find_bad_controls(page) if fault.startswith("no label")] != []
    page.close()


@pytest.mark.parametrize(
    "script", ["console.error('so')", "throw new Error('so')", "document.body.innerHTML = '<p style=\"color:red\">'"]
)
def test_the_console_is_listened_to(chromium: Browser, script: str) -> None:
    page = chromium.new_page()
    faults = looking.listen(page)
    page.set_content("<p>Plain")
    assert faults == []
    policy = "<meta http-equiv=content-security-policy content=\"style-src 'none'\">"
    page.set_content(f"<head>{policy}</head><body><script>{script}</script>")
    page.wait_for_timeout(50)
    assert faults != []
    page.close()
