"""What a creator tells: by their link alone, in the limits, once in seven days, to each subscriber once."""

import datetime as dt
import os
from collections.abc import Callable

import pytest
from tests.petitions.conftest import BODY, DAY, TITLE

from maninso.charter import Charter
from maninso.identity.mailbox import read_mailbox
from maninso.identity.rehearsal import make_rehearsal_ticket
from maninso.petitions import notices, raising
from maninso.petitions.lifecycle import TextError, open_petition
from maninso.petitions.models import Announcement, Message

pytestmark = pytest.mark.django_db


@pytest.fixture
def raised(town: Charter, now: dt.datetime) -> raising.Raised:
    return raising.raise_petition(
        charter=town,
        draft=raising.Draft(title=TITLE, body=BODY, language="en"),
        ticket=make_rehearsal_ticket("x" * 32, person="Ada", region="KR-11", now=0, age=40, assurance=1),
        nonce=raising.make_nonce(),
        page="{id}{token}",
        salt=os.urandom(16),
        now=now,
    )


@pytest.fixture
def tell(raised: raising.Raised, now: dt.datetime) -> Callable[..., bool]:
    def make(text: str = "We met the mayor.", *, token: str = "", after: dt.timedelta = DAY) -> bool:
        return raising.tell_news(raised.petition_id, token or raised.links.creator, text=text, now=now + after)

    return make


@pytest.fixture
def opened_now(raised: raising.Raised, now: dt.datetime) -> int:
    raising.confirm_creator(raised.petition_id, raised.links.creator, now=now)
    open_petition(raised.petition_id, now=now)
    return raised.petition_id


def test_news_are_public_and_each_subscriber_is_told_once(
    opened_now: int, tell: Callable[..., bool], now: dt.datetime
) -> None:
    for name in ("lee", "kim"):
        mailbox = read_mailbox(f"{name}@example.org")
        notices.subscribe(petition_id=opened_now, mailbox=mailbox, language="en", now=now)
    assert tell()
    assert [news.text for news in raising.read_news(opened_now)] == ["We met the mayor."]
    announcement = Announcement.objects.get()
    assert [notices.tell_subscribers(announcement.pk, now=now) for _ in range(2)] == [2, 0]
    assert {row.facts["text"] for row in Message.objects.filter(kind="update")} == {"We met the mayor."}


def test_news_without_subscribers_are_public_all_the_same(opened_now: int, tell: Callable[..., bool]) -> None:
    assert tell()
    assert len(raising.read_news(opened_now)) == 1


def test_once_in_seven_days(opened_now: int, tell: Callable[..., bool]) -> None:
    tell()
    with pytest.raises(raising.NewsError) as caught:
        tell("Again.", after=7 * DAY)
    assert caught.value.reason == "early"
    assert tell("Again.", after=8 * DAY)


def test_before_it_is_open_there_is_nothing_to_tell(tell: Callable[..., bool]) -> None:
    with pytest.raises(raising.NewsError) as caught:
        tell()
    assert caught.value.reason == "state"


@pytest.mark.parametrize("text", ["", "  ", "x" * 1001, "a\0b", "a\u202eb", "see https://example.org"])
def test_the_limits_of_texts_hold(opened_now: int, tell: Callable[..., bool], text: str) -> None:
    with pytest.raises(TextError):
        tell(text)
    assert raising.read_news(opened_now) == ()


def test_a_wrong_link_tells_nothing(opened_now: int, tell: Callable[..., bool]) -> None:
    assert not tell(token="x" * 24)
    assert raising.read_news(opened_now) == ()
