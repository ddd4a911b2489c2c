"""Who is told of an answer: subscribers once a version, until it is taken back; clerks of what is due and late."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from maninso.identity.mailbox import read_mailbox
from maninso.petitions import notices
from maninso.petitions.accounts import add_member
from maninso.petitions.lifecycle import Actor
from maninso.petitions.models import Announcement, Message, Obligation
from maninso.petitions.obligations import (
    ReplyText,
    answer,
    approve_reply,
    assign,
    edit_reply,
    extend,
    preview_mail,
    propose_reply,
    remind_clerks,
    retract_reply,
    revise_reply,
    start_reply,
)

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)
KIM = Actor(role="clerk", name="kim@example.org")
LEE = Actor(role="clerk", name="lee@example.org")
LAST_DAY = dt.datetime(2026, 5, 1, 3, tzinfo=dt.UTC)  # noon in Seoul of the day that the town's answer is due


@pytest.fixture(autouse=True)
def _cast(now: dt.datetime) -> None:
    add_member(email=KIM.name, role="clerk", institution="town", now=now)
    add_member(email=LEE.name, role="clerk", now=now)
    add_member(email="park@example.org", role="clerk", institution="village", now=now)


@pytest.fixture
def followed(met: Callable[..., int], now: dt.datetime) -> Callable[..., Obligation]:
    """A debt whose petition so many people follow."""

    def make(people: int = 2) -> Obligation:
        obligation = Obligation.objects.get(pk=met())
        for number in range(people):
            mailbox = read_mailbox(f"s{number}@example.org")
            notices.subscribe(petition_id=obligation.petition_id, mailbox=mailbox, language="en", now=now)
        return obligation

    return make


def publish(
    reply: int, owed: int, *, seen: int, now: dt.datetime, with_mail: bool = True, summary: str = "Yes."
) -> None:
    text = ReplyText(author="The mayor", summary=summary, body="So be it.", language="en", with_mail=with_mail)
    seen = edit_reply(reply, text=text, obligations=[owed], seen=seen, actor=KIM, now=now)
    propose_reply(reply, seen=seen, actor=KIM, now=now)
    approve_reply(reply, seen=seen, actor=LEE, now=now)


def tell(now: dt.datetime) -> list[tuple[str, str]]:
    """Make the messages of all announcements, twice; return who waits for which summary."""
    for _ in range(2):
        for announcement in Announcement.objects.order_by("pk"):
            notices.tell_subscribers(announcement.pk, now=now)
    rows = Message.objects.filter(kind="update").order_by("recipient")
    return [(row.recipient, row.facts["summary"]) for row in rows]


def scheduled() -> list[dt.datetime | None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT scheduled_at FROM procrastinate_jobs WHERE task_name = 'tell_subscribers' ORDER BY id")
        return [at for (at,) in cursor.fetchall()]


def test_b61_an_answer_with_mail_is_told_once_to_each_after_a_while(followed: Any, now: dt.datetime) -> None:
    owed = followed()
    reply = start_reply(obligations=[owed.pk], language="en", actor=KIM, now=now)
    publish(reply, owed.pk, seen=1, now=now)
    assert scheduled() == [now + notices.GRACE]
    assert tell(now) == [("s0@example.org", "Yes."), ("s1@example.org", "Yes.")]


def test_without_mail_nobody_is_told(followed: Any, now: dt.datetime) -> None:
    owed = followed()
    publish(
        start_reply(obligations=[owed.pk], language="en", actor=KIM, now=now), owed.pk, seen=1, now=now, with_mail=False
    )
    assert (Announcement.objects.count(), scheduled()) == (0, [])


def test_b61_a_newer_version_takes_the_place_of_what_waits(followed: Any, now: dt.datetime) -> None:
    owed = followed()
    reply = start_reply(obligations=[owed.pk], language="en", actor=KIM, now=now)
    publish(reply, owed.pk, seen=1, now=now)
    first = Announcement.objects.get()
    notices.tell_subscribers(first.pk, now=now)
    revise_reply(reply, actor=KIM, now=now)
    publish(reply, owed.pk, seen=3, now=now, summary="Yes, and soon.")
    assert Message.objects.count() == 0  # those of the first version waited still
    assert tell(now) == [("s0@example.org", "Yes, and soon."), ("s1@example.org", "Yes, and soon.")]
    assert notices.tell_subscribers(first.pk, now=now) == 0


def test_b63_who_was_told_of_this_version_is_not_told_again(followed: Any, now: dt.datetime) -> None:
    owed = followed()
    publish(start_reply(obligations=[owed.pk], language="en", actor=KIM, now=now), owed.pk, seen=1, now=now)
    assert len(tell(now)) == 2
    for message in Message.objects.all():
        notices.drop_message(message.pk)  # it was sent
    assert tell(now) == []


def test_b62_what_is_taken_back_is_not_sent(followed: Any, now: dt.datetime) -> None:
    owed = followed()
    reply = start_reply(obligations=[owed.pk], language="en", actor=KIM, now=now)
    publish(reply, owed.pk, seen=1, now=now)
    assert len(tell(now)) == 2
    retract_reply(reply, reason="Too early.", actor=KIM, now=now)
    assert tell(now) == []


def test_the_creators_news_are_not_stopped_by_an_answer_that_is(followed: Any, now: dt.datetime) -> None:
    owed = followed()
    notices.announce(petition_id=owed.petition_id, kind="creator", text="Thank you.", now=now)
    notices.tell_subscribers(Announcement.objects.get().pk, now=now)
    reply = start_reply(obligations=[owed.pk], language="en", actor=KIM, now=now)
    publish(reply, owed.pk, seen=1, now=now)
    retract_reply(reply, reason="Too early.", actor=KIM, now=now)
    assert [row.facts["what"] for row in Message.objects.all()] == ["creator", "creator"]


def test_b66_a_preview_goes_to_the_one_who_asks(followed: Any, now: dt.datetime) -> None:
    owed = followed()
    reply = start_reply(obligations=[owed.pk], language="en", actor=KIM, now=now)
    text = ReplyText(author="The mayor", summary="Yes.", body="So.", language="en", with_mail=True)
    edit_reply(reply, text=text, obligations=[owed.pk], seen=1, actor=KIM, now=now)
    preview_mail(reply, language="en", actor=KIM, now=now)
    assert [(each.kind, each.recipient) for each in Message.objects.all()] == [("desk", KIM.name)]


def test_clerks_are_reminded_before_the_day_and_after_it_each_stage_once(
    met: Callable[..., int], now: dt.datetime
) -> None:
    met()
    days = {-10: 0, -7: 2, -6: 0, -1: 2, 0: 0, 1: 2, 2: 0, 7: 0, 8: 2, 14: 0, 15: 2}
    sent = {day: remind_clerks(now=LAST_DAY + day * DAY) + remind_clerks(now=LAST_DAY + day * DAY) for day in days}
    assert sent == days
    assert {each.recipient for each in Message.objects.all()} == {KIM.name, LEE.name}
    assert [each.facts["days_left"] for each in Message.objects.filter(recipient=KIM.name).order_by("pk")] == [
        7,
        1,
        -1,
        -8,
        -15,
    ]


def test_who_takes_care_of_it_is_reminded_alone_and_of_a_new_day_anew(
    met: Callable[..., int], now: dt.datetime
) -> None:
    owed = met()
    assign(owed, email=LEE.name, actor=KIM, now=now)
    assert remind_clerks(now=LAST_DAY) == 1
    extend(owed, length="1 month", reason="Snow.", now=now, actor=KIM)
    assert [remind_clerks(now=LAST_DAY), remind_clerks(now=LAST_DAY + 31 * DAY)] == [0, 1]
    assert {each.recipient for each in Message.objects.all()} == {LEE.name}
    answer(owed, author="A", summary="B", body="", language="en", now=LAST_DAY, actor=KIM)
    assert remind_clerks(now=LAST_DAY + 60 * DAY) == 0
