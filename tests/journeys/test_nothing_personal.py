"""After journeys of all kinds, no log and no row of the database holds an address, a name or a network (privacy)."""

import base64
import hmac
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import psycopg
import pytest
from tests.conftest import HOME
from tests.journeys.conftest import open_petition
from tests.journeys.test_oidc import Browser
from tests.live import LiveSite
from tests.mailbox import find_link, wait_for_message
from tests.provider import LyingProvider

from maninso.identity.ticket import derive_key
from maninso.run.settings import read_secret

ADDRESS = "Quirky.Zebrafish+petition@googlemail.com"
NETWORK = "198.51.100.77"
PERSON = {"name": "Wolframina Quastenflosser", "email": "wolframina@example.org", "birthdate": "1971-03-09"}
SUBJECT = "subject-8f14e45fceea"
NEEDLES = ("zebrafish", NETWORK, "Quastenflosser", "wolframina", "1971-03-09", SUBJECT)


@pytest.fixture
def petition(identity_site: LiveSite) -> int:
    return open_petition(identity_site)


@pytest.fixture
def person(liar: LyingProvider) -> Iterator[None]:
    before = dict(vars(liar))
    liar.person, liar.more = SUBJECT, dict(PERSON)
    yield
    vars(liar).update(before)


def post(site: LiveSite, path: str, **fields: str) -> str:
    """Send a form from NETWORK; return the Location."""
    answer = site.ask(
        "POST",
        path,
        urlencode(fields).encode(),
        content_type="application/x-www-form-urlencoded",
        accept="text/html",
        origin=site.url,
        x_forwarded_for=NETWORK,
        cookie=f"maninso_ticket={fields.get('ticket', '')}",
    )
    assert answer.status < 500
    return answer.headers.get("location", "")


def search_database(url: str, needles: Sequence[str] = NEEDLES) -> tuple[int, list[str]]:
    """Return how many rows there are, and in which tables something is found that should not be."""
    rows, found = 0, []
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        for (table,) in tables:
            for row in connection.execute(f"SELECT * FROM {table}".encode()):
                rows += 1
                text = " ".join(as_text(value) for value in row).lower()
                found += [f"{table}: {needle}" for needle in needles if needle.lower() in text]
    return rows, found


def as_text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, (dict, list)) else str(value)


def search_files(folder: Path, needles: Sequence[str] = NEEDLES, *, except_for: str) -> tuple[int, list[str]]:
    """Return how many files there are, and in which something is found."""
    files = [file for file in folder.rglob("*") if file.is_file() and except_for not in file.parts]
    found = []
    for file in files:
        text = file.read_bytes().decode("latin-1").lower()
        found += [f"{file.name}: {needle}" for needle in needles if needle.lower() in text]
    return len(files), found


def search_server_log(needles: Sequence[str]) -> list[str]:
    """Return what is found in the database server's log, where the server is the test session's own."""
    log = HOME / "postgres.log"
    text = log.read_bytes().decode("latin-1").lower() if log.exists() else ""
    return [needle for needle in needles if needle.lower() in text]


def test_nothing_personal_is_left(identity_site: LiveSite, petition: int, liar: LyingProvider, person: None) -> None:
    site, mail = identity_site, identity_site.home / "mail"
    # A mistake, then the message, a broken link, the link, the button, and once more.
    post(site, f"/en/petitions/{petition}/sign/email", email="zebrafish at googlemail.com")
    post(site, f"/en/petitions/{petition}/sign/email", email=ADDRESS)
    link = find_link(wait_for_message(mail, ADDRESS))
    ticket = urlsplit(link).query.removeprefix("ticket=")
    assert site.ask("GET", f"{urlsplit(link).path}?ticket={ticket[:-3]}", x_forwarded_for=NETWORK).status == 303
    for _ in range(2):
        post(site, f"/en/petitions/{petition}/confirm", ticket=ticket)
        assert "/receipts/" in post(site, f"/en/petitions/{petition}/signatures", ticket=ticket)
    # News: asked for, confirmed, and ended.
    post(site, f"/en/petitions/{petition}/updates", email=ADDRESS)
    wish = find_link(wait_for_message(mail, ADDRESS, number=2))
    post(site, f"/en/petitions/{petition}/updates/confirm", token=urlsplit(wish).query.removeprefix("token="))
    assert search_database(site.database_url)[1] != []  # the subscriber: the search finds what is there
    with psycopg.connect(site.database_url) as connection:
        row = connection.execute("SELECT id FROM petitions_subscriber").fetchone()
    assert row is not None
    end = token_of(site, row[0], petition)
    post(site, f"/en/updates/{end}")
    # A provider that tells more than it was asked; once it lies, once it is honest.
    for algorithm in ("none", "RS256"):
        liar.algorithm = algorithm
        browser = Browser(site)
        _, away, _ = browser.get(f"/en/identity/oidc/liar?petition={petition}")
        browser.get(browser.visit(away))
    assert browser.sign(petition)[0] == 303
    site.wait_for_count(petition, 2)
    rows, found = search_database(site.database_url)
    assert (found, rows > 50) == ([], True)
    assert search_files(mail, except_for="nothing")[1] != []  # this search finds what is there, too
    files, found = search_files(site.home, except_for="mail")
    assert (found, files >= 5) == ([], True)
    assert (site.home / "serve.log").stat().st_size > 0
    assert search_server_log(NEEDLES) == []


def token_of(site: LiveSite, subscriber: int, petition: int) -> str:
    """Return what ends a subscriber's news, made under the site's own key as its messages have it."""
    key = derive_key(read_secret(site.home / "keys" / "subject.key").hex(), purpose="unsubscribe")
    body = subscriber.to_bytes(8, "big") + petition.to_bytes(8, "big")
    return base64.urlsafe_b64encode(body + hmac.digest(key, body, "sha256")[:16]).rstrip(b"=").decode()
