"""Lists, search and the front page: what is found, in which order, and that nothing typed is an error."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from maninso.petitions.discovery import (
    LONGEST_QUERY,
    PetitionPage,
    catch_up,
    clean_query,
    front_page,
    list_choices,
    lists,
    search_petitions,
    understand,
)
from maninso.petitions.discovery.order import Key, choose_order, read_key, write_key
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
from maninso.petitions.models import NEVER, Obligation, Petition
from maninso.petitions.obligations import answer

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)


@pytest.fixture
def find(now: dt.datetime) -> Callable[..., PetitionPage]:
    """Bring the index up to date and search with everything left open that is not given."""

    def run(query: str = "", page: int = 1, per_page: int = 20, key: str = "", **given: Any) -> PetitionPage:
        moment = given.pop("now", now + DAY)
        catch_up(now=moment)
        choices = list_choices()
        wanted = understand(query=query, choices=choices, **given)
        return search_petitions(wanted=wanted, choices=choices, page=page, per_page=per_page, key=key, now=moment)

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
        (three, 3, True, 3),
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


def test_words_are_found_in_title_and_text_whatever_their_case_and_particles(
    find: Callable[..., PetitionPage], opened: Callable[..., int]
) -> None:
    crossing = opened(title="A crossing at the LIBRARY", body="Cars come fast.")
    hours = opened(title="Longer opening hours", body="Let the library open on Sundays.")
    korean = opened(title="도서관 개관 시간 연장", body="일요일에도 열어 주세요.")
    assert numbers(find("library", sort="relevance")) == [crossing, hours]
    assert numbers(find("library fast")) == [crossing]
    assert (
        numbers(find("  개관\t시간 "))
        == numbers(find("도서관에서 개관시간을"))
        == numbers(find("도서관개관"))
        == [korean]
    )
    assert numbers(find("관")) == numbers(find("열")) == [korean]


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("libary", "A crossing at the library"),
        ("crosing libraries", "A crossing at the library"),
        ("도서관 계관 시간", "도서관 개관 시간 연장"),
        ("도서관개관시간연장", "도서관 개관 시간 연장"),
        ("5G망", "동네마다 5g 망을 깔아 주세요"),
        ("ＬＩＢＲＡＲＹ", "A crossing at the library"),
    ],
)
def test_typing_errors_and_spaces_are_forgiven(
    find: Callable[..., PetitionPage], opened: Callable[..., int], typed: str, title: str
) -> None:
    for each in ("A crossing at the library", "도서관 개관 시간 연장", "동네마다 5g 망을 깔아 주세요", "Night buses"):
        opened(title=each, body="Please.")
    assert find(typed, sort="relevance").cards[0].title == title


def test_phrases_must_stand_exactly_so(find: Callable[..., PetitionPage], opened: Callable[..., int]) -> None:
    exact = opened(title="Open the library", body="We ask for a quiet reading room.")
    opened(title="A reading corner", body="A quiet place in every room for reading.")
    for query in ('"quiet reading room"', "“Quiet Reading room”", 'library "reading room"'):
        assert numbers(find(query, sort="relevance")) == [exact]
    assert numbers(find('"reading library"')) == []


def test_answers_are_found_too(
    find: Callable[..., PetitionPage], met: Callable[..., int], opened: Callable[..., int], now: dt.datetime
) -> None:
    opened(body="Nothing about it.")
    obligation = met()
    assert numbers(find("roundabout")) == []
    clerk = Actor(role="clerk")
    answer(obligation, author="The mayor", summary="A roundabout comes.", body="", language="en", now=now, actor=clerk)
    assert numbers(find("roundabout")) == [Obligation.objects.get().petition_id]
    assert numbers(find('"a roundabout comes"')) == [Obligation.objects.get().petition_id]


def test_relevance_puts_the_title_before_the_text(
    find: Callable[..., PetitionPage], opened: Callable[..., int], report: Callable[..., int]
) -> None:
    in_text = report("7", 100, body="Trees and a library.")
    in_title = opened(title="The library", body="More books.")
    assert numbers(find("library", sort="signatures")) == [in_text, in_title]
    page = find("library", sort="relevance")
    assert (numbers(page), page.wanted.sort) == ([in_title, in_text], "relevance")
    assert set(numbers(find("", sort="relevance"))) == {in_text, in_title}


def test_what_holds_only_some_words_is_said_to(find: Callable[..., PetitionPage], opened: Callable[..., int]) -> None:
    library, bus = opened(title="Open the library", body="Please."), opened(title="A night bus", body="Please.")
    page = find("library lighthouse sandcastle", sort="relevance")
    assert (numbers(page), page.is_partial) == ([library], True)
    page = find("bus", sort="relevance")
    assert (numbers(page), page.is_partial) == ([bus], False)


def test_nothing_found_says_what_the_filters_hide(
    find: Callable[..., PetitionPage], opened: Callable[..., int]
) -> None:
    opened(title="Open the library", body="Please.", topic="Libraries")
    opened(title="A night bus", body="Please.", topic="Buses")
    page = find("library", topic="Buses", sort="relevance")
    assert (page.total, page.anywhere) == (0, 1)
    assert (find("lighthouse", topic="Buses").anywhere, find("library").anywhere) == (0, 0)


def test_a_number_finds_the_petition_here_and_there(
    find: Callable[..., PetitionPage], opened: Callable[..., int], report: Callable[..., int]
) -> None:
    ours, theirs = opened(), report("582190", 9)
    assert numbers(find(str(ours), sort="relevance")) == numbers(find(f"#{ours}", sort="relevance")) == [ours]
    assert numbers(find("582190")) == [theirs]
    mentions = opened(body="As asked in petition 582190 already.")
    assert numbers(find("582190", sort="relevance")) == [theirs, mentions]
    assert numbers(find("9" * 18)) == []


def test_what_was_found_is_marked(find: Callable[..., PetitionPage], opened: Callable[..., int]) -> None:
    found = opened(title="도서관을 열어 주세요", body="동네 " * 60 + "작은 도서관이 필요합니다. " + "끝 " * 60)
    title, passage = find("도서관", sort="relevance").marks[found]
    assert title.pieces == (("도서관", True), ("을 열어 주세요", False))
    assert passage is not None
    assert ("도서관", True) in passage.pieces
    assert len(passage.text) <= 165
    assert (passage.text[0], passage.text[-1]) == ("…", "…")
    assert find().marks == {}


def test_filters_by_institution_and_days(
    find: Callable[..., PetitionPage], opened: Callable[..., int], make_charter: Any, now: dt.datetime
) -> None:
    other = make_charter('id = "town"', 'id = "village"')
    here, there, later = opened(), opened(charter=other), opened(now=now + 3 * DAY)
    page = find(institution="village")
    assert (numbers(page), page.choices.institutions) == ([there], ("town", "village"))
    assert set(numbers(find(until="2026-03-02"))) == {here, there}
    assert numbers(find(since="2026-03-03")) == [later]
    assert numbers(find(since="2026-03-05", until="2026-03-05")) == [later]
    assert numbers(find("crossing", institution="village", sort="relevance")) == [there]


def test_filter_by_region_leaves_voids_out(
    find: Callable[..., PetitionPage], opened: Callable[..., int], sign: Any, void: Any, sequence: Any, now: dt.datetime
) -> None:
    seoul, busan, undone = opened(), opened(), opened()
    sign(seoul, "Ada", region=1)
    sign(busan, "Ada", region=2)
    sign(undone, "Ada", region=2)
    void(undone, 1)
    sequence(now)
    page = find(region="KR-26")
    assert (numbers(page), page.choices.regions) == ([busan], ("KR-11", "KR-26"))
    assert numbers(find(region="KR-11")) == [seoul]


def test_trending_counts_the_last_hour(
    find: Callable[..., PetitionPage], opened: Callable[..., int], sign: Any, sequence: Any, now: dt.datetime
) -> None:
    old, new, quiet = opened(), opened(), opened()
    sign(old, "Ada", "Bo", "Cy")
    sequence(now)
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("UPDATE signing_tally SET hour = 2 WHERE petition_id = %s", [old])
    sign(new, "Ada")
    sequence(now)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE signing_tally SET hour = 5 WHERE petition_id = %s", [new])
    assert numbers(find(sort="trending", now=now + dt.timedelta(hours=5, minutes=30))) == [new, old, quiet]
    assert numbers(find(sort="trending", now=now + dt.timedelta(hours=2, minutes=30))) == [old, new, quiet]


def test_topics_filter_and_are_offered(
    find: Callable[..., PetitionPage], opened: Callable[..., int], report: Callable[..., int]
) -> None:
    roads, parks = opened(topic="Roads"), report("7", 2)
    opened(topic="")
    page = find(topic="Roads")
    assert (numbers(page), page.wanted.topic, page.choices.topics) == ([roads], "Roads", ("Parks", "Roads"))
    assert numbers(find(topic="Parks")) == [parks]


def test_what_is_not_understood_falls_back(find: Callable[..., PetitionPage], opened: Callable[..., int]) -> None:
    petition_id = opened()
    page = find(state="lost", sort="luck", topic="Nothing", institution="x", region="KR-99", since="soon", until="0000")
    assert numbers(page) == [petition_id]
    assert page.wanted == understand(choices=page.choices)


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


def test_a_large_total_is_counted_again_after_some_seconds(
    find: Callable[..., PetitionPage], opened: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1000.0]
    monkeypatch.setattr(lists, "_totals", {})
    monkeypatch.setattr(lists.time, "monotonic", lambda: clock[0])
    opened()
    assert find(sort="newest").total == 1
    opened()
    assert find(sort="newest").total == 2  # small ones are counted for each page
    monkeypatch.setattr(lists, "_MANY", 2)
    assert find(sort="newest").total == 2
    opened()
    assert find(sort="ending").total == 2  # whatever the order
    assert find(sort="newest", state="closed").total == 0  # filters have totals of their own
    clock[0] += lists._FRESH + 1
    assert find(sort="newest").total == 3


@pytest.mark.parametrize("sort", ["signatures", "newest", "ending", "trending", "relevance"])
@pytest.mark.parametrize("query", ["", "crossing"])
def test_a_key_leads_through_every_order_and_back(
    find: Callable[..., PetitionPage],
    opened: Callable[..., int],
    report: Callable[..., int],
    sign: Any,
    sequence: Any,
    sort: str,
    query: str,
    now: dt.datetime,
) -> None:
    for number in range(5):
        sign(opened(now=now + (number % 3) * DAY), *["Ada", "Bo"][: number % 3])
    report("8", 1, title="A crossing elsewhere"), report("9", 1, title="Another crossing")
    sequence(now + 2 * DAY)
    whole = numbers(find(query, sort=sort, per_page=50))
    assert len(whole) == 7
    pages = [find(query, sort=sort, per_page=3)]
    while pages[-1].next_key:
        pages.append(find(query, sort=sort, per_page=3, key=pages[-1].next_key))
    assert [number for page in pages for number in numbers(page)] == whole
    assert (len(pages), pages[0].previous_key) == (3, "")
    middle = find(query, sort=sort, per_page=3, key=pages[2].previous_key)
    assert numbers(middle) == whole[3:6]
    assert numbers(find(query, sort=sort, per_page=3, key=middle.previous_key)) == whole[:3]
    assert find(query, sort=sort, per_page=3, key=middle.previous_key).previous_key == ""


def test_a_key_holds_its_place_while_petitions_come_in(
    find: Callable[..., PetitionPage], opened: Callable[..., int], now: dt.datetime
) -> None:
    ids = [opened(now=now + number * DAY) for number in range(4)]
    first = find(sort="newest", per_page=2)
    opened(now=now + 9 * DAY)
    assert numbers(find(sort="newest", per_page=2, key=first.next_key)) == [ids[1], ids[0]]
    assert numbers(find(sort="newest", per_page=2, page=2)) == [ids[2], ids[1]]


@given(since=st.timedeltas(dt.timedelta(0), dt.timedelta(days=110_000)))
def test_a_key_holds_a_moment_to_the_microsecond(since: dt.timedelta) -> None:
    moment = NEVER + since
    order = choose_order("newest", now=moment)
    key = read_key(write_key(Key((moment.timestamp(), 7))), order)
    assert key is not None
    condition = str(order.start(order.annotate(Petition.objects.all()), key).query)
    assert f"{moment}" in condition


@pytest.mark.parametrize("moment", [-1e10, 1e12, 2**62])
def test_a_key_without_a_moment_counts_as_not_given(
    find: Callable[..., PetitionPage], opened: Callable[..., int], moment: float
) -> None:
    petition = opened()
    assert numbers(find(sort="newest", key=write_key(Key((moment, 1))))) == [petition]


@pytest.mark.parametrize("key", ["x", "W10", "WzAsIngiXQ", "WzAsMV0", "WzAsbnVsbCwxXQ", "WzAsMWU5OTksMV0", "A" * 400])
def test_a_key_that_is_none_counts_as_not_given(
    find: Callable[..., PetitionPage], opened: Callable[..., int], key: str
) -> None:
    petition_id = opened()
    assert numbers(find(sort="newest", key=key)) == [petition_id]
    assert numbers(find("crossing", sort="relevance", key=key)) == [petition_id]


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
    institution=st.text(max_size=20),
    region=st.text(max_size=20),
    since=st.text(max_size=20),
    until=st.text(max_size=20),
    key=st.text(max_size=40),
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
    find("crossing", sort="relevance")  # what the index says of its grams is read once a process
    choices = list_choices()
    wanted = understand(query="crossing", sort="relevance", choices=choices)
    with django_assert_num_queries(9):
        found = search_petitions(wanted=wanted, choices=choices, page=1, per_page=20, now=now)
    assert len(found.cards) == rows
    with django_assert_num_queries(11):  # in full it marks the texts that it read for the views
        full = search_petitions(wanted=wanted, choices=choices, page=1, per_page=20, in_full=True, now=now)
    assert (full.cards, full.marks) == (found.cards, found.marks)
    with django_assert_num_queries(13):
        assert len(front_page(now=now).owed) == rows
