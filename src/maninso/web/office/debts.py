"""The clerk's desk: what the institution owes, one debt with what can be done about it."""

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy

from maninso import ManinsoError
from maninso.charter import Length, say_length
from maninso.petitions import obligations
from maninso.petitions.accounts import Member
from maninso.petitions.obligations import Debt
from maninso.web.office.say import read_day, read_petitions, say_error
from maninso.web.shared.accounts import office_page
from maninso.web.shared.answers import render_page
from maninso.web.shared.display import REPLY_TAGS, show_debt
from maninso.web.shared.problems import NO_PAGE, WRONG_ROLE, Refused
from maninso.web.shared.requests import read_number, read_words
from maninso.web.shared.tickets import see_other

VIEWS = (
    ("owed", gettext_lazy("Owed")),
    ("mine", gettext_lazy("Mine")),
    ("settled", gettext_lazy("Settled")),
)
CLERKS = ("clerk", "operator")


def may_act(member: Member, institution: str) -> bool:
    """Whether a member answers for an institution; the others of the office read."""
    return member.role == "operator" or (member.role == "clerk" and member.institution in ("", institution))


@office_page()
def show_desk(request: HttpRequest, member: Member) -> HttpResponseBase:
    """GET /office/debts?show=: what the member's institution owes, the late ones first, and the answers in work.

    POST starts an answer to a petition to which nothing is owed.
    """
    error = ""
    if request.method == "POST":
        if member.role not in CLERKS:
            raise Refused(WRONG_ROLE)
        try:
            reply_id = obligations.start_reply(
                obligations=(),
                petitions=read_petitions(request.POST.get("petition", "")),
                language=translation.get_language() or "ko",
                actor=member.actor,
                now=timezone.now(),
            )
        except ManinsoError as fault:
            error = say_error(fault)
        else:
            return see_other(reverse("office_answer", args=[reply_id]))
    desk = obligations.read_desk(
        institution=member.institution, show=read_words(request, "show"), member=member.email, now=timezone.now()
    )
    replies = obligations.list_replies(institution=member.institution)
    context = {
        "member": member,
        "desk": desk,
        "views": VIEWS,
        "rows": [{"row": row, **show_debt(row.debt)} for row in desk.rows],
        "replies": [{"reply": reply, "tag": REPLY_TAGS[reply.state]} for reply in replies],
        "to_approve": sum(
            reply.state == "proposed" and member.email not in (reply.proposed_by, reply.written_by) for reply in replies
        ),
        "may_start": member.role in CLERKS,
        "given": request.POST.get("petition", ""),
        "error": error,
    }
    return render_page(request, "office/debts.html", context, status=409 if error else 200)


@office_page()
def show_debt_page(request: HttpRequest, member: Member, number: str) -> HttpResponseBase:
    """GET and POST /office/debts/{id}: one debt: who takes care of it, its answers, its extensions, declining it."""
    debt = find_debt(number)
    error = ""
    if request.method == "POST":
        if not may_act(member, debt.row.institution):
            raise Refused(WRONG_ROLE)
        try:
            address = _act(request, debt, member)
        except ManinsoError as fault:
            error = say_error(fault)
            debt = find_debt(number)
        else:
            return see_other(address)
    number_of = debt.row.debt.obligation_id
    context: dict[str, Any] = {
        "member": member,
        "debt": debt,
        "row": debt.row,
        **(item := show_debt(debt.row.debt)),
        "item": item,
        "replies": [
            {"reply": reply, "tag": REPLY_TAGS[reply.state]}
            for reply in obligations.list_replies(institution="", obligation_id=number_of)
        ],
        "longest": say_length(Length.parse(debt.longest_extension), translation.get_language() or "ko")
        if debt.longest_extension
        else "",
        "colleagues": obligations.list_colleagues(debt.row.institution),
        "may_act": may_act(member, debt.row.institution),
        "error": error,
        "given": request.POST,
    }
    return render_page(request, "office/debt.html", context, status=409 if error else 200)


def find_debt(number: str) -> Debt:
    """Return the debt of an address; refuses what is nobody's."""
    debt = obligations.read_debt(read_number(number), now=timezone.now())
    if debt is None:
        raise Refused(NO_PAGE)
    return debt


def _act(request: HttpRequest, debt: Debt, member: Member) -> str:
    """Do what was asked for; return where to go next."""
    now, owed = timezone.now(), debt.row.debt
    match request.POST.get("do"):
        case "assign":
            obligations.assign(owed.obligation_id, email=request.POST.get("email", ""), actor=member.actor, now=now)
        case "answer":
            language = owed.petition_language if owed.petition_language in ("ko", "en") else "en"
            reply = obligations.start_reply(
                obligations=[owed.obligation_id], language=language, actor=member.actor, now=now
            )
            return reverse("office_answer", args=[reply])
        case "extend":
            count, unit = request.POST.get("count", ""), request.POST.get("unit", "")
            obligations.extend(
                owed.obligation_id,
                length=f"{count} {unit}{'' if count == '1' else 's'}",
                reason=request.POST.get("reason", ""),
                now=now,
                actor=member.actor,
            )
        case "moment":
            obligations.note_moment(
                owed.petition_id,
                kind=request.POST.get("kind", ""),
                on=read_day(request.POST.get("on", "")),
                actor=member.actor,
                now=now,
            )
        case "lapse":
            obligations.lapse(
                owed.obligation_id,
                reason=request.POST.get("lapse_ground", ""),
                note=request.POST.get("lapse_note", ""),
                now=now,
                actor=member.actor,
            )
        case "decline":
            obligations.decline(
                owed.obligation_id,
                reason=request.POST.get("ground", ""),
                note=request.POST.get("note", ""),
                now=now,
                actor=member.actor,
            )
    return reverse("office_debt", args=[owed.obligation_id])
