"""Opposite demands are told from equal ones by what their titles are for and against."""

import datetime as dt
from collections.abc import Callable

import pytest

from maninso.petitions.discovery import catch_up, find_similar
from maninso.petitions.discovery.stance import compare_stances, read_clauses

OPPOSITE = [
    ("동네 요양원을 시 차원에서 보호해 주세요", "주거지역에 요양원이 말도 안됩니다 주민 여러분 도와주세요", "turned"),
    ("시립도서관 폐지를 요구합니다", "시립도서관 폐지를 반대합니다", "turned"),
    ("한강 교육감은 사퇴하라", "한강 교육감 사퇴 요구를 반대합니다", "turned"),
    ("전동킥보드 공원 출입 금지", "전동킥보드의 공원 출입을 허용해 주세요", "turned"),
    ("수입 과일 판매 금지 청원에 반대하며 오히려 판매를 허용해야 합니다", "수입 과일 판매를 금지해 주세요", "turned"),
    ("관광단지 재개를 절대 반대합니다", "관광단지 가동을 즉각 재개해 주세요", "turned"),
    ("가나당 해산 청원", "다라마당 정당 해산을 촉구합니다", "rival"),
    ("산들애국당 해산", "푸른 한국당 정당해산 청원", "rival"),
    ("가나 장관 사퇴", "다라 장관 사퇴", "rival"),
    ("Close the night market", "Do not close the night market", "turned"),
    ("Stop the new tram line", "Build the new tram line", "turned"),
    ("Against the ban on dogs in the park", "Ban dogs in the park", "turned"),
    ("Dissolve the Green League", "Dissolve the Blue Union", "rival"),
]
NOT_OPPOSITE = [
    ("시립도서관 폐지 반대", "시립도서관을 지켜 주세요"),
    ("한강 교육감 해임", "한강 교육감은 사퇴하라"),
    ("전동킥보드 출입 금지", "전동킥보드 출입을 막아 주세요"),
    ("전동킥보드 출입 거부", "전동킥보드 출입 허가를 반대합니다"),
    ("아이들을 구해 주세요", "아이들의 강제 이주를 막아 주세요"),
    ("자전거 도로를 넓혀 주세요", "자전거 도로 확장을 청원합니다"),
    ("푸른 한국당 해산", "푸른한국당과 산들애국당 해산"),
    ("가나다라당 해산", "가다당을 해산하라"),
    ("한국하천공사 사장 해임", "하공 사장은 물러나라"),
    ("시립도서관 폐지에 대하여", "시립도서관 폐지 반대"),
    ("버스 노선 신설", "도서관 폐지 반대"),
    ("Close the night market", "Stop the night market"),
    ("Keep the library open", "Do not close the library"),
    ("", ""),
]


@pytest.mark.parametrize(("mine", "theirs", "stance"), OPPOSITE)
def test_opposite_demands(mine: str, theirs: str, stance: str) -> None:
    assert compare_stances(mine, theirs) == compare_stances(theirs, mine) == stance


@pytest.mark.parametrize(("mine", "theirs"), NOT_OPPOSITE)
def test_demands_that_are_not_opposite(mine: str, theirs: str) -> None:
    assert compare_stances(mine, theirs) == compare_stances(theirs, mine) == ""


def test_clauses_are_read_each_for_itself() -> None:
    against, other = read_clauses("가나당 해산에 반대하며 오히려 다라당을 해산하라")
    assert (against.named, against.is_for) == (("가나당",), True)
    assert (other.named, other.is_for, other.act) == (("다라당",), False, "해산")
    assert compare_stances("가나당 해산에 반대하며 오히려 다라당을 해산하라", "가나당을 해산하라") == "turned"
    assert compare_stances("가나당 해산에 반대하며 오히려 다라당을 해산하라", "다라당 해산 청원") == ""


def test_names_that_one_text_holds_may_be_of_one() -> None:
    mine, theirs = "하천공사 대표 해임", "홍길순 사장 해임"
    assert compare_stances(mine, theirs) == "rival"
    assert compare_stances(mine, theirs, their_text="하천공사 대표인 홍길순 사장") == ""


@pytest.mark.django_db
def test_an_opposite_demand_is_labelled_and_goes_down(opened: Callable[..., int], now: dt.datetime) -> None:
    against = opened(title="시립도서관 폐지를 반대합니다", body="시립도서관을 없애지 마세요.", language="ko")
    twin = opened(title="시립도서관을 폐지하고 공원을 만들자", body="시립도서관 폐지를 요구합니다.", language="ko")
    catch_up(now=now)
    found = find_similar(title="시립도서관 폐지를 요구합니다", text="시립도서관을 폐지해 주세요.", now=now)
    assert [each.card.petition_id for each in found] == [twin, against]
    assert [each.relation == "opposite" for each in found] == [False, True]
    assert found[1].score < found[0].score
