"""Raising a petition and gathering its sponsors: once each, within the charter's window and numbers."""

import datetime as dt
import os
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection
from tests.petitions.conftest import BODY, DAY, SPONSORS, TITLE
from tests.petitions.test_races import run_at_once

from maninso.charter import Charter
from maninso.identity.rehearsal import make_rehearsal_ticket
from maninso.identity.ticket import Ticket
from maninso.petitions import raising
from maninso.petitions.lifecycle import Actor, open_petition
from maninso.petitions.models import Allowance, Letter, Message, Petition, Raising, Sponsor
from maninso.petitions.moderation import block_creator
from maninso.petitions.notices import drop_lapsed_allowances, read_message, send_due_letters
from maninso.petitions.raising import Draft, NotEligibleError, NotGatheringError, Raised, creating
from maninso.web.shared.letters import write_letter

pytestmark = pytest.mark.django_db

PAGE = "https://petitions.example.org/petitions/{id}/creator/{token}"


@pytest.fixture(autouse=True)
def _clear_logs(request: pytest.FixtureRequest, database_url: str) -> Iterator[None]:
    """Leave no log behind what is committed: Django empties its own tables alone."""
    yield
    if request.node.get_closest_marker("django_db").kwargs.get("transaction"):
        with psycopg.connect(database_url) as connection:
            connection.execute("TRUNCATE signing_gate, signing_leaf, signing_void CASCADE")


def ticket_of(person: str, *, age: int = 40, region: str = "KR-11", assurance: int = 1) -> Ticket:
    return make_rehearsal_ticket("x" * 32, person=person, region=region, now=0, age=age, assurance=assurance)


@pytest.fixture
def village(make_charter: Callable[..., Charter]) -> Charter:
    """The town's charter with two sponsors within thirty days."""
    return make_charter(added=SPONSORS + 'window = "30 days"\n')


@pytest.fixture
def raise_one(village: Charter, now: dt.datetime) -> Callable[..., Raised]:
    def make(
        person: str = "Ada", *, nonce: bytes = b"", charter: Charter = village, network: str = "", **given: Any
    ) -> Raised:
        draft = Draft(**{"title": TITLE, "body": BODY, "language": "en", "address": "ada@example.org", **given})
        return raising.raise_petition(
            charter=charter,
            draft=draft,
            ticket=ticket_of(person),
            nonce=nonce or raising.make_nonce(),
            page=PAGE,
            salt=os.urandom(16),
            now=now,
            network=network,
        )

    return make


def sponsor(raised: Raised, person: str, now: dt.datetime, **given: Any) -> raising.Sponsored:
    return raising.sponsor_petition(
        raised.petition_id, raised.links.sponsor, ticket=ticket_of(person, **given), salt=os.urandom(16), now=now
    )


def letters(raised: Raised) -> list[str]:
    return list(Letter.objects.filter(petition_id=raised.petition_id).order_by("pk").values_list("once", flat=True))


def test_b7_what_is_handed_in_gathers_and_its_link_is_sent(raise_one: Callable[..., Raised], now: dt.datetime) -> None:
    raised = raise_one()
    petition = Petition.objects.get(pk=raised.petition_id)
    letter = Letter.objects.get(petition=petition)
    assert (petition.state, raised.stored) == ("gathering", True)
    assert (letter.address, letter.once, letter.send_at) == ("ada@example.org", "received", now)
    assert PAGE.format(id=raised.petition_id, token=raised.links.creator) in letter.body


def test_no_link_lies_in_the_database(raise_one: Callable[..., Raised]) -> None:
    raised = raise_one(address="")
    rows = [str(list(model.objects.values())) for model in (Petition, Raising, Letter, Message)]
    assert [row for row in rows if raised.links.creator in row or raised.links.sponsor in row] == []


def test_the_link_leaves_with_the_message_that_brings_it(raise_one: Callable[..., Raised], now: dt.datetime) -> None:
    raised = raise_one(address="ada@example.org")
    assert raised.links.creator in Letter.objects.get().body
    assert send_due_letters(now=now) == 1
    message = read_message(Message.objects.get().pk)
    assert message is not None
    assert raised.links.creator in write_letter(message, now=now).text
    assert Letter.objects.get().body == Letter.objects.get().subject


def test_the_same_form_twice_is_one_petition(raise_one: Callable[..., Raised]) -> None:
    nonce = raising.make_nonce()
    first, second = raise_one(nonce=nonce), raise_one(nonce=nonce)
    assert first == second
    assert (Petition.objects.count(), Letter.objects.count()) == (1, 1)


def test_b8_a_fourth_petition_within_a_day_is_answered_alike_and_not_stored(raise_one: Callable[..., Raised]) -> None:
    made = [raise_one() for _ in range(4)]
    assert [raised.stored for raised in made] == [True, True, True, False]
    assert len({raised.petition_id for raised in made}) == 4
    assert {len(raised.links.creator) for raised in made} == {24}
    assert Petition.objects.count() == 3
    assert raise_one("Bo").stored


def test_b8_a_blocked_creator_is_answered_alike_and_nothing_is_stored(
    raise_one: Callable[..., Raised], now: dt.datetime
) -> None:
    raised = raise_one()
    kim = Actor(role="moderator", name="kim@example.org")
    assert block_creator(raised.petition_id, until=now + DAY, actor=kim, now=now)
    assert not raise_one().stored
    assert raise_one("Bo").stored
    raising.forget_creators(now=now + DAY)
    assert raise_one().stored


def test_b8_a_network_that_sends_too_many_is_answered_alike_and_nothing_is_stored(
    raise_one: Callable[..., Raised], now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(creating, "MOST_AN_HOUR", 2)
    nonce = raising.make_nonce()
    made = [raise_one(f"p{n}", network="203.0.113.9", nonce=nonce if n == 0 else b"") for n in range(4)]
    assert [raised.stored for raised in made] == [True, True, False, False]
    assert {len(raised.links.creator) for raised in made} == {24}
    assert Petition.objects.count() == 2
    assert raise_one("p0", network="203.0.113.9", nonce=nonce).stored  # the same form again is no other petition
    assert raise_one("q", network="203.0.113.10").stored
    assert raise_one("r").stored  # a network that the site exempts
    assert all(b"203.0" not in bytes(row.key) for row in Allowance.objects.all())
    assert drop_lapsed_allowances(now=now + dt.timedelta(hours=1)) == 2


def test_whom_the_charter_excludes_raises_nothing(
    raise_one: Callable[..., Raised], make_charter: Callable[..., Charter]
) -> None:
    strict = make_charter(
        '[creator]\nwho = { ko = "누구나", en = "anyone" }\nminimum_assurance = 1',
        '[creator]\nwho = { ko = "누구나", en = "anyone" }\nminimum_assurance = 3',
    )
    with pytest.raises(NotEligibleError):
        raise_one(charter=strict)
    assert Petition.objects.count() == 0


def test_b12_the_creators_own_link_validates_them_and_no_other_does(
    raise_one: Callable[..., Raised], now: dt.datetime
) -> None:
    raised = raise_one()
    sponsor(raised, "Bo", now)
    assert Raising.objects.get().confirmed_at is None
    assert not raising.confirm_creator(raised.petition_id, raised.links.sponsor, now=now)
    assert raising.confirm_creator(raised.petition_id, raised.links.creator, now=now)
    assert not raising.confirm_creator(raised.petition_id, raised.links.creator, now=now + DAY)
    assert Raising.objects.get().confirmed_at == now


def test_b13_b14_each_sponsor_is_told_once_and_enough_of_them_send_it_to_the_moderators(
    raise_one: Callable[..., Raised], now: dt.datetime
) -> None:
    raised = raise_one()
    assert sponsor(raised, "Bo", now) == raising.Sponsored(sponsors=1, needed=2, again=False, enough=False)
    assert sponsor(raised, "Cy", now) == raising.Sponsored(sponsors=2, needed=2, again=False, enough=True)
    assert Petition.objects.get().state == "moderation"
    assert letters(raised) == ["received", "sponsor/1", "enough"]
    assert "With 1 more" in Letter.objects.get(once="sponsor/1").body


def test_b18_confirming_twice_is_one_sponsor_and_one_letter(raise_one: Callable[..., Raised], now: dt.datetime) -> None:
    raised = raise_one()
    assert [sponsor(raised, "Bo", now).again for _ in range(3)] == [False, True, True]
    assert Raising.objects.get().sponsors == 1
    assert letters(raised) == ["received", "sponsor/1"]


def test_a_creator_is_no_sponsor_of_their_own_petition(raise_one: Callable[..., Raised], now: dt.datetime) -> None:
    raised = raise_one("Ada")
    assert sponsor(raised, "Ada", now).again
    assert Raising.objects.get().sponsors == 0


def test_b15_the_maximum_counts_beyond_the_minimum(
    raise_one: Callable[..., Raised], make_charter: Callable[..., Charter], now: dt.datetime
) -> None:
    raised = raise_one(charter=make_charter(added=SPONSORS + "maximum = 3\n"))
    assert [sponsor(raised, person, now).sponsors for person in ("Bo", "Cy", "Di")] == [1, 2, 3]
    with pytest.raises(NotGatheringError):
        sponsor(raised, "Eve", now)
    invitation = raising.find_invitation(raised.petition_id, raised.links.sponsor, now=now)
    assert invitation is not None
    assert (invitation.state, invitation.is_open, invitation.sponsors) == ("moderation", False, 3)


def test_b11_a_wrong_link_opens_nothing(raise_one: Callable[..., Raised], now: dt.datetime) -> None:
    raised = raise_one()
    for token in ("", "x", raised.links.creator, raised.links.sponsor[:-1], "가" * 16, "\0", "x" * 10_000):
        assert raising.find_invitation(raised.petition_id, token, now=now) is None
        with pytest.raises(NotGatheringError):
            raising.sponsor_petition(raised.petition_id, token, ticket=ticket_of("Bo"), salt=bytes(16), now=now)
    for token in ("", raised.links.sponsor, "x" * 10_000):
        assert raising.find_creators_petition(raised.petition_id, token, now=now) is None
    assert raising.find_creators_petition(raised.petition_id + 1, raised.links.creator, now=now) is None


def test_whom_the_charter_excludes_is_no_sponsor(raise_one: Callable[..., Raised], now: dt.datetime) -> None:
    raised = raise_one()
    with pytest.raises(NotEligibleError):
        sponsor(raised, "Bo", now, age=13)
    assert Raising.objects.get().sponsors == 0


def test_after_the_window_it_lapses_and_the_creator_is_told_once(
    raise_one: Callable[..., Raised], now: dt.datetime
) -> None:
    raised = raise_one()
    closes_at = Raising.objects.get().closes_at
    assert closes_at == dt.datetime(2026, 4, 1, 15, tzinfo=dt.UTC)
    assert raising.lapse_due_petitions(now=closes_at - dt.timedelta(seconds=1)) == 0
    with pytest.raises(NotGatheringError):
        sponsor(raised, "Bo", closes_at)
    assert [raising.lapse_due_petitions(now=closes_at) for _ in range(2)] == [1, 0]
    assert Petition.objects.get().state == "lapsed"
    assert letters(raised) == ["received", "lapsed"]


def test_sponsors_are_the_first_signatures_of_the_petition_that_opens(
    raise_one: Callable[..., Raised],
    log_entries: Callable[[int], list[bytes]],
    sequence: Callable[[dt.datetime], None],
    now: dt.datetime,
) -> None:
    raised = raise_one()
    kept = {bytes(row) for row in Sponsor.objects.values_list("nullifier", flat=True)}
    for person in ("Bo", "Cy"):
        sponsor(raised, person, now)
    kept |= {bytes(row) for row in Sponsor.objects.values_list("nullifier", flat=True)}
    open_petition(raised.petition_id, now=now)
    entries = log_entries(raised.petition_id)
    assert [entry[0] for entry in entries] == [0, 1, 1, 1]
    assert {entry[6:22] for entry in entries[1:]} == kept
    assert (Sponsor.objects.count(), Raising.objects.get().sealed_key) == (0, None)
    sequence(now)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count FROM signing_tree WHERE petition_id = %s", [raised.petition_id])
        assert cursor.fetchone() == (3,)


def test_b80_who_raised_and_supported_a_petition_is_forgotten_after_retention(
    raise_one: Callable[..., Raised], now: dt.datetime
) -> None:
    raised = raise_one(creator_name="Han Sol")
    sponsor(raised, "Bo", now)
    raising.lapse_due_petitions(now=now + 40 * DAY)
    assert raising.forget_creators(now=now + 100 * DAY) == 0
    assert raising.forget_creators(now=now + 300 * DAY) == 1
    row = Raising.objects.get()
    assert (bytes(row.creator_key), row.address, row.sealed_key) == (b"", "", None)
    assert (Sponsor.objects.count(), Petition.objects.get().creator_name) == (0, "")
    kim = Actor(role="moderator", name="kim@example.org")
    assert not block_creator(raised.petition_id, until=now, actor=kim, now=now)


@pytest.mark.django_db(transaction=True)
def test_twenty_sponsors_at_once_move_it_once(
    raise_one: Callable[..., Raised], make_charter: Callable[..., Charter], now: dt.datetime
) -> None:
    raised = raise_one(charter=make_charter(added=SPONSORS.replace("count = 2", "count = 10")))
    results = run_at_once([lambda n=n: sponsor(raised, f"person {n % 15}", now) for n in range(20)])  # type: ignore[misc]
    assert {type(result) for result in results} <= {raising.Sponsored, NotGatheringError}
    assert (Petition.objects.get().state, Raising.objects.get().sponsors) == ("moderation", 10)
    assert Letter.objects.filter(once="enough").count() == 1


@pytest.mark.django_db(transaction=True)
def test_one_form_sent_ten_times_at_once_is_one_petition(raise_one: Callable[..., Raised]) -> None:
    nonce = raising.make_nonce()
    results = run_at_once([lambda: raise_one(nonce=nonce)] * 10)
    assert len({result.petition_id for result in results if isinstance(result, Raised)}) == 1
    assert [result for result in results if not isinstance(result, Raised)] == []
    assert Petition.objects.count() == 1
