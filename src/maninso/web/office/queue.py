"""What waits for a decision, and what can be done with several at once."""

import datetime as dt
from typing import Any

from django.core import signing
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from maninso import ManinsoError
from maninso.petitions import moderation
from maninso.petitions.accounts import Member
from maninso.web.office.say import say_error
from maninso.web.shared.accounts import office_page
from maninso.web.shared.answers import render_page
from maninso.web.shared.problems import NOT_SHOWN, WRONG_ROLE, Refused
from maninso.web.shared.requests import read_words
from maninso.web.shared.similar import find_likely_twins
from maninso.web.shared.tickets import see_other

SHOWN_SALT = "petitions that a page of the office showed"
SHOWN_AGE = 12 * 3600  # seconds
LOOKING = 0.5  # seconds for twins of what waits
KINDS = {
    "email": gettext_lazy("e-mail address"),
    "resident-number": gettext_lazy("resident number"),
    "card-number": gettext_lazy("card number"),
    "phone": gettext_lazy("telephone number"),
    "account-number": gettext_lazy("bank account"),
    "plate": gettext_lazy("number plate"),
    "address": gettext_lazy("address"),
    "name": gettext_lazy("name"),
}
VIEWS = (
    ("waiting", gettext_lazy("Waiting")),
    ("mine", gettext_lazy("Mine")),
    ("flagged", gettext_lazy("Flagged")),
    ("dormant", gettext_lazy("Set aside")),
)


@office_page()
def show_queue(request: HttpRequest, member: Member) -> HttpResponseBase:
    """GET and POST /office?show=: the petitions that wait for a decision, by the day on which it is due.

    Whoever comes to the office as a clerk, without asking for a view, is led to what their institution owes.
    """
    if member.role == "clerk" and request.method != "POST" and "show" not in request.GET:
        return see_other(reverse("office_debts"))
    now = timezone.now()
    results: list[tuple[int, str]] = []
    show = read_words(request, "show")
    if request.method == "POST":
        results = act_on_several(request, member, now=now)
        if not results:
            return see_other(reverse("office") + (f"?show={show}" if show else ""))
    queue = moderation.read_queue(show=show, holder=member.email, now=now)
    titles = {row.petition_id: row.title for row in queue.rows}
    twins = find_likely_twins(titles, now=now, within=LOOKING)
    rows = [
        {
            "row": row,
            "twins": twins.get(row.petition_id, 0),
            "marks": [KINDS[kind] for kind in row.marks],
            "waited": say_span(now - row.entered_at),
        }
        for row in queue.rows
    ]
    context: dict[str, Any] = {
        "member": member,
        "queue": queue,
        "rows": rows,
        "views": VIEWS,
        "may_decide": member.role in ("moderator", "operator"),
        "shown": sign_shown([row.petition_id for row in queue.rows], member),
        "results": results,
        "reasons": common_reasons([row.petition_id for row in queue.rows], now=now),
    }
    return render_page(request, "office/queue.html", context, status=409 if results else 200)


def act_on_several(request: HttpRequest, member: Member, *, now: dt.datetime) -> list[tuple[int, str]]:
    """Do one thing to every petition that was chosen, each in a transaction of its own; return those that failed.

    Refuses (400) a number that the page did not show.
    """
    if member.role not in ("moderator", "operator"):
        raise Refused(WRONG_ROLE)
    shown = read_shown(request.POST.get("shown", ""), member)
    chosen = request.POST.getlist("id")
    if not all(number.isascii() and number.isdigit() and int(number) in shown for number in chosen):
        raise Refused(NOT_SHOWN)
    failed = []
    for number in sorted(map(int, set(chosen))):
        try:
            _act(request, number, member, now=now)
        except ManinsoError as error:
            failed.append((number, say_error(error)))
    if not chosen:
        failed.append((0, _("Choose at least one petition.")))
    return failed


def _act(request: HttpRequest, number: int, member: Member, *, now: dt.datetime) -> None:
    match request.POST.get("do"):
        case "claim":
            moderation.claim(number, actor=member.actor, now=now)
        case "flag":
            moderation.set_hold(number, hold="flagged", actor=member.actor, now=now)
        case "dormant":
            moderation.set_hold(number, hold="dormant", actor=member.actor, now=now)
        case "restore":
            moderation.set_hold(number, hold="", actor=member.actor, now=now)
        case "reject":
            decision = moderation.Decision(kind="reject", code=request.POST.get("code", ""))
            moderation.decide(number, decision, actor=member.actor, now=now)


def common_reasons(numbers: list[int], *, now: dt.datetime) -> list[moderation.ReasonView]:
    """Return the reasons that the charters of all these petitions have in common."""
    common: dict[str, moderation.ReasonView] | None = None
    by_charter: dict[str, dict[str, moderation.ReasonView]] = {}
    for number in numbers:
        charter_id, reasons = moderation.read_reasons(number)
        by_charter[charter_id] = {reason.code: reason for reason in reasons}
    for found in by_charter.values():
        common = found if common is None else {code: each for code, each in common.items() if code in found}
    return list((common or {}).values())


def sign_shown(numbers: list[int], member: Member) -> str:
    """Return the petitions that a page shows, for its form to bring back."""
    return signing.dumps([member.account_id, *numbers], salt=SHOWN_SALT, compress=True)


def read_shown(text: str, member: Member) -> set[int]:
    """Return the petitions that the page showed; refuses (400) what no page of this member's did."""
    try:
        account_id, *numbers = signing.loads(text, salt=SHOWN_SALT, max_age=SHOWN_AGE)
    except (signing.BadSignature, ValueError) as error:
        raise Refused(NOT_SHOWN) from error
    if account_id != member.account_id:
        raise Refused(NOT_SHOWN)
    return set(numbers)


def say_span(span: dt.timedelta) -> str:
    """Return how long something has waited, in words."""
    hours = int(span.total_seconds() // 3600)
    if hours < 48:
        return _("%(n)s h") % {"n": hours}
    return _("%(n)s days") % {"n": hours // 24}
