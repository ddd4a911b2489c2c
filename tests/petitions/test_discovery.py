"""Lists, search and the front page: what is found, in which order, and that nothing typed is an error."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from maninso.petitions.discovery import LONGEST_QUERY, PetitionPage, clean_query, front_page, search_petitions
from maninso.petitions.lifecycle import (
    Actor,
    Reason,
    ReportedPetition,
    close_petition,
    keep_reported_petitions,
    reject_petition,
    remove_petition,
    withdraw_petition,
)
from maninso.petitions.models import Obligation
from maninso.petitions.obligations import answer

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)


@pytest.fixture
def find(now: dt.datetime) -> Callable[..., PetitionPage]:
    """Search with everything left open that is not given."""

    def run(query: str = "", **given: Any) -> PetitionPage:
        rest = {"state": "all", "topic": "", "sort": "signatures", "page": 1, "per_page": 20, "now": now + DAY}
        return search_petitions(query=query, **{**rest, **given})

    return run


@pytest.fixture
def report(town: Any, now: dt.datetime) -> Callable[..., int]:
    """Keep a reported petition and return our number of it."""

    def keep(source_id: str, count: int, **given: Any) -> int:
        petition = ReportedPetition(
            **{
                "source_id": source_id,
                "title": "More trees at the station",
                "body": "",
                "language": "en",
                "topic": "Parks",
                "opened_at": now - 100 * DAY,
                "closes_at": now - 70 * DAY,
                "count": count,
                "status": "closed",
                **given,
            }
        )
        kept = keep_reported_petitions([petition], source="blue-house", charter=town, now=now)
        return kept.numbers[source_id]

    return keep


def numbers(page: PetitionPage) -> list[int]:
    return [card.petition_id for card in page.cards]


def test_lists_hold_what_is_public_and_nothing_else(
    find: Callable[..., PetitionPage],
    draft: Callable[..., int],
    submitted: Callable[..., int],
    opened: Callable[..., int],
    report: Callable[..., int],
    now: dt.datetime,
) -> None:
    draft(), submitted()
    hidden, rejected, withdrawn_early = submitted(), submitted(), submitted()
    shown, closed, withdrawn, removed = opened(), opened(), opened(), opened()
    reject_petition(hidden, reason=Reason(code="personal-data"), now=now)
    reject_petition(rejected, reason=Reason(code="duplicate"), now=now)
    withdraw_petition(withdrawn_early, now=now)
    close_petition(closed, now=now + DAY)
    withdraw_petition(withdrawn, now=now + DAY)
    remove_petition(removed, reason=Reason(code="duplicate"), now=now + DAY)
    reported = report("7", 1)
    assert set(numbers(find())) == {shown, closed, withdrawn, rejected, reported}
    assert numbers(find(state="open")) == [shown]
    assert set(numbers(find(state="closed"))) == {closed, reported}
    assert numbers(find(state="rejected")) == [rejected]


def test_states_of_what_is_owed(
    find: Callable[..., PetitionPage],
    met: Callable[..., int],
    opened: Callable[..., int],
    report: Callable[..., int],
    now: dt.datetime,
) -> None:
    opened()
    owed, late, kept = (met(now=now + days * DAY) for days in (5, 0, 1))
    below, above = report("7", 2), report("8", 3)
    clerk = Actor(role="clerk")
    answer(kept, author="The mayor", summary="Yes.", body="", language="en", now=now + 2 * DAY, actor=clerk)
    petition = dict(Obligation.objects.values_list("pk", "petition_id"))
    after_the_first_day = dt.datetime(2026, 5, 1, 15, tzinfo=dt.UTC)
    found = {
        state: set(numbers(find(state=state, now=after_the_first_day)))
        for state in ("awaiting_response", "with_response", "overdue", "reached")
    }
    assert found == {
        "awaiting_response": {petition[owed], petition[late]},
        "with_response": {petition[kept]},
        "overdue": {petition[late]},
        "reached": {petition[owed], petition[late], petition[kept], above},
    }
    assert below not in found["reached"]
    cards = {card.petition_id: card for card in find(now=after_the_first_day).cards}
    assert [(cards[petition[each]].owed, cards[petition[each]].due_on) for each in (owed, late, kept)] == [
        ("owed", dt.date(2026, 5, 6)),
        ("overdue", dt.date(2026, 5, 1)),
        ("kept", dt.date(2026, 5, 2)),
    ]


def test_most_signatures_first_whoever_counted_them(
    find: Callable[..., PetitionPage],
    opened: Callable[..., int],
    report: Callable[..., int],
    sign: Callable[..., None],
    sequence: Callable[[dt.datetime], None],
    now: dt.datetime,
) -> None:
    two, none, four = opened(), opened(), opened()
    sign(two, "Ada", "Bo")
    sign(four, "Ada", "Bo", "Cy", "Di")
    sequence(now)
    three = report("7", 3)
    page = find()
    assert [(card.petition_id, card.count, card.count_is_reported, card.needed) for card in page.cards] == [
        (four, 4, False, 5),
        (three, 3, True, 5),
        (two, 2, False, 3),
        (none, 0, False, 3),
    ]


def test_newest_and_ending(
    find: Callable[..., PetitionPage], opened: Callable[..., int], report: Callable[..., int], now: dt.datetime
) -> None:
    middle, last, first = opened(now=now + DAY), opened(now=now + 2 * DAY), opened(now=now)
    old = report("7", 3)
    assert numbers(find(sort="newest")) == [last, middle, first, old]
    assert numbers(find(sort="ending")) == [first, middle, last, old]


def test_every_word_must_occur_somewhere(find: Callable[..., PetitionPage], opened: Callable[..., int]) -> None:
    crossing = opened(title="A crossing at the LIBRARY", body="Cars come fast.")
    hours = opened(title="Longer opening hours", body="Let the library open on Sundays, 100% of them.")
    korean = opened(title="도서관 개관 시간 연장", body="일요일에도 열어 주세요.")
    assert set(numbers(find("library"))) == {crossing, hours}
    assert numbers(find("library fast")) == [crossing]
    assert numbers(find("fast bus")) == []
    assert numbers(find("  개관\t시간 ")) == [korean]
    assert numbers(find("100%")) == [hours]
    for wild in ("%", "_", "\\", "libr%fast", "l_brary"):
        assert numbers(find(wild)) == ([hours] if wild == "%" else [])


def test_relevance_puts_the_title_before_the_text(
    find: Callable[..., PetitionPage], opened: Callable[..., int], report: Callable[..., int]
) -> None:
    in_text = report("7", 100, body="Trees and a library.")
    in_title = opened(title="The library", body="More books.")
    assert numbers(find("library", sort="signatures")) == [in_text, in_title]
    page = find("library", sort="relevance")
    assert (numbers(page), page.sort) == ([in_title, in_text], "relevance")
    assert set(numbers(find("", sort="relevance"))) == {in_text, in_title}


def test_a_number_finds_the_petition_here_and_there(
    find: Callable[..., PetitionPage], opened: Callable[..., int], report: Callable[..., int]
) -> None:
    ours, theirs = opened(), report("582190", 9)
    assert numbers(find(str(ours))) == [ours]
    assert numbers(find("582190")) == [theirs]
    mentions = opened(body="As asked in petition 582190 already.")
    assert numbers(find("582190", sort="relevance")) == [theirs, mentions]


def test_topics_filter_and_are_offered(
    find: Callable[..., PetitionPage], opened: Callable[..., int], report: Callable[..., int]
) -> None:
    roads, parks = opened(topic="Roads"), report("7", 2)
    opened(topic="")
    page = find(topic="Roads")
    assert (numbers(page), page.topic, page.topics) == ([roads], "Roads", ("Parks", "Roads"))
    assert numbers(find(topic="Parks")) == [parks]


def test_what_is_not_understood_falls_back(find: Callable[..., PetitionPage], opened: Callable[..., int]) -> None:
    petition_id = opened()
    page = find(state="lost", sort="luck", topic="Nothing")
    assert (numbers(page), page.state, page.sort, page.topic) == ([petition_id], "all", "signatures", "")


def test_pages(find: Callable[..., PetitionPage], opened: Callable[..., int]) -> None:
    opened_ones = [opened() for _ in range(5)]
    pages = [find(page=page, per_page=2) for page in (1, 2, 3, 4, 10**30, 0, -3)]
    assert [(page.page, page.pages, page.total) for page in pages] == [
        (1, 3, 5),
        (2, 3, 5),
        (3, 3, 5),
        (3, 3, 5),
        (3, 3, 5),
        (1, 3, 5),
        (1, 3, 5),
    ]
    assert sorted(numbers(pages[0]) + numbers(pages[1]) + numbers(pages[2])) == opened_ones
    assert (find("nothing such").pages, find("nothing such").page, find(per_page=0).pages) == (1, 1, 5)


@pytest.mark.parametrize(
    ("typed", "understood"),
    [
        ("a\0b", "a b"),
        ("\ud800library", "library"),
        (" \n\t ", ""),
        ("x" * 500, "x" * LONGEST_QUERY),
        ("도서관", "도서관"),
    ],
)
def test_a_query_is_made_usable(typed: str, understood: str) -> None:
    assert clean_query(typed) == understood


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(
    query=st.text(max_size=300),
    state=st.text(max_size=20),
    topic=st.text(max_size=20),
    sort=st.text(max_size=20),
    page=st.integers(),
    per_page=st.integers(),
)
def test_nothing_typed_is_an_error(find: Callable[..., PetitionPage], **given: Any) -> None:
    page = find(**given)
    assert (page.total, page.pages, page.page) == (0, 1, 1)


def test_the_front_page(
    met: Callable[..., int],
    opened: Callable[..., int],
    report: Callable[..., int],
    sign: Callable[..., None],
    sequence: Callable[[dt.datetime], None],
    now: dt.datetime,
) -> None:
    owed, kept = met(now=now), met(now=now + DAY)
    newest = opened(now=now + 3 * DAY)
    report("7", 50)
    sign(newest, "Ada")
    sequence(now + 3 * DAY)
    clerk = Actor(role="clerk")
    answer(kept, author="The mayor", summary="Yes.", body="", language="en", now=now + 2 * DAY, actor=clerk)
    front = front_page(now=dt.datetime(2026, 5, 1, 15, tzinfo=dt.UTC))
    assert [row.obligation_id for row in front.owed] == [owed]
    assert [row.obligation_id for row in front.answered] == [kept]
    assert front.newest[0].petition_id == newest
    assert [card.count for card in front.nearest] == [3, 3, 1]
    assert (front.totals.petitions, front.totals.signatures) == (4, 7)
    assert (front.totals.owed, front.totals.overdue, front.totals.kept) == (1, 1, 1)


@pytest.mark.parametrize("rows", [1, 3])
def test_lists_and_the_front_page_ask_the_same_few_questions(
    rows: int,
    find: Callable[..., PetitionPage],
    met: Callable[..., int],
    now: dt.datetime,
    django_assert_num_queries: Any,
) -> None:
    for _ in range(rows):
        met()
    front_page(now=now)  # the charter is parsed once a process
    with django_assert_num_queries(5):
        assert len(find("crossing", sort="relevance").cards) == rows
    with django_assert_num_queries(12):
        assert len(front_page(now=now).owed) == rows
