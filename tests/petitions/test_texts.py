"""A petition's text: what is refused, and the bytes its digest is taken of."""

import hashlib
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maninso.charter import Charter
from maninso.petitions.lifecycle import TextError, canonical_text, check_language, clean_text, digest_text
from maninso.petitions.lifecycle.texts import check_limits


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("a\0b", "character 2 is a control character (U+0000)"),
        ("a\x1bb", "character 2 is a control character (U+001B)"),
        ("a\x85b", "character 2 is a control character (U+0085)"),
        ("ab\u202ec", "character 3 is an override of the writing direction (U+202E)"),
        ("\u2066ab", "character 1 is an override of the writing direction (U+2066)"),
        ("ab\ud800", "character 3 is half of a character (U+D800)"),
    ],
)
def test_characters_that_are_not_what_they_seem_are_refused(text: str, what: str) -> None:
    with pytest.raises(TextError) as caught:
        clean_text("body", text, lines=True)
    assert (caught.value.field, str(caught.value)) == ("body", f"body: {what}")
    assert caught.value.cure.startswith("delete it")


def test_a_title_has_one_line() -> None:
    with pytest.raises(TextError) as caught:
        clean_text("title", "one\ntwo")
    assert str(caught.value) == "title: character 4 is a line end or tab, which only the text may have (U+000A)"


def test_text_is_kept_trimmed_composed_and_with_plain_line_ends() -> None:
    decomposed = unicodedata.normalize("NFD", "청원")
    assert clean_text("body", f"  {decomposed}\r\n\tmore\rlast \n", lines=True) == "청원\n\tmore\nlast"


def test_more_than_most_is_refused() -> None:
    with pytest.raises(TextError) as caught:
        clean_text("topic", "x" * 11, most=10)
    assert str(caught.value) == "topic: it has 11 characters, 10 are allowed"


@pytest.mark.parametrize(
    ("title", "body", "said", "cure"),
    [
        ("", "x", "title: it is empty", "write a title"),
        ("x", "", "body: it is empty", "write a text"),
        ("x" * 81, "x", "title: it has 81 characters, 80 are allowed", "shorten it"),
        ("x", "x" * 1001, "body: it has 1001 characters, 1000 are allowed", "shorten it"),
        (
            "x",
            "see https://example.org",
            "body: it holds a link, which the charter does not allow",
            "leave the link out, or say in words where to look",
        ),
    ],
)
def test_the_charters_limits_hold(town: Charter, title: str, body: str, said: str, cure: str) -> None:
    with pytest.raises(TextError) as caught:
        check_limits(town, title=title, body=body)
    assert (str(caught.value), caught.value.cure) == (said, cure)


def test_words_count_where_the_charter_counts_words(make_charter: Callable[..., Charter]) -> None:
    charter = make_charter("body_max = 1000", 'body_max = 3\nbody_unit = "words"')
    check_limits(charter, title="x", body="one two three")
    with pytest.raises(TextError) as caught:
        check_limits(charter, title="x", body="one two three four")
    assert str(caught.value) == "body: it has 4 words, 3 are allowed"


def test_the_digest_is_of_title_empty_line_and_body_in_composed_utf8() -> None:
    title, body = unicodedata.normalize("NFD", "도서관 앞 건널목"), "Walk.\nStop."
    assert canonical_text(title=title, body=body) == "도서관 앞 건널목\n\nWalk.\nStop.".encode()
    assert digest_text(title=title, body=body) == hashlib.sha256("도서관 앞 건널목\n\nWalk.\nStop.".encode()).digest()


@given(st.text())
def test_a_text_that_was_cleaned_is_clean(text: str) -> None:
    try:
        once = clean_text("body", text, lines=True)
    except TextError:
        return
    assert clean_text("body", once, lines=True) == once
    assert unicodedata.is_normalized("NFC", once)


@pytest.mark.parametrize("tag", ["", "KO", "korean", "k", "ko_KR", "ko-", "ko\n"])
def test_what_is_no_language_tag_is_refused(tag: str) -> None:
    with pytest.raises(TextError) as caught:
        check_language(tag)
    assert caught.value.field == "language"


@pytest.mark.parametrize("tag", ["ko", "en", "ko-KR", "zh-Hant-TW", "haw"])
def test_language_tags_are_taken(tag: str) -> None:
    check_language(tag)
