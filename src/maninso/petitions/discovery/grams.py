"""Cuts texts into grams: what a petition is found by, whatever the spacing, the particles and small typing errors.

A word in Hangul or Chinese characters gives its pairs of neighbouring characters (one that stands alone gives itself),
so neither a dictionary nor a model of the language is needed, and `도서관에서` still meets `도서관`. A word in letters
gives itself without a plural's s, and its triples of characters, which survive a typing error.

The grams of a petition lie in one tsvector, each once a place: marked TITLE for those of the title, unmarked for those
of the title or the first 300 characters of the text, marked REST for those that occur only later, in an answer, or in
the title of a bill.
"""

import math
import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import chain

TITLE, REST = ".", ":"  # no gram begins with them: grams are made of letters and digits
LEAD = 300  # characters of the text that say what is asked for
LONGEST_WORD = 40  # characters; what is longer is cut
_MOST_TEXT = 40_000  # characters that are looked at: their grams fit into one tsvector (1 MB)

_WORD = re.compile(r"[^\W_]+")
_PAIRED = re.compile("[\u1100-\u11ff\u3040-\u30ff\u3130-\u318f\u3400-\u9fff\uac00-\ud7a3]")
_SCRIPTS = re.compile(
    "[\u1100-\u11ff\u3040-\u30ff\u3130-\u318f\u3400-\u9fff\uac00-\ud7a3]+|[^\\W_\u1100-\uffff]+|[^\\W_]+"
)


def normalise(text: str) -> str:
    """Return a text as it is compared: NFKC, without case."""
    return unicodedata.normalize("NFKC", text[:_MOST_TEXT]).casefold()


def split_words(text: str) -> list[str]:
    """Return the words of a text, normalised; where the script changes inside one (`5G망`), its parts."""
    return [part[:LONGEST_WORD] for word in _WORD.findall(normalise(text)) for part in _SCRIPTS.findall(word) if part]


@lru_cache(maxsize=20_000)  # the words of one search's petitions are much the same
def grams_of_word(word: str) -> tuple[str, ...]:
    """Return the grams of one normalised word, in order."""
    if _PAIRED.match(word):
        return (word,) if len(word) == 1 else tuple([word[at : at + 2] for at in range(len(word) - 1)])
    whole = stem(word)
    if len(whole) < 4 or word.isdigit():
        return (whole,)
    return (whole, *(whole[at : at + 3] for at in range(len(whole) - 2)))


def stem(word: str) -> str:
    """Return a word in letters without a plural's s."""
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def list_grams(text: str) -> Iterator[str]:
    """Return the grams of a text, in order."""
    return chain.from_iterable(map(grams_of_word, split_words(text)))


def petition_grams(title: str, body: str, others: str = "") -> list[str]:
    """Return the lexemes of a petition's tsvector; `others` are its answers and the titles of its bills."""
    in_title = set(_list_findable(title))
    in_lead = in_title | set(_list_findable(lead_of(body)))
    elsewhere = (set(_list_findable(body)) | set(_list_findable(others))) - in_lead
    return [*(TITLE + gram for gram in in_title), *in_lead, *(REST + gram for gram in elsewhere)]


def _list_findable(text: str) -> Iterator[str]:
    """Yield the grams of a text, and the last character of each word: one alone is looked for as a gram's beginning."""
    for word in split_words(text):
        yield from grams_of_word(word)
        if _PAIRED.match(word):
            yield word[-1]


def lead_of(body: str) -> str:
    """Return the beginning of a text on one line, 300 characters at most."""
    return " ".join(body[: LEAD * 4].split())[:LEAD]


class Weights:
    """How much a gram tells: the logarithm of how few petitions hold it."""

    def __init__(self, frequencies: Mapping[str, float], petitions: float) -> None:
        self._frequencies = frequencies
        self._sorted: list[str] | None = None
        self.petitions = max(petitions, 1.0)
        self._told = {gram: self.tell(frequency) for gram, frequency in frequencies.items()}
        self._told_by_one = self.tell(1.0)

    def frequency(self, gram: str) -> float:
        """Return in how many petitions the title or the beginning of the text holds the gram; with TITLE, the title."""
        return self._frequencies.get(gram, 0.0)

    def count_beginning(self, gram: str) -> float:
        """Return in how many petitions grams are that begin so, counting one for each of them."""
        if self._sorted is None:
            self._sorted = sorted(self._frequencies)
        behind = bisect_left(self._sorted, f"{gram}\U0010ffff")
        return sum(self._frequencies[each] for each in self._sorted[bisect_left(self._sorted, gram) : behind])

    def weigh(self, gram: str) -> float:
        """Return the gram's weight, positive. One that is nowhere is taken for one that a single petition holds."""
        return self._told.get(gram, self._told_by_one)

    def tell(self, petitions: float) -> float:
        """Return how much something tells that so many petitions hold, positive; one at least, and all at most."""
        return math.log((self.petitions + 1) / (min(max(petitions, 1.0), self.petitions) + 0.5))
