"""Two petitions that ask for one thing of two places are alike, and are not the same."""

import datetime as dt
from collections.abc import Callable

import pytest

from maninso.petitions.discovery import catch_up, find_similar
from maninso.petitions.discovery.places import are_elsewhere, list_places


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("남양주시와 양주에 도서관을", {"남양주", "양주"}),
        ("대전역 앞 횡단보도", {"대전"}),
        ("도서관을 늘려 주세요", set()),
    ],
)
def test_places_are_read_from_texts(text: str, places: set[str]) -> None:
    assert list_places(text) == places


def test_only_texts_that_both_name_places_can_be_of_different_ones() -> None:
    here, there, both = frozenset(("수원",)), frozenset(("김해",)), frozenset(("수원", "김해"))
    assert are_elsewhere(here, there)
    assert not any(
        are_elsewhere(*pair) for pair in [(here, here), (here, both), (here, frozenset()), (frozenset(),) * 2]
    )


@pytest.mark.django_db
def test_the_same_of_another_place_goes_down(opened: Callable[..., int], now: dt.datetime) -> None:
    here = opened(title="수원 시립도서관 건립 요청", body="시립도서관을 지어 주세요.", language="ko")
    there = opened(title="김해 시립도서관 건립 요청", body="시립도서관을 지어 주세요.", language="ko")
    catch_up(now=now)
    found = find_similar(title="시립도서관 건립 요청", text="수원에 시립도서관을 지어 주세요.", now=now)
    assert [each.card.petition_id for each in found] == [here, there]
    assert found[1].score < found[0].score * 0.9
