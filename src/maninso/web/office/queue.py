"""What waits for a decision."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from maninso.petitions.accounts import Member
from maninso.web.shared.accounts import office_page
from maninso.web.shared.answers import render_page


@office_page()
def show_queue(request: HttpRequest, member: Member) -> HttpResponseBase:
    """GET /office: the petitions that wait for a decision, by the day on which it is due."""
    return render_page(request, "office/queue.html", {"member": member})
