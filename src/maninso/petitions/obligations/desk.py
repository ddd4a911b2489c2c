"""The clerk's desk: what an institution owes by the day on which it is due, and who takes care of it."""

import datetime as dt
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Case, Count, F, Q, QuerySet, When

from maninso.charter import legal_day
from maninso.petitions.access.build import build_obligation
from maninso.petitions.access.rows import obligation_rows, overdue
from maninso.petitions.access.rules import find_threshold, read_charter_version, words
from maninso.petitions.access.views import ObligationView, Words
from maninso.petitions.audit import record_action
from maninso.petitions.lifecycle import Actor, RoleError
from maninso.petitions.models import Account, Assignment, Obligation
from maninso.petitions.obligations.clocks import moments_of, read_moment_days
from maninso.petitions.obligations.settling import lock_obligation, require_desk

SHOWN = ("owed", "mine", "settled")
SOON = 7  # days

_MOST_ROWS = 200


@dataclass(frozen=True, kw_only=True)
class DeskRow:
    """One debt on the desk. `days_left` is negative once it is late, and None where no day is set."""

    debt: ObligationView
    institution: str
    name: Words
    days_left: int | None
    band: str  # late, soon or fresh
    assignee: str
    drafts: int  # answers in work


@dataclass(frozen=True, kw_only=True)
class Desk:
    """The debts that were asked for, the late ones first, and the desk in numbers."""

    rows: tuple[DeskRow, ...]
    show: str
    owed: int
    overdue: int
    soon: int  # due within SOON days


@dataclass(frozen=True, kw_only=True)
class Debt:
    """One debt with what can be done about it under its charter."""

    row: DeskRow
    grounds: tuple[tuple[str, Words], ...]  # to decline: code and words
    lapses_on: tuple[tuple[str, Words], ...]  # grounds on which it lapses
    moments: tuple[tuple[str, dt.date | None], ...]  # that its charter counts from: certification, submission
    extensions_left: int | None  # None: any number
    longest_extension: str  # "1 month"; "" where the charter leaves it open


def read_desk(*, institution: str, show: str, member: str, now: dt.datetime) -> Desk:
    """Return what an institution ("" for all) owes: all that is owed, what `member` cares for, or what was settled."""
    show = show if show in SHOWN else "owed"
    of_institution = Q(petition__charter__charter_id=institution) if institution else Q()
    rows = _rows().filter(of_institution)
    match show:
        case "mine":
            rows = rows.filter(state="owed", assignment__account__email=member)
        case "settled":
            rows = rows.exclude(state="owed")
        case _:
            rows = rows.filter(state="owed")
    order = (
        (F("settled_at").desc(), "pk")
        if show == "settled"
        else (Case(When(binding=True, then=0), default=1), F("due_at").asc(nulls_last=True), "pk")
    )
    totals = Obligation.objects.filter(of_institution).aggregate(
        owed=Count("pk", filter=Q(state="owed")),
        overdue=Count("pk", filter=overdue(now)),
        soon=Count("pk", filter=Q(state="owed", due_at__gt=now, due_at__lte=now + dt.timedelta(days=SOON))),
    )
    return Desk(rows=tuple(_row(each, now=now) for each in rows.order_by(*order)[:_MOST_ROWS]), show=show, **totals)


def read_debt(obligation_id: int, *, now: dt.datetime) -> Debt | None:
    """Return one debt with the grounds and extensions that its charter gives; None where there is none."""
    obligation = _rows().filter(pk=obligation_id).first()
    if obligation is None:
        return None
    charter = read_charter_version(obligation.petition.charter)
    owed = find_threshold(charter, obligation.threshold_id).obligation
    noted = read_moment_days(obligation.petition_id) if moments_of(charter) else {}
    deadline = owed.deadline if owed else None
    granted, left, longest = len(obligation.extensions.all()), 0, ""
    limits: list[int | None] = []
    for rule in deadline.extensions if deadline else ():
        limits.append(rule.at_most)
        if rule.at_most is None or granted < sum(limit or 0 for limit in limits):
            longest = longest or (rule.length.render() if rule.length else "")
    unlimited = None in limits
    left = max(sum(limit or 0 for limit in limits) - granted, 0)
    return Debt(
        row=_row(obligation, now=now),
        grounds=tuple((each.code, words(each.label)) for each in owed.declines) if owed else (),
        lapses_on=tuple((each.code, words(each.label)) for each in owed.lapses_on) if owed else (),
        moments=tuple((kind, noted.get(kind)) for kind in moments_of(charter)),
        extensions_left=None if unlimited else left,
        longest_extension=longest,
    )


def assign(obligation_id: int, *, email: str, actor: Actor, now: dt.datetime) -> None:
    """Say who takes care of a debt; "" for nobody. Raises RoleError where that clerk is another institution's."""
    with transaction.atomic():
        obligation = lock_obligation(obligation_id)
        institution = obligation.petition.charter.charter_id
        require_desk(actor, institution)
        old = Assignment.objects.select_related("account").filter(pk=obligation_id).first()
        if email:
            account = Account.objects.filter(email=email, is_active=True).exclude(role="").first()
            if account is None:
                raise RoleError(f"{email} is not in the office", cure="choose one of the clerks")
            require_desk(Actor(role=account.role, name=email), institution)
            Assignment.objects.update_or_create(pk=obligation_id, defaults={"account": account, "at": now})
        else:
            Assignment.objects.filter(pk=obligation_id).delete()
        record_action(
            actor,
            "assigned",
            f"petition/{obligation.petition_id}",
            {"assignee": old.account.email if old else None},
            {"assignee": email or None},
            now=now,
        )


def list_colleagues(institution: str) -> tuple[str, ...]:
    """Return the addresses of those who may take care of an institution's debts: its clerks."""
    clerks = Account.objects.filter(role="clerk", is_active=True, institution__in=("", institution))
    return tuple(clerks.order_by("email").values_list("email", flat=True))


def _rows() -> "QuerySet[Obligation]":
    in_work = Q(reply_targets__reply__state__in=("writing", "proposed", "approved"))
    return obligation_rows().select_related("assignment__account").annotate(drafts=Count("reply_targets", in_work))


def _row(obligation: Obligation, *, now: dt.datetime) -> DeskRow:
    charter = read_charter_version(obligation.petition.charter)
    left = (obligation.due_on - legal_day(charter, now)).days if obligation.due_on else None
    assignment: Assignment | None = getattr(obligation, "assignment", None)
    late = obligation.binding and left is not None and left < 0
    return DeskRow(
        debt=build_obligation(obligation, now=now),
        institution=charter.id,
        name=words(charter.institution),
        days_left=left,
        band="late" if late else "soon" if left is not None and left <= SOON else "fresh",
        assignee=assignment.account.email if assignment else "",
        drafts=obligation.drafts,  # type: ignore[attr-defined]
    )
