"""A misspelt question is shown how titles spell it, where that finds more; nothing is suggested where it does not."""

import datetime as dt
from collections.abc import Callable

import pytest

from maninso.petitions.discovery import (
    catch_up,
    count_grams,
    list_choices,
    search_petitions,
    spelling,
    understand,
)
from maninso.petitions.discovery.spelling import count_slips, count_words, spell
from maninso.petitions.models import TitleWord

TITLES = ("시립도서관 일요일 개관", "도서관을 늘려 주세요", "Open the playground on Sundays", "자전거 도로")


@pytest.fixture
def suggested(opened: Callable[..., int], now: dt.datetime) -> Callable[..., str]:
    """Say what a site with a few petitions suggests for a question."""
    for title in TITLES:
        opened(title=title, body="x", topic="transport" if title == TITLES[3] else "")
    catch_up(now=now)
    count_grams(now=now, always=True)

    def ask(query: str, **filters: str) -> str:
        choices = list_choices()
        wanted = understand(query=query, sort="relevance", choices=choices, **filters)
        return search_petitions(wanted=wanted, choices=choices, page=1, per_page=9, now=now).suggestion

    return ask


@pytest.mark.django_db
def test_suggestions(suggested: Callable[..., str]) -> None:
    asked = {
        "도셔관": "도서관",
        "도셔관에서": "도서관에서",
        "oepn": "open",
        '"도서관 개관"': "도서관 개관",
        '"일요일 개관"': "",
        "도사곤": "",  # two letters are wrong
        "xylophone": "",
        "12345678": "",
        "도서관": "",
        "자전거": "",
    }
    assert {typed: suggested(typed) for typed in asked} == asked


@pytest.mark.django_db
def test_a_suggestion_keeps_the_filters_and_finds_something_with_them(suggested: Callable[..., str]) -> None:
    assert suggested("도셔관", state="open") == "도서관"
    assert suggested("도셔관", state="rejected") == ""


@pytest.mark.django_db
def test_only_words_of_several_are_kept_from_a_sample(opened: Callable[..., int]) -> None:
    for number in range(4):
        opened(title=f"Playground {'abcd'[number] * 5}")
    count_words(most=4)
    assert TitleWord.objects.count() == 5
    count_words(most=3)
    assert list(TitleWord.objects.values_list("word", "petitions")) == [("playground", 3)]


@pytest.mark.parametrize(
    ("mine", "theirs", "slips"),
    [("", "", 0), ("abc", "", 3), ("form", "from", 1), ("kitten", "sitting", 3), (spell("관"), spell("곤"), 1)],
)
def test_slips(mine: str, theirs: str, slips: int) -> None:
    assert count_slips(mine, theirs) == count_slips(theirs, mine) == slips


def test_words_meet_in_what_they_are_without_one_letter() -> None:
    for mine, theirs in (("playground", "plaground"), ("playground", "playgroundd"), ("playground", "playgruond")):
        assert spelling._keys(mine) & spelling._keys(theirs)
