"""Each invariant of what is answered is a constraint of the database: here each one is broken once."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from maninso.petitions.models import (
    Announcement,
    Bill,
    BillPetition,
    Obligation,
    Provision,
    Reminder,
    Reply,
    ReplyTarget,
    Response,
    Stage,
    Verdict,
)

pytestmark = pytest.mark.django_db

Breach = Callable[[dict[str, Any]], object]


@pytest.fixture
def rows(met: Callable[..., int], now: Any) -> dict[str, Any]:
    """A petition's debt, and the moment."""
    return {"now": now, "owed": Obligation.objects.select_related("petition").get(pk=met())}


def reply(rows: dict[str, Any], **changes: Any) -> Reply:
    words = {"institution": "town", "author": "The mayor", "summary": "Yes", "language": "en", "written_by": "kim@x"}
    return Reply.objects.create(**{**words, "created_at": rows["now"], "changed_at": rows["now"], **changes})


def target(rows: dict[str, Any], of: Reply) -> ReplyTarget:
    return ReplyTarget.objects.create(reply=of, obligation=rows["owed"])


def response(rows: dict[str, Any], of: Reply, **changes: Any) -> Response:
    words = {"version": 1, "author": "The mayor", "summary": "Yes", "body": "", "language": "en", "digest": bytes(32)}
    people = {"role": "clerk", "actor": "lee@x", "proposed_by": "kim@x", "published_at": rows["now"]}
    return Response.objects.create(**{**words, **people, "obligation": rows["owed"], "reply": of, **changes})


def answered(rows: dict[str, Any], **changes: Any) -> Response:
    of = reply(rows)
    target(rows, of)
    return response(rows, of, **changes)


def reminder(rows: dict[str, Any]) -> Reminder:
    return Reminder.objects.create(obligation=rows["owed"], due_on="2026-05-01", stage="before-7", at=rows["now"])


def announcement(rows: dict[str, Any], of: Reply) -> Announcement:
    return Announcement.objects.create(
        petition=rows["owed"].petition, kind="answered", at=rows["now"], reply=of, version=1
    )


def verdict(rows: dict[str, Any], **changes: Any) -> Verdict:
    of = changes.pop("response", None) or answered(rows)
    given = {"obligation": rows["owed"], "response": of, "person": bytes(16), "verdict": "yes"}
    return Verdict.objects.create(**{**given, **changes})


def another(rows: dict[str, Any]) -> Obligation:
    first = rows["owed"]
    met = {"needed": 5, "met_index": 9, "met_count": 5, "met_at": rows["now"], "created_at": rows["now"]}
    return Obligation.objects.create(petition=first.petition, threshold_id="debate", **met)


def bill(rows: dict[str, Any], **changes: Any) -> Bill:
    given = {"register": "assembly", "number": "1", "title": "Walking signals", "language": "en", "digest": bytes(32)}
    return Bill.objects.create(**{**given, "created_at": rows["now"], "changed_at": rows["now"], **changes})


def stage(rows: dict[str, Any], of: Bill, **changes: Any) -> Stage:
    return Stage.objects.create(**{"bill": of, "position": 0, "stage": "passed", "on": "2024-05-28", **changes})


def provision(rows: dict[str, Any], of: Bill, **changes: Any) -> Provision:
    return Provision.objects.create(**{"bill": of, "position": 0, "place": "1", "before": "a", "after": "b", **changes})


def about(rows: dict[str, Any], of: Bill, **changes: Any) -> BillPetition:
    given = {"bill": of, "petition": rows["owed"].petition, "position": 0, "meets": "whole"}
    return BillPetition.objects.create(**{**given, **changes})


LAW = {"act_title": "Road Act", "enacted_on": "2024-06-05"}

BREACHES: dict[str, Breach] = {
    "reply_state_known": lambda rows: reply(rows, state="lost"),
    "reply_of_somebody": lambda rows: reply(rows, institution=""),
    "reply_proposed_whole": lambda rows: reply(rows, state="proposed"),
    "reply_approved": lambda rows: reply(rows, state="approved", proposed_by="kim@x", publish_at=rows["now"]),
    "reply_second_pair_of_eyes": lambda rows: reply(rows, proposed_by="lee@x", approved_by="kim@x"),
    "reply_waits_for_its_time": lambda rows: reply(rows, state="approved", proposed_by="kim@x", approved_by="lee@x"),
    "reply_published_counted": lambda rows: reply(rows, state="published"),
    "reply_dropped_unpublished": lambda rows: reply(rows, state="dropped", versions=1),
    "reply_retracted_why": lambda rows: reply(rows, state="retracted", versions=1, retracted_at=rows["now"]),
    "reply_counts": lambda rows: reply(rows, revision=0),
    "reply_target_once": lambda rows: (target(rows, of := reply(rows)), target(rows, of)),
    "bill_once": lambda rows: (bill(rows), bill(rows)),
    "bill_kind_known": lambda rows: bill(rows, kind="rumour"),
    "bill_named": lambda rows: bill(rows, title=""),
    "bill_address": lambda rows: bill(rows, address="javascript:alert(1)"),
    "bill_enacted_whole": lambda rows: bill(rows, enacted_on="2024-06-05"),
    "bill_enacted_whole (ruling)": lambda rows: bill(rows, kind="ruling", **LAW),
    "bill_in_force_after": lambda rows: bill(rows, **LAW, in_force_on="2024-06-04"),
    "stage_position_once": lambda rows: (stage(rows, of := bill(rows)), stage(rows, of)),
    "stage_known": lambda rows: stage(rows, bill(rows), stage="lost"),
    "provision_position_once": lambda rows: (provision(rows, of := bill(rows)), provision(rows, of)),
    "provision_changes": lambda rows: provision(rows, bill(rows), after="a"),
    "bill_petition_position_once": lambda rows: (about(rows, of := bill(rows)), about(rows, of)),
    "bill_petition_meets": lambda rows: about(rows, bill(rows), meets="maybe"),
    "verdict_once": lambda rows: (verdict(rows, response=(of := answered(rows))), verdict(rows, response=of)),
    "verdict_known": lambda rows: verdict(rows, verdict="hm"),
    "verdict_person_length": lambda rows: verdict(rows, person=bytes(15)),
    "reminder_once": lambda rows: (reminder(rows), reminder(rows)),
    "announcement_version_once": lambda rows: (announcement(rows, of := reply(rows)), announcement(rows, of)),
    "response_second_pair_of_eyes": lambda rows: answered(rows, actor="kim@x"),
}

GUARDS: dict[str, Breach] = {
    "response_to_its_target": lambda rows: response(rows, reply(rows)),
    "verdict_of_its_answer": lambda rows: verdict(rows, obligation=another(rows)),
    "response_to_its_target (kept)": lambda rows: ReplyTarget.objects.filter(reply=answered(rows).reply)._raw_delete(
        "default"
    ),
}


@pytest.mark.parametrize("name", BREACHES | GUARDS)
def test_breach_is_refused_under_its_name(name: str, rows: dict[str, Any]) -> None:
    breach = (BREACHES | GUARDS)[name]
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        breach(rows)
    assert caught.value.__cause__.diag.constraint_name == name.split(" ")[0]  # type: ignore[union-attr]
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
