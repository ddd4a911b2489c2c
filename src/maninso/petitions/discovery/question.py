"""Reads what somebody typed: words, quoted phrases, a number; and which grams to ask the index for."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from maninso.petitions.discovery.grams import REST, TITLE, Weights, grams_of_word, split_words

MOST_GRAMS = 24  # that the index is asked for
MOST_VISITS = 60_000  # petitions that those grams may hold together: what keeps a question fast on a large site
_COMMON = 0.2  # a gram in more petitions than this share tells nothing, where there are others
_IN_TITLE, _IN_LEAD, _IN_REST = 2.0, 2.0, 0.5  # what a gram scores there; one of the title is one of the lead too
_SMALL = 200  # petitions: with fewer, nothing is called common

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


@dataclass(frozen=True)
class Terms:
    """What the index is asked for, row by row: a word, a lexeme (as a tsquery), its score, its part of the word."""

    words: list[int]
    lexemes: list[str]
    scores: list[float]
    covers: list[float]
    asked: int  # words that are asked for
    best: float  # the score of a petition that holds all of them in its title


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


def choose_terms(words: Sequence[str], weights: Weights) -> Terms:
    """Choose the grams that tell most, within what a question may cost, and at least one of each word."""
    grams = {gram: weights.frequency(gram) for word in words for gram in grams_of_word(word)}
    most = max(weights.petitions * _COMMON, _SMALL)
    telling = {gram for gram, frequency in grams.items() if frequency <= most} or set(grams)
    chosen: set[str] = set()
    visits = 0.0
    for gram in sorted(telling, key=lambda each: (grams[each], each)):
        visits += grams[gram]
        if chosen and (len(chosen) >= MOST_GRAMS or visits > MOST_VISITS):
            break
        chosen.add(gram)
    rows: list[tuple[int, str, float, float]] = []
    asked, best = 0, 0.0
    for number, word in enumerate(words):
        mine = [gram for gram in dict.fromkeys(grams_of_word(word)) if gram in chosen]
        if not mine:
            continue
        asked += 1
        parts = _share_word(word, mine, weights)
        for gram in mine:
            weight = weights.weigh(gram)
            begins = ":*" if len(word) == 1 and not word.isascii() else ""
            for mark, times, covers in ((TITLE, _IN_TITLE, 0.0), ("", _IN_LEAD, 1.0), (REST, _IN_REST, 1.0)):
                rows.append((number, f"'{mark}{gram}'{begins}", weight * times, covers * parts[gram]))
            best += weight * (_IN_TITLE + _IN_LEAD)
    columns = [list(column) for column in zip(*rows, strict=True)] or [[], [], [], []]
    return Terms(columns[0], columns[1], columns[2], columns[3], asked, best)


def _share_word(word: str, grams: Sequence[str], weights: Weights) -> dict[str, float]:
    """Return how much of a word each of its grams is: a word in letters is whole by itself, or by its triples."""
    if word.isascii() and len(grams) > 1:
        return {gram: 1.0 if gram == grams[0] else 1.0 / (len(grams) - 1) for gram in grams}
    whole = sum(weights.weigh(gram) for gram in grams)
    return {gram: weights.weigh(gram) / whole for gram in grams}
