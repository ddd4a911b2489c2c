"""One running site for all journeys, and the people who go on them."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.browser import chromium, open_browser  # noqa: F401 - fixtures
from tests.live import LiveSite, find_free_port, live_site
from tests.provider import LyingProvider, lying_provider

from maninso.identity.rehearsal import issue_rehearsal_ticket


@pytest.fixture(scope="session")
def site(migrated_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    home: Path = tmp_path_factory.mktemp("site")
    with live_site(home, os.environ["DATABASE_URL"], name="journeys") as site:
        yield site


@pytest.fixture(scope="session")
def oidc_mock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a provider that others wrote, as a process of its own: oidc-provider-mock."""
    port = find_free_port()
    address = f"http://127.0.0.1:{port}"
    with (tmp_path_factory.mktemp("oidc") / "provider.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "oidc_provider_mock", "--port", str(port)], stdout=log, stderr=log
        )
        try:
            wait_for_port(port)
            yield address
        finally:
            process.terminate()
            process.wait(10)


@pytest.fixture(scope="session")
def liar() -> Iterator[LyingProvider]:
    """A provider of our own that lies on demand. A test that has it lie has it honest again."""
    with lying_provider() as provider:
        yield provider


@pytest.fixture(scope="session")
def identity_site(
    migrated_database: str, oidc_mock: str, liar: LyingProvider, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveSite]:
    """A site where people sign by e-mail and with four providers, of which one is nobody."""
    home: Path = tmp_path_factory.mktemp("identity")
    providers = home / "providers.toml"
    providers.write_text(
        f"""
        [mock]
        name = {{ ko = "모의 기관", en = "Mock" }}
        client_id = "maninso"
        client_secret = "anything"
        issuer = "{oidc_mock}"

        [liar]
        name = {{ ko = "거짓 기관", en = "Liar" }}
        client_id = "maninso"
        client_secret = "anything"
        issuer = "{liar.url}"
        claims = {{ birth_date = "birthdate" }}

        [naver]
        kind = "naver"
        name = {{ ko = "네이버", en = "Naver" }}
        client_id = "maninso"
        client_secret = "anything"
        issuer = "{liar.url}"

        [nobody]
        name = {{ ko = "없는 기관", en = "Nobody" }}
        client_id = "maninso"
        issuer = "http://127.0.0.1:{find_free_port()}"
        """
    )
    settings = {
        "MANINSO_OIDC_PROVIDERS": str(providers),
        "MANINSO_RATE_PERSON": "100",
        "MANINSO_PROOF_OF_WORK": "5000",
    }
    with live_site(home, os.environ["DATABASE_URL"], name="identity", charter="bundestag", more=settings) as site:
        yield site


def wait_for_port(port: int) -> None:
    deadline = time.monotonic() + 20
    while True:
        with socket.socket() as trial:
            if trial.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert time.monotonic() < deadline, "the provider did not start"
        time.sleep(0.05)


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


def ticket_of(person: str, *, region: str = "", secret: str = "") -> str:
    """Return a made-up person's ticket, for a site with the tests' secret unless another is given."""
    return issue_rehearsal_ticket(
        secret or os.environ["MANINSO_SECRET_KEY"], person=person, region=region, now=time.time()
    )
