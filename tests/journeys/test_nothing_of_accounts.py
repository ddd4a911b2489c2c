"""Accounts come and go: what is kept of a creator's while there is one, nothing after its end; no log names anybody."""

import html
import re
import time

import httpx
from tests.journeys.office import compute_totp, last_code, read_mails
from tests.journeys.test_nothing_personal import search_database, search_files, search_server_log
from tests.live import LiveSite
from tests.mailbox import LONGEST_WAIT, read_messages

CREATOR, CREATORS_NETWORK = "Placid.Capybara@example.org", "198.51.100.91"
STAFF, STAFFS_NETWORK = "keeper.quokka@example.org", "203.0.113.92"
OF_CREATOR = ("capybara", CREATORS_NETWORK)
OF_STAFF = ("quokka", STAFFS_NETWORK)


def come(site: LiveSite, network: str) -> httpx.Client:
    """Open a browser without pages: it keeps cookies and follows nothing."""
    headers = {"accept": "text/html", "origin": site.url, "x-forwarded-for": network, "user-agent": "a browser"}
    return httpx.Client(base_url=site.url, headers=headers, timeout=30, verify=False)  # it is plain HTTP


def read_field(page: str, name: str) -> str:
    """Return the value of a form's field."""
    found = re.search(rf'name="{name}"[^>]* value="([^"]*)"', page)
    assert found is not None, page
    return html.unescape(found[1])


def send(browser: httpx.Client, path: str, *, page: str = "", to: str = "", **fields: str) -> httpx.Response:
    """Open a page of an account or the office, unless it is open, and send its form (`to` elsewhere) with its token."""
    token = read_field(page or browser.get(path).text, "csrfmiddlewaretoken")
    return browser.post(to or path, data={"csrfmiddlewaretoken": token, **fields})


def wait_for_code(site: LiveSite) -> str:
    """Return the code that was mailed to the creator, who is written to for other reasons, too."""
    deadline = time.monotonic() + LONGEST_WAIT
    while time.monotonic() < deadline:
        for message in read_messages(site.home / "mail", CREATOR):
            if found := re.match(r"[0-9]{4} [0-9]{4}\b", message["Subject"]):
                return found[0]
        time.sleep(0.1)
    raise AssertionError("no code came")


def raise_petition(browser: httpx.Client) -> str:
    """Raise a petition with an address for letters; return the creator's page."""
    page = browser.post("/en/petitions/new/steps", data={"eligible": "yes"}).text
    for fields in (
        {"title": "Put a water fountain on the market square"},
        {"body": "There is none between the station and the park."},
        {"name": "", "address": CREATOR},
        {"person": "the one who wants a fountain"},
    ):
        while not re.search(rf'name="{next(iter(fields))}"', page):  # similar ones, the length: as they come
            page = browser.post("/en/petitions/new/steps", data=read_hidden(page)).text
        page = browser.post("/en/petitions/new/steps", data={**read_hidden(page), **fields}).text
    found = re.search(r"/en/petitions/\d+/creator/[\w-]{24}", page)
    assert found is not None, page
    return found[0]


def read_hidden(page: str) -> dict[str, str]:
    """Return what a step of the form carries on, with the first of the choices that it offers."""
    given = {name: read_field(page, name) for name in ("state", "step")}
    return {**given, "length": read_field(page, "length")} if 'name="length"' in page else given


def log_in(site: LiveSite, browser: httpx.Client, address: str) -> str:
    """Log in with a code by mail; return where that leads."""
    before = len(read_mails(site, address.lower()))
    assert send(browser, "/en/account/login", email=address).status_code == 302
    code = last_code(site, address.lower(), after=before)
    return send(browser, "/en/account/login/code", code=code).headers["location"]


def test_nothing_of_a_creator_is_left_once_their_account_is_ended(identity_site: LiveSite) -> None:
    site = identity_site
    with come(site, CREATORS_NETWORK) as creator, come(site, CREATORS_NETWORK) as elsewhere:
        mine = raise_petition(creator)
        assert creator.post(mine, data={"do": "confirm"}).status_code == 303
        assert creator.post(f"{mine}/account", data={"do": "code", "email": CREATOR}).status_code == 403  # no token
        page = send(creator, f"{mine}/account", do="code", email=CREATOR).text
        code = wait_for_code(site)
        answer = send(creator, f"{mine}/account", page=page, challenge=read_field(page, "challenge"), code=code)
        assert (answer.status_code, answer.headers["location"]) == (303, "/en/account")
        assert log_in(site, elsewhere, CREATOR) == "/en/account"
        held = creator.get("/account/data.json").json()
        assert held["account"]["email"] == CREATOR.lower()
        assert [session["address"] for session in held["sessions"]] == [CREATORS_NETWORK] * 2
        found = search_database(site.database_url, OF_CREATOR)[1]
        assert {each.partition(":")[0] for each in found} >= {"public.petitions_account", "public.petitions_raising"}
        assert send(creator, "/en/account/end", sure="yes").headers["location"] == "/en/account/ended"
        for browser in (creator, elsewhere):
            assert "/account/login" in browser.get("/en/account").headers["location"]
        assert creator.get(mine).status_code == 200  # the petition stays its creator's by the link alone
    secret = mine.rpartition("/")[2]
    assert search_database(site.database_url, (*OF_CREATOR, secret))[1] == []
    assert search_files(site.home, (*OF_CREATOR, secret), except_for="mail")[1] == []
    assert search_server_log((*OF_CREATOR, secret)) == []
    assert "Forbidden (CSRF cookie not set.): /petitions/" in (site.home / "serve.log").read_text()


def test_the_office_names_its_own_in_its_record_alone(identity_site: LiveSite) -> None:
    site = identity_site
    site.maninso("office", "add", STAFF, "--role", "moderator")
    with come(site, STAFFS_NETWORK) as browser:
        assert log_in(site, browser, STAFF) == "/en/office"
        page = browser.get("/en/account/factors/app/add").text
        (secret,) = re.findall(r'id="authenticator_secret" type="text" value="(\w+)"', page)
        code = compute_totp(secret, now=time.time())
        assert send(browser, "/en/account/factors/app/add", page=page, code=code).status_code == 302
        assert browser.get("/en/office").status_code == 200
        assert STAFFS_NETWORK in " ".join(search_database(site.database_url, OF_STAFF)[1])  # of the session
        assert send(browser, "/en/account/factors", to="/en/account/logout").status_code == 302
    found = search_database(site.database_url, OF_STAFF)[1]
    assert set(found) == {"public.petitions_account: quokka", "public.petitions_auditrecord: quokka"}
    assert search_files(site.home, (*OF_STAFF, secret), except_for="mail")[1] == []
    assert search_server_log((*OF_STAFF, secret)) == []
