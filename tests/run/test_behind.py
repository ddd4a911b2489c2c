"""How far a count is behind: by the clock that is given, and never less than it was."""

from maninso.run.behind import CountWatch


def watch(*, before: int = 0) -> CountWatch:
    return CountWatch("127.0.0.1", 1, 7, before=before, acknowledged=lambda: 0)


def test_a_count_that_has_all_is_not_behind() -> None:
    one = watch(before=100)
    one.note(10.0, 3)
    assert one.compare(10.2, 103) == 0.0
    one.note(10.3, 3)
    assert one.compare(12.0, 103) == 0.0
    assert one.longest == 0.0


def test_it_is_behind_since_the_first_that_it_lacks_may_have_been_acknowledged() -> None:
    one = watch()
    for second, number in ((1.0, 10), (2.0, 20), (3.0, 30), (4.0, 30)):
        one.note(second, number)
    assert one.compare(4.5, 0) == 3.5
    assert one.compare(4.5, 10) == 3.5  # the 11th came after 1.0, and perhaps at once
    assert one.compare(4.5, 29) == 2.5
    assert one.compare(5.0, 30) == 0.0
    assert one.longest == 3.5
