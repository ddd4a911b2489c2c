"""The pages of an account: the petitions kept in it, where one is logged in, what is held of one, and its end."""

from typing import Any

from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from maninso.petitions import holders
from maninso.petitions.accounts import LastOperatorError
from maninso.petitions.holders import Holder
from maninso.web.shared.accounts import (
    account_page,
    end_other_sessions,
    end_session,
    end_sessions,
    export_log_in,
    list_sessions,
)
from maninso.web.shared.answers import page, render_page
from maninso.web.shared.display import show_debt, state_tag
from maninso.web.shared.tickets import see_other


@account_page()
def show_account(request: HttpRequest, holder: Holder) -> HttpResponseBase:
    """GET and POST /account: the petitions that a creator keeps here; a POST lets one go, which ends nothing else."""
    now = timezone.now()
    if request.method == "POST":
        number = request.POST.get("petition", "")
        if number.isascii() and number.isdigit() and len(number) < 19:
            holders.let_petition_go(holder.account_id, int(number))
        return see_other(reverse("account"))
    rows: list[dict[str, Any]] = [
        {
            "kept": kept,
            "state": state_tag(kept.state),
            "missing": max(kept.needed - kept.sponsors, 0),
            "debts": [show_debt(each) for each in kept.obligations],
        }
        for kept in holders.list_kept(holder.account_id, now=now)
    ]
    return render_page(request, "account/account.html", {"holder": holder, "rows": rows})


@account_page()
def show_sessions(request: HttpRequest, holder: Holder) -> HttpResponseBase:
    """GET and POST /account/sessions: where one is logged in; a POST ends one session, or all the others."""
    if request.method == "POST":
        number = request.POST.get("session", "")
        if number.isascii() and number.isdigit() and len(number) < 19:
            end_session(request, int(number))
        elif not number:
            end_other_sessions(request)
        return see_other(reverse("usersessions_list"))
    return render_page(request, "account/sessions.html", {"holder": holder, "sessions": list_sessions(request)})


@account_page(factor_needed=True)
def send_data(request: HttpRequest, holder: Holder) -> HttpResponseBase:
    """GET /account/data.json: all that is held of an account's holder, as a file."""
    held = {**holders.export_holder(holder.account_id, now=timezone.now()), **export_log_in(holder.account_id)}
    response = JsonResponse(held, json_dumps_params={"ensure_ascii": False, "indent": 1})
    response.headers["Content-Disposition"] = 'attachment; filename="maninso-account.json"'
    return response


@account_page(factor_needed=True)
def end_account(request: HttpRequest, holder: Holder) -> HttpResponseBase:
    """GET and POST /account/end: what goes and what stays, and the button that ends the account."""
    error, status = "", 200
    if request.method == "POST" and request.POST.get("sure") != "yes":
        error, status = _("Tick the box if you want that. Nothing was changed."), 422
    elif request.method == "POST":
        try:
            holders.end_account(holder.account_id, now=timezone.now())
        except LastOperatorError:
            error, status = _("You are the last operator: make somebody else one first. Nothing was changed."), 409
        else:
            end_sessions(holder.account_id)
            request.session.flush()
            return see_other(reverse("account_ended"))
    return render_page(request, "account/end.html", {"holder": holder, "error": error}, status=status)


@page
def show_ended(request: HttpRequest) -> HttpResponseBase:
    """GET /account/ended: what is left once an account is ended."""
    return render_page(request, "account/ended.html")
