"""Nullifiers in memory and on disk give the same answer; where there is no room, the cure is said."""

import tempfile
import tracemalloc
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maninso import UnreadableError
from maninso.ledger.nullifiers import Nullifiers


def remember(nullifiers: Nullifiers, people: Iterable[bytes]) -> None:
    for leaf, person in enumerate(people):
        nullifiers.shards[person[0]] += person + leaf.to_bytes(6, "big")
        nullifiers.relieve()


@given(st.lists(st.sampled_from([bytes([n % 5]) + bytes([n] * 15) for n in range(20)]), max_size=60), st.integers(1, 9))
def test_what_occurs_twice_is_found_wherever_it_lies(people: list[bytes], most: int) -> None:
    expected = {
        person: [leaf for leaf, other in enumerate(people) if other == person]
        for person in people
        if people.count(person) > 1
    }
    for most_bytes in (1_000_000, 22 * most):  # never on disk; moved after each so many
        nullifiers = Nullifiers(most_bytes=most_bytes)
        remember(nullifiers, people)
        assert nullifiers.find_repeated() == expected
        assert nullifiers.find_repeated() == expected  # the search takes nothing away


def test_memory_does_not_grow_with_the_log() -> None:
    def measure(most_bytes: int) -> int:
        nullifiers = Nullifiers(most_bytes=most_bytes)
        tracemalloc.start()
        try:
            for leaf in range(100_000):  # 2.2 MB
                nullifiers.shards[leaf & 255] += leaf.to_bytes(16, "little") + leaf.to_bytes(6, "big")
                if leaf % 256 == 0:
                    nullifiers.relieve()
            assert nullifiers.find_repeated() == {}
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert measure(100_000) < 1_000_000
    assert measure(10_000_000) > 2_000_000


def test_where_there_is_no_room_the_cure_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(UnreadableError) as caught:
        remember(Nullifiers(most_bytes=1), [bytes(16)])
    assert "TMPDIR" in caught.value.cure
