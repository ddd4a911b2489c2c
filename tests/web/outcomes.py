"""What came of a petition, made through the same doors as on a site: an answer by two people, verdicts, a law."""

import datetime as dt
from typing import Any

from maninso.petitions.accounts import add_member
from maninso.petitions.lifecycle import Actor
from maninso.petitions.models import Bill, Obligation, Reply, Response, Verdict
from maninso.petitions.obligations import (
    ReplyText,
    approve_reply,
    edit_reply,
    keep_bill,
    propose_reply,
    read_record,
    revise_reply,
    start_reply,
)

KIM = Actor(role="clerk", name="kim@example.org")
LEE = Actor(role="clerk", name="lee@example.org")
TEXT = ReplyText(author="The rector", summary="Yes.", body="From May.", language="en")


def publish_answer(petition_id: int, *, now: dt.datetime) -> int:
    """Have the first debt of a petition answered; return the answer's number."""
    for member in (KIM, LEE):
        add_member(email=member.name, role="clerk", now=now)
    owed = [Obligation.objects.get(petition_id=petition_id).pk]
    reply = start_reply(obligations=owed, language="en", actor=KIM, now=now)
    seen = edit_reply(reply, text=TEXT, obligations=owed, seen=1, actor=KIM, now=now)
    propose_reply(reply, seen=seen, actor=KIM, now=now)
    approve_reply(reply, seen=seen, actor=LEE, now=now)
    return reply


def correct_answer(reply: int, *, now: dt.datetime, **changes: Any) -> None:
    """Publish a second version of an answer."""
    owed = list(Response.objects.filter(reply=reply).values_list("obligation", flat=True))
    revise_reply(reply, actor=KIM, now=now)
    seen = Reply.objects.get(pk=reply).revision
    text = ReplyText(**{**vars(TEXT), "body": "From June.", **changes})
    seen = edit_reply(reply, text=text, obligations=owed, seen=seen, actor=KIM, now=now)
    propose_reply(reply, seen=seen, actor=KIM, now=now)
    approve_reply(reply, seen=seen, actor=LEE, now=now)


def judge(petition_id: int, verdict: str, *, person: int) -> None:
    """Let a made-up signer say what they think of the answer."""
    owed = Obligation.objects.get(petition_id=petition_id)
    given = {"obligation": owed, "response": owed.response, "verdict": verdict}
    Verdict.objects.create(**given, person=person.to_bytes(16, "big"))


def keep_law(petition_id: int, *, now: dt.datetime, **changes: Any) -> int:
    """Take over a bill that became law of a petition; return its number here."""
    record = {
        "register": "assembly-kr",
        "number": "2024-0117",
        "title": "Bill on libraries",
        "language": "en",
        "body": "National Assembly",
        "proposer": "Education committee",
        "address": "https://bills.example.org/2024-0117",
        "act_title": "Library Act",
        "act_number": "No. 20117",
        "enacted_on": "2024-06-05",
        "in_force_on": "2024-12-06",
        "stages": [{"stage": "proposed", "on": "2023-11-01"}, {"stage": "in-force", "on": "2024-12-06"}],
        "provisions": [
            {"place": "Article 3", "before": "on weekdays", "after": "on every day"},
            {"place": "Article 4", "after": "Sundays from noon"},
        ],
        "petitions": [{"petition": str(petition_id), "demand": "Open on Sundays", "meets": "part"}],
        **changes,
    }
    keep_bill(read_record(record), actor=Actor(role="system"), now=now)
    return int(Bill.objects.get(register=record["register"], number=record["number"]).pk)
