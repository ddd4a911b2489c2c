"""What was answered to a petition, in every version."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from maninso.web.pages.petitions import find_petition
from maninso.web.shared.answers import page, render_page


@page
def show_answers(request: HttpRequest, number: str) -> HttpResponseBase:
    """GET /petitions/{id}/answers: every answer in every version, with the digest that the petition's ledger has."""
    view = find_petition(number, now=timezone.now())
    return render_page(request, "answers.html", {"petition": view, "answers": view.answers})
