"""The rules that a petition follows are on the site, in the very version that it follows, wherever they come from."""

import dataclasses
import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from tests.petitions.conftest import TOWN
from tests.web.reading import Page

from maninso.charter import Charter, load_charter, load_preset

pytestmark = pytest.mark.django_db

OLD = load_charter(TOWN.encode(), name="old.toml")
NEW = load_charter(TOWN.replace("at_least = 3", "at_least = 4").encode(), name="new.toml")


@pytest.fixture
def follow(now: dt.datetime) -> Callable[..., int]:
    """Raise a petition under a charter that is no preset, and open it unless told not to; return its number."""
    from maninso.petitions.lifecycle import draft_petition, open_petition, submit_petition

    def make(charter: Charter, *, days: int, opens: bool = True) -> int:
        moment = now - dt.timedelta(days=days)
        given = {"title": "Benches", "body": "At every stop.", "language": "en", "now": moment}
        petition_id = draft_petition(charter=charter, **given)
        if opens:
            submit_petition(petition_id, now=moment)
            open_petition(petition_id, now=moment)
        return petition_id

    return make


def see(client: Client, path: str) -> tuple[int, Page]:
    answer = client.get(f"/en{path}")
    return answer.status_code, Page(answer.content.decode())


def version(charter: Charter, digits: int = 12) -> str:
    return f"/charter/{charter.id}?version={charter.digest.hex()[:digits]}"


def test_petition_page_says_what_its_own_version_promises_and_links_it(client: Client, follow: Any) -> None:
    first, second = follow(OLD, days=3), follow(NEW, days=2)
    for petition, charter, needed in ((first, OLD, 3), (second, NEW, 4)):
        _, page = see(client, f"/petitions/{petition}")
        assert f"At {needed} signatures this is owed: the mayor, a written answer" in page.text
        assert {link for link in page.links() if "/charter/" in link} == {f"/en{version(charter)}"}
        answer = client.get(f"/petitions/{petition}.json").json()
        assert answer["data"]["attributes"]["charter_sha256"] == charter.digest.hex()


def test_newest_version_at_its_name_and_each_by_its_digest(client: Client, follow: Any) -> None:
    follow(OLD, days=3)
    follow(NEW, days=2)
    for path, charter, earlier in (
        ("/charter/town", NEW, False),
        (version(NEW), NEW, False),
        (version(OLD, 8), OLD, True),
        (version(OLD, 64), OLD, True),
    ):
        status, page = see(client, path)
        assert (status, charter.digest.hex() in page.text) == (200, True)
        assert ("These are the rules of petitions that opened under them." in page.text) is earlier
        assert ("/en/charter/town" in page.links()) is earlier


def test_site_s_own_charter_is_the_newest(client: Client, follow: Any, settings: Any, tmp_path: Path) -> None:
    follow(OLD, days=3)
    own = tmp_path / "town.toml"
    own.write_bytes(NEW.source)
    settings.MANINSO = dataclasses.replace(settings.MANINSO, charter=str(own))
    assert NEW.digest.hex() in see(client, "/charter/town")[1].text
    assert OLD.digest.hex() in see(client, version(OLD))[1].text


def test_what_only_a_draft_follows_is_not_public(client: Client, follow: Any) -> None:
    follow(OLD, days=3, opens=False)
    assert [see(client, path)[0] for path in ("/charter/town", version(OLD))] == [404, 404]


@pytest.mark.parametrize(
    "path",
    [
        "/charter/town?version=0000000",
        "/charter/town?version=00000000",
        "/charter/town?version=" + "0" * 65,
        "/charter/town?version=%00",
        "/charter/town?version=" + OLD.digest.hex()[:8].upper(),
        "/charter/university?version=" + OLD.digest.hex(),
        "/charter/TOWN",
        "/charter/t%00wn",
        "/charter/" + "t" * 65,
    ],
)
def test_versions_and_names_that_nothing_is_at(client: Client, follow: Any, path: str) -> None:
    follow(OLD, days=3)
    assert see(client, path)[0] == 404


def test_presets_are_found_by_their_version_too(client: Client) -> None:
    assert see(client, version(load_preset("finland")))[0] == 200


def test_made_up_people_get_what_a_charter_asks_that_is_no_preset(client: Client, follow: Any) -> None:
    petition = follow(OLD, days=3)
    page = Page(client.get(f"/en/identity/rehearsal?petition={petition}").content.decode())
    assert len(page.all("option")) == 3
    assert "KR-11" in page.text
    made_up = {"petition": str(petition), "region": "KR-26"}
    assert client.post("/en/identity/rehearsal", made_up).status_code == 303
