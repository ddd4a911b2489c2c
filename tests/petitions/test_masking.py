"""Passages taken out of a text before it opens, each with a reason and a commitment; never once it is signed."""

import datetime as dt
import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from tests.petitions.conftest import BODY, TITLE
from tests.petitions.office import (
    APPROVE,
    KIM,
)

from maninso.charter import Charter
from maninso.petitions import moderation
from maninso.petitions.access import find_petition
from maninso.petitions.lifecycle import ReasonError
from maninso.petitions.models import AuditRecord, Mask, Petition
from maninso.petitions.moderation import Decision, NotWaitingError

pytestmark = pytest.mark.django_db


def mask(petition_id: int, passages: list[tuple[str, int, int]], now: dt.datetime, **given: Any) -> int:
    review = moderation.read_review(petition_id, now=now)
    assert review is not None
    return moderation.mask_passages(
        petition_id,
        **{
            "passages": passages,
            "seen": bytes.fromhex(review.seen),
            "reason_code": "personal-data",
            "salts": [bytes([number]) * 16 for number in range(len(passages))],
            "actor": KIM,
            "now": now,
            **given,
        },
    )


def test_masked_passages_leave_a_reason_and_a_commitment_and_can_be_put_back(
    waiting: Callable[..., int], now: dt.datetime
) -> None:
    body = "Call 010-1234-5678 or write to mill@example.org today."
    petition_id = waiting(body=body)
    review = moderation.read_review(petition_id, now=now)
    assert review is not None
    found = [("body", passage.start, passage.end) for passage in review.in_body]
    assert mask(petition_id, found, now) == 2
    assert Petition.objects.get(pk=petition_id).body == "Call ■■■ or write to ■■■ today."
    rows = list(Mask.objects.order_by("start"))
    assert [row.original for row in rows] == ["010-1234-5678", "mill@example.org"]
    for row in rows:
        assert hashlib.sha256(bytes(row.salt) + row.original.encode()).digest() == bytes(row.commitment)
    moderation.decide(petition_id, APPROVE, actor=KIM, now=now)
    view = find_petition(petition_id, now=now)
    assert view is not None
    assert [each.reason["en"] for each in view.masked] == ["Personal data"] * 2
    assert {each.commitment for each in view.masked} == {bytes(row.commitment).hex() for row in rows}
    assert "010-1234-5678" not in str(view)
    records = AuditRecord.objects.filter(action="masked")
    assert "010-1234-5678" not in str(records.values())


def test_masks_are_put_back_last_first(waiting: Callable[..., int], now: dt.datetime) -> None:
    petition_id = waiting()
    original = Petition.objects.get(pk=petition_id).body
    mask(petition_id, [("body", 0, 4), ("body", 10, 14), ("title", 2, 10)], now)
    mask(petition_id, [("body", 6, 9)], now)
    assert [moderation.unmask_last(petition_id, actor=KIM, now=now) for _ in range(5)] == [True] * 4 + [False]
    petition = Petition.objects.get(pk=petition_id)
    assert (petition.title, petition.body) == (TITLE, original)
    assert find_petition(petition_id, now=now).masked == ()  # type: ignore[union-attr]


def test_an_edit_of_a_text_that_is_being_signed_is_refused(waiting: Callable[..., int], now: dt.datetime) -> None:
    petition_id = waiting()
    moderation.decide(petition_id, APPROVE, actor=KIM, now=now)
    with pytest.raises(NotWaitingError, match="is open"):
        mask(petition_id, [("body", 0, 4)], now)
    with pytest.raises(NotWaitingError):
        moderation.unmask_last(petition_id, actor=KIM, now=now)
    assert Petition.objects.get(pk=petition_id).body == BODY


@pytest.mark.parametrize(
    "passages",
    [
        [("body", 5, 5)],
        [("body", -1, 4)],
        [("body", 0, 10_000)],
        [("topic", 0, 1)],
        [("body", 0, 10), ("body", 5, 12)],
    ],
)
def test_what_is_no_passage_is_refused(
    waiting: Callable[..., int], passages: list[tuple[str, int, int]], now: dt.datetime
) -> None:
    from maninso import UsageError

    petition_id = waiting()
    with pytest.raises(UsageError):
        mask(petition_id, passages, now)
    with pytest.raises(ReasonError):
        mask(petition_id, [("body", 0, 4)], now, reason_code="no such")
    with pytest.raises(moderation.StaleTextError):
        mask(petition_id, [("body", 0, 4)], now, seen=bytes(32))
    assert (Petition.objects.get(pk=petition_id).body, Mask.objects.count()) == (BODY, 0)


def test_a_text_that_was_masked_is_approved_at_its_limit_too(
    waiting: Callable[..., int], town: Charter, now: dt.datetime
) -> None:
    """What covers a short passage is no longer than it: else masking a name of two letters would forbid the text."""
    body = "Ask Bo. " + "x" * (town.text.body_max - 8)
    petition_id = waiting(body=body)
    mask(petition_id, [("body", 4, 6)], now)
    assert Petition.objects.get(pk=petition_id).body == body.replace("Bo", "■■")
    assert moderation.unmask_last(petition_id, actor=KIM, now=now)
    assert Petition.objects.get(pk=petition_id).body == body
    mask(petition_id, [("body", 4, 6)], now)
    assert moderation.decide(petition_id, APPROVE, actor=KIM, now=now) == "open"


@pytest.mark.parametrize("decision", [APPROVE, Decision(kind="reject", code="duplicate")])
def test_whoever_decides_decides_on_the_text_that_they_saw(
    waiting: Callable[..., int], decision: Decision, now: dt.datetime
) -> None:
    petition_id = waiting()
    before = moderation.read_review(petition_id, now=now)
    assert before is not None
    mask(petition_id, [("body", 0, 4)], now)
    with pytest.raises(moderation.StaleTextError):
        moderation.decide(petition_id, replace(decision, seen=before.seen), actor=KIM, now=now)
    assert Petition.objects.get(pk=petition_id).state == "moderation"
    after = moderation.read_review(petition_id, now=now)
    assert after is not None
    moderation.decide(petition_id, replace(decision, seen=after.seen), actor=KIM, now=now)
    assert Petition.objects.get(pk=petition_id).state in ("open", "rejected")
