"""Lists without words read a page off an index on a large site, however far down it is, and count seldom."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Q

from maninso.petitions.discovery import Choices, PetitionPage, Wanted, candidates, lists, search_petitions, similar
from maninso.petitions.discovery.order import Key, write_key
from maninso.petitions.discovery.question import read_question
from maninso.petitions.models import Petition

pytestmark = pytest.mark.django_db

ROWS = 6000
PETITIONS = """
INSERT INTO petitions_petition (state, title, body, language, topic, creator_name, charter_id, length, needed,
    text_digest, created_at, opened_at, closes_at, closed_at, updated_at, reason_code, reason_note, source, source_id,
    source_status, reported_count)
SELECT CASE WHEN n %% 300 = 0 THEN 'rejected' ELSE 'closed' END, 'Title', repeat('Text. ', 50), 'en',
    'topic ' || n %% 100, '', (SELECT min(id) FROM petitions_charterversion), '', '{}', sha256(n::text::bytea),
    day, day, day + interval '30 days', day + interval '30 days', day, 'other', '', 'bench', n::text, '', n
FROM generate_series(1, %s) AS n CROSS JOIN LATERAL (SELECT timestamptz '2020-01-01' + n * interval '1 hour') AS _ (day)
"""
INDEXES = ("petition_latest", "petition_latest_of_topic", "petition_latest_of_state", "petition_created")
CHOICES = Choices(topics=(), institutions=(), regions=())


@pytest.fixture
def filled(opened: Callable[..., int]) -> Iterator[None]:
    """Petitions that end with the test."""
    opened()  # brings a charter
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(PETITIONS, [ROWS])
            cursor.execute("ANALYZE")  # all: what other tests left may be known already
        yield
        transaction.set_rollback(True)


@pytest.fixture
def read(now: dt.datetime) -> Callable[..., PetitionPage]:
    def run(key: str = "", **wanted: Any) -> PetitionPage:
        return search_petitions(wanted=Wanted(**wanted), choices=CHOICES, page=1, per_page=20, key=key, now=now)

    return run


def list_steps(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from list_steps(part)


def record(call: Callable[[], object], part: str) -> list[tuple[str, Any]]:
    """Return the statements of a call that have a part in them."""
    asked: list[tuple[str, Any]] = []

    def note(execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        if part in sql:
            asked.append((sql, parameters))
        return execute(sql, parameters, many, context)

    with connection.execute_wrapper(note):
        call()
    return asked


def explain(call: Callable[[], object], part: str = ' AS "by_') -> list[Mapping[str, Any]]:
    """Return the steps of the plan of the one statement with that part, which is the one that puts a list in order."""
    ((sql, parameters),) = record(call, part)
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", parameters)
        return list(list_steps(cursor.fetchall()[0][0][0]["Plan"]))


def indexes(steps: list[Mapping[str, Any]]) -> set[str]:
    return {step["Index Name"] for step in steps if "Index Name" in step}


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        ({"sort": "newest"}, "petition_latest"),
        ({"sort": "newest", "topic": "topic 7"}, "petition_latest_of_topic"),
        ({"sort": "newest", "state": "rejected"}, "petition_latest_of_state"),
        ({"sort": "created"}, "petition_created"),
    ],
)
def test_a_list_is_read_off_an_index(read: Callable[..., PetitionPage], wanted: dict[str, str], index: str) -> None:
    def sorted_without_index(steps: list[Mapping[str, Any]]) -> bool:
        return "Seq Scan" in {step["Node Type"] for step in steps}

    steps = explain(lambda: read(**wanted))
    assert (indexes(steps), sorted_without_index(steps)) == ({index}, False)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX {', '.join(INDEXES)}")
    assert sorted_without_index(explain(lambda: read(**wanted)))


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("sort", ["newest", "created"])
@pytest.mark.parametrize("backwards", [False, True])
def test_a_page_far_down_begins_where_its_key_says(
    read: Callable[..., PetitionPage], sort: str, backwards: bool
) -> None:
    moment = dt.datetime(2020, 5, 1, tzinfo=dt.UTC).timestamp()
    steps = explain(lambda: read(key=write_key(Key((moment, 10), backwards=backwards)), sort=sort))
    assert [step["Node Type"] for step in steps] == ["Limit", "Index Scan"]
    assert (">=" if backwards else "<=") in steps[1]["Index Cond"]


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    "find",
    [
        lambda: similar._numbers(["4711", "no-number"]),
        lambda: candidates.find_by_number(read_question("4711"), among=Q()),
    ],
    ids=["excluded", "sought"],
)
def test_a_petition_is_looked_up_by_its_number_elsewhere(find: Callable[[], list[int]]) -> None:
    steps = explain(find, "source_id")
    assert indexes(steps) == {"petitions_petition_pkey", "petition_source_once"}
    assert "Seq Scan" not in {step["Node Type"] for step in steps}
    assert "4711" in Petition.objects.filter(pk__in=find()).values_list("source_id", flat=True)
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX petition_source_once")
    assert "Seq Scan" in {step["Node Type"] for step in explain(find, "source_id")}


@pytest.mark.usefixtures("filled")
def test_what_came_of_petitions_is_looked_for_where_there_is_something(read: Callable[..., PetitionPage]) -> None:
    steps = explain(lambda: read(state="with_response", sort="newest"))
    assert indexes(steps) & {"petitions_petition_pkey", *INDEXES} == {"petitions_petition_pkey"}
    for sort in ("waiting", "settled"):
        steps = explain(lambda sort=sort: read(sort=sort))  # type: ignore[misc]
        assert any("hashed SubPlan" in str(step) for step in steps)


@pytest.mark.usefixtures("filled")
def test_a_large_number_is_counted_now_and_then(
    read: Callable[..., PetitionPage], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "_MANY", 1000)
    monkeypatch.setattr(lists, "_totals", {})
    everything = read(sort="newest").total
    assert everything == ROWS + 1
    assert record(lambda: read(query="?!", sort="created"), "COUNT(") == []
    assert read(state="rejected").total == ROWS // 300
    assert len(record(lambda: read(state="rejected"), "COUNT(")) == 1  # few are counted anew
    monkeypatch.setattr(lists, "_totals", {wanted: (0.0, total) for wanted, (_, total) in lists._totals.items()})
    assert len(record(lambda: read(sort="newest"), "COUNT(")) == 1  # as after ten seconds
    monkeypatch.setattr(lists, "_MOST_TOTALS", 1)
    assert read(topic="topic 7", sort="newest").total == ROWS // 100
    assert set(lists._totals) == {Wanted(sort="")}
    monkeypatch.setattr(lists, "_MANY", 10)
    read(topic="topic 7")
    assert set(lists._totals) == {Wanted(sort="", topic="topic 7")}
