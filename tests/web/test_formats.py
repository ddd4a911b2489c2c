"""Numbers, dates and Korean particles as people write them."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maninso.web.shared import formats


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("국회<j>이/가</j> 답합니다", "국회가 답합니다"),
        ("장관<j>이/가</j> 답합니다", "장관이 답합니다"),
        ("서울<j>으로/로</j> 갑니다", "서울로 갑니다"),
        ("부산<j>으로/로</j> 갑니다", "부산으로 갑니다"),
        ("경기<j>으로/로</j> 갑니다", "경기로 갑니다"),
        ("10<j>을/를</j> 넘음", "10을 넘음"),
        ("2<j>을/를</j> 넘음", "2를 넘음"),
        ("7<j>으로/로</j>", "7로"),
        ("6<j>으로/로</j>", "6으로"),
        ("blue-house<j>이/가</j>", "blue-house가"),
        ("Maninso<j>은/는</j>", "Maninso는"),
        ("mail<j>을/를</j>", "mail을"),
        ("<b>장관</b><j>이/가</j>", "<b>장관</b>이"),
        ("“학교”<j>과/와</j>", "“학교”와"),
    ],
)
def test_particle_follows_the_sound_before_it(written: str, said: str) -> None:
    assert formats.settle_particles(written) == said


def test_petitioners_own_text_is_never_taken_for_a_mark() -> None:
    from django.utils.html import escape

    typed = escape("국회<j>이/가</j> 답하라")
    assert formats.settle_particles(typed) == typed


@given(st.text().filter(lambda text: "<" not in text))
def test_text_without_marks_stays_as_it_is(text: str) -> None:
    assert formats.settle_particles(text) == text


@pytest.mark.parametrize(
    ("count", "needed", "said"),
    [
        (0, 200_000, "0.0%"),
        (1, 200_000, "< 0.1%"),
        (183_412, 200_000, "91.7%"),
        (199_999, 200_000, "99.9%"),
        (200_000, 200_000, "100%"),
        (271_806, 200_000, "135%"),
        (3, 0, "100%"),
    ],
)
def test_a_share_is_rounded_down(count: int, needed: int, said: str) -> None:
    assert formats.format_share(count, needed) == said


def test_days_and_moments_in_both_languages() -> None:
    moment = dt.datetime(2026, 11, 21, 13, 58, 41, tzinfo=dt.UTC)
    assert formats.format_moment(moment, "ko") == "2026년 11월 21일 22:58:41 KST"
    assert formats.format_moment(moment, "en", "Europe/London") == "21 November 2026, 13:58:41 GMT"
    assert formats.format_moment(moment, "en", "No/Such") == "21 November 2026, 22:58:41 KST"
    assert formats.format_day(dt.date(2026, 1, 2), "ko") == "2026년 1월 2일"
    assert formats.format_utc(moment) == "2026-11-21T13:58:41.000Z"


def test_an_exclusive_end_at_midnight_names_the_day_before() -> None:
    assert formats.last_day(dt.datetime(2026, 11, 30, 15, tzinfo=dt.UTC)) == dt.date(2026, 11, 30)


def test_a_text_known_in_another_language_says_which() -> None:
    assert formats.choose_words({"en": "an answer"}, "ko") == ("an answer", "en")
    assert formats.choose_words({"ko": "답변", "en": "an answer"}, "ko") == ("답변", "ko")
    assert formats.choose_words({}, "en") == ("", "en")
