"""Finds petitions that ask for the same thing as a text: its likely twins, and those that ask for the opposite.

Candidates are found by the grams that tell most (and by meaning, where that is known), then each is compared with the
text. docs/explanation/how-search-works.md says how well that does.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models.functions import Left

from maninso.petitions.access.build import build_cards
from maninso.petitions.access.rows import LISTED, card_rows
from maninso.petitions.access.views import PetitionCard
from maninso.petitions.discovery import meaning
from maninso.petitions.discovery.candidates import limited_time, numbered_as
from maninso.petitions.discovery.grams import (
    Weights,
    grams_of_word,
    lead_of,
    list_grams,
    split_words,
)
from maninso.petitions.discovery.index import read_weights
from maninso.petitions.discovery.lookup import MOST_HITS
from maninso.petitions.discovery.places import are_elsewhere, list_places
from maninso.petitions.discovery.profile import ACT, profile, share
from maninso.petitions.discovery.question import strip_ending
from maninso.petitions.discovery.sql import QUERIES
from maninso.petitions.discovery.stance import compare_stances
from maninso.petitions.models import Petition

MOST_SIMILAR = 50
LONGEST_TITLE = 500  # characters that are looked at
LONGEST_TEXT = 4000
_MOST_EXCLUDED = 300
_BEGINNING = 1200  # characters of a text that its beginning is taken from
_MOST_SHARED = 5
_CANDIDATES = 200
_NEAREST = 100
_SAME, _SAME_BY_GRAMS = 0.45, 0.3  # the least score of what very likely asks for the same
_NEAR = 0.1  # the least score of what is looked at for being opposed
_OPPOSED = 0.5  # of its score: what is left to one that seems to ask for the opposite
_ELSEWHERE = 0.85  # of its score: what is left to one that names places, and none of those that the text names
_OF_GRAMS = 0.8  # what grams weigh beside a cosine
_LEANED_ON, _LEANING = 3, 1.5  # petitions that a draft's meaning leans towards, and by how much of their score
_MOST_GRAMS = 40  # that the index is asked for
_MOST_VISITS = 40_000  # petitions that those grams may hold together
_VISITS_BESIDE = 10_000  # the same where meaning finds the most
_COMPARED, _COMPARED_BY_WORDS = 50, 20  # of the candidates, where meanings are known: the nearest, those alike


@dataclass(frozen=True, kw_only=True)
class Similar:
    """A petition like a text: `score` is from 0 to 1; `relation` is same, related or opposite."""

    card: PetitionCard
    score: float
    relation: str
    shared: tuple[str, ...]  # words of both, five at most, those first that tell most


@dataclass(frozen=True)
class _Compared:
    petition_id: int
    score: float
    relation: str


def find_similar(
    *, title: str, text: str, limit: int = 5, exclude: Sequence[str] = (), now: dt.datetime
) -> tuple[Similar, ...]:
    """Return the listed petitions most like a title and text, at most `limit` (1 to 50), the likeliest first.

    `exclude` are numbers of petitions, here or on the site they come from. Raises SearchTooSlowError.
    """
    title, lead = title[:LONGEST_TITLE].strip(), lead_of(text[:LONGEST_TEXT])
    limit = min(max(limit, 1), MOST_SIMILAR)
    with limited_time():
        compared = sorted(_compare(title, lead, _numbers(exclude)), key=lambda each: (-each.score, -each.petition_id))
        rows = {row.pk: row for row in card_rows().filter(pk__in=[each.petition_id for each in compared[:limit]])}
        chosen = [each for each in compared[:limit] if each.petition_id in rows]
        cards = build_cards([rows[each.petition_id] for each in chosen], now=now)
        shared = _list_shared(f"{title} {lead}", cards)
    return tuple(
        Similar(card=card, score=each.score, relation=each.relation, shared=shared[card.petition_id])
        for card, each in zip(cards, chosen, strict=True)
    )


def _list_shared(text: str, cards: Sequence[PetitionCard]) -> dict[int, tuple[str, ...]]:
    """Return for each card the words that its title and summary share with a text, without what is behind a noun."""
    weights = read_weights()
    mine = set(list_grams(text))
    shared: dict[int, tuple[str, ...]] = {}
    for card in cards:
        words = {strip_ending(word) for word in split_words(f"{card.title} {card.summary}")}
        told = {
            word: sum(map(weights.weigh, grams_of_word(word))) for word in words if mine >= set(grams_of_word(word))
        }
        shared[card.petition_id] = tuple(sorted(told, key=lambda word: (-told[word], word))[:_MOST_SHARED])
    return shared


def _numbers(exclude: Sequence[str]) -> list[int]:
    given = [number for number in exclude if number][:_MOST_EXCLUDED]
    ours = [int(number) for number in given if number.isascii() and number.isdigit() and len(number) < 19]
    return list(Petition.objects.filter(numbered_as(ours, given)).values_list("pk", flat=True))


def _compare(title: str, lead: str, exclude: list[int]) -> list[_Compared]:
    weights = read_weights()
    mine = profile(title, lead, weights)
    with meaning.asking_draft(title, lead) as wait:
        found = _find_candidates(mine, weights, exclude, visits=_VISITS_BESIDE if wait else _MOST_VISITS)
        meant = wait() if wait else None
    if wait and meant is None:  # words have to do it alone
        found = _find_candidates(mine, weights, exclude, visits=_MOST_VISITS)
    own = meant.own if meant else None
    cosines = _compare_meaning(own, near=meant.write(), known=found, exclude=exclude) if meant and own else {}
    nearest = sorted(cosines, key=lambda each: (-cosines[each], -each))[:_COMPARED]
    looked_at = {*nearest, *found[: _COMPARED_BY_WORDS if own else _CANDIDATES]}
    places = list_places(f"{title} {lead}")
    alike: dict[int, float] = {}
    opposed: set[int] = set()
    elsewhere: set[int] = set()
    rows = Petition.objects.filter(LISTED, pk__in=looked_at).values_list("pk", "title", Left("body", _BEGINNING))
    for petition_id, their_title, their_body in rows:
        their_lead = lead_of(their_body)
        alike[petition_id] = share(mine, profile(their_title, their_lead, weights))
        if are_elsewhere(places, list_places(f"{their_title} {their_lead}")):
            elsewhere.add(petition_id)
        if (cosines.get(petition_id, 0.0) if own else alike[petition_id]) >= _NEAR and compare_stances(
            title, their_title, my_text=lead, their_text=their_lead
        ):
            opposed.add(petition_id)
    if not own:
        return [_judge(each, alike[each], each in opposed, each in elsewhere) for each in alike]
    scores = {each: _blend(alike[each], cosines.get(each, 0.0)) for each in alike if each not in opposed}
    best = sorted(scores, key=lambda each: (-scores[each], -each))[:_LEANED_ON]
    leaning = meaning.lean(own, _read_own([(each, scores[each] * _LEANING) for each in best]))
    cosines = _compare_meaning(leaning, near="", known=list(alike), exclude=exclude)
    blended = {each: _blend(alike[each], cosines.get(each, 0.0)) for each in alike}
    return [_judge(each, blended[each], each in opposed, each in elsewhere, least=_SAME) for each in alike]


def _blend(alike: float, cosine: float) -> float:
    return (max(cosine, 0.0) + _OF_GRAMS * alike) / (1 + _OF_GRAMS)


def _judge(
    petition_id: int, score: float, opposed: bool, elsewhere: bool, *, least: float = _SAME_BY_GRAMS
) -> _Compared:
    """Take from the score of what names other places, and of what seems opposed, which is said to be."""
    score *= _ELSEWHERE if elsewhere else 1.0
    if opposed:
        return _Compared(petition_id, score * _OPPOSED, "opposite")
    return _Compared(petition_id, score, "same" if score >= least else "related")


def _compare_meaning(own: meaning.Own, *, near: str, known: list[int], exclude: list[int]) -> dict[int, float]:
    """Return the cosines of the known petitions and, where it is told what is `near`, of those nearest to that."""
    title, lead = map(meaning.write_vector, own)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL hnsw.ef_search = 100")  # as many as are asked for
        cursor.execute(
            QUERIES["compare_meaning"],
            {
                "title": title,
                "lead": lead,
                "near": near or f"[{title[1:-1]},{lead[1:-1]}]",
                "known": known,
                "exclude": exclude,
                "most": _NEAREST if near else 0,
            },
        )
        return dict(cursor.fetchall())


def _read_own(weighed: Sequence[tuple[int, float]]) -> list[tuple[float, meaning.Own]]:
    """Return weights with what petitions mean without what they share; those that have no vector are left out."""
    with connection.cursor() as cursor:
        cursor.execute(QUERIES["read_vectors"], {"petitions": [petition_id for petition_id, _ in weighed]})
        kept = {petition_id: meaning.own_of(title, lead) for petition_id, title, lead in cursor.fetchall()}
    return [(weight, kept[petition_id]) for petition_id, weight in weighed if petition_id in kept]


def _find_candidates(mine: dict[str, float], weights: Weights, exclude: list[int], *, visits: int) -> list[int]:
    """Return petitions that share what tells most of a text, those first that share most of it."""
    lexemes: list[str] = []
    told: list[float] = []
    visited = 0.0
    for gram in sorted(mine, key=lambda each: (-mine[each], each)):
        frequency = 0.0 if gram.startswith(ACT) else weights.frequency(gram)
        if gram.startswith(ACT) or (lexemes and visited + frequency > visits):
            continue  # a rarer one may still go in
        visited += frequency
        lexemes.append(f"'{gram}'")
        told.append(mine[gram])
        if len(lexemes) == _MOST_GRAMS:
            break
    if not lexemes:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            QUERIES["find_alike"],
            {"lexemes": lexemes, "weights": told, "visits": MOST_HITS, "exclude": exclude, "most": _CANDIDATES},
        )
        return [petition_id for (petition_id,) in cursor.fetchall()]
