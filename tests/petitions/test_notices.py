"""Messages, allowances and subscribers: stored together, counted once, gone when they are not needed."""

import datetime as dt
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, connection, transaction

from maninso.identity.mailbox import read_mailbox
from maninso.petitions import notices
from maninso.petitions.models import Allowance, Announcement, Message, Subscriber

pytestmark = pytest.mark.django_db

LEE, LEE_AGAIN, KIM = (read_mailbox(text) for text in ("l.ee@gmail.com", "LEE+2@googlemail.com", "kim@example.org"))


def ask(petition: int, mailbox: Any, now: dt.datetime) -> bool:
    return notices.ask_confirmation(
        petition_id=petition,
        mailbox=mailbox,
        language="ko",
        issuer="email",
        age=255,
        until=now + dt.timedelta(days=30),
        now=now,
    )


def read_jobs() -> list[tuple[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name, args FROM procrastinate_jobs WHERE status = 'todo' ORDER BY id")
        return [(task, json.loads(arguments)) for task, arguments in cursor.fetchall()]


def test_a_message_and_its_job_are_stored_together(opened: Callable[..., int], now: dt.datetime) -> None:
    petition = opened()
    assert ask(petition, LEE, now)
    message = Message.objects.get()
    assert (message.recipient, message.kind, message.petition_id) == ("l.ee@gmail.com", "confirm", petition)
    assert read_jobs() == [("send_message", {"message_id": message.pk})]

    def ask_and_fail() -> None:
        with transaction.atomic():
            ask(petition, KIM, now)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ask_and_fail()
    assert Message.objects.count() == len(read_jobs()) == 1


def test_b21_b27_five_messages_a_mailbox_and_petition_whatever_its_spelling(
    opened: Callable[..., int], now: dt.datetime
) -> None:
    """It is sent again, and no row of a signature is made; the sixth is not stored, and nobody else is held up."""
    petition, other = opened(), opened(title="Another one")
    asked = [ask(petition, mailbox, now) for mailbox in (LEE, LEE_AGAIN) * 3]
    assert asked == [True] * 5 + [False]
    assert Message.objects.count() == 5
    assert ask(petition, KIM, now)
    assert ask(other, LEE, now)
    assert bytes(Allowance.objects.filter(used=5).get().key) not in LEE.person.encode()


def test_counts_lapse(opened: Callable[..., int], now: dt.datetime) -> None:
    petition = opened()
    for _ in range(6):
        ask(petition, LEE, now)
    assert notices.drop_lapsed_allowances(now=now + dt.timedelta(days=29)) == 0
    assert notices.drop_lapsed_allowances(now=now + dt.timedelta(days=30)) == 1
    assert ask(petition, LEE, now)


def test_what_is_dropped_leaves_no_address(opened: Callable[..., int], now: dt.datetime) -> None:
    ask(opened(), LEE, now)
    message = Message.objects.get()
    read = notices.read_message(message.pk)
    assert read is not None
    assert (read.recipient, read.petition_title) == ("l.ee@gmail.com", message.petition.title)
    notices.drop_message(message.pk)
    assert notices.read_message(message.pk) is None


def test_a_message_without_a_job_gets_one(opened: Callable[..., int], now: dt.datetime) -> None:
    ask(opened(), LEE, now)
    assert notices.revive_messages(now=now + dt.timedelta(hours=1)) == 0
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
    assert notices.revive_messages(now=now + dt.timedelta(seconds=30)) == 0
    assert notices.revive_messages(now=now + dt.timedelta(hours=1)) == 1
    assert [args for _, args in read_jobs()] == [{"message_id": Message.objects.get().pk}]


def subscribe(petition: int, mailbox: Any, now: dt.datetime, language: str = "ko") -> bool:
    return notices.subscribe(petition_id=petition, mailbox=mailbox, language=language, now=now)


def test_a_mailbox_subscribes_once(opened: Callable[..., int], now: dt.datetime) -> None:
    petition = opened()
    assert [subscribe(petition, mailbox, now) for mailbox in (LEE, LEE_AGAIN, KIM)] == [True, False, True]
    assert Subscriber.objects.count() == 2


def test_unsubscribing_takes_the_address_and_what_waits(opened: Callable[..., int], now: dt.datetime) -> None:
    """B39: a second use says so, a wrong token is nobody's."""
    petition = opened()
    subscribe(petition, LEE, now)
    subscribe(petition, KIM, now)
    notices.announce(petition_id=petition, kind="answered", now=now)
    notices.tell_subscribers(Announcement.objects.get().pk, now=now)
    subscriber = Subscriber.objects.get(address=LEE.address)
    token = notices.make_token(subscriber_id=subscriber.pk, petition_id=petition)
    subscription = notices.read_subscription(token)
    assert subscription is not None
    assert (subscription.petition_id, subscription.active) == (petition, True)
    assert notices.unsubscribe(subscription)
    assert [message.recipient for message in Message.objects.all()] == [KIM.address]
    assert not notices.unsubscribe(subscription)
    again = notices.read_subscription(token)
    assert again is not None
    assert not again.active
    for wrong in ("", "x", token[:-1], token[:-1] + ("A" if token[-1] != "A" else "B"), token + "A", "가", "=" * 43):
        assert notices.read_subscription(wrong) is None


def test_an_answer_is_told_once_to_each(opened: Callable[..., int], now: dt.datetime) -> None:
    """B61, B63: one message for each subscriber, also after a retry; none to who came later."""
    petition, other = opened(), opened(title="Another one")
    subscribe(petition, LEE, now)
    subscribe(petition, KIM, now, language="en")
    subscribe(other, KIM, now)
    notices.announce(petition_id=petition, kind="answered", now=now)
    subscribe(petition, read_mailbox("late@example.org"), now)
    announcement = Announcement.objects.get()
    assert read_jobs() == [("tell_subscribers", {"announcement_id": announcement.pk})]
    assert notices.tell_subscribers(announcement.pk, now=now) == 2
    assert notices.tell_subscribers(announcement.pk, now=now) == 0
    assert sorted((each.recipient, each.language) for each in Message.objects.all()) == [
        (KIM.address, "en"),
        (LEE.address, "ko"),
    ]


def test_nobody_to_tell_makes_no_job(opened: Callable[..., int], now: dt.datetime) -> None:
    notices.announce(petition_id=opened(), kind="answered", now=now)
    assert read_jobs() == []


def test_a_mailbox_is_forgotten_everywhere(opened: Callable[..., int], now: dt.datetime) -> None:
    petition = opened()
    subscribe(petition, LEE, now)
    subscribe(petition, KIM, now)
    ask(petition, LEE, now)
    assert notices.erase_address(LEE) == 2
    assert (Subscriber.objects.count(), Message.objects.count()) == (1, 0)


BREACHES = [
    ("message_kind_known", "UPDATE petitions_message SET kind = 'spam'"),
    ("message_language_known", "UPDATE petitions_message SET language = 'xx'"),
    ("message_addressed", "UPDATE petitions_message SET recipient = 'nobody'"),
    ("message_expires_later", "UPDATE petitions_message SET expires_at = created_at"),
    ("message_about", "UPDATE petitions_message SET petition_id = NULL"),
    ("allowance_key_length", "UPDATE petitions_allowance SET key = '\\x00'"),
    ("allowance_used", "UPDATE petitions_allowance SET used = 0"),
    ("announcement_kind_known", "UPDATE petitions_announcement SET kind = 'gossip'"),
    ("announcement_creator_says_something", "UPDATE petitions_announcement SET kind = 'creator'"),
    ("announcement_hidden_whole", "UPDATE petitions_announcement SET hidden_at = at"),
    ("announcement_creator_says_something", "UPDATE petitions_announcement SET text = 'Hello'"),
    ("announcement_version_of_reply", "UPDATE petitions_announcement SET version = 1"),
    ("subscriber_person_length", "UPDATE petitions_subscriber SET person = '\\x00'"),
    ("subscriber_addressed", "UPDATE petitions_subscriber SET address = 'nobody'"),
    ("subscriber_language_known", "UPDATE petitions_subscriber SET language = 'xx'"),
    (
        "subscriber_once",
        "INSERT INTO petitions_subscriber (petition_id, person, address, language, since, told)"
        " SELECT petition_id, person, address, language, since, told FROM petitions_subscriber",
    ),
]


def test_every_constraint_is_broken_here() -> None:
    models = (Allowance, Announcement, Message, Subscriber)
    named = {each.name for model in models for each in model._meta.constraints}
    named.remove("announcement_version_once")  # test_outcome_constraints.py
    assert named == {name for name, _ in BREACHES}


@pytest.mark.parametrize(("constraint", "change"), BREACHES)
def test_constraints(opened: Callable[..., int], now: dt.datetime, constraint: str, change: str) -> None:
    petition = opened()
    subscribe(petition, KIM, now)
    ask(petition, KIM, now)
    notices.announce(petition_id=petition, kind="answered", now=now)
    with pytest.raises(IntegrityError) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)
    assert caught.value.__cause__.diag.constraint_name == constraint  # type: ignore[union-attr]


class TestAtOnce:
    """Races, in transactions of their own."""

    pytestmark = pytest.mark.django_db(transaction=True)

    @pytest.fixture(autouse=True)
    def _clear(self, database_url: str) -> Iterator[None]:
        yield
        with psycopg.connect(database_url) as other:
            other.execute("TRUNCATE signing_gate, signing_leaf, signing_void, procrastinate_jobs CASCADE")

    def test_twenty_requests_at_once_store_five_messages(self, opened: Callable[..., int], now: dt.datetime) -> None:
        petition = opened()
        barrier = threading.Barrier(20)
        results: list[bool] = []

        def run(number: int) -> None:
            barrier.wait(timeout=30)
            results.append(ask(petition, (LEE, LEE_AGAIN)[number % 2], now))
            connection.close()

        threads = [threading.Thread(target=run, args=(number,)) for number in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sum(results) == Message.objects.count() == 5
