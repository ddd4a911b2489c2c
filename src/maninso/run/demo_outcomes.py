"""What came of the sample site's petitions: answers by two people, a draft that waits, bills, a law, a refusal."""

import datetime as dt
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from maninso.identity.nullifier import derive_nullifier, open_sealed_key
from maninso.identity.rehearsal import make_rehearsal_ticket
from maninso.identity.ticket import Ticket
from maninso.run.demo_stories import DECLINES, EXTENDED, FAMILY_NOTE, FORTUNES, GROUPED

CLERK, OTHER = "clerk@example.org", "operator@example.org"  # who writes, and who reads and approves

WAITING = {
    "title": "자정까지 다니는 셔틀버스를 평일에도 운행해 주세요",
    "author": "총무팀",
    "summary": "다음 달부터 평일에도 자정까지 셔틀버스를 운행합니다.",
    "body": "## 언제부터\n\n- 다음 달 첫날부터 **평일 밤 10시, 11시, 자정**에 한 대씩\n- 석 달 동안 탄 사람 수를 공개",
}
"""An answer that waits for a second pair of eyes on the clerk's desk."""

CORRECTION: dict[str, Any] = {
    "title": "Limit night-time noise from road works near homes",
    "from": "next April",
    "to": "next March",
    "after": 30,  # days
}
"""A word of an answer that was corrected, so that it has two versions."""

OUTCOMES: tuple[dict[str, Any], ...] = (
    {
        "petition": "Limit night-time noise from road works near homes",
        "demand": "No breaking or cutting within fifty metres of homes after 11 pm",
        "meets": "whole",
        "register": "sample-parliament",
        "number": "HC 214",
        "title": "Street Works (Quiet Hours) Bill",
        "language": "en",
        "body": "The sample parliament",
        "proposer": "Committee for Transport",
        "summary": "Loud work near homes ends at 11 pm, and contractors publish what they measure.",
        "act_title": "Street Works (Quiet Hours) Act",
        "act_number": "c. 31",
        "enacted": 60,
        "in_force": 20,
        "stages": (
            ("proposed", 96, ""),
            ("committee", 85, ""),
            ("passed", 70, "311 to 24"),
            ("promulgated", 60, ""),
            ("in-force", 20, ""),
        ),
        "provisions": (
            (
                "Section 4, subsection 2",
                "Works that are likely to cause noise shall be carried out at reasonable hours.",
                "Breaking and cutting within fifty metres of homes shall end by 11 pm, except in emergencies.",
            ),
            (
                "Section 4, subsection 3",
                "",
                "Whoever carries out works shall publish the noise measured within two weeks.",
            ),
        ),
    },
    {
        "petition": "동네 놀이터에 그늘막과 음수대를 설치해 주세요",
        "demand": "놀이터를 새로 짓거나 고칠 때 그늘막과 음수대를 두는 기준",
        "meets": "part",
        "register": "sample-assembly",
        "number": "의안 2107",
        "title": "놀이터 시설 기준에 관한 법률 일부개정법률안",
        "language": "ko",
        "body": "표본 의회",
        "proposer": "행정위원회",
        "summary": "새로 짓는 놀이터에 그늘막을 두게 합니다. 음수대는 지방정부가 정합니다.",
        "stages": (("proposed", 30, ""), ("committee", 22, ""), ("reported", 6, "대안 반영")),
        "provisions": (
            (
                "제5조제2항",
                "놀이터에는 의자와 조명을 둔다.",
                "놀이터에는 의자와 조명, 그늘막을 둔다.",
            ),
        ),
    },
    {
        "petition": "Mark bus lanes so that cyclists know whether they may use them",
        "demand": "One national sign for each of the two cases",
        "meets": "not",
        "kind": "refusal",
        "register": "sample-roads-office",
        "number": "R-55",
        "title": "Road signs stay with the provinces",
        "language": "en",
        "body": "The sample roads office",
        "summary": "Signs are for the provinces to decide. The office recommends one marking to them.",
        "stages": (("refused", 9, ""),),
    },
)
"""Bills, a law and a refusal; days are counted back from now."""


VERDICTS = 3 * ("yes", "partly", "yes", "no", "yes", "yes", "partly", "no", "yes", "partly", "yes", "no")
"""What some signers of each answered petition say of the answer, in the order in which they signed."""


def name_signers(petition_id: int) -> Iterator[bytes]:
    """Give the nullifiers of made-up people who will say whether it was an answer. Django must be set up."""
    from django.conf import settings
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT wrapped_key FROM signing_gate WHERE petition_id = %s", [petition_id])
        (sealed,) = cursor.fetchone()
    wrapping_key = settings.MANINSO_KEPT_WRAPPING_KEY(petition_id)
    key = open_sealed_key(wrapping_key, petition_id=petition_id, sealed=bytes(sealed))
    for number in range(len(VERDICTS)):
        ticket = make_ticket(number)
        yield derive_nullifier(key, issuer=ticket.scheme, subject=ticket.subject)


def make_ticket(number: int) -> Ticket:
    """Return the ticket of one of these people. Django must be set up."""
    from django.conf import settings

    secret = settings.MANINSO.secret_key
    return make_rehearsal_ticket(secret, person=f"signer {number}", region="", now=0, assurance=1, age=40)


def judge_answers(*, now: dt.datetime) -> None:
    """Let them say it. Django must be set up."""
    from maninso.petitions.obligations import NotSignerError, judge_answer, read_desk

    desk = read_desk(institution="", show="settled", member="", now=now)
    for obligation_id in [row.debt.obligation_id for row in desk.rows if row.debt.response]:
        for number, verdict in enumerate(VERDICTS):
            with suppress(NotSignerError):  # an audit took this signature out of the count
                judge_answer(obligation_id, ticket=make_ticket(number), verdict=verdict)


def answer_by_two(
    obligation_id: int, *, words: dict[str, str], language: str, approved: bool, now: dt.datetime, reply: int = 0
) -> int:
    """Write an answer as the clerk, hand it on, and approve it as somebody else; return its number.

    With `reply` it is a new version of that one. Django must be set up.
    """
    from maninso.petitions import obligations
    from maninso.petitions.lifecycle import Actor

    clerk = Actor(role="clerk", name=CLERK)
    if reply:
        obligations.revise_reply(reply, actor=clerk, now=now)
    else:
        reply = obligations.start_reply(obligations=[obligation_id], language=language, actor=clerk, now=now)
    view = obligations.read_reply(reply, now=now)
    assert view is not None  # noqa: S101 - it was just written
    text = obligations.ReplyText(
        author=words["author"], summary=words["summary"], body=words["body"], language=language
    )
    seen = obligations.edit_reply(
        reply, text=text, obligations=[obligation_id], seen=view.revision, actor=clerk, now=now
    )
    obligations.propose_reply(reply, seen=seen, actor=clerk, now=now)
    if approved:
        obligations.approve_reply(reply, seen=seen, actor=Actor(role="operator", name=OTHER), now=now)
    return reply


def make_outcomes(*, now: dt.datetime) -> None:
    """Let the sample petitions have consequences. Django must be set up."""
    from maninso.petitions.discovery import merge_petitions
    from maninso.petitions.lifecycle import SYSTEM, Actor
    from maninso.petitions.obligations import keep_bill, read_desk, read_record

    desk = read_desk(institution="", show="owed", member="", now=now)
    debts = {row.debt.petition_title: row.debt.obligation_id for row in desk.rows}
    answer_by_two(debts[WAITING["title"]], words=WAITING, language="ko", approved=False, now=now)
    judge_answers(now=now)
    correct_answer(now=now)
    numbers = find_numbers()
    for outcome in (*OUTCOMES, *FORTUNES):
        record = make_record(outcome, petition_id=numbers[outcome["petition"]], now=now)
        keep_bill(read_record(record), actor=SYSTEM, now=now)
    decline_and_extend(now=now)
    merge_petitions(
        [numbers[title] for title in GROUPED],
        note=FAMILY_NOTE,
        actor=Actor(role="moderator", name="moderator@example.org"),
        now=now - dt.timedelta(days=3),
    )


def decline_and_extend(*, now: dt.datetime) -> None:
    """Let the institution decline one debt on a ground of its charter, and move the day of another, with its reason."""
    from maninso.petitions.lifecycle import Actor
    from maninso.petitions.obligations import decline, extend, read_desk

    clerk = Actor(role="clerk", name=CLERK)
    debts = {
        row.debt.petition_title: row.debt for row in read_desk(institution="", show="owed", member="", now=now).rows
    }
    declined, moved = debts[DECLINES["title"]], debts[EXTENDED["title"]]
    decline(
        declined.obligation_id,
        reason=DECLINES["ground"],
        note=DECLINES["note"],
        now=declined.met_at + dt.timedelta(days=DECLINES["after"]),
        actor=clerk,
    )
    assert moved.due_on is not None  # noqa: S101 - its charter sets one
    extend(
        moved.obligation_id,
        length=EXTENDED["length"],
        reason=EXTENDED["reason"],
        now=dt.datetime.combine(moved.due_on - dt.timedelta(days=EXTENDED["before"]), dt.time(6), dt.UTC),
        actor=clerk,
    )


def correct_answer(*, now: dt.datetime) -> None:
    """Publish a corrected version of an answer, some days after the first. Django must be set up."""
    from maninso.petitions.access import find_petition
    from maninso.petitions.obligations import list_replies

    view = find_petition(find_numbers()[CORRECTION["title"]], now=now)
    assert view is not None  # noqa: S101 - the sample site has it
    (owed, *_) = view.obligations
    said = view.answers[0].newest
    (reply,) = list_replies(institution="", obligation_id=owed.obligation_id)
    old, new = CORRECTION["from"], CORRECTION["to"]
    summary, body = (text.replace(old, new) for text in (said.summary, said.body))
    answer_by_two(
        owed.obligation_id,
        words={"author": said.author, "summary": summary, "body": body},
        language=said.language,
        approved=True,
        now=said.published_at + dt.timedelta(days=CORRECTION["after"]),
        reply=reply.reply_id,
    )


def find_numbers() -> dict[str, int]:
    """Return the numbers of the sample petitions by title. Django must be set up."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT title, id FROM petitions_petition")
        return dict(cursor.fetchall())


def make_record(outcome: dict[str, Any], *, petition_id: int, now: dt.datetime) -> dict[str, Any]:
    """Return an outcome as a file would say it, with its days."""

    def day(ago: int) -> str:
        return (now - dt.timedelta(days=ago)).date().isoformat()

    names = (
        "register",
        "number",
        "kind",
        "title",
        "language",
        "body",
        "proposer",
        "summary",
        "act_title",
        "act_number",
    )
    record: dict[str, Any] = {name: outcome[name] for name in names if name in outcome}
    if "enacted" in outcome:
        record |= {"enacted_on": day(outcome["enacted"]), "in_force_on": day(outcome["in_force"])}
    record["stages"] = [{"stage": stage, "on": day(ago), "note": note} for stage, ago, note in outcome["stages"]]
    record["provisions"] = [
        {"place": place, "before": before, "after": after} for place, before, after in outcome.get("provisions", ())
    ]
    link = {"petition": str(petition_id), "demand": outcome["demand"], "meets": outcome["meets"]}
    record["petitions"] = [link]
    return record
