"""What pages and JSON show of a family, and the step that looks for twins, in both languages."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client
from tests.web.reading import Page

from maninso.petitions.discovery import catch_up, merge_petitions
from maninso.petitions.lifecycle import Actor, close_petition

pytestmark = pytest.mark.django_db

KIM = Actor(role="moderator", name="Kim")


@pytest.mark.parametrize(
    ("language", "said", "pointer"),
    [
        ("en", "the counts cannot be added up", "The same request is open for signatures here:"),
        ("ko", "서명 수를 더할 수 없습니다", "같은 요구에 지금 서명할 수 있는 청원:"),
    ],
)
def test_a_member_shows_the_others_and_a_closed_one_where_to_sign(
    client: Client, opened: Callable[..., int], now: dt.datetime, language: str, said: str, pointer: str
) -> None:
    closed, twin, alone = opened(), opened(title="Sunday opening of the library"), opened()
    merge_petitions([closed, twin], note="The same.", actor=KIM, now=now)
    close_petition(closed, now=now)
    page = Page(client.get(f"/{language}/petitions/{closed}").content.decode())
    assert f"/{language}/petitions/{twin}" in page.links()
    assert said in page.text
    assert pointer in page.text
    page = Page(client.get(f"/{language}/petitions/{twin}").content.decode())
    assert f"/{language}/petitions/{closed}" in page.links()
    assert pointer not in page.text
    assert said not in Page(client.get(f"/{language}/petitions/{alone}").content.decode()).text
    family = client.get(f"/petitions/{closed}.json").json()["data"]["attributes"]["family"]
    assert family == {"petitions": [twin], "open_twin": twin}
    assert client.get(f"/petitions/{alone}.json").json()["data"]["attributes"]["family"] is None


@pytest.mark.parametrize(
    ("language", "opposite", "none"),
    [
        ("en", "Seems to ask for the opposite", "No petition here asks for anything like it."),
        ("ko", "반대되는 요구로 보임", "비슷한 요구를 하는 청원이 없습니다."),
    ],
)
def test_behaviour_3_twins_are_offered_with_count_and_state_and_opposites_are_said_to_be(
    client: Client, opened: Callable[..., int], now: dt.datetime, language: str, opposite: str, none: str
) -> None:
    twin = opened(title="Close the night market", body="It is loud.")
    against = opened(title="Do not close the night market", body="We like it.")
    opened(title="도서관을 열어 주세요", body="부탁드립니다.")
    catch_up(now=now)
    address = f"/{language}/petitions/similar"
    page = Page(client.get(address).content.decode())
    assert none not in page.text
    page = Page(client.get(f"{address}?title=Please+close+the+night+market").content.decode())
    cards = [link for link in page.links() if link in (f"/{language}/petitions/{id}" for id in (twin, against))]
    assert cards == [f"/{language}/petitions/{twin}", f"/{language}/petitions/{against}"]
    assert page.text.count(opposite) == 1
    assert page.text.index(opposite) > page.text.index("Close the night market")
    assert page.all("input", id="title")[0]["value"] == "Please close the night market"
    assert none in Page(client.get(f"{address}?title=xylophone").content.decode()).text
