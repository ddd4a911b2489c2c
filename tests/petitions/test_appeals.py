"""A creator's one word against a refusal, decided by somebody who did not refuse it."""

import datetime as dt
from collections.abc import Callable

import pytest
from tests.petitions.conftest import DAY
from tests.petitions.office import (
    KIM,
    PARK,
    REJECT,
    state_of,
)

from maninso.petitions import moderation
from maninso.petitions.access import find_petition
from maninso.petitions.lifecycle import Actor, RoleError
from maninso.petitions.models import Letter

pytestmark = pytest.mark.django_db


def test_an_appeal_is_decided_by_somebody_else_and_may_restore(waiting: Callable[..., int], now: dt.datetime) -> None:
    petition_id = waiting()
    moderation.decide(petition_id, REJECT, actor=PARK, now=now)
    moderation.make_appeal(petition_id, text="It asks for something else.", now=now + DAY)
    with pytest.raises(moderation.AppealError):
        moderation.make_appeal(petition_id, text="Again.", now=now + DAY)
    (appeal,) = moderation.list_appeals()
    with pytest.raises(moderation.AppealError, match="yourself"):
        moderation.decide_appeal(appeal.appeal_id, uphold=True, answer="Yes.", actor=PARK, now=now)
    boss = Actor(role="operator", name="boss@example.org")
    with pytest.raises(RoleError):
        moderation.decide_appeal(appeal.appeal_id, uphold=True, answer="Yes.", actor=KIM, now=now)
    assert find_petition(petition_id, now=now).appeal == "open"  # type: ignore[union-attr]
    moderation.decide_appeal(appeal.appeal_id, uphold=True, answer="You are right.", actor=boss, now=now + 2 * DAY)
    assert (state_of(petition_id), moderation.list_appeals()) == ("moderation", ())
    assert Letter.objects.get(once=f"appeal/{appeal.appeal_id}").body == "You are right."


def test_a_dismissed_appeal_is_public_and_final(waiting: Callable[..., int], now: dt.datetime) -> None:
    petition_id = waiting()
    moderation.decide(petition_id, REJECT, actor=KIM, now=now)
    moderation.make_appeal(petition_id, text="No.", now=now)
    (appeal,) = moderation.list_appeals()
    moderation.decide_appeal(appeal.appeal_id, uphold=False, answer="No.", actor=PARK, now=now)
    assert find_petition(petition_id, now=now).appeal == "dismissed"  # type: ignore[union-attr]
    assert moderation.may_appeal(petition_id, now=now) is None


def test_an_appeal_comes_within_thirty_days(waiting: Callable[..., int], now: dt.datetime) -> None:
    petition_id = waiting()
    assert moderation.may_appeal(petition_id, now=now) is None
    moderation.decide(petition_id, REJECT, actor=KIM, now=now)
    assert moderation.may_appeal(petition_id, now=now + 29 * DAY) is not None
    with pytest.raises(moderation.AppealError):
        moderation.make_appeal(petition_id, text="Late.", now=now + 30 * DAY)
