"""The list of petitions: filter, pages, links to the same as data, and few queries."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client
from tests.web.reading import Page

from maninso.petitions.discovery import Choices, PetitionPage, Wanted, catch_up
from maninso.web.pages.finding import pages_around
from maninso.web.pages.petitions import PER_PAGE
from maninso.web.shared.filters import link_filter

pytestmark = pytest.mark.django_db


def found(**changes: object) -> PetitionPage:
    return PetitionPage(
        **{  # type: ignore[arg-type]
            "cards": (),
            "views": {},
            "marks": {},
            "total": 0,
            "is_cut": False,
            "page": 1,
            "pages": 1,
            "wanted": Wanted(),
            "choices": Choices(topics=(), institutions=(), regions=()),
            "next_key": "",
            "previous_key": "",
            "is_partial": False,
            "anywhere": 0,
            **changes,
        }
    )


@pytest.mark.parametrize(
    ("wanted", "changed", "link"),
    [
        (Wanted(), {}, ""),
        (Wanted(), {"state": "open"}, "?state=open"),
        (Wanted(state="open"), {"state": "all"}, ""),
        (Wanted(query="bus & tram", sort="relevance"), {}, "?q=bus+%26+tram"),
        (Wanted(query="bus", sort="signatures"), {}, "?q=bus&sort=signatures"),
        (Wanted(query="bus", sort="relevance", topic="교통"), {"q": ""}, "?sort=relevance&topic=%EA%B5%90%ED%86%B5"),
        (Wanted(state="open", sort="newest"), {"page": 2}, "?page=2&sort=newest&state=open"),
        (Wanted(state="open"), {"page": 1, "after": ""}, "?state=open"),
        (
            Wanted(institution="town", region="KR-11", since=dt.date(2026, 3, 2), until=dt.date(2026, 3, 4)),
            {"after": "WzBd"},
            "?after=WzBd&institution=town&region=KR-11&since=2026-03-02&until=2026-03-04",
        ),
    ],
)
def test_links_of_a_filter(wanted: Wanted, changed: dict[str, str | int], link: str) -> None:
    assert link_filter(wanted, **changed) == link


@pytest.mark.parametrize(
    ("page", "pages", "shown"),
    [
        (1, 1, [1]),
        (1, 3, [1, 2, 3]),
        (1, 257, [1, 2, 0, 257]),
        (5, 9, [1, 0, 4, 5, 6, 0, 9]),
        (257, 257, [1, 0, 256, 257]),
    ],
)
def test_pager(page: int, pages: int, shown: list[int]) -> None:
    assert pages_around(found(page=page, pages=pages)) == shown


def test_filter_by_words_state_and_topic(client: Client, opened: Callable[..., int], now: dt.datetime) -> None:
    library, bus = opened(), opened(title="More night buses", body="Please.", topic="Buses")
    catch_up(now=now)
    page = Page(client.get("/en/petitions?q=night").content.decode())
    assert [link for link in page.links() if link.startswith("/en/petitions/") and link != "/en/petitions/new"] == [
        f"/en/petitions/{bus}"
    ]
    assert page.all("input", id="q")[0]["value"] == "night"
    assert "/petitions.json?q=night" in page.links()
    assert "/petitions.csv?q=night" in page.links()
    page = Page(client.get("/en/petitions?topic=Libraries&state=open").content.decode())
    assert f"/en/petitions/{library}" in page.links()
    assert f"/en/petitions/{bus}" not in page.links()
    assert {"selected": "", "value": "open"} in page.all("option")
    assert client.get("/en/petitions?state=rejected").content.decode().count('class="card"') == 1  # the empty note


def test_unknown_filters_and_pages_fall_back(client: Client, opened: Callable[..., int]) -> None:
    opened()
    for query in (
        "state=nonsense",
        "sort=nonsense",
        "topic=nonsense",
        "page=0",
        "page=-1",
        "page=99999999",
        "page=%00",
    ):
        answer = client.get(f"/en/petitions?{query}")
        assert answer.status_code == 200
        assert "1 petition" in Page(answer.content.decode()).text, query


def test_pages(client: Client, opened: Callable[..., int]) -> None:
    for number in range(PER_PAGE + 1):
        opened(title=f"Petition number {number}")
    first = Page(client.get("/en/petitions").content.decode())
    assert f"{PER_PAGE + 1} petitions, showing 1 to {PER_PAGE}" in first.text
    (onward,) = (link["href"] for link in first.all("a", rel="next"))
    assert onward.startswith("/en/petitions?after=")
    assert onward.endswith("&page=2")
    second = Page(client.get(onward).content.decode())
    assert second.text == Page(client.get("/en/petitions?page=2").content.decode()).text
    assert f"showing {PER_PAGE + 1} to {PER_PAGE + 1}" in second.text
    assert [link["href"] for link in second.all("a", rel="prev")] == ["/en/petitions"]
    past = Page(client.get("/en/petitions?page=9").content.decode())
    assert f"showing {PER_PAGE + 1} to {PER_PAGE + 1}" in past.text


def test_number_of_queries_does_not_grow_with_the_list(
    client: Client, opened: Callable[..., int], django_assert_num_queries: Callable[..., object]
) -> None:
    opened()
    client.get("/petitions")  # what filters can be set to is read once in a while
    # Four of them limit how long the others may take.
    with django_assert_num_queries(10) as one:  # type: ignore[attr-defined]
        client.get("/petitions")
    assert one is not None
    opened()
    opened()
    with django_assert_num_queries(10):  # type: ignore[attr-defined]
        client.get("/petitions")
