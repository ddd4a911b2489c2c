"""The list of petitions: one page of what a search finds, and what to try where it finds none."""

import datetime as dt
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Q, QuerySet

from maninso.petitions.access.build import build_cards
from maninso.petitions.access.find import read_listed
from maninso.petitions.access.rows import LISTED, card_rows
from maninso.petitions.access.views import PetitionCard, PetitionView
from maninso.petitions.discovery import meaning
from maninso.petitions.discovery.candidates import (
    Found,
    find_by_meaning,
    find_by_number,
    find_by_words,
    find_listed,
    holds_phrases,
    limited_time,
)
from maninso.petitions.discovery.highlight import Marked, cut_snippet, mark
from maninso.petitions.discovery.order import Key, choose_order, read_key, write_key
from maninso.petitions.discovery.question import Question, read_question
from maninso.petitions.discovery.romanised import read_name
from maninso.petitions.discovery.spelling import suggest_spelling
from maninso.petitions.discovery.wanted import Choices, Wanted, narrow
from maninso.petitions.models import Petition

_MOST_PER_PAGE = 500
_FAR = 0.3  # of the best score of words: what scores less is not meant
_OF_WORDS, _OF_WORDS_IN_LETTERS = 0.3, 0.1  # that the best score of words adds to a cosine
_NEAR = 0.1  # the least cosine of what is meant without holding the words,
_FAR_IN_MEANING = 0.3  # and how much of the best one once the question leans
_NEAREST = 0.22  # the cosine of the nearest petition; where it is less, the model makes nothing of the question
_QUOTES = re.compile('["“”„«»]')
_BY_NUMBER = 2.0  # above every score of words
_SURELY_A_NAME = 3  # syllables
_MANY = 10_000  # petitions: so many are not counted anew for every page
_FRESH = 10.0  # seconds for which their number is kept
_MOST_TOTALS = 500  # numbers that are kept at a time


@dataclass(frozen=True, kw_only=True)
class PetitionPage:
    """One page of a list, and what was understood of the question."""

    cards: tuple[PetitionCard, ...]
    views: Mapping[int, PetitionView]  # of each card, by number; empty unless they were asked for
    marks: Mapping[int, tuple[Marked, Marked | None]]  # of each card that words found: its title, a passage
    total: int  # petitions on all pages
    is_cut: bool  # whether there may be more than `total`: words find the best 500
    page: int  # from 1
    pages: int  # at least 1
    wanted: Wanted
    choices: Choices
    next_key: str  # where the next page begins; "" on the last
    previous_key: str  # where this one does, for the page before; "" on the first
    is_partial: bool  # whether words were looked for and no petition holds most of them
    anywhere: int = 0  # petitions that the same words find without filters; 0 unless nothing was found with them
    suggestion: str = ""  # a query that finds more: spelt as titles are, or without quotation marks; "" for none
    read_as: str = ""  # the query that was looked for, where names in it were typed in letters; "" for the one given


def search_petitions(
    *,
    wanted: Wanted,
    choices: Choices,
    page: int,
    per_page: int,
    key: str = "",
    in_full: bool = False,
    now: dt.datetime,
) -> PetitionPage:
    """Return one page of the listed petitions that match; their views, too, where they are wanted `in_full`.

    `key` is where the page begins, as an earlier page said; without one (or with one of another order) the page is
    counted off by its number, and one that does not exist is the nearest that does. Raises SearchTooSlowError.
    """
    per_page = min(max(per_page, 1), _MOST_PER_PAGE)
    question = read_question(wanted.query)
    with limited_time():
        if not question.words:
            return _page_of_rows(wanted, choices, page=page, per_page=per_page, key=key, in_full=in_full, now=now)
        question, asked, found = _find_as_read(question, wanted, now=now)
        read_as = asked.query if asked is not wanted else ""
        result = _page_of_found(wanted, choices, found, page=page, per_page=per_page, key=key, in_full=in_full, now=now)
        if not found.scores and wanted.is_narrowed:
            anywhere = find_matches(question, Wanted(query=asked.query, sort="relevance"), now=now)
            if anywhere.scores:
                return replace(result, anywhere=len(anywhere.scores), read_as=read_as)
        suggestion = "" if read_as else _suggest(question, wanted, found, now=now)
        return replace(result, marks=_mark(result, question), suggestion=suggestion, read_as=read_as)


def _find_as_read(question: Question, wanted: Wanted, *, now: dt.datetime) -> tuple[Question, Wanted, Found]:
    """Find what is asked for, a name in letters read in Hangul unless more petitions hold it as it was typed.

    Returns what was looked for, too. Two syllables are many a word: they are a name only where they find nothing else.
    """
    reading = None if question.is_korean or question.phrases else read_name(wanted.query)
    if reading is not None and reading.petitions < reading.in_letters:
        reading = None
    if reading is None or len(reading.name) < _SURELY_A_NAME:
        found = find_matches(question, wanted, now=now)
        if reading is None or found.whole or found.by_meaning:
            return question, wanted, found
    named, asked = read_question(reading.query), replace(wanted, query=reading.query)
    return named, asked, find_matches(named, asked, now=now)


def _suggest(question: Question, wanted: Wanted, found: Found, *, now: dt.datetime) -> str:
    """Return a query that finds what this one does not; "" where this one finds enough, or none does better."""
    if found.whole and (found.scores or not question.phrases):
        return ""
    plain = " ".join(_QUOTES.sub(" ", wanted.query).split())
    for query in (suggest_spelling(wanted.query, question), plain if question.phrases else ""):
        if query:
            better = find_matches(read_question(query), replace(wanted, query=query), now=now)
            if better.scores and better.whole:
                return query
    return ""


def find_matches(question: Question, wanted: Wanted, *, now: dt.datetime) -> Found:
    """Return the petitions that a question with words finds within a search's filters, with scores.

    In the order of relevance those that are far behind the best are left out. In any other, those that do not hold most
    of the words are, unless none does.
    """
    among = narrow(wanted, now=now)
    ahead = wanted.query if wanted.sort == "relevance" and not question.phrases else ""
    with meaning.asking_question(ahead) as wait:  # the encoder works at it beside the query by words
        found = find_by_words(question, among=among, is_narrowed=wanted.is_narrowed)
        meant = wait()
    if question.phrases:
        scores = find_listed(found.scores, among & holds_phrases(question))
    elif wanted.sort != "relevance" and found.whole:
        scores = {petition_id: found.scores[petition_id] for petition_id in found.whole & found.scores.keys()}
    else:
        meant = meant if ahead else meaning.encode_question(wanted.query)
        scores = _by_relevance(question, found, meant, among=among, is_narrowed=wanted.is_narrowed)
    for petition_id in find_by_number(question, among=among):
        scores[petition_id] = _BY_NUMBER
    return Found(scores, found.whole, found.is_cut, by_meaning=bool(scores.keys() - found.scores.keys()))


def _by_relevance(
    question: Question, found: Found, meant: str | None, *, among: Q, is_narrowed: bool
) -> dict[int, float]:
    """Return the petitions that are not far behind the best, with scores of words and, where known, of meaning.

    In letters, single words that a petition holds mislead more than they tell: only those that hold most of them count.
    """
    best = max(found.scores.values(), default=0.0)
    by_words = {each: score / best for each, score in found.scores.items()}
    told = {each: score for each, score in by_words.items() if question.is_korean or each in found.whole}
    part = _OF_WORDS if question.is_korean else _OF_WORDS_IN_LETTERS
    words = {each: part * score for each, score in told.items()}
    near = find_by_meaning(meant, question, found, words, among=among, is_narrowed=is_narrowed) if meant else {}
    if max((cosine for cosine, _ in near.values()), default=-1.0) < _NEAREST:
        return {each: score for each, score in by_words.items() if score >= _FAR}
    least = _FAR_IN_MEANING * max((leaning for _, leaning in near.values()), default=0.0)
    meant_too = {each for each, (cosine, leaning) in near.items() if cosine >= _NEAR and leaning >= least}
    return {
        each: max(near[each][1] if each in near else 0.0, 0.0) + words.get(each, 0.0)
        for each in meant_too | {each for each, score in told.items() if score >= _FAR}
    }


def _page_of_found(
    wanted: Wanted,
    choices: Choices,
    found: Found,
    *,
    page: int,
    per_page: int,
    key: str,
    in_full: bool,
    now: dt.datetime,
) -> PetitionPage:
    """Make a page of what words found: all of it is put in order by its numbers, and only the page is read."""
    order = choose_order(wanted.sort, now=now)
    if wanted.sort == "relevance":
        values = [(score, petition_id) for petition_id, score in found.scores.items()]
    else:
        rows = order.annotate(Petition.objects.filter(LISTED, pk__in=list(found.scores)))
        values = order.read(rows)
    ranked = sorted(values, key=order.place)
    pages = max(1, -(-len(ranked) // per_page))
    start = (min(max(page, 1), pages) - 1) * per_page
    given = read_key(key, order)
    if given is not None:
        place = order.place(given.values)
        before = sum(order.place(each) < place for each in ranked)
        start = max(0, before - per_page) if given.backwards else before + (given.values in ranked)
    chosen = ranked[start : start + per_page]
    cards, views = _read_cards(chosen, in_full=in_full, now=now)
    return PetitionPage(
        cards=cards,
        views=views,
        marks={},
        total=len(ranked),
        is_cut=found.is_cut,
        page=start // per_page + 1,
        pages=pages,
        wanted=wanted,
        choices=choices,
        next_key=write_key(Key(chosen[-1])) if chosen and start + per_page < len(ranked) else "",
        previous_key=write_key(Key(chosen[0], backwards=True)) if chosen and start else "",
        is_partial=bool(found.scores) and not found.whole and not found.by_meaning,
    )


def _read_cards(
    chosen: Sequence[tuple[Any, ...]], *, in_full: bool, now: dt.datetime
) -> tuple[tuple[PetitionCard, ...], Mapping[int, PetitionView]]:
    """Return the cards of petitions, whose numbers come last, in their order, without those listed no more.

    With their views where they are wanted in full: one reading serves both.
    """
    numbers = [each[-1] for each in chosen]
    if in_full:
        cards, views = read_listed(numbers, now=now)
        return tuple(cards), views
    rows = {row.pk: row for row in card_rows().filter(pk__in=numbers)}
    return build_cards([rows[number] for number in numbers if number in rows], now=now), {}


def _page_of_rows(
    wanted: Wanted, choices: Choices, *, page: int, per_page: int, key: str, in_full: bool, now: dt.datetime
) -> PetitionPage:
    """Make a page of all that the filters leave: put in order by numbers alone, and only the page is read."""
    rows = Petition.objects.filter(LISTED, narrow(wanted, now=now))
    order = choose_order(wanted.sort, now=now)
    total = _count(rows, wanted)
    pages = max(1, -(-total // per_page))
    page = min(max(page, 1), pages)
    rows = order.annotate(rows)
    given = read_key(key, order)
    if given is None:
        start = (page - 1) * per_page
        taken = order.read(order.sort(rows)[start : start + per_page + 1])
        has_next, has_previous = len(taken) > per_page, page > 1
        shown = taken[:per_page]
    else:
        sorted_rows = order.sort(order.start(rows, given), backwards=given.backwards)
        taken = order.read(sorted_rows[: per_page + 1])
        more = len(taken) > per_page
        shown = taken[:per_page][:: -1 if given.backwards else 1]
        has_next, has_previous = (True, more) if given.backwards else (more, True)
    cards, views = _read_cards(shown, in_full=in_full, now=now)
    return PetitionPage(
        cards=cards,
        views=views,
        marks={},
        total=total,
        is_cut=False,
        page=page,
        pages=pages,
        wanted=wanted,
        choices=choices,
        next_key=write_key(Key(shown[-1])) if shown and has_next else "",
        previous_key=write_key(Key(shown[0], backwards=True)) if shown and has_previous else "",
        is_partial=False,
    )


_totals: dict[Wanted, tuple[float, int]] = {}  # until when a number is kept, and it


def _count(rows: "QuerySet[Petition]", wanted: Wanted) -> int:
    """Return how many rows a search without words leaves.

    A large number takes long to count and hardly changes: a process keeps it for ten seconds.
    """
    filters = replace(wanted, query="", sort="")
    until, total = _totals.get(filters, (0.0, 0))
    if time.monotonic() > until:
        total = rows.count()
        if total >= _MANY:
            if len(_totals) >= _MOST_TOTALS:
                _totals.clear()
            _totals[filters] = (time.monotonic() + _FRESH, total)
    return total


def _mark(page: PetitionPage, question: Question) -> dict[int, tuple[Marked, Marked | None]]:
    bodies = {number: view.body for number, view in page.views.items()}
    if not bodies:
        numbers = [card.petition_id for card in page.cards]
        bodies = dict(Petition.objects.filter(pk__in=numbers).values_list("pk", "body"))
    words = question.words
    return {
        card.petition_id: (mark(card.title, words), cut_snippet(bodies.get(card.petition_id, ""), words))
        for card in page.cards
    }
