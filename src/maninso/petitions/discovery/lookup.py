"""Chooses what the index is asked for: the grams that tell most, within what a question may cost on a large site.

A petition's title, its beginning and its rest are asked for apart, the cheapest first, until what they find together
would take too long to visit. Of what is left out, the rarest gram of each word that no text was asked for is looked for
among what the others find, and those of several such words together: so a question of two common words still puts first
what holds both.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from maninso.petitions.discovery.grams import REST, TITLE, Weights, grams_of_word

MOST_GRAMS = 24  # that the index is asked for; each is a bit of what a petition holds
MOST_VISITS = 10_000  # petitions that those grams may hold together: what keeps a question fast on a large site
_MOST_UNTOLD = 3  # words that are looked for among what others find: each takes about as long as 2,000 visits
MOST_HITS = 40_000  # petitions that one gram is followed to, whatever was counted
_COMMON = 0.2  # a gram in more petitions than this share tells nothing, where there are others
_SMALL = 200  # petitions: with fewer, nothing is called common
_IN_TITLE, _IN_LEAD, _IN_REST = 2.0, 2.0, 0.5  # what a gram scores there; one of the title is one of the lead too
_ENOUGH = 0.45  # of a word's grams, weighed: then it is held


@dataclass(frozen=True)
class Terms:
    """What the index is asked for, row by row: a tsquery, what it scores, the bit of its gram."""

    lexemes: list[str]
    scores: list[float]
    bits: list[int]
    words: tuple[Mapping[int, float], ...]  # of each word that is asked for: the bits of its grams, their parts of it
    best: float  # the score of a petition that holds all grams in its title
    is_cut: bool  # whether there may be petitions that were not asked for

    def count_held(self, bits: int) -> int:
        """Return how many words a petition holds that holds the grams with these bits.

        A word is held where its grams that are there tell at least so much of what all of them tell, so that a typing
        error is forgiven.
        """
        return sum(sum(part for bit, part in word.items() if bit & bits) >= _ENOUGH for word in self.words)


@dataclass(frozen=True, order=True)
class _Place:
    """Where a gram may stand, and about how many petitions have it there."""

    visits: float
    rank: int  # of the gram, the rarest first
    mark: str
    lexeme: str


def choose_terms(words: Sequence[str], weights: Weights) -> Terms:
    """Choose what to ask the index for: at least one gram, where there is one."""
    grams = {gram: weights.frequency(gram) for word in words for gram in grams_of_word(word)}
    most = max(weights.petitions * _COMMON, _SMALL)
    telling = {gram for gram, frequency in grams.items() if frequency <= most} or set(grams)
    ranked = sorted(telling, key=lambda each: (grams[each], each))[:MOST_GRAMS]
    begun = {word for word in words if len(word) == 1 and not word.isascii()}
    places = sorted(place for rank, gram in enumerate(ranked) for place in _list_places(rank, gram, begun, weights))
    asked: dict[tuple[int, str], str] = {}
    visits = 0.0
    for place in places:
        visits += place.visits
        if asked and visits > MOST_VISITS:
            break
        asked[place.rank, place.mark] = place.lexeme
    untold = _list_untold(words, ranked, asked) if len(asked) < len(places) else ()
    among = _look_among(untold, ranked, asked)
    rows = [
        (lexeme, weights.weigh(ranked[rank]) * _score(mark, (rank, "") in asked), 1 << rank)
        for (rank, mark), lexeme in {**asked, **among}.items()
    ]
    if len(together := sorted({rank for _, rank in untold})) > 1:
        told = sum(weights.weigh(ranked[rank]) for rank in together)
        rows.append(
            (" & ".join(f"'{ranked[rank]}'" for rank in together), told * _IN_LEAD, sum(1 << rank for rank in together))
        )
    held = {rank for rank, _ in {**asked, **among}} | set(together)
    return Terms(
        lexemes=[lexeme for lexeme, _, _ in rows],
        scores=[score for _, score, _ in rows],
        bits=[bit for _, _, bit in rows],
        words=_share_words(words, [gram if rank in held else "" for rank, gram in enumerate(ranked)], weights),
        best=sum(weights.weigh(ranked[rank]) * (_IN_TITLE + _IN_LEAD) for rank in held),
        is_cut=len(asked) < len(places),
    )


def _list_places(rank: int, gram: str, begun: Collection[str], weights: Weights) -> Iterator[_Place]:
    """Yield where a gram may stand. One character alone is a gram's beginning, unless too much begins so."""
    begins = ":*" if gram in begun and weights.count_beginning(gram) <= MOST_VISITS else ""
    text = weights.count_beginning(gram) if begins else weights.frequency(gram)
    title = weights.count_beginning(TITLE + gram) if begins else weights.frequency(TITLE + gram)
    yield _Place(title, rank, TITLE, f"'{TITLE}{gram}'{begins}")
    yield _Place(text, rank, "", f"'{gram}'{begins}")
    yield _Place(text, rank, REST, f"'{REST}{gram}'{begins}")  # about as many: nobody counts those


def _list_untold(
    words: Sequence[str], ranked: Sequence[str], asked: Collection[tuple[int, str]]
) -> Sequence[tuple[Collection[int], int]]:
    """Return of each word that no text is asked for its grams and the rarest of them; of three words at most."""
    grams = [[ranked.index(gram) for gram in grams_of_word(word) if gram in ranked] for word in words]
    untold = [(mine, min(mine)) for mine in grams if mine and not any((rank, "") in asked for rank in mine)]
    return sorted(untold, key=lambda word: word[1])[:_MOST_UNTOLD]


def _look_among(
    untold: Sequence[tuple[Collection[int], int]], ranked: Sequence[str], asked: Mapping[tuple[int, str], str]
) -> dict[tuple[int, str], str]:
    """Return what asks for a word's rarest gram among what the other words' grams find."""
    among: dict[tuple[int, str], str] = {}
    for mine, rank in untold:
        gram = ranked[rank]
        others = {place: lexeme for place, lexeme in asked.items() if place[0] not in mine}
        texts = {(other, ""): f"'{ranked[other]}'" for _, other in untold if other not in mine}
        if (rank, TITLE) not in asked and (others or texts):
            among[rank, TITLE] = f"'{TITLE}{gram}' & ({_join(others | texts)})"
        if others:
            among[rank, ""] = f"'{gram}' & !'{TITLE}{gram}' & ({_join(others)})"
    return among


def _join(asked: Mapping[tuple[int, str], str]) -> str:
    """Return what asks for any of these; a gram whose text is asked for needs no asking for its title as well."""
    return " | ".join(lexeme for (rank, mark), lexeme in asked.items() if mark != TITLE or (rank, "") not in asked)


def _score(mark: str, with_text: bool) -> float:
    """Return what a gram scores at a place; one of the title is one of the text too, and found as such if asked for."""
    if mark == TITLE:
        return _IN_TITLE if with_text else _IN_TITLE + _IN_LEAD
    return _IN_REST if mark == REST else _IN_LEAD


def _share_words(words: Sequence[str], ranked: Sequence[str], weights: Weights) -> tuple[Mapping[int, float], ...]:
    """Return of each word that has grams among the ranked ones how much of it each is, by its bit.

    A word in letters is whole by itself, or by its triples.
    """
    shared: list[Mapping[int, float]] = []
    for word in words:
        mine = [gram for gram in dict.fromkeys(grams_of_word(word)) if gram in ranked]
        parts = [weights.weigh(gram) for gram in mine]
        if word.isascii() and len(mine) > 1:
            parts = [1.0 if gram == mine[0] else 1.0 / (len(mine) - 1) for gram in mine]
            whole = 1.0
        else:
            whole = sum(parts)
        if mine:
            shared.append({1 << ranked.index(gram): part / whole for gram, part in zip(mine, parts, strict=True)})
    return tuple(shared)
