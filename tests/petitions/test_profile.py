"""What a petition is about, by its words: how it asks is left out, and an act is itself in whatever words."""

import pytest

from maninso.petitions.discovery.grams import Weights
from maninso.petitions.discovery.profile import ACT, profile, share, telling_words


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("시립도서관 폐지를 강력히 촉구합니다", ["시립도서관", "폐지를"]),
        ("시립도서관을 폐지해주세요", ["시립도서관을", "폐지"]),
        ("제발 버스를 늘려주세요!!", ["버스를", "늘려주세요"]),
        ("청원경찰 근무 개선을 요청드립니다", ["청원경찰", "근무", "개선을"]),
        ("대한항공 노선", ["대한항공", "노선"]),
        ("청원합니다", ["청원합니다"]),
        ("Please open the library", ["open", "the", "library"]),
        ("", []),
    ],
)
def test_how_a_title_asks_is_left_out(title: str, words: list[str]) -> None:
    assert telling_words(title) == words


def alike(mine: str, theirs: str) -> float:
    weights = Weights({}, 1000)
    return share(profile(mine, "", weights), profile(theirs, "", weights))


@pytest.mark.parametrize(
    ("title", "nearer", "farther"),
    [
        ("가나당 해산", "다라당 해체", "다라당 창당"),
        ("Shut the night market", "Close a bridge", "Paint a bridge"),
        ("가나역 급행", "가나역 급행 정차를 강력히 촉구합니다", "다라역을 강력히 촉구합니다"),
    ],
)
def test_the_same_act_brings_two_nearer(title: str, nearer: str, farther: str) -> None:
    assert alike(title, nearer) > alike(title, farther)


def test_a_profile_has_length_one_and_is_like_itself() -> None:
    made = profile("가나당 해산 청원", "가나당을 해산해 주세요", Weights({"가나": 2.0}, 10))
    assert sum(value * value for value in made.values()) == pytest.approx(1.0)
    assert share(made, made) == pytest.approx(1.0)
    assert [gram for gram in made if gram.startswith(ACT)] == [f"{ACT}0"]
    assert profile("", "", Weights({}, 0)) == {}
