"""The office's own log, for the office."""

from collections.abc import Mapping

from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from maninso.petitions import audit
from maninso.petitions.accounts import Member
from maninso.web.shared.accounts import office_page
from maninso.web.shared.answers import render_page
from maninso.web.shared.requests import LAST_PAGE, read_count, read_words

PER_PAGE = 50
ACTIONS: Mapping[str, Promise] = {
    "member-added": _("gave an account its first role"),
    "member-changed": _("changed a role"),
    "member-removed": _("took a role away"),
    "account-ended": _("ended their own account"),
    "claimed": _("took a petition on"),
    "taken-over": _("took a petition over"),
    "released": _("let a petition go"),
    "flagged": _("flagged it for a second look"),
    "dormant": _("set it aside"),
    "brought-back": _("brought it back"),
    "noted": _("wrote a note"),
    "masked": _("masked a passage"),
    "unmasked": _("put a passage back"),
    "approve": _("approved it"),
    "reject": _("refused it"),
    "hide": _("refused and hid it"),
    "undone": _("took the decision back"),
    "restored": _("restored it"),
    "takedown-proposed": _("proposed to take it down"),
    "taken-down": _("agreed to take it down"),
    "takedown-declined": _("declined to take it down"),
    "creator-blocked": _("blocked its creator"),
    "appealed": _("appealed"),
    "appeal-upheld": _("upheld the appeal"),
    "appeal-dismissed": _("dismissed the appeal"),
    "news-hidden": _("hid an item of its news"),
    "news-brought-back": _("brought an item of its news back"),
    "voids-proposed": _("proposed to void signatures"),
    "voids-approved": _("approved voiding signatures"),
    "voids-refused": _("declined to void signatures"),
    "voids-stopped": _("stopped voiding signatures"),
    "voids-done": _("finished voiding signatures"),
    "family-joined": _("put it into a family"),
    "family-left": _("took it out of a family"),
    "assigned": _("gave a debt to a colleague"),
    "extended": _("moved the day of a debt"),
    "declined": _("declined to answer, on a ground of the rules"),
    "lapsed": _("recorded that a debt lapsed"),
    "moment-noted": _("recorded a certification or a submission"),
    "calendar-given": _("gave a calendar"),
    "term-end-announced": _("announced the end of a term"),
    "answer-started": _("began an answer"),
    "answer-edited": _("edited an answer"),
    "answer-proposed": _("handed an answer to a colleague"),
    "answer-sent-back": _("sent an answer back"),
    "answer-approved": _("approved an answer"),
    "answer-published": _("published an answer"),
    "answer-reopened": _("opened an answer for a new version"),
    "answer-dropped": _("gave a draft up"),
    "answer-retracted": _("took an answer back"),
    "bill-added": _("added a bill"),
    "bill-changed": _("changed a bill"),
    "bill-dropped": _("took a bill away"),
    "page-saved": _("published a page"),
    "banner": _("put up a banner"),
    "signing-paused": _("paused signing"),
    "creating-paused": _("paused creating"),
    "notice-ended": _("ended a notice"),
}
"""What each action of the record is, in words; docs/reference/office.md names them, too."""


@office_page()
def show_record(request: HttpRequest, member: Member) -> HttpResponseBase:
    """GET /office/record?subject=&page=&check=1: what the office did, newest first; auditors may check the chain."""
    page = read_count(request, "page", most=LAST_PAGE, default=1)
    subject = read_words(request, "subject")
    records, total = audit.read_records(subject=subject, page=page, per_page=PER_PAGE)
    may_check = member.role in ("auditor", "operator")
    context = {
        "records": [(record, ACTIONS.get(record.action, record.action)) for record in records],
        "total": total,
        "subject": subject,
        "page": page,
        "pages": max(1, -(-total // PER_PAGE)),
        "may_check": may_check,
        "report": audit.verify_audit() if may_check and request.GET.get("check") == "1" else None,
        "checked_at": timezone.now(),
    }
    return render_page(request, "office/record.html", context)


@office_page("auditor", "operator")
def export_record(request: HttpRequest, member: Member) -> HttpResponseBase:
    """GET /office/record.jsonl: every record, one a line, oldest first."""
    response = StreamingHttpResponse(audit.export_audit(), content_type="application/jsonl; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="office-record.jsonl"'
    return response
