"""Names of Koreans in Latin letters are looked for in Hangul, where petitions hold them so."""

import datetime as dt
from collections.abc import Callable

import pytest

from maninso.petitions.discovery import PetitionPage, catch_up, list_choices, search_petitions, understand
from maninso.petitions.discovery.romanised import list_readings, read_name, read_syllable

Ask = Callable[..., PetitionPage]


@pytest.mark.parametrize(
    ("letters", "syllables"),
    [
        ("gil", "길긜"),
        ("dong", "동덩"),
        ("hyun", "휸현"),
        ("kuk", "국걱극쿡컥큭"),
        ("ahn", "안"),
        ("a", "아"),
        ("hwa", "화"),
        ("chi", "치츼지즤"),
        ("shin", "신싄"),
        ("kkul", "꿀껄끌"),
        ("strong", ""),
        ("x", ""),
        ("ng", ""),
        ("", ""),
    ],
)
def test_syllables(letters: str, syllables: str) -> None:
    assert "".join(read_syllable(letters)) == syllables


@pytest.mark.parametrize(
    ("typed", "name", "place"),
    [
        ("hong gil dong", "홍길동", (0, 3)),
        ("gil dong hong", "홍길동", (0, 3)),
        ("gildong hong", "홍길동", (0, 2)),
        ("hong gildong", "홍길동", (0, 2)),
        ("namgung ok", "남궁옥", (0, 2)),
        ("pardon hong gil dong now", "홍길동", (1, 4)),
        ("hong gil", "홍길", (0, 2)),
        ("hong gil please", "홍길", (0, 2)),
    ],
)
def test_readings(typed: str, name: str, place: tuple[int, int]) -> None:
    assert (*place, name) in list(list_readings(typed.split()))


@pytest.mark.parametrize(
    "typed",
    [
        "hong",  # a family alone
        "hill dale",  # no family
        "hong strong",  # no syllable
        "hong mansikdong",  # three of them
        "an gil do",  # of which "an" and "do" are words of English
    ],
)
def test_what_is_no_name(typed: str) -> None:
    assert list(list_readings(typed.split())) == []


def test_a_part_of_a_name_is_none() -> None:
    assert {(start, end) for start, end, _ in list_readings(["hong", "gil", "dong"])} == {(0, 3)}
    assert {name[0] for _, _, name in list_readings(["hong", "jae"])} == {"홍"}  # not 홍자에


@pytest.fixture
def ask(now: dt.datetime) -> Ask:
    """Index what there is, and ask for it."""

    def search(query: str, **filters: str) -> PetitionPage:
        catch_up(now=now)
        choices = list_choices()
        wanted = understand(query=query, sort="relevance", choices=choices, **filters)
        return search_petitions(wanted=wanted, choices=choices, page=1, per_page=9, now=now)

    return search


def numbers(page: PetitionPage) -> list[int]:
    return [card.petition_id for card in page.cards]


@pytest.mark.django_db
def test_a_name_in_letters_is_looked_for_in_hangul(opened: Callable[..., int], ask: Ask) -> None:
    hall = opened(title="홍길동 도서관을 지어 주세요", body="x", language="ko")
    later = opened(title="도서관을 지어 주세요", body="홍길동의 뜻", language="ko", topic="Libraries")
    opened(title="길을 고쳐 주세요", body="x", language="ko")
    page = ask("Hong Gil-dong")
    assert (numbers(page), page.read_as, page.suggestion) == ([hall, later], "홍길동", "")
    assert page.marks[hall][0].pieces[0] == ("홍길동", True)
    page = ask("a library for GILDONG HONG")
    assert (hall in numbers(page), page.read_as) == (True, "a library for 홍길동")
    assert numbers(ask("Hong Gil-dong", topic="Libraries")) == [later]
    for query in ('"Hong Gil-dong"', "Hong Man-sik", "홍길동 Hong Gil-dong", "Hong Kong"):
        assert ask(query).read_as == ""


@pytest.mark.django_db
def test_it_is_looked_for_as_typed_where_more_petitions_have_it_so(opened: Callable[..., int], ask: Ask) -> None:
    opened(title="홍길동 도서관", body="x", language="ko")
    assert ask("Hong Gil-dong").read_as == "홍길동"
    mine = {opened(title="A library named Hong Gil-dong", body="x") for _ in range(2)}
    page = ask("Hong Gil-dong")
    assert (set(numbers(page)), page.read_as) == (mine, "")


@pytest.mark.django_db
def test_two_syllables_are_a_name_only_where_nothing_else_is_found(opened: Callable[..., int], ask: Ask) -> None:
    hall = opened(title="홍길 도서관", body="x", language="ko")
    assert numbers(ask("Hong Gil")) == [hall]
    one = opened(title="A hong for gil", body="x")
    page = ask("hong gil")
    assert (numbers(page), page.read_as) == ([one], "")


@pytest.mark.django_db
@pytest.mark.parametrize(("more", "fewer"), [("전군길", "전근길"), ("전근길", "전군길")])
def test_the_reading_that_most_petitions_hold_is_taken(
    opened: Callable[..., int], ask: Ask, more: str, fewer: str
) -> None:
    for name in (more, fewer, more):
        opened(title=f"{name} 도서관", body="x", language="ko")
    assert ask("Chun Kun-gil").read_as == more


@pytest.mark.django_db
def test_filters_that_keep_a_name_out_are_said_to(opened: Callable[..., int], ask: Ask) -> None:
    opened(title="홍길동 도서관", body="x", language="ko", topic="Libraries")
    opened(title="공원", body="x", language="ko", topic="Parks")
    page = ask("Hong Gil-dong", topic="Parks")
    assert (numbers(page), page.anywhere, page.read_as) == ([], 1, "홍길동")


@pytest.mark.django_db
def test_a_name_deep_in_a_text_counts(opened: Callable[..., int], ask: Ask) -> None:
    deep = opened(title="도서관을 지어 주세요", body=f"{'말 ' * 400}홍길동", language="ko")
    assert numbers(ask("Hong Gil-dong")) == [deep]
    assert read_name("bring Hong Gil-dong home") == ("bring 홍길동 home", "홍길동", 1, 0)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "query", ["Hong " * 60, "a'b' & | ! hong gil-dong", "hong\\ gil'dong", "x", "", "hong hong " * 9]
)
def test_nothing_that_is_typed_is_an_error(opened: Callable[..., int], ask: Ask, query: str) -> None:
    opened(title="홍길동 도서관", body="x", language="ko")
    ask(query)


@pytest.mark.django_db
def test_a_long_question_is_not_read_to_its_end(opened: Callable[..., int], ask: Ask) -> None:
    opened(title="홍길동 도서관", body="x", language="ko")
    assert ask("x " * 9 + "hong gil dong x").read_as == "x " * 9 + "홍길동 x"
    assert ask("x " * 11 + "hong gil dong").read_as == ""


@pytest.mark.django_db
def test_three_syllables_are_a_name_rather_than_two(opened: Callable[..., int], ask: Ask) -> None:
    opened(title="홍길동 도서관", body="x", language="ko")
    for _ in range(2):
        opened(title="민국 도서관", body="x", language="ko")
    assert ask("min kuk for gildong hong").read_as == "min kuk for 홍길동"
