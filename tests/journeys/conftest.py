"""One running site for all journeys, and the people who go on them."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from tests.journeys.browser import open_browser
from tests.live import LiveSite, live_site

from maninso.identity.rehearsal import issue_rehearsal_ticket


@pytest.fixture(scope="session")
def site(postgres_server: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    home: Path = tmp_path_factory.mktemp("site")
    with live_site(home, os.environ["DATABASE_URL"], name="journeys") as site:
        yield site


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A real browser, for journeys through pages."""
    with open_browser() as browser:
        yield browser


@pytest.fixture
def petition(site: LiveSite) -> int:
    """A petition that is open, with nobody's signature yet."""
    return open_petition(site)


@pytest.fixture(scope="session")
def any_petition(site: LiveSite) -> int:
    """A petition that is open, for tests that do not count its signatures."""
    return open_petition(site)


def open_petition(site: LiveSite) -> int:
    opened = site.maninso("rehearse", "new", "--signers", "1", "--write-tickets", os.devnull, "--json")
    return int(json.loads(opened)["petition"])


def ticket_of(person: str, *, region: str = "") -> str:
    return issue_rehearsal_ticket(os.environ["MANINSO_SECRET_KEY"], person=person, region=region, now=time.time())
