"""The queries of search use their indexes on a site that is large enough for it to matter; without them they do not."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Q

from maninso.petitions.discovery import candidates, meaning, similar
from maninso.petitions.discovery.question import read_question
from maninso.petitions.models import PetitionSearch

pytestmark = pytest.mark.django_db

ROWS = 8000
TEXTS = """
INSERT INTO petition_search (petition_id, grams, digest)
SELECT n, array_to_tsvector(ARRAY(SELECT 'g' || (n * 31 + k * k * 17) %% 3000 FROM generate_series(1, 40) k)), ''
FROM generate_series(1000001, 1000000 + %s) AS n
"""
VECTORS = """
INSERT INTO petition_vector (petition_id, model, digest, title_stretch, lead_stretch, bits, e)
SELECT petition_id, 1, '', 1, 1, binary_quantize(e)::bit(768), e
FROM (
    SELECT petition_id, (SELECT array_agg(sin(petition_id * k)) FROM generate_series(1, 768) k)::halfvec(768) AS e
    FROM petition_search ORDER BY petition_id LIMIT 2500
) AS made
"""


@pytest.fixture
def filled() -> Iterator[None]:
    """Rows whose petitions are not there: a constraint that is looked at only at a commit, which never comes."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE petition_search, petition_vector")  # of what other tests left in their files, too
            cursor.execute(TEXTS, [ROWS])
            cursor.execute("ANALYZE petition_search")
        yield
        transaction.set_rollback(True)
    assert not PetitionSearch.objects.exists()


@pytest.fixture
def meant(filled: None) -> None:
    """Some of them have vectors, too."""
    with connection.cursor() as cursor:
        cursor.execute(VECTORS)
        cursor.execute("ANALYZE petition_vector")


@pytest.fixture
def explain() -> Callable[[Callable[[], object]], list[Mapping[str, Any]]]:
    """Return every step of the plans of the statements on the index that a call executes."""

    def run(call: Callable[[], object]) -> list[Mapping[str, Any]]:
        asked: list[tuple[str, Any]] = []

        def record(execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
            if "petition_search" in sql:
                asked.append((sql, parameters))
            return execute(sql, parameters, many, context)

        with connection.execute_wrapper(record):
            call()
        steps: list[Mapping[str, Any]] = []
        for sql, parameters in asked:
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", parameters)
                steps += list_steps(cursor.fetchall()[0][0][0]["Plan"])
        return steps

    return run


def list_steps(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from list_steps(part)


def indexes(steps: list[Mapping[str, Any]]) -> set[str]:
    return {step["Index Name"] for step in steps if "Index Name" in step}


def read_whole(steps: list[Mapping[str, Any]]) -> set[str]:
    return {step["Relation Name"] for step in steps if step["Node Type"] == "Seq Scan"}


def drop(index: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX {index}")


@pytest.mark.usefixtures("filled")
def test_words_are_looked_up(explain: Callable[..., list[Mapping[str, Any]]]) -> None:
    def ask() -> object:
        return candidates.find_by_words(read_question("g12 g345"), among=None, is_narrowed=False)  # type: ignore[arg-type]

    steps = explain(ask)
    assert (indexes(steps), read_whole(steps)) == ({"petition_search_grams"}, set())
    drop("petition_search_grams")
    assert read_whole(explain(ask)) == {"petition_search"}


@pytest.mark.usefixtures("filled")
def test_petitions_alike_are_looked_up(explain: Callable[..., list[Mapping[str, Any]]], now: dt.datetime) -> None:
    def ask() -> object:
        return similar.find_similar(title="g12 g345", text="g77", now=now)

    steps = explain(ask)
    assert (indexes(steps), read_whole(steps)) == ({"petition_search_grams"}, set())
    drop("petition_search_grams")
    assert read_whole(explain(ask)) == {"petition_search"}


@pytest.mark.usefixtures("meant")
def test_what_is_near_in_meaning_is_looked_up(explain: Callable[..., list[Mapping[str, Any]]]) -> None:
    near = meaning.write_vector((0.05,) * 2 * meaning.DIMENSIONS)

    def ask() -> object:
        found = candidates.Found({1_000_001: 1.0})
        question = read_question("도서관")
        return candidates.find_by_meaning(near, question, found, {}, among=Q(), is_narrowed=False)

    steps = explain(ask)
    assert "petition_vector_bits" in indexes(steps)
    assert read_whole(steps) == set()
    drop("petition_vector_bits")
    assert read_whole(explain(ask)) == {"petition_vector"}


@pytest.mark.usefixtures("meant")
def test_what_drafts_mean_is_looked_up(explain: Callable[..., list[Mapping[str, Any]]]) -> None:
    own = ((0.05,) * meaning.DIMENSIONS,) * 2

    def ask() -> object:
        return similar._compare_meaning(own, near=meaning.write_vector(own[0] + own[1]), known=[1_000_001], exclude=[])

    steps = explain(ask)
    assert "petition_vector_bits" in indexes(steps)
    assert read_whole(steps) == set()
    drop("petition_vector_bits")
    assert read_whole(explain(ask)) == {"petition_vector"}
