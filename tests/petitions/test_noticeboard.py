"""Pages, banners and pauses: versioned, on the record, and a pause that costs no petition a day."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from tests.petitions.conftest import DAY

from maninso import UsageError
from maninso.petitions import moderation
from maninso.petitions.accounts import add_member
from maninso.petitions.audit import verify_audit
from maninso.petitions.lifecycle import Actor, RoleError, close_due_petitions, remove_petition
from maninso.petitions.lifecycle import Reason as WhyReason
from maninso.petitions.models import AuditRecord, Obligation, Petition
from maninso.petitions.noticeboard import (
    NoticeError,
    end_notice,
    is_paused,
    list_pages,
    post_notice,
    read_notices,
    read_page,
    read_page_history,
    save_page,
)

pytestmark = pytest.mark.django_db

PARK = Actor(role="operator", name="park@example.org")
KIM = Actor(role="moderator", name="kim@example.org")
WHY = {"ko": "점검", "en": "maintenance"}


@pytest.fixture(autouse=True)
def _cast(db: None, now: dt.datetime) -> None:
    for actor in (PARK, KIM):
        add_member(email=actor.name, role=actor.role, now=now)


def gate_of(petition_id: int) -> tuple[str, dt.datetime]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT state, closes_at FROM signing_gate WHERE petition_id = %s", [petition_id])
        state, closes_at = cursor.fetchone()
    return state, closes_at


def test_a_page_has_versions_in_each_language(now: dt.datetime) -> None:
    for number in (1, 2):
        title = f"Help {number}"
        assert save_page(slug="help", language="en", title=title, body="Ask.", actor=PARK, now=now) == number
    assert save_page(slug="help", language="ko", title="도움말", body="물으세요.", actor=PARK, now=now) == 1
    page = read_page("help", "en")
    assert page is not None
    assert (page.title, page.version) == ("Help 2", 2)
    assert [each.title for each in read_page_history("help", "en")] == ["Help 2", "Help 1"]
    assert [each.title for each in list_pages("ko")] == ["도움말"]
    assert AuditRecord.objects.filter(action="page-saved").count() == 3


@pytest.mark.parametrize(
    ("slug", "language", "title", "body"),
    [
        ("Help", "en", "x", ""),
        ("../x", "en", "x", ""),
        ("", "en", "x", ""),
        ("a" * 61, "en", "x", ""),
        ("help", "fr", "x", ""),
        ("help", "en", "", "x"),
        ("help", "en", "x\0", "x"),
        ("help", "en", "x" * 201, "x"),
        ("help", "en", "x", "x" * 100_001),
    ],
)
def test_what_is_no_page_is_refused(slug: str, language: str, title: str, body: str, now: dt.datetime) -> None:
    with pytest.raises(UsageError):
        save_page(slug=slug, language=language, title=title, body=body, actor=PARK, now=now)
    assert list_pages("en") == ()


def test_only_operators_change_what_the_site_says(now: dt.datetime) -> None:
    notice = post_notice(kind="banner", text=WHY, actor=PARK, now=now)
    for attempt in (
        lambda: save_page(slug="help", language="en", title="x", body="x", actor=KIM, now=now),
        lambda: post_notice(kind="signing-paused", text=WHY, actor=KIM, now=now),
        lambda: end_notice(notice, actor=KIM, now=now),
    ):
        with pytest.raises(RoleError):
            attempt()


def test_a_notice_is_shown_until_it_is_ended(now: dt.datetime) -> None:
    first = post_notice(kind="banner", text=WHY, actor=PARK, now=now)
    second = post_notice(kind="banner", text={"ko": "둘", "en": "two"}, actor=PARK, now=now)
    assert [each.notice_id for each in read_notices()] == [first, second]
    end_notice(first, actor=PARK, now=now)
    with pytest.raises(NoticeError):
        end_notice(first, actor=PARK, now=now)
    assert [each.text["en"] for each in read_notices()] == ["two"]


@pytest.mark.parametrize("text", [{}, {"ko": "가"}, {"ko": "가", "en": " "}, {"ko": "가", "en": "x" * 501}])
def test_a_notice_needs_both_languages(text: dict[str, str], now: dt.datetime) -> None:
    with pytest.raises(UsageError):
        post_notice(kind="banner", text=text, actor=PARK, now=now)
    with pytest.raises(UsageError):
        post_notice(kind="lost", text=WHY, actor=PARK, now=now)


def test_b33_a_pause_closes_every_gate_and_only_one_pause_lasts(opened: Callable[..., int], now: dt.datetime) -> None:
    first, second = opened(), opened()
    notice = post_notice(kind="signing-paused", text=WHY, actor=PARK, now=now)
    assert [gate_of(number)[0] for number in (first, second)] == ["paused", "paused"]
    assert is_paused("signing-paused")
    with pytest.raises(NoticeError):
        post_notice(kind="signing-paused", text=WHY, actor=PARK, now=now)
    assert end_notice(notice, actor=PARK, now=now) == 0
    assert [gate_of(number)[0] for number in (first, second)] == ["open", "open"]
    assert not is_paused("signing-paused")


def test_b34_each_midnight_of_a_pause_gives_a_day_back(opened: Callable[..., int], now: dt.datetime) -> None:
    petition_id = opened()
    before = Petition.objects.get(pk=petition_id).closes_at
    assert before is not None
    notice = post_notice(kind="signing-paused", text=WHY, actor=PARK, now=now)
    assert end_notice(notice, actor=PARK, now=now + 2 * DAY) == 1
    after = Petition.objects.get(pk=petition_id).closes_at
    assert (after, gate_of(petition_id)) == (before + 2 * DAY, ("open", before + 2 * DAY))


def test_what_was_to_close_during_a_pause_closes_after_it(opened: Callable[..., int], now: dt.datetime) -> None:
    petition_id = opened()
    end = Petition.objects.get(pk=petition_id).closes_at
    assert end is not None
    notice = post_notice(kind="signing-paused", text=WHY, actor=PARK, now=end - DAY)
    assert close_due_petitions(now=end + DAY) == 0
    end_notice(notice, actor=PARK, now=end + DAY)
    assert Petition.objects.get(pk=petition_id).closes_at == end + 2 * DAY
    assert close_due_petitions(now=end + 2 * DAY) == 1


def test_what_is_owed_from_the_closing_moves_with_it(met: Callable[..., int], now: dt.datetime) -> None:
    obligation_id = met()
    before = Obligation.objects.get(pk=obligation_id).due_on
    assert before is not None
    notice = post_notice(kind="signing-paused", text=WHY, actor=PARK, now=now + DAY)
    end_notice(notice, actor=PARK, now=now + 4 * DAY)
    assert Obligation.objects.get(pk=obligation_id).due_on == before + 3 * DAY


def test_what_is_approved_or_restored_during_a_pause_waits_with_the_others(
    submitted: Callable[..., int], opened: Callable[..., int], now: dt.datetime
) -> None:
    waiting, removed = submitted(), opened()
    remove_petition(removed, reason=WhyReason(code="duplicate"), now=now)
    notice = post_notice(kind="signing-paused", text=WHY, actor=PARK, now=now)
    moderation.decide(waiting, moderation.Decision(kind="approve"), actor=KIM, now=now + DAY)
    moderation.restore(removed, actor=PARK, now=now + DAY)
    assert [gate_of(number)[0] for number in (waiting, removed)] == ["paused", "paused"]
    ends = Petition.objects.in_bulk([waiting, removed])
    end_notice(notice, actor=PARK, now=now + 2 * DAY)
    later: dict[int, Any] = Petition.objects.in_bulk([waiting, removed])
    assert later[waiting].closes_at - ends[waiting].closes_at == DAY  # it was open for one of the two midnights
    assert later[removed].closes_at - ends[removed].closes_at == 2 * DAY
    assert verify_audit().wrong is None
