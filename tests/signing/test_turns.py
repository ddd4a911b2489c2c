"""Queues in turn: a rush takes what others leave, and nothing is lost or turned round."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from maninso.signing.turns import Turns


def test_a_rush_takes_what_the_others_leave() -> None:
    turns: Turns[int] = Turns()
    for _ in range(1000):
        turns.put(1, 1)
    for petition in (2, 3):
        for _ in range(5):
            turns.put(petition, petition)
    assert Counter(turns.take(100)) == {1: 90, 2: 5, 3: 5}
    assert (turns.count(1), turns.count(2), bool(turns)) == (910, 0, True)


def test_fewer_places_than_petitions_go_round() -> None:
    turns: Turns[int] = Turns()
    for petition in (1, 2, 3, 1, 2, 3):
        turns.put(petition, petition)
    assert [turns.take(2) for _ in range(4)] == [[1, 2], [3, 1], [2, 3], []]
    assert not turns


def test_petitions_are_passed_over_and_so_are_long_queues() -> None:
    turns: Turns[int] = Turns()
    for petition in (1, 1, 1, 2, 3, 3):
        turns.put(petition, petition)
    assert turns.take(9, without={2}, longest=2) == [3, 3]
    assert turns.take(9, without={1, 2}) == []
    assert turns.take(9) == [1, 1, 1, 2]


@given(st.lists(st.integers(1, 5), max_size=60), st.integers(1, 9))
def test_everything_comes_out_once_and_in_its_petitions_order(petitions: list[int], most: int) -> None:
    turns: Turns[tuple[int, int]] = Turns()
    for number, petition in enumerate(petitions):
        turns.put(petition, (petition, number))
    taken: list[tuple[int, int]] = []
    while turns:
        some = turns.take(most)
        assert 1 <= len(some) <= most
        taken += some
    assert sorted(taken) == sorted((petition, number) for number, petition in enumerate(petitions))
    for petition in set(petitions):
        own = [number for one, number in taken if one == petition]
        assert own == sorted(own)
