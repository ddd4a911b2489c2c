"""Vectors of petitions: made for what is listed, kept with the text they were made from, and what they find."""

import datetime as dt
import threading
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from tests.encoder import model, serve

from maninso.petitions.discovery import (
    catch_up,
    encode_batch,
    find_similar,
    list_choices,
    prepare_vectors,
    search_petitions,
    similar,
    understand,
    vector_lag,
)
from maninso.petitions.discovery.meaning import DIMENSIONS
from maninso.petitions.lifecycle import Reason, remove_petition
from maninso.run.encoder import BUSY, Turns

pytestmark = pytest.mark.django_db


@pytest.fixture
def encoder(tmp_path: Path, settings: Any) -> Iterator[None]:
    with serve(tmp_path, Turns(model()), settings):
        yield


def with_vectors() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT petition_id FROM petition_vector ORDER BY 1")
        return [petition_id for (petition_id,) in cursor.fetchall()]


def look_for(query: str, now: dt.datetime, **given: str) -> list[int]:
    choices = list_choices()
    wanted = understand(query=query, sort="relevance", choices=choices, **given)
    found = search_petitions(wanted=wanted, choices=choices, page=1, per_page=20, now=now)
    return [card.petition_id for card in found.cards]


@pytest.mark.usefixtures("encoder")
def test_vectors_follow_the_index(opened: Callable[..., int], now: dt.datetime) -> None:
    petitions = [opened(), opened()]
    assert (vector_lag(), encode_batch()) == (0, 0)  # nothing is indexed yet
    catch_up(now=now)
    assert vector_lag() == 2
    assert (encode_batch(), encode_batch(), vector_lag()) == (2, 0, 0)
    assert with_vectors() == petitions
    with connection.cursor() as cursor:
        cursor.execute("UPDATE petition_vector SET model = 0 WHERE petition_id = %s", [petitions[0]])
        cursor.execute("UPDATE petition_vector SET digest = '' WHERE petition_id = %s", [petitions[1]])
    assert (vector_lag(), encode_batch(), vector_lag()) == (2, 2, 0)
    remove_petition(petitions[0], reason=Reason(code="duplicate"), now=now)
    catch_up(now=now)
    assert with_vectors() == [petitions[1]]
    assert prepare_vectors()  # may be run again


def test_without_an_answer_nothing_is_lost(
    opened: Callable[..., int], now: dt.datetime, tmp_path: Path, settings: Any
) -> None:
    opened(title="Open the library")
    catch_up(now=now)
    turns = Turns(model())
    turns.answer = lambda kind, texts: BUSY  # type: ignore[method-assign]
    with serve(tmp_path, turns, settings):
        assert (encode_batch(), vector_lag(), len(look_for("library", now))) == (0, 1, 1)
        assert len(find_similar(title="Open the library", text="", now=now)) == 1
    with serve(tmp_path, Turns(model()), settings):
        assert (encode_batch(), vector_lag()) == (1, 0)


@pytest.mark.usefixtures("encoder")
def test_what_is_meant_is_found_in_other_words_and_another_language(
    opened: Callable[..., int], now: dt.datetime
) -> None:
    library = opened(
        title="작은 도서관을 밤에도 열어 주세요", body="퇴근하면 닫혀 있습니다.", language="ko", topic="Libraries"
    )
    bus = opened(title="버스 요금을 내려 주세요", body="학생에게 너무 비쌉니다.", language="ko", topic="Buses")
    opened(title="공원에 나무를 더 심어 주세요", body="여름에 그늘이 없습니다.", language="ko", topic="Parks")
    catch_up(now=now)
    encode_batch()
    assert look_for("longer opening hours for libraries", now)[0] == library
    assert look_for("대중교통이 비싸요", now)[0] == bus
    assert look_for("대중교통이 비싸요", now, topic="Libraries") in ([], [library])
    alike = find_similar(title="야간에도 책 읽는 곳이 문을 열게 해 주세요", text="도서관이 일찍 닫습니다", now=now)
    assert alike[0].card.petition_id == library
    assert alike[0].score > alike[1].score


def point(*towards: float) -> bytes:
    """Return a vector into this direction, so long that centring hardly turns it."""
    return array("f", [1000.0 * value for value in towards] + [0.0] * (DIMENSIONS - len(towards))).tobytes()


def test_a_question_finds_by_what_says_it_the_others_that_mean_that(
    opened: Callable[..., int], now: dt.datetime, tmp_path: Path, settings: Any
) -> None:
    meant = {
        "question": point(1),
        "nearest": point(0.9, 0, 0.436),
        "bridge": point(0.707, 0.707),
        "beyond": point(0.15, 0.989),  # too far from the question and its nearest, and near to the bridge
        "apart": point(0.05, 0.999),  # nearer to that, but hardly meant by the question itself
    }

    def encode(text: str, is_query: bool) -> bytes:
        return next(vector for word, vector in meant.items() if word in text)

    nearest, beyond, _apart = (opened(title=word, body=word) for word in ("nearest", "beyond", "apart"))
    with serve(tmp_path, Turns(encode), settings):
        catch_up(now=now)
        encode_batch()
        assert look_for("question", now) == [nearest]
        bridge = opened(title="bridge", body="bridge")
        catch_up(now=now)
        encode_batch()
        assert look_for("question", now) == [nearest, bridge, beyond]


def test_a_question_that_is_near_to_nothing_is_looked_up_by_its_words_alone(
    opened: Callable[..., int], now: dt.datetime, tmp_path: Path, settings: Any
) -> None:
    meant = {"zxcvb": point(1), "far": point(0.21, 0.978), "near": point(0.23, 0.973), "holds": point(0, 0, 1)}

    def encode(text: str, is_query: bool) -> bytes:
        return next(vector for word, vector in meant.items() if word in text)

    far, holds = opened(title="far", body="far"), opened(title="holds qwert", body="holds qwert")
    with serve(tmp_path, Turns(encode), settings):
        catch_up(now=now)
        encode_batch()
        assert look_for("zxcvb", now) == []
        assert look_for("qwert zxcvb", now) == [holds]
        near = opened(title="near", body="near")
        catch_up(now=now)
        encode_batch()
        assert set(look_for("zxcvb", now)) == {near, far}


def test_two_syllables_that_mean_something_are_no_name(
    opened: Callable[..., int], now: dt.datetime, tmp_path: Path, settings: Any
) -> None:
    meant = {"hong gil": point(1), "near": point(0.9, 0.436), "홍길": point(0, 0, 1)}

    def encode(text: str, is_query: bool) -> bytes:
        return next(vector for word, vector in meant.items() if word in text)

    named = opened(title="홍길 도서관", body="x", language="ko")
    with serve(tmp_path, Turns(encode), settings):
        catch_up(now=now)
        encode_batch()
        assert look_for("hong gil", now) == [named]
        near = opened(title="near", body="near")
        catch_up(now=now)
        encode_batch()
        assert look_for("hong gil", now) == [near]


@pytest.mark.usefixtures("encoder")
@pytest.mark.parametrize(("query", "most"), [("도서관", 100), ("library", 400)])
def test_across_languages_more_is_looked_at(
    opened: Callable[..., int], now: dt.datetime, query: str, most: int
) -> None:
    asked = []

    def note(execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        if "hnsw" in sql:
            asked.append(sql.partition(";")[0])
        if "leaned_on" in (parameters or ()):
            asked.append(parameters["most"])
        return execute(sql, parameters, many, context)

    opened()
    catch_up(now=now)
    encode_batch()
    with connection.execute_wrapper(note):
        look_for(query, now)
    assert asked == [f"SET LOCAL hnsw.ef_search = {most}", most]


def setting(event: threading.Event, part: str) -> Callable[..., Any]:
    """Return a wrapper of statements that sets an event at one with this part in it."""

    def note(execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        if part in sql:
            event.set()
        return execute(sql, parameters, many, context)

    return note


def test_a_question_is_understood_beside_the_query_by_words(
    opened: Callable[..., int], now: dt.datetime, tmp_path: Path, settings: Any
) -> None:
    is_looked_up, understood = threading.Event(), []

    def encode(text: str, is_query: bool) -> bytes:
        if is_query:
            understood.append(is_looked_up.wait(10))
        return model()(text, is_query)

    library = opened(title="작은 도서관을 밤에도 열어 주세요", body="퇴근하면 닫혀 있습니다.", language="ko")
    catch_up(now=now)
    with serve(tmp_path, Turns(encode), settings), connection.execute_wrapper(setting(is_looked_up, "term.lexeme")):
        encode_batch()
        assert look_for("longer opening hours for libraries", now) == [library]
        assert understood == [True]
        assert look_for("longer opening hours for libraries", now) == [library]
        assert len(understood) == 1  # it is remembered


def test_a_draft_is_understood_beside_the_query_by_words(
    opened: Callable[..., int], now: dt.datetime, tmp_path: Path, settings: Any
) -> None:
    is_looked_up, understood = threading.Event(), []

    def encode(text: str, is_query: bool) -> bytes:
        if "Please" in text:
            understood.append(is_looked_up.wait(10))
        return model()(text, is_query)

    library = opened(title="Open the library at night", body="It closes at six.")
    catch_up(now=now)
    with serve(tmp_path, Turns(encode), settings), connection.execute_wrapper(setting(is_looked_up, "petition_search")):
        encode_batch()
        is_looked_up.clear()
        alike = find_similar(title="Please open the library at night", text="It is closed.", now=now)
    assert [each.card.petition_id for each in alike] == [library]
    assert understood == [True, True]  # its title and its beginning


def test_a_draft_that_is_not_understood_is_looked_up_by_more_words(
    opened: Callable[..., int], now: dt.datetime, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(title="Open the library")
    catch_up(now=now)
    find, asked = similar._find_candidates, list[int]()

    def note(*arguments: Any, visits: int) -> list[int]:
        asked.append(visits)
        return find(*arguments, visits=visits)

    monkeypatch.setattr(similar, "_find_candidates", note)
    for _ in range(2):
        asked.clear()
        find_similar(title="Open the library", text="", now=now)
    assert asked == [similar._MOST_VISITS]  # nobody was there to ask a moment ago
    asked.clear()
    turns = Turns(model())
    with serve(tmp_path, turns, settings):
        encode_batch()
        find_similar(title="Open the library", text="", now=now)
        assert asked == [similar._VISITS_BESIDE]
        asked.clear()
        turns.answer = lambda kind, texts: BUSY  # type: ignore[method-assign]
        find_similar(title="Open the library", text="", now=now)
    assert asked == [similar._VISITS_BESIDE, similar._MOST_VISITS]


@pytest.mark.usefixtures("encoder")
@pytest.mark.parametrize(
    ("query", "sort", "asked"),
    [
        ("library", "relevance", 1),
        ("library", "newest", 0),  # it stands there in so many words
        ("book", "newest", 1),
        ('"library"', "relevance", 0),
    ],
)
def test_meaning_is_looked_up_where_it_counts(
    opened: Callable[..., int], now: dt.datetime, query: str, sort: str, asked: int
) -> None:
    opened(title="Open the library")
    catch_up(now=now)
    encode_batch()
    statements: list[str] = []

    def note(execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        statements.append(sql)
        return execute(sql, parameters, many, context)

    choices = list_choices()
    wanted = understand(query=query, sort=sort, choices=choices)
    with connection.execute_wrapper(note):
        search_petitions(wanted=wanted, choices=choices, page=1, per_page=20, now=now)
    assert sum("petition_vector" in each and "regclass" not in each for each in statements) == asked


@pytest.mark.usefixtures("encoder")
@pytest.mark.parametrize(
    ("column", "constraint"),
    [("title_stretch", "petition_vector_title_stretch"), ("lead_stretch", "petition_vector_lead_stretch")],
)
def test_constraints(opened: Callable[..., int], now: dt.datetime, column: str, constraint: str) -> None:
    opened()
    catch_up(now=now)
    encode_batch()
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE petition_vector SET {column} = 0")
