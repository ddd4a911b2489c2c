"""One item of a creator's news is hidden with a reason: its place stays, its words go, and nothing more is sent."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.db import IntegrityError, transaction
from tests.petitions.conftest import DAY
from tests.petitions.test_news import opened_now, raised, tell  # noqa: F401 - a petition whose creator has news

from maninso.identity.mailbox import read_mailbox
from maninso.petitions import notices
from maninso.petitions.audit import verify_audit
from maninso.petitions.lifecycle import Actor, ReasonError, RoleError
from maninso.petitions.models import Announcement, AuditRecord, Letter, Message
from maninso.petitions.moderation import NewsItemError, bring_news_back, hide_news
from maninso.petitions.moderation.newsdesk import list_news_items
from maninso.petitions.raising import read_news

pytestmark = pytest.mark.django_db

KIM = Actor(role="moderator", name="kim@example.org")
LATER = 2 * DAY


def test_hidden_news_leave_a_tombstone_and_are_not_sent(
    opened_now: int,  # noqa: F811
    tell: Callable[..., bool],  # noqa: F811
    now: dt.datetime,
) -> None:
    for name in ("ada", "bo"):
        mailbox = read_mailbox(f"{name}@example.org")
        notices.subscribe(petition_id=opened_now, mailbox=mailbox, language="en", now=now)
    tell("Ring me on Monday.")
    item = Announcement.objects.get()
    notices.tell_subscribers(item.pk, now=now)
    Message.objects.order_by("pk")[0].delete()  # one was sent already
    hide_news(opened_now, item.pk, code="duplicate", note="It is told twice.", actor=KIM, now=now + LATER)
    (news,) = read_news(opened_now)
    assert (news.text, news.hidden_at, news.note) == ("", now + LATER, "It is told twice.")
    assert news.reason is not None
    assert news.reason["en"]
    assert Message.objects.count() == 0
    assert notices.tell_subscribers(item.pk, now=now) == 0
    (seen,) = list_news_items(opened_now)
    assert (seen.text, seen.hidden_by) == ("Ring me on Monday.", "kim@example.org")
    assert "Ring me on Monday." in Letter.objects.latest("pk").body
    last = AuditRecord.objects.latest("number")
    assert (last.action, last.reason, last.before) == (
        "news-hidden",
        "duplicate: It is told twice.",
        {"news": item.pk},
    )
    bring_news_back(opened_now, item.pk, actor=KIM, now=now + LATER)
    assert read_news(opened_now)[0].text == "Ring me on Monday."
    assert verify_audit().wrong is None


def test_what_cannot_be_hidden(
    opened_now: int,  # noqa: F811
    tell: Callable[..., bool],  # noqa: F811
    now: dt.datetime,
) -> None:
    tell()
    item = Announcement.objects.get().pk
    with pytest.raises(ReasonError):
        hide_news(opened_now, item, code="because", note="", actor=KIM, now=now)
    with pytest.raises(RoleError):
        hide_news(opened_now, item, code="duplicate", note="", actor=Actor(role="clerk", name="c@d.e"), now=now)
    with pytest.raises(NewsItemError):
        hide_news(opened_now + 1, item, code="duplicate", note="", actor=KIM, now=now)
    with pytest.raises(NewsItemError):
        bring_news_back(opened_now, item, actor=KIM, now=now)
    hide_news(opened_now, item, code="duplicate", note="", actor=KIM, now=now)
    with pytest.raises(NewsItemError):
        hide_news(opened_now, item, code="duplicate", note="", actor=KIM, now=now)


@pytest.mark.parametrize("change", [{"hidden_by": "kim"}, {"hidden_code": "duplicate", "hidden_by": "kim"}])
def test_half_hidden_is_refused_by_the_database(
    opened_now: int,  # noqa: F811
    tell: Callable[..., bool],  # noqa: F811
    change: dict[str, str],
) -> None:
    tell()
    with pytest.raises(IntegrityError, match="announcement_hidden_whole"), transaction.atomic():
        Announcement.objects.update(**change)
