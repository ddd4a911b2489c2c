"""Appeals: a creator's one word against a refusal, decided by an operator who did not refuse it."""

import datetime as dt
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from maninso import ManinsoError, UsageError
from maninso.petitions.access.rules import read_charter_version, reason_words
from maninso.petitions.access.views import Words
from maninso.petitions.audit import record_action
from maninso.petitions.lifecycle import Actor, clean_text
from maninso.petitions.models import Appeal, Petition, StateChange
from maninso.petitions.moderation.decisions import restore, send_to_creator
from maninso.petitions.moderation.desk import require

REFUSED = ("rejected", "hidden", "removed")
LONGEST = 3_000  # characters
WITHIN = dt.timedelta(days=30)


class AppealError(ManinsoError):
    """There is nothing to appeal against, or nothing to decide."""


@dataclass(frozen=True, kw_only=True)
class AppealView:
    """One appeal; `decided_by` is who refused the petition."""

    appeal_id: int
    petition_id: int
    title: str
    language: str
    state: str
    petition_state: str
    reason_code: str
    reason: Words  # in the words of the petition's charter
    refused_by: str
    text: str
    made_at: dt.datetime
    answer: str


def make_appeal(petition_id: int, *, text: str, now: dt.datetime) -> None:
    """Appeal against the last decision, once, within thirty days. The caller knows that it is the creator.

    Raises AppealError, UsageError for no text, TextError.
    """
    text = clean_text("appeal", text, lines=True, most=LONGEST)
    if not text:
        raise UsageError("appeal: it is empty", cure="say why the decision is wrong")
    last = may_appeal(petition_id, now=now)
    if last is None:
        raise AppealError(f"petition {petition_id} has no decision to appeal against", cure="look at its page")
    try:
        with transaction.atomic():
            Appeal.objects.create(petition_id=petition_id, against_id=last, text=text, made_at=now)
            record_action(Actor(role="creator"), "appealed", f"petition/{petition_id}", {}, {"appeal": text}, now=now)
    except IntegrityError as error:
        raise AppealError(f"petition {petition_id} was appealed against already", cure="wait for the answer") from error


def may_appeal(petition_id: int, *, now: dt.datetime) -> int | None:
    """Return the number of the decision that can be appealed against now; None where there is none."""
    last = StateChange.objects.filter(petition_id=petition_id).order_by("-pk").first()
    if last is None or last.new not in REFUSED or now >= last.at + WITHIN:
        return None
    return None if Appeal.objects.filter(against=last).exists() else last.pk


def decide_appeal(appeal_id: int, *, uphold: bool, answer: str, actor: Actor, now: dt.datetime) -> None:
    """Uphold an appeal, which restores the petition, or dismiss it; the answer goes to the creator.

    Raises AppealError for one's own refusal or an appeal that is decided, UsageError without an answer, RoleError.
    """
    require(actor, frozenset({"operator"}), "decide appeals")
    answer = clean_text("answer", answer, lines=True, most=LONGEST)
    if not answer:
        raise UsageError("answer: it is empty", cure="tell the creator why")
    with transaction.atomic():
        appeal = Appeal.objects.select_for_update(of=("self",)).select_related("against").filter(pk=appeal_id).first()
        if appeal is None or appeal.state != "open":
            raise AppealError(f"there is no appeal {appeal_id} to decide", cure="look at the list again")
        if appeal.against.actor == actor.name:
            raise AppealError("you refused this petition yourself", cure="let another operator decide the appeal")
        appeal.state, appeal.answer = "upheld" if uphold else "dismissed", answer
        appeal.decided_by, appeal.decided_at = actor.name, now
        appeal.save()
        if uphold:
            restore(appeal.petition_id, actor=actor, now=now, reason=answer)
        send_to_creator(
            appeal.petition_id,
            f"appeal/{appeal_id}",
            ko="이의 제기에 대한 답변",
            en="The answer to your appeal",
            body=answer,
            now=now,
        )
        record_action(
            actor,
            f"appeal-{appeal.state}",
            f"petition/{appeal.petition_id}",
            {},
            {"appeal": appeal_id},
            reason=answer,
            now=now,
        )


def list_appeals(*, state: str = "open") -> tuple[AppealView, ...]:
    """Return appeals in a state, oldest first."""
    rows = Appeal.objects.filter(state=state).select_related("petition__charter", "against").order_by("made_at", "pk")
    return tuple(_view(row) for row in rows)


def read_appeal(petition_id: int) -> AppealView | None:
    """Return the last appeal of a petition."""
    rows = Appeal.objects.filter(petition_id=petition_id).select_related("petition__charter", "against")
    row = rows.order_by("-pk").first()
    return None if row is None else _view(row)


def _view(row: Appeal) -> AppealView:
    petition: Petition = row.petition
    return AppealView(
        appeal_id=row.pk,
        petition_id=petition.pk,
        title=petition.title,
        language=petition.language,
        state=row.state,
        petition_state=petition.state,
        reason_code=row.against.reason_code,
        reason=reason_words(read_charter_version(petition.charter), row.against.reason_code),
        refused_by=row.against.actor,
        text=row.text,
        made_at=row.made_at,
        answer=row.answer,
    )
