"""Accounts of creators: what is kept in them by proof, what is given out of them, and what is left when they end."""

import datetime as dt
import json
import os
from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models
from django.test.utils import CaptureQueriesContext
from tests.petitions.conftest import BODY, DAY, TITLE

from maninso.charter import Charter
from maninso.identity.mailbox import read_mailbox
from maninso.identity.rehearsal import make_rehearsal_ticket
from maninso.petitions import holders, notices, raising
from maninso.petitions.accounts import AccountError, LastOperatorError, add_member, find_member, remove_member
from maninso.petitions.lifecycle import Actor, open_petition
from maninso.petitions.models import Account, AuditRecord, Case, KeptPetition, Letter, Message, Petition, Raising
from maninso.petitions.moderation import add_note, claim

pytestmark = pytest.mark.django_db

ADDRESS = "ada@example.org"


@pytest.fixture
def raise_one(town: Charter, now: dt.datetime) -> Callable[..., raising.Raised]:
    def make(person: str = "Ada", *, title: str = TITLE, address: str = ADDRESS) -> raising.Raised:
        return raising.raise_petition(
            charter=town,
            draft=raising.Draft(title=title, body=BODY, language="en", creator_name=person, address=address),
            ticket=make_rehearsal_ticket("x" * 32, person=person, region="KR-11", now=0, age=40, assurance=1),
            nonce=raising.make_nonce(),
            page="{id}{token}",
            salt=os.urandom(16),
            now=now,
        )

    return make


def keep(raised: raising.Raised, email: str = ADDRESS, *, now: dt.datetime) -> holders.Holder:
    holder = holders.open_account(email=email, now=now)
    assert holders.keep_petition(holder.account_id, raised.petition_id, raised.links.creator, now=now)
    return holder


def test_an_account_is_made_once_and_gives_no_role(now: dt.datetime) -> None:
    first, again = (
        holders.open_account(email=email, now=now + late)
        for email, late in ((ADDRESS, 0 * DAY), ("ADA@Example.org", DAY))
    )
    assert (first.account_id, first.is_new, again.is_new) == (again.account_id, True, False)
    assert (first.role, find_member(first.account_id)) == ("", None)
    assert holders.find_holder(first.account_id) == again
    assert not Account.objects.get().has_usable_password()
    with pytest.raises(AccountError):
        holders.open_account(email="nobody", now=now)


def test_who_lost_a_role_may_have_an_account_without_one(now: dt.datetime) -> None:
    member, _ = add_member(email=ADDRESS, role="auditor", now=now)
    remove_member(email=ADDRESS, now=now)
    assert holders.find_holder(member.account_id) is None
    holder = holders.open_account(email=ADDRESS, now=now)
    assert (holder.account_id, holder.role, find_member(holder.account_id)) == (member.account_id, "", None)


def test_only_the_creators_link_puts_a_petition_into_an_account(
    raise_one: Callable[..., raising.Raised], now: dt.datetime
) -> None:
    raised, other = raise_one(), raise_one("Bo")
    holder = holders.open_account(email=ADDRESS, now=now)
    for wrong in (raised.links.sponsor, other.links.creator, "", "가"):
        assert not holders.keep_petition(holder.account_id, raised.petition_id, wrong, now=now)
    assert holders.list_kept(holder.account_id, now=now) == ()
    for _ in range(2):
        assert holders.keep_petition(holder.account_id, raised.petition_id, raised.links.creator, now=now)
    (kept,) = holders.list_kept(holder.account_id, now=now)
    assert (kept.petition_id, kept.token, kept.title) == (raised.petition_id, raised.links.creator, TITLE)
    assert raised.links.creator.encode() not in bytes(KeptPetition.objects.get().link)
    assert [holders.let_petition_go(holder.account_id, raised.petition_id) for _ in range(2)] == [True, False]
    assert Petition.objects.get(pk=raised.petition_id).state == kept.state


def test_an_account_keeps_so_many_and_no_more(
    raise_one: Callable[..., raising.Raised], now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holders, "MOST_KEPT", 1)
    first, second = raise_one(), raise_one("Bo")
    holder = keep(first, now=now)
    with pytest.raises(holders.AccountFullError):
        holders.keep_petition(holder.account_id, second.petition_id, second.links.creator, now=now)
    assert holders.keep_petition(holder.account_id, first.petition_id, first.links.creator, now=now)


def test_the_same_petition_twice_is_refused_by_the_database(
    raise_one: Callable[..., raising.Raised], now: dt.datetime
) -> None:
    holder = keep(raise_one(), now=now)
    row = KeptPetition.objects.get()
    with pytest.raises(IntegrityError, match="kept_petition_once"):
        KeptPetition.objects.create(
            account_id=holder.account_id, petition_id=row.petition_id, link=row.link, kept_at=now
        )


def test_the_account_shows_state_letters_and_days(raise_one: Callable[..., raising.Raised], now: dt.datetime) -> None:
    raised = raise_one()
    holder = keep(raised, now=now)
    (kept,) = holders.list_kept(holder.account_id, now=now)
    assert (kept.state, kept.letters, kept.confirmed, kept.count) == ("moderation", 1, False, 0)
    assert kept.last_letter == "Your petition was handed in"
    assert kept.review_late == (kept.review_day is not None and False)
    raising.confirm_creator(raised.petition_id, raised.links.creator, now=now)
    open_petition(raised.petition_id, now=now)
    (kept,) = holders.list_kept(holder.account_id, now=now)
    assert (kept.state, kept.confirmed, kept.obligations) == ("open", True, ())


@pytest.mark.parametrize("number", [1, 3])
def test_however_many_petitions_it_takes_two_queries(
    raise_one: Callable[..., raising.Raised], now: dt.datetime, number: int
) -> None:
    for person in range(number):
        holder = keep(raise_one(f"person {person}"), now=now)
    with CaptureQueriesContext(connection) as queries:
        assert len(holders.list_kept(holder.account_id, now=now)) == number
    assert len(queries) == 2


def test_all_that_is_held_of_somebody_is_given_out(
    raise_one: Callable[..., raising.Raised], opened: Callable[..., int], now: dt.datetime
) -> None:
    raised, petition = raise_one(), opened()
    add_member(email=ADDRESS, role="moderator", now=now)
    holder = keep(raised, now=now)
    me = Actor(role="moderator", name=ADDRESS)
    claim(raised.petition_id, actor=me, now=now)
    add_note(raised.petition_id, text="Which library?", actor=me, now=now)
    notices.subscribe(petition_id=petition, mailbox=read_mailbox("Ada+x@example.org"), language="en", now=now)
    notices.ask_subscription(petition_id=petition, mailbox=read_mailbox(ADDRESS), language="en", now=now)
    held = json.loads(json.dumps(holders.export_holder(holder.account_id, now=now)))
    assert held["account"]["email"] == ADDRESS
    assert [each["title"] for each in held["kept_petitions"]] == [TITLE]
    assert held["letters_go_to_this_address_for_petitions"] == [raised.petition_id]
    assert [(each["petition"], each["address"]) for each in held["news_of_petitions"]] == [
        (petition, "Ada+x@example.org")
    ]
    assert [each["kind"] for each in held["messages_that_wait"]] == ["subscribe"]
    assert [each["action"] for each in held["record"]] == ["member-added", "claimed", "noted"]
    assert {(each["table"], each["column"], len(each["rows"])) for each in held["named_in"]} == {
        ("petitions_note", "author", 1),
        ("petitions_auditrecord", "actor", 2),
    }


def test_every_column_that_names_somebody_is_looked_through() -> None:
    """A new table whose column has another name than these has to be thought of here."""
    named = {
        f"{model.__name__}.{field.name}"
        for model in apps.get_app_config("petitions").get_models()
        for field in model._meta.get_fields()
        if isinstance(field, models.TextField) and holders.names_somebody(field.name)
    }
    no_ones = {"Bill.address"}  # where a bill stands in its register
    other = no_ones | {"Account.email", "Raising.address", "Letter.address", "Subscriber.address", "Message.recipient"}
    assert len(named) >= 15
    for model in apps.get_app_config("petitions").get_models():
        for field in model._meta.get_fields():
            if isinstance(field, models.TextField) and field.name in ("email", "address", "recipient", "who", "person"):
                assert f"{model.__name__}.{field.name}" in other


def test_what_goes_and_what_stays_when_an_account_ends(
    raise_one: Callable[..., raising.Raised], opened: Callable[..., int], now: dt.datetime
) -> None:
    raised, petition = raise_one(address="Ada@Example.org"), opened()
    holder = keep(raised, now=now)
    notices.subscribe(petition_id=petition, mailbox=read_mailbox(ADDRESS), language="en", now=now)
    notices.ask_subscription(petition_id=petition, mailbox=read_mailbox(ADDRESS), language="en", now=now)
    records = AuditRecord.objects.count()
    holders.end_account(holder.account_id, now=now)
    assert holders.find_holder(holder.account_id) is None
    assert (Account.objects.count(), KeptPetition.objects.count(), Message.objects.count()) == (0, 0, 0)
    assert Raising.objects.get(pk=raised.petition_id).address == ""
    assert set(Letter.objects.values_list("address", flat=True)) == {""}
    # A letter that was not sent yet is not kept for its link.
    assert not Letter.objects.filter(body__contains=raised.links.creator).exists()
    assert Petition.objects.get(pk=raised.petition_id).creator_name == "Ada"
    assert raising.find_creators_petition(raised.petition_id, raised.links.creator, now=now) is not None
    assert AuditRecord.objects.count() == records  # nothing new that would name a creator
    again = holders.open_account(email=ADDRESS, now=now)
    assert (again.is_new, holders.list_kept(again.account_id, now=now)) == (True, ())


def test_whoever_is_in_the_office_leaves_it_on_the_record(
    raise_one: Callable[..., raising.Raised], now: dt.datetime
) -> None:
    raised = raise_one()
    boss, _ = add_member(email=ADDRESS, role="operator", now=now)
    with pytest.raises(LastOperatorError):
        holders.end_account(boss.account_id, now=now)
    add_member(email="park@example.org", role="operator", now=now)
    claim(raised.petition_id, actor=boss.actor, now=now)
    holders.end_account(boss.account_id, now=now)
    assert Case.objects.get(petition_id=raised.petition_id).holder is None
    last = AuditRecord.objects.latest("number")
    assert (last.action, last.actor, last.before) == (
        "account-ended",
        ADDRESS,
        {"role": "operator", "institution": ""},
    )


def test_what_is_kept_goes_when_creators_are_forgotten(
    raise_one: Callable[..., raising.Raised], now: dt.datetime
) -> None:
    raised: Any = raise_one()
    holder = keep(raised, now=now)
    raising.withdraw_as_creator(raised.petition_id, raised.links.creator, now=now)
    assert raising.forget_creators(now=now + 4000 * DAY) == 1
    assert holders.list_kept(holder.account_id, now=now) == ()
