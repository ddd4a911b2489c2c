"""Reads what somebody typed: words, quoted phrases, a number."""

import re
from dataclasses import dataclass

from maninso.petitions.discovery.grams import split_words

_QUOTED = re.compile('["“”„«»]([^"“”„«»]+)["“”„«»]')
_NUMBER = re.compile(r"#?([0-9]{1,18})", re.ASCII)
_HANGUL = re.compile("[가-힣]+")
# What people put behind a noun or a verb's stem when they ask for something; the longest first.
_ENDINGS = tuple(
    sorted(
        (
            *(
                "해주십시오",
                "해주세요",
                "하십시오",
                "해야합니다",
                "합니다",
                "입니다",
                "습니다",
                "해야",
                "해요",
                "하라",
                "하자",
                "해라",
            ),
            *(
                "하는",
                "하고",
                "하여",
                "되는",
                "에서",
                "에게",
                "에는",
                "으로",
                "까지",
                "부터",
                "보다",
                "이나",
                "라는",
                "라고",
            ),
            *("을", "를", "이", "가", "은", "는", "의", "에", "도", "로", "과", "와", "만"),
        ),
        key=len,
        reverse=True,
    )
)
# What says nothing of what is looked for, unless it is all there is.
_EMPTY = frozenset(
    (
        *(
            "청원",
            "청원합니다",
            "요청",
            "부탁",
            "촉구",
            "바랍니다",
            "원합니다",
            "주세요",
            "합니다",
            "please",
            "petition",
        ),
        *("a", "an", "and", "are", "at", "be", "by", "for", "from", "in", "is", "it", "its", "of", "on", "or", "our"),
        *("that", "the", "their", "there", "this", "to", "we", "with", "not", "should", "all", "as", "has", "have"),
    )
)


@dataclass(frozen=True)
class Question:
    """What was typed, taken apart. `words` include those of phrases; `number` is a petition's, here or elsewhere."""

    words: tuple[str, ...]
    phrases: tuple[str, ...]  # as typed: what has to occur exactly, whatever its case
    number: str
    is_korean: bool


def read_question(query: str) -> Question:
    """Take a query apart."""
    phrases = tuple(phrase.strip() for phrase in _QUOTED.findall(query) if split_words(phrase))
    numbered = _NUMBER.fullmatch(query)
    words = [strip_ending(word) for word in dict.fromkeys(split_words(query))]
    telling = [word for word in words if word not in _EMPTY]
    return Question(
        words=tuple(dict.fromkeys(telling or words)),
        phrases=phrases,
        number=numbered[1] if numbered else "",
        is_korean=any(_HANGUL.search(word) for word in words),
    )


def strip_ending(word: str) -> str:
    """Return a word in Hangul without what is said behind its noun or its stem, where two characters are left."""
    if _HANGUL.fullmatch(word):
        for ending in _ENDINGS:
            if word.endswith(ending) and len(word) - len(ending) >= 2:
                return word.removesuffix(ending)
    return word
