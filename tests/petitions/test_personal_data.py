"""What looks like personal data is found, and what does not is left alone."""

import pytest

from maninso.petitions.moderation import find_personal_data


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("전화는 010-1234-5678 입니다", [("phone", "010-1234-5678")]),
        ("01012345678로 주세요", [("phone", "01012345678")]),
        ("02-345-6789, 031.345.6789", [("phone", "02-345-6789"), ("phone", "031.345.6789")]),
        ("+82 10-1234-5678", [("phone", "+82 10-1234-5678")]),
        ("Ring 020 7946 0018 please", [("phone", "020 7946 0018")]),
        ("주민번호 900101-1234567", [("resident-number", "900101-1234567")]),
        ("9001011234567", [("resident-number", "9001011234567")]),
        ("write to han.sol+x@mail.example.org.", [("email", "han.sol+x@mail.example.org")]),
        ("카드 1234-5678-9012-3456", [("card-number", "1234-5678-9012-3456")]),
        ("계좌 110-234-567890", [("account-number", "110-234-567890")]),
        ("차량 12가 3456", [("plate", "12가 3456")]),
        ("서울 종로구 세종대로 209 앞", [("address", "세종대로 209")]),
        ("한빛아파트 101동 1203호", [("address", "101동 1203호")]),
        ("at SW1A 0AA", [("address", "SW1A 0AA")]),
        ("김한솔 씨가 말했다", [("name", "김한솔 씨")]),
        ("박가람교사의 수업", [("name", "박가람교사")]),
        ("Ask Mr Robin Sample about it", [("name", "Mr Robin Sample")]),
    ],
)
def test_personal_data_is_found(text: str, found: list[tuple[str, str]]) -> None:
    assert [(each.kind, text[each.start : each.end]) for each in find_personal_data(text)] == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026년 3월 2일부터 2030년까지 1,831,900명이 서명했습니다.",
        "시험 기간 3주 동안 24시간 열어 주세요.",
        "버스 노선 101번과 2345번",
        "제12조 3항, 예산 1234567890원",
        "도로 4곳과 골목길 12개",
        "The bus comes at 9:30 and again at 10:45 on 2026-03-02.",
        "ISBN 978-89-01-12345",
        "A" * 10_000,
        "0" * 5_000,
        "가" * 10_000,
    ],
)
def test_ordinary_words_and_numbers_are_left_alone(text: str) -> None:
    assert find_personal_data(text) == ()
