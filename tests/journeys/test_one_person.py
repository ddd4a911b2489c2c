"""One person, one signature: 30 people, 20 simultaneous signings each, by any mix of spellings and confirmed links."""

import http.client
import random
import re
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode, urlsplit

import psycopg
import pytest
from tests.journeys.conftest import open_petition
from tests.live import LiveSite
from tests.mailbox import find_link, read_folder

from maninso.identity.mailbox import read_mailbox

PEOPLE, SIGNINGS, LINKS = 30, 20, 3
ASKING = 60.0  # seconds


@pytest.fixture
def petition(identity_site: LiveSite) -> int:
    return open_petition(identity_site)


def spell(person: int, way: random.Random) -> str:
    """Write a person's address in one of many ways: all of them reach one mailbox."""
    name, domain = [
        ("citizen.{}", ("gmail.com", "googlemail.com")),
        ("siminja{}", ("example.org", "EXAMPLE.org")),
        ("simin{}", ("hanmail.net", "daum.net")),
        ("min-ji.{}", ("proton.me", "pm.me", "protonmail.com")),
        ("lee{}", ("한국.example", "xn--3e0b707e.example")),
    ][person % 5]
    local = name.format(f"n{person}")
    if way.random() < 0.5:
        local = "".join(way.choice((letter.upper(), letter)) for letter in local)
    if domain[0] in ("gmail.com", "proton.me"):
        local = ".".join(re.findall(r"..?", local.replace(".", ""))) if way.random() < 0.5 else local
    if way.random() < 0.5:
        local += f"+{way.randrange(1000)}"
    host = way.choice(domain)
    return f"{local}@{host.upper() if way.random() < 0.3 else host}"


def spell_anew(person: int, way: random.Random) -> list[str]:
    """Write a person's address in LINKS ways, no two of them alike."""
    spellings: list[str] = []
    while len(spellings) < LINKS:
        if (address := spell(person, way)) not in spellings:
            spellings.append(address)
    return spellings


def post(site: LiveSite, path: str, fields: dict[str, str], *, cookie: str = "") -> tuple[int, str, str]:
    """Send a form as a browser does; return status, Location and the ticket's cookie, if one was set."""
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=60)
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Accept": "text/html",
        "Origin": site.url,
        "Cookie": cookie,
    }
    connection.request("POST", path, urlencode(fields), headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    set_cookie = answer.getheader("set-cookie") or ""
    return answer.status, answer.getheader("location") or "", set_cookie.partition(";")[0]


def ask_for_links(site: LiveSite, petition: int) -> list[list[str]]:
    """Have everybody ask for LINKS messages, each with another spelling; return the links by person."""
    way = random.Random(1792)
    written: dict[str, int] = {}
    for person in range(PEOPLE):
        for address in spell_anew(person, way):
            status, location, _ = post(site, f"/ko/petitions/{petition}/sign/email", {"email": address})
            assert (status, location) == (303, f"/ko/petitions/{petition}/sign/email/sent")
            local, _, host = address.rpartition("@")
            written[f"{local}@{host.lower().replace('한국', 'xn--3e0b707e')}"] = person
    links: list[list[str]] = [[] for _ in range(PEOPLE)]
    deadline = time.monotonic() + ASKING
    while sum(len(each) for each in links) < PEOPLE * LINKS:
        assert time.monotonic() < deadline, f"{sum(len(each) for each in links)} links"
        time.sleep(0.2)
        links = [[] for _ in range(PEOPLE)]
        for message in read_folder(site.home / "mail"):
            if message["To"] in written:
                links[written[message["To"]]].append(find_link(message))
    return links


def sign(site: LiveSite, petition: int, link: str) -> str:
    """Press the button of a link's page and go on as a browser does; return the receipt's address."""
    parts = urlsplit(link)
    fields = {"ticket": parts.query.removeprefix("ticket=")}
    status, location, cookie = post(site, parts.path, fields)
    assert (status, location) == (307, f"/ko/petitions/{petition}/signatures")
    status, location, _ = post(site, location, fields, cookie=cookie)
    assert status == 303
    return location


def test_thirty_people_twenty_signings_each_are_thirty_leaves(identity_site: LiveSite, petition: int) -> None:
    """B19, B22, B23, B25, B36."""
    site = identity_site
    links = ask_for_links(site, petition)
    for parts in (urlsplit(link) for each in links for link in each):
        assert site.ask("GET", f"{parts.path}?{parts.query}").status == 200
    # Person by person, so that the twenty of one are under way together, each link six times at least, and those of the
    # next beside them.
    tries = [(person, links[person][n % LINKS]) for person in range(PEOPLE) for n in range(SIGNINGS)]
    with ThreadPoolExecutor(2 * SIGNINGS) as crowd:
        receipts = list(crowd.map(lambda each: (each[0], sign(site, petition, each[1])), tries))
    assert len(receipts) == PEOPLE * SIGNINGS
    assert sum("?again=1" not in receipt for _, receipt in receipts) == PEOPLE
    by_person = {(person, receipt.partition("?")[0]) for person, receipt in receipts}
    assert len(by_person) == len({receipt for _, receipt in by_person}) == PEOPLE
    site.wait_for_count(petition, PEOPLE)
    with psycopg.connect(site.database_url) as connection:
        (leaves,) = connection.execute(
            "SELECT count(*) FROM signing_leaf WHERE petition_id = %s AND nullifier IS NOT NULL", [petition]
        ).fetchone() or (0,)
    assert leaves == PEOPLE
    public = site.ask("GET", f"/petitions/{petition}.json").json()["data"]["attributes"]
    assert public["signatures_by_assurance"] == [{"assurance": 0, "signature_count": PEOPLE}]


def test_the_ways_to_write_an_address_are_many() -> None:
    """What everybody asks with: other cases, tags, dots and domains, for the same mailboxes."""
    way = random.Random(1792)
    spellings = {person: spell_anew(person, way) for person in range(PEOPLE)}
    for person, written in spellings.items():
        assert len({read_mailbox(each).person for each in written}) == 1, person
    locals_, hosts = zip(*(each.rsplit("@", 1) for written in spellings.values() for each in written), strict=True)
    assert sum(any(letter.isupper() for letter in local) for local in locals_) > PEOPLE
    assert sum("+" in local for local in locals_) > PEOPLE / 2
    assert {host.lower() for host in hosts} >= {"gmail.com", "googlemail.com", "hanmail.net", "daum.net", "pm.me"}
    assert {"한국.example", "xn--3e0b707e.example"} <= {host.lower() for host in hosts}
