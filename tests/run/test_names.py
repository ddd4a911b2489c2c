"""Names in Korean texts, by the real analyser: people's are found, places and compounds left alone."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.encoder import serve

from maninso.petitions.discovery import find_names, meaning
from maninso.run.encoder import Names, Turns
from maninso.run.names import FindNames, load_names

NOTHING = bytes(4 * meaning.DIMENSIONS)

analyser = cache(load_names)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("김민수가 운영하는 가게 앞에 횡단보도를 놓아 주세요.", ["김민수"]),
        ("박지훈 때문에 길이 막힙니다.", ["박지훈"]),
        ("담당자 한지우, 장하준·오세라 두 사람", ["한지우", "장하준", "오세라"]),
        ("남궁민수에게 전해 주세요", ["남궁민수"]),
        ("서울특별시 강남구 성수동 주차장", []),
        ("강원도 정선군 도로, 신도림역 앞, 한강 공원", []),
        ("최근 정부는 조사를 한다고 했다. 이번 정책은 소용이 없다.", []),
        ("장애인 이동권을 보장해 주세요. 노인 복지관 점심도요.", []),
        ("", []),
    ],
)
def test_people_are_found_and_places_are_not(text: str, names: list[str]) -> None:
    assert [text[start:end] for start, end in analyser()(text)] == names


def test_they_come_over_the_encoders_socket(tmp_path: Path, settings: Any) -> None:
    asked: list[str] = []

    def load() -> FindNames:
        def find(text: str) -> list[tuple[int, int]]:
            asked.append(text)
            return analyser()(text)

        return find

    with serve(tmp_path, Turns(lambda _text, _is_query: NOTHING, Names(load)), settings):
        text = "🚲 이 길은 정수빈이 관리합니다."
        ((start, end),) = find_names(text)
        assert text[start:end] == "정수빈"
        assert find_names("No Hangul, so nobody is asked.") == ()
    assert asked == [text]


def test_without_the_analyser_patterns_go_on_alone(
    tmp_path: Path, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def load() -> FindNames:
        raise ImportError

    with serve(tmp_path, Turns(lambda _text, _is_query: NOTHING, Names(load)), settings):
        assert [find_names("김민수가 운영하는 가게") for _ in range(2)] == [(), ()]
    assert caplog.messages == ["kiwipiepy is not installed: names without a title are not found"]
    assert find_names("김민수가 운영하는 가게") == ()  # nor without the encoder
