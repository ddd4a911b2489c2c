"""Letters: stored once, taken back until their time has come, made into messages."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.db import transaction
from tests.petitions.conftest import DAY

from maninso.petitions.letters import cancel_letter, find_letter, read_letters, store_letter
from maninso.petitions.models import Letter, Message
from maninso.petitions.notices import send_due_letters

pytestmark = pytest.mark.django_db

LATER = dt.timedelta(minutes=10)


@pytest.fixture
def write(submitted: Callable[..., int], now: dt.datetime) -> Callable[..., bool]:
    petition_id = submitted()

    def store(once: str, *, address: str = "ada@example.org", delay: dt.timedelta = LATER) -> bool:
        return store_letter(
            petition_id=petition_id,
            once=once,
            address=address,
            language="en",
            subject="Hello",
            body="Ada",
            now=now,
            delay=delay,
        )

    return store


def test_the_same_letter_is_stored_once(write: Callable[..., bool]) -> None:
    assert [write("a"), write("a"), write("b")] == [True, False, True]
    assert Letter.objects.count() == 2


def test_a_letter_is_taken_back_until_its_time_has_come(write: Callable[..., bool], now: dt.datetime) -> None:
    write("a")
    petition_id = Letter.objects.get().petition_id
    assert not cancel_letter(petition_id=petition_id, once="a", now=now + LATER)
    assert not cancel_letter(petition_id=petition_id, once="b", now=now)
    assert cancel_letter(petition_id=petition_id, once="a", now=now)
    assert not cancel_letter(petition_id=petition_id, once="a", now=now)
    assert (read_letters(petition_id, now=now), send_due_letters(now=now + DAY)) == ((), 0)


def test_what_is_due_becomes_a_message_once_and_its_address_goes(write: Callable[..., bool], now: dt.datetime) -> None:
    write("now", delay=dt.timedelta(0))
    write("later")
    write("nobody's", address="", delay=dt.timedelta(0))
    assert [send_due_letters(now=now), send_due_letters(now=now)] == [1, 0]
    assert list(Message.objects.values_list("kind", "recipient")) == [("letter", "ada@example.org")]
    assert find_letter(Message.objects.get().facts["letter"], now=now).once == "now"
    assert send_due_letters(now=now + LATER) == 1
    assert set(Letter.objects.values_list("address", flat=True)) == {""}


def test_a_letter_that_could_not_be_handed_on_is_given_again(write: Callable[..., bool], now: dt.datetime) -> None:
    write("a", delay=dt.timedelta(0))
    with transaction.atomic():
        send_due_letters(now=now)
        transaction.set_rollback(True)  # the worker is gone before its transaction is
    assert Message.objects.count() == 0
    assert send_due_letters(now=now) == 1


def test_a_letter_that_waits_says_so(write: Callable[..., bool], now: dt.datetime) -> None:
    write("a")
    petition_id = Letter.objects.get().petition_id
    assert [letter.waits for letter in read_letters(petition_id, now=now)] == [True]
    assert [letter.waits for letter in read_letters(petition_id, now=now + LATER)] == [False]
