"""What the index is asked for: all of it on a small site; on a large one what tells most, within a bound."""

import datetime as dt
from collections.abc import Callable

import pytest

from maninso.petitions.discovery import candidates, catch_up, list_choices, lookup, search_petitions, understand
from maninso.petitions.discovery import wanted as wanted_module
from maninso.petitions.discovery.grams import Weights
from maninso.petitions.discovery.lookup import MOST_VISITS, choose_terms

LARGE = Weights(
    {
        **{"도서": 50_000.0, ".도서": 4_000.0, "안전": 60_000.0, ".안전": 20_000.0, "횡단": 200.0, ".횡단": 90.0},
        **{"안": 9_000.0, ".안": 40.0, "안내": 8_000.0, ".안내": 500.0},
    },
    500_000.0,
)


def places(*words: str) -> set[str]:
    return {f"'{mark}{word}'" for word in words for mark in (".", "", ":")}


def test_on_a_small_site_every_gram_is_asked_for_at_every_place() -> None:
    terms = choose_terms(("도서관", "쌀"), Weights({"도서": 3.0, ".도서": 1.0, "서관": 2.0}, 100.0))
    assert set(terms.lexemes) == places("도서", "서관") | {f"{place}:*" for place in places("쌀")}
    assert not terms.is_cut
    library, rice = (sum(word) for word in terms.words)
    assert [terms.count_held(bits) for bits in (0, library, rice, library | rice)] == [0, 1, 1, 2]
    assert terms.best == pytest.approx(
        sum(score for score, name in zip(terms.scores, terms.lexemes, strict=True) if ":" not in name[1:2])
    )


def test_on_a_large_site_common_words_are_asked_for_in_titles_and_among_what_rare_ones_find() -> None:
    assert set(choose_terms(("횡단",), LARGE).lexemes) == places("횡단")
    alone = choose_terms(("도서",), LARGE)
    assert (alone.lexemes, alone.is_cut, alone.scores[0]) == (["'.도서'"], True, alone.best)
    both = choose_terms(("횡단", "안전"), LARGE)
    others = "'횡단' | ':횡단'"  # what has it in its title has it in its text
    assert set(both.lexemes) == places("횡단") | {f"'.안전' & ({others})", f"'안전' & !'.안전' & ({others})"}
    assert both.is_cut
    assert choose_terms(("안전",), LARGE).lexemes == ["'.안전'"]  # above the bound, but there is nothing else
    common = choose_terms(("도서", "안전"), LARGE).lexemes
    assert common == ["'.도서'", "'.안전' & ('도서')", "'안전' & !'.안전' & ('.도서')", "'도서' & '안전'"]


def test_three_common_words_are_looked_for_among_what_rare_ones_find() -> None:
    common = ("안전", "도로", "학교", "교통")
    weights = Weights({"횡단": 200.0, ".횡단": 90.0, **dict.fromkeys(common, 60_000.0)}, 500_000.0)
    among = [
        lexeme for lexeme in choose_terms(("횡단", *common), weights).lexemes if "'횡단'" in lexeme and "&" in lexeme
    ]
    assert len({word for word in common for lexeme in among if f"'{word}' & !" in lexeme}) == 3


def test_one_character_is_a_beginning_unless_too_much_begins_so() -> None:
    assert LARGE.count_beginning("안") == 9_000 + 8_000 + 60_000 > MOST_VISITS
    assert set(choose_terms(("안",), LARGE).lexemes) == {"'.안'", "'안'"}  # the rest would be too much
    assert "'횡':*" in choose_terms(("횡",), LARGE).lexemes


@pytest.mark.django_db
def test_what_holds_both_of_two_common_words_comes_first(
    opened: Callable[..., int], now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        opened(title="도서 구입", body="-"), opened(title="거리 안전", body="-")
    both = opened(title="도서 대출", body="안전")
    for _ in range(3):
        opened(title="도서 구입", body="-")
    catch_up(now=now)
    monkeypatch.setattr(lookup, "MOST_VISITS", 7)
    wanted = understand(query="도서 안전", sort="relevance", choices=(choices := list_choices()))
    found = search_petitions(wanted=wanted, choices=choices, page=1, per_page=50, now=now)
    assert (found.cards[0].petition_id, found.is_cut) == (both, True)


@pytest.mark.django_db
def test_no_gram_is_followed_further_than_the_bound_whatever_was_counted(
    opened: Callable[..., int], now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(4):
        opened(title="도서 구입", body="-")
    catch_up(now=now)
    monkeypatch.setattr(candidates, "MOST_HITS", 3)
    wanted = understand(query="도서", sort="relevance", choices=(choices := list_choices()))
    assert search_petitions(wanted=wanted, choices=choices, page=1, per_page=50, now=now).total == 3


def test_choices_are_kept_the_longer_the_more_they_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, cost, reads = [1000.0], [0.01], []

    def read() -> wanted_module.Choices:
        clock[0] += cost[0]
        reads.append(clock[0])
        return wanted_module.Choices(topics=(), institutions=(), regions=())

    monkeypatch.setattr(wanted_module, "_read_choices", read)
    monkeypatch.setattr(wanted_module.time, "monotonic", lambda: clock[0])
    wanted_module.forget_choices()
    for step in (0, 9, 2):  # the third time ten seconds have passed
        clock[0] += step
        wanted_module.list_choices()
    assert len(reads) == 2
    clock[0], cost[0] = clock[0] + 11, 1.0
    for step in (0, 198, 2):
        clock[0] += step
        wanted_module.list_choices()
    assert len(reads) == 4
    wanted_module.forget_choices()
