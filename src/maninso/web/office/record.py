"""The office's own log, for the office."""

from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from maninso.petitions import audit
from maninso.petitions.accounts import Member
from maninso.web.shared.accounts import office_page
from maninso.web.shared.answers import render_page
from maninso.web.shared.requests import LAST_PAGE, read_count, read_words

PER_PAGE = 50


@office_page()
def show_record(request: HttpRequest, member: Member) -> HttpResponseBase:
    """GET /office/record?subject=&page=&check=1: what the office did, newest first; auditors may check the chain."""
    page = read_count(request, "page", most=LAST_PAGE, default=1)
    subject = read_words(request, "subject")
    records, total = audit.read_records(subject=subject, page=page, per_page=PER_PAGE)
    may_check = member.role in ("auditor", "operator")
    context = {
        "records": records,
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
