"""Bills, laws, rulings and refusals, as the office writes them: stages, provisions, the petitions they are about."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from maninso import ManinsoError
from maninso.petitions import access, obligations
from maninso.petitions.access import WholeBill
from maninso.petitions.accounts import Member
from maninso.petitions.obligations import BillError, StaleBillError
from maninso.web.office.answers import LANGUAGES
from maninso.web.office.say import say_error
from maninso.web.shared.accounts import office_page
from maninso.web.shared.answers import render_page
from maninso.web.shared.display import KIND_LABELS, MEETS_TAGS, STAGE_LABELS, show_bill
from maninso.web.shared.problems import NO_PAGE, WRONG_ROLE, Refused
from maninso.web.shared.requests import read_number
from maninso.web.shared.tickets import see_other

WORDS = (
    *("register", "number", "kind", "title", "language", "body", "proposer", "summary", "address"),
    *("act_title", "act_number", "enacted_on", "in_force_on"),
)
PARTS: Mapping[str, tuple[str, ...]] = {
    "stages": ("stage", "on", "note"),
    "provisions": ("place", "before", "after"),
    "petitions": ("petition", "demand", "meets"),
}
CHOSEN: Mapping[str, str] = {"stages": "stage", "petitions": "meets"}
"""The field of a part that always has a value: a row that says nothing else is none."""
BLANK_ROWS = 2
MOST_ROWS = 200
LABELS: Mapping[str, Promise] = {
    "register": _("Register"),
    "number": _("Number"),
    "kind": _("Kind"),
    "title": _("Title"),
    "language": _("Language of its texts"),
    "body": _("Parliament, court or institution"),
    "proposer": _("Proposed by"),
    "summary": _("In brief"),
    "address": _("Address in its register"),
    "act_title": _("Title of the act"),
    "act_number": _("Number of the act"),
    "enacted_on": _("Enacted on"),
    "in_force_on": _("In force from"),
    "stages": _("Its way"),
    "provisions": _("What it changes"),
    "petitions": _("The petitions behind it"),
}
Form = dict[str, Any]


@office_page()
def list_bills(request: HttpRequest, member: Member) -> HttpResponseBase:
    """GET /office/bills: what came of petitions beyond an answer, to be changed."""
    bills = [show_bill(each) for each in access.list_bills()]
    return render_page(request, "office/bills.html", {"bills": bills, "may_act": _may_act(member)})


@office_page()
def write_new(request: HttpRequest, member: Member) -> HttpResponseBase:
    """GET and POST /office/bills/new: a bill, a ruling or a refusal that is not known yet."""
    form: Form = {**dict.fromkeys(WORDS, ""), **{part: [] for part in PARTS}, "kind": "bill", "language": "ko"}
    if petition := request.GET.get("petition", ""):
        form["petitions"] = [{"petition": petition[:40], "demand": "", "meets": "whole"}]
    return _answer(request, member, form, None)


@office_page()
def edit_bill(request: HttpRequest, member: Member, number: str) -> HttpResponseBase:
    """GET and POST /office/bills/{id}: change one, or take it away."""
    whole = access.find_bill(read_number(number))
    if whole is None:
        raise Refused(NO_PAGE)
    return _answer(request, member, _form_of(whole), whole)


def _answer(request: HttpRequest, member: Member, form: Form, whole: WholeBill | None) -> HttpResponseBase:
    error, more, seen = "", 0, whole.digest if whole else ""
    if request.method == "POST":
        if not _may_act(member):
            raise Refused(WRONG_ROLE)
        form, do = _read_form(request.POST, whole), request.POST.get("do")
        fresh, seen = seen, request.POST.get("seen", "")
        if do == "more":
            more = BLANK_ROWS
        else:
            try:
                return _act(request, do, form, whole, member)
            except ManinsoError as fault:
                error = _say(fault)
                seen = fresh if isinstance(fault, StaleBillError) else seen  # whoever was told may save again
    context = {
        "whole": whole,
        "form": form,
        "labels": LABELS,
        "rows": {part: [*form[part], *({} for _ in range(BLANK_ROWS + more))][:MOST_ROWS] for part in PARTS},
        "kinds": KIND_LABELS.items(),
        "stage_names": STAGE_LABELS.items(),
        "meets": [(name, tag.label) for name, tag in MEETS_TAGS.items()],
        "languages": LANGUAGES,
        "seen": seen,
        "reason": request.POST.get("reason", ""),
        "error": error,
        "may_act": _may_act(member),
    }
    return render_page(request, "office/bill.html", context, status=409 if error else 200)


def _act(request: HttpRequest, do: str | None, form: Form, whole: WholeBill | None, member: Member) -> HttpResponseBase:
    now = timezone.now()
    if do == "drop" and whole is not None:
        reason = request.POST.get("reason", "")
        obligations.drop_bill(whole.bill.bill_id, reason=reason, actor=member.actor, now=now)
        return see_other(reverse("office_bills"))
    given = {name: value for name, value in form.items() if value}
    record = obligations.read_record(given)
    seen = request.POST.get("seen", "") if whole else ""
    bill_id = obligations.write_bill(record, seen=seen, actor=member.actor, now=now)
    return see_other(reverse("office_bill", args=[bill_id]))


def _read_form(post: QueryDict, whole: WholeBill | None) -> Form:
    form: Form = {name: post.get(name, "").strip() for name in WORDS}
    if whole is not None:  # what it is known by stays
        form |= {"register": whole.bill.register, "number": whole.bill.number}
    for part, names in PARTS.items():
        columns = [post.getlist(f"{part}-{name}")[:MOST_ROWS] for name in names]
        rows = [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=False)]
        form[part] = [row for row in rows if _says_something(part, row)]
    return form


def _says_something(part: str, row: Mapping[str, str]) -> bool:
    return any(value.strip() for name, value in row.items() if name != CHOSEN.get(part))


def _form_of(whole: WholeBill) -> Form:
    bill = whole.bill
    form: Form = {name: getattr(bill, name) or "" for name in WORDS}
    form |= {name: day.isoformat() if (day := getattr(bill, name)) else "" for name in ("enacted_on", "in_force_on")}
    form["stages"] = [{"stage": each.stage, "on": each.on.isoformat(), "note": each.note} for each in bill.stages]
    form["provisions"] = [
        {"place": each.place, "before": each.before, "after": each.after} for each in whole.provisions
    ]
    form["petitions"] = [
        {"petition": str(each.petition_id), "demand": each.demand, "meets": each.meets} for each in whole.petitions
    ]
    return form


def _say(error: ManinsoError) -> str:
    if isinstance(error, StaleBillError) or not isinstance(error, BillError) or error.field not in LABELS:
        return say_error(error)
    where: Sequence[str] = [str(LABELS[error.field]), *([str(error.row)] if error.row else [])]
    return gettext("This cannot be kept as it is: %(field)s. Nothing was changed.") % {"field": ", ".join(where)}


def _may_act(member: Member) -> bool:
    return member.role in ("clerk", "operator")
