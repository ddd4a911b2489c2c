"""Finds the petitions that a question may mean, with scores: by their words, and by what they mean."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.models import Exists, OuterRef, Q
from psycopg.errors import QueryCanceled

from maninso import ManinsoError
from maninso.petitions.access.rows import LISTED, STANDING_ANSWERS
from maninso.petitions.discovery.index import read_weights
from maninso.petitions.discovery.lookup import MOST_HITS, choose_terms
from maninso.petitions.discovery.question import Question
from maninso.petitions.discovery.sql import QUERIES
from maninso.petitions.models import BillPetition, Petition, Response

_MOST_NEAR, _MOST_NEAR_IN_LETTERS = 100, 400  # petitions that are found by meaning alone
_LEANED_ON = 5  # petitions that a question's meaning leans towards, by what they score
MOST_FOUND = 500  # petitions that a question finds; the best ones
PATIENCE = 5000  # milliseconds that one statement of a search may take
_MOST_LOOKED_AT = 1000  # petitions with grams of the question, of which most hold a word of it
_MOST_MEANT = 100  # petitions found by words whose meaning is looked at, too: each is a vector to read
_MOST_WORDS = 0.6  # of a question's words have to be held


class SearchTooSlowError(ManinsoError):
    """The database took too long over a question; nothing is wrong with it otherwise."""


@dataclass(frozen=True)
class Found:
    """Petitions with scores from 0 to 1; `whole` are those that hold most of the words."""

    scores: Mapping[int, float]
    whole: frozenset[int] = frozenset()
    is_cut: bool = False  # whether there may be more than were looked for
    by_meaning: bool = False  # whether some hold none of the words


@contextmanager
def limited_time() -> Iterator[None]:
    """Let no statement of the block take longer. Raises SearchTooSlowError."""
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(PATIENCE)])
            yield
            with connection.cursor() as cursor:  # in a surrounding transaction it would hold on
                cursor.execute("SET LOCAL statement_timeout TO DEFAULT")
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise SearchTooSlowError(
                "the search took too long", cure="search for rarer words, or with fewer filters"
            ) from error
        raise


def find_by_words(question: Question, *, among: Q, is_narrowed: bool) -> Found:
    """Find the petitions that hold words of a question, the 500 best."""
    terms = choose_terms(question.words, read_weights())
    if not terms.lexemes:
        return Found({})
    condition, named = _compile(among, is_narrowed)
    with connection.cursor() as cursor:
        cursor.execute(
            QUERIES["find_by_words"].replace("{among}", condition),
            {
                "lexemes": terms.lexemes,
                "scores": terms.scores,
                "bits": terms.bits,
                "visits": MOST_HITS,
                "most": _MOST_LOOKED_AT,
                **named,
            },
        )
        rows = cursor.fetchall()
    counted = {bits: terms.count_held(bits) for bits in {bits for _, _, bits in rows}}
    held = {petition_id: counted[bits] for petition_id, _, bits in rows}
    found = [(petition_id, score) for petition_id, score, _ in rows if held[petition_id]]
    return Found(
        scores={petition_id: score / terms.best for petition_id, score in found[:MOST_FOUND]},
        whole=frozenset(each for each, words in held.items() if words and words >= len(terms.words) * _MOST_WORDS),
        is_cut=terms.is_cut or len(found) > MOST_FOUND or len(rows) == _MOST_LOOKED_AT,
    )


def find_by_meaning(
    near: str, question: Question, found: Found, words: Mapping[int, float], *, among: Q, is_narrowed: bool
) -> Mapping[int, tuple[float, float]]:
    """Return how near to a question's meaning petitions are, from -1 to 1: as it is, and as it leans.

    The nearest, and the best 100 that its words found; `near` is as `meaning.asking_question` gives it. `words` is what
    its words add for some. The question leans towards what the best five mean, so it finds by a petition that says what
    it asks the others that do (Rocchio's relevance feedback, without asking anybody).
    """
    condition, named = _compile(among, is_narrowed)
    known = list(found.scores)[:_MOST_MEANT]
    # In letters it is mostly petitions in Hangul that are looked for: the signs, by which they are, tell less across
    # languages; and words find few of them.
    most = _MOST_NEAR if question.is_korean else _MOST_NEAR_IN_LETTERS
    with connection.cursor() as cursor:
        # As many as are asked for; and so that a filter leaves enough.
        cursor.execute(f"SET LOCAL hnsw.ef_search = {most}; SET LOCAL hnsw.iterative_scan = relaxed_order")
        cursor.execute(
            QUERIES["find_by_meaning"].replace("{among}", condition),
            {
                "near": near,
                "known": known,
                "scores": [words.get(each, 0.0) for each in known],
                "most": most,
                "leaned_on": _LEANED_ON,
                **named,
            },
        )
        return {petition_id: (cosine, leaning) for petition_id, cosine, leaning in cursor.fetchall()}


def _compile(among: Q, is_narrowed: bool) -> tuple[str, dict[str, Any]]:
    """Return a condition on petition_id as Django writes it, and its parameters by name."""
    if not is_narrowed:
        return "TRUE", {}
    sql, parameters = Petition.objects.filter(LISTED, among).order_by().values("pk").query.sql_with_params()
    named = {f"among_{number}": value for number, value in enumerate(parameters)}
    return f"petition_id IN ({sql % tuple(f'%({name})s' for name in named)})", named


def holds_phrases(question: Question) -> Q:
    """Return the condition that each quoted phrase occurs in the title, the text, an answer or a bill's title."""
    condition = Q()
    for phrase in question.phrases:
        answered = Response.objects.filter(
            STANDING_ANSWERS, Q(obligation__petition=OuterRef("pk")) | Q(petition=OuterRef("pk"))
        )
        answered = answered.filter(Q(summary__icontains=phrase) | Q(body__icontains=phrase))
        tied = BillPetition.objects.filter(petition=OuterRef("pk"))
        tied = tied.filter(Q(bill__title__icontains=phrase) | Q(bill__act_title__icontains=phrase))
        condition &= Q(title__icontains=phrase) | Q(body__icontains=phrase) | Q(Exists(answered)) | Q(Exists(tied))
    return condition


def numbered_as(ours: Sequence[int], theirs: Sequence[str]) -> Q:
    """Return the condition that a petition has one of the numbers, here or on the site it comes from."""
    return Q(pk__in=ours) | (~Q(source="") & Q(source_id__in=theirs))  # as the index petition_source_once says it


def find_by_number(question: Question, *, among: Q) -> list[int]:
    """Return the petitions whose number this is, here or on the site they come from."""
    if not question.number:
        return []
    numbered = numbered_as([int(question.number)], [question.number])
    return list(Petition.objects.filter(LISTED, among, numbered).order_by("pk").values_list("pk", flat=True))


def find_listed(petitions: Mapping[int, float], condition: Q) -> dict[int, float]:
    """Return those of the petitions that are listed and meet a condition."""
    kept = set(Petition.objects.filter(LISTED, condition, pk__in=list(petitions)).values_list("pk", flat=True))
    return {petition_id: score for petition_id, score in petitions.items() if petition_id in kept}
