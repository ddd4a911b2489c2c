"""Suggests how a question was meant to be spelt: by the words that stand in titles here.

A word in Hangul is compared by its letters (`도셔관` is one letter from `도서관`), any other by its characters. Each is
kept with what it is without one of them (symmetric delete, as SymSpell has it), so that a word and its misspelling
meet in an index, whatever the number of words.
"""

import random
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

from maninso.petitions.access.rows import LISTED
from maninso.petitions.discovery.grams import split_words
from maninso.petitions.discovery.question import Question, strip_ending
from maninso.petitions.models import Petition, TitleWord

_SHORTEST, _LONGEST = 4, 40  # letters of a word that is kept and corrected
_LONG = 8  # letters: from here on two slips are taken for slips
_MOST_WORDS = 8  # of a question that are looked at
_STEP = 5000  # rows a statement


def count_words(*, most: int) -> None:
    """Write anew which words the titles of listed petitions have, and how many have each; of `most` petitions.

    To be called in a transaction. On a larger site the petitions are drawn at random, and words of one alone left out.
    """
    numbers = list(Petition.objects.filter(LISTED).values_list("pk", flat=True))
    is_large = len(numbers) > most
    chosen = random.Random(0).sample(numbers, most) if is_large else numbers  # noqa: S311 (a sample, not a secret)
    counts: Counter[str] = Counter()
    for start in range(0, len(chosen), _STEP):
        titles = Petition.objects.filter(pk__in=chosen[start : start + _STEP]).values_list("title", flat=True)
        for title in titles:
            counts.update({strip_ending(word) for word in split_words(title)})
    TitleWord.objects.all().delete()
    TitleWord.objects.bulk_create(
        [
            TitleWord(word=word, petitions=count, keys=sorted(_keys(letters)))
            for word, count in sorted(counts.items())
            if count > is_large and _SHORTEST <= len(letters := spell(word)) <= _LONGEST and not word.isdigit()
        ],
        batch_size=_STEP,
    )


def spell(word: str) -> str:
    """Return the letters of a normalised word: a syllable of Hangul is two or three."""
    return unicodedata.normalize("NFD", word)


def _keys(letters: str) -> set[str]:
    """Return a word's letters, and what they are without one of them."""
    return {letters, *(letters[:at] + letters[at + 1 :] for at in range(len(letters)))}


def suggest_spelling(query: str, question: Question) -> str:
    """Return a query with words that no title has put as titles have them; "" where there is nothing to put so."""
    letters = {word: spell(word) for word in question.words[:_MOST_WORDS]}
    asked = {word: keys for word, keys in letters.items() if _SHORTEST <= len(keys) <= _LONGEST and not word.isdigit()}
    wanted = {key for keys in asked.values() for key in _keys(keys)}
    near = list(TitleWord.objects.filter(keys__overlap=sorted(wanted)).values_list("word", "petitions"))
    known = {word for word, _ in near}
    corrected = query.casefold()
    for word, keys in asked.items():
        if word not in known:
            best = _choose(keys, near)
            corrected = corrected.replace(word, best) if best else corrected
    return corrected if corrected != query.casefold() else ""


def _choose(letters: str, near: Iterable[tuple[str, int]]) -> str:
    """Return the nearest word, of equally near ones that of most titles; "" where none is near enough."""
    most = 1 if len(letters) < _LONG else 2
    ranked = sorted((count_slips(letters, spell(word)), -petitions, word) for word, petitions in near)
    return ranked[0][2] if ranked and ranked[0][0] <= most else ""


def count_slips(mine: Sequence[str], theirs: Sequence[str]) -> int:
    """Return how many letters are missing, too many, wrong, or in the place of their neighbour (Damerau, adjacent)."""
    before: list[int] = []
    row = list(range(len(theirs) + 1))
    for i, letter in enumerate(mine, 1):
        before, above, row = row, before, [i]
        for j, other in enumerate(theirs, 1):
            slips = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 < j and letter == theirs[j - 2] and other == mine[i - 2]:
                slips = min(slips, above[j - 2] + 1)
            row.append(slips)
    return row[-1]
