"""The job that keeps what petitions are found by: what makes a petition due, and that nothing is done twice or lost."""

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from maninso.petitions.discovery import (
    catch_up,
    count_grams,
    index_batch,
    index_lag,
    list_choices,
    make_all_due,
    search_petitions,
    understand,
)
from maninso.petitions.discovery.grams import REST, TITLE, grams_of_word, petition_grams, split_words
from maninso.petitions.discovery.index import read_weights
from maninso.petitions.lifecycle import Actor, Reason, remove_petition
from maninso.petitions.models import GramCount, GramFrequency, PetitionSearch
from maninso.petitions.obligations import answer
from maninso.petitions.opendata.bills import import_bills

pytestmark = pytest.mark.django_db


def indexed() -> list[int]:
    return list(PetitionSearch.objects.order_by("pk").values_list("pk", flat=True))


@pytest.mark.parametrize(
    ("text", "grams"),
    [
        ("도서관을", ["도서", "서관", "관을"]),
        ("쌀", ["쌀"]),
        ("Libraries", ["librarie", "lib", "ibr", "bra", "rar", "ari", "rie"]),
        ("bus 12", ["bus", "12"]),
        ("5G망", ["5g", "망"]),
        ("ＬＥＤ·조명", ["led", "조명"]),
        ("__ !? —", []),
    ],
)
def test_grams_of_words(text: str, grams: list[str]) -> None:
    assert [gram for word in split_words(text) for gram in grams_of_word(word)] == grams


def test_grams_of_a_petition_say_where_they_stand() -> None:
    grams = petition_grams("개관", "앞" + " " * 5 + "말 " * 200 + "뒷말", "응답")
    assert {TITLE + "개관", "개관", "앞", "말", REST + "뒷말", REST + "응답"} <= set(grams)
    assert len(grams) == len(set(grams))
    assert REST + "말" not in grams
    assert max(map(len, petition_grams("x" * 300, "y" * 100_000))) <= 41


def test_only_listed_petitions_are_indexed_and_only_while_they_are(
    draft: Callable[..., int], submitted: Callable[..., int], opened: Callable[..., int], now: dt.datetime
) -> None:
    draft(), submitted()
    shown = opened()
    assert index_lag() == 3
    assert catch_up(now=now) == 3
    assert (indexed(), index_lag(), catch_up(now=now)) == ([shown], 0, 0)
    remove_petition(shown, reason=Reason(code="duplicate"), now=now)
    assert (catch_up(now=now), indexed()) == (1, [])


def test_an_answer_makes_its_petition_due(met: Callable[..., int], now: dt.datetime) -> None:
    obligation = met()
    catch_up(now=now)
    answer(obligation, author="M", summary="응답", body="", language="ko", now=now, actor=Actor(role="clerk"))
    assert index_lag() == 1
    catch_up(now=now)
    assert PetitionSearch.objects.extra(where=["grams @@ %s::tsquery"], params=[f"'{REST}응답'"]).count() == 1


def test_a_bill_makes_its_petitions_due_and_they_are_found_by_its_title(
    opened: Callable[..., int], tmp_path: Path, now: dt.datetime
) -> None:
    def keep(title: str, petitions: list[int]) -> None:
        record = {"register": "assembly-kr", "number": "1", "title": title, "language": "ko"}
        path.write_text(json.dumps([{**record, "petitions": [{"petition": str(each)} for each in petitions]}]))
        import_bills([path], dry=False, now=now)

    def find(words: str) -> list[int]:
        wanted = understand(query=words, choices=(choices := list_choices()))
        page = search_petitions(wanted=wanted, choices=choices, page=1, per_page=9, now=now)
        return [card.petition_id for card in page.cards]

    path = tmp_path / "bills.json"
    first, second = opened(), opened()
    catch_up(now=now)
    keep("보행신호법 개정안", [first])
    assert (index_lag(), catch_up(now=now)) == (1, 1)
    assert find("보행신호법") == find('"신호법 개정"') == [first]
    keep("횡단보도법 개정안", [second])
    assert catch_up(now=now) == 2
    assert (find("보행신호법"), find("횡단보도법")) == ([], [second])


def test_a_batch_that_fails_leaves_its_petitions_due(
    opened: Callable[..., int], now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened()
    from maninso.petitions.discovery import index

    def fail(*_: Any) -> None:
        raise RuntimeError("the machine is gone")

    monkeypatch.setattr(index, "petition_grams", fail)
    with pytest.raises(RuntimeError):
        index_batch()
    assert (index_lag(), indexed()) == (1, [])
    monkeypatch.undo()
    assert (catch_up(now=now), len(indexed())) == (1, 1)


def test_all_can_be_written_anew(opened: Callable[..., int], now: dt.datetime) -> None:
    opened(), opened()
    catch_up(now=now)
    before = list(PetitionSearch.objects.order_by("pk").values_list("grams", "digest"))
    assert make_all_due() == make_all_due() == 2
    assert catch_up(now=now) == 2
    assert list(PetitionSearch.objects.order_by("pk").values_list("grams", "digest")) == before


def test_grams_are_counted_when_a_tenth_has_changed(opened: Callable[..., int], now: dt.datetime) -> None:
    opened(title="Crossing", body="Crossing"), opened(title="Crossing", body="Bus")
    catch_up(now=now)
    words = ("crossing", "cro", "ros", "oss", "ssi", "sin", "ing")
    assert dict(GramFrequency.objects.values_list("gram", "petitions")) == {"bus": 1} | {
        gram: 2 for word in words for gram in (word, TITLE + word)
    }
    assert GramCount.objects.get().petitions == 2
    opened()
    assert catch_up(now=now) == 1
    assert GramCount.objects.get().petitions == 2  # one more is no tenth worth counting for on a small site
    assert count_grams(now=now, always=True)
    assert GramCount.objects.get().petitions == 3
    assert read_weights().weigh("bus") > read_weights().weigh("crossing") > 0


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("INSERT INTO petition_gram (gram, petitions) VALUES ('x', 0)", "petition_gram_counted"),
        ("INSERT INTO petition_gram_count VALUES (2, 1, now())", "petition_gram_count_once"),
        (
            "INSERT INTO petition_title_word (word, petitions, keys) VALUES ('x', 0, '{}')",
            "petition_title_word_counted",
        ),
    ],
)
def test_constraints(statement: str, constraint: str) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
