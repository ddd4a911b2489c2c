"""Keeping a petition in an account: the creator's link says that it is theirs, a code that the mailbox is.

Nobody has an account who keeps nothing in it: one is made here, with its first petition. As everywhere in forms, the
form carries what the code is made for, and nothing is stored before it is typed.
"""

import datetime as dt

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from maninso.identity.confirmation import TokenError
from maninso.identity.mailbox import AddressError, read_mailbox
from maninso.identity.proof import (
    ACCOUNT,
    MOST_TRIES,
    Challenge,
    is_code,
    make_challenge,
    open_challenge,
    seal_challenge,
)
from maninso.petitions import holders, notices, raising
from maninso.petitions.accounts import AccountError
from maninso.web.pages.mailbox import FAULTS, kept_in_folder, limit_network
from maninso.web.pages.petitions import find_petition
from maninso.web.shared.accounts import has_factors, log_in_by_code
from maninso.web.shared.answers import private_page, render_page
from maninso.web.shared.problems import Refused
from maninso.web.shared.requests import read_number
from maninso.web.shared.tickets import require_own_page, see_other
from maninso.web.shared.work import require_work


@private_page
def keep_in_account(request: HttpRequest, number: str, token: str) -> HttpResponseBase:
    """GET and POST /petitions/{id}/creator/{token}/account: keep a petition in an account, which is made with it."""
    now = timezone.now()
    petition_id = read_number(number)
    view = raising.find_creators_petition(petition_id, token, now=now)
    if view is None:
        return see_other(reverse("petition", args=[find_petition(number, now=now).petition_id]))
    holder = holders.find_holder(request.user.pk) if request.user.is_authenticated else None
    asked, error = None, ""
    if request.method == "POST":
        require_own_page(request)
        asked = _open(request.POST.get("challenge", ""), now=now)
        if holder is None:
            holder, asked, error = _prove(request, asked, now=now)
        if holder is not None:
            try:
                holders.keep_petition(holder.account_id, petition_id, token, now=now)
            except holders.AccountFullError:
                error = _("This account keeps as many petitions as one may. Let go of one first.")
            else:
                _come_in(request, holder)
                return see_other(reverse("account"))
    context = {
        "view": view,
        "holder": holder,
        "asked": asked,
        "challenge": seal_challenge(settings.MANINSO.secret_key, asked) if asked else "",
        "address": request.POST.get("email", "") or (asked.address if asked else ""),
        "error": error,
        "works": bool(settings.MANINSO.proof_of_work),
        "folder": kept_in_folder(),
        "token": token,
    }
    return render_page(request, "account/keep.html", context, status=422 if error else 200)


def _prove(
    request: HttpRequest, asked: Challenge | None, *, now: dt.datetime
) -> tuple[holders.Holder | None, Challenge | None, str]:
    """Return whose mailbox it is; or the challenge that was made, and what to say."""
    if asked is None or request.POST.get("do") == "code":
        made, error = _send(request, now=now)
        return None, made or asked, error
    typed = request.POST.get("code", "").strip()
    if not typed:
        return None, asked, _("Type the code from the message.")
    until = dt.datetime.fromtimestamp(asked.expires_at, dt.UTC)
    if not notices.take_allowance(f"try {asked.nonce}", most=MOST_TRIES, until=until):
        return None, asked, _("This code was tried too often. Have another one sent.")
    if not is_code(settings.MANINSO.secrets, asked, typed):
        return None, asked, _("This is not the code. Look into the newest message: its subject begins with the code.")
    try:
        return holders.open_account(email=asked.address, now=now), asked, ""
    except AccountError:
        return None, asked, str(FAULTS["form"])


def _send(request: HttpRequest, *, now: dt.datetime) -> tuple[Challenge | None, str]:
    """Have a code sent; what follows is the same whether it was one too many, or there is an account."""
    try:
        mailbox = read_mailbox(request.POST.get("email", "")[:400])
    except AddressError as fault:
        return None, str(FAULTS[fault.fault])
    try:
        require_work(request, now=now)
        limit_network(request, now=now)
    except Refused:  # said in the form, which keeps the address
        return None, _("Too many messages were asked for from your network. Wait a minute, then press it again.")
    made = make_challenge(purpose=ACCOUNT, address=mailbox.address, now=now.timestamp())
    notices.ask_code(
        purpose=ACCOUNT,
        petition_id=0,
        mailbox=mailbox,
        language=translation.get_language() or "ko",
        facts={"purpose": made.purpose, "nonce": made.nonce, "expires_at": made.expires_at},
        now=now,
    )
    return made, ""


def _open(challenge: str, *, now: dt.datetime) -> Challenge | None:
    try:
        return open_challenge(settings.MANINSO.secrets, challenge, purpose=ACCOUNT, now=now.timestamp())
    except TokenError:
        return None


def _come_in(request: HttpRequest, holder: holders.Holder) -> None:
    """Log a creator in whose code was right; the office, and whoever has a second factor, logs in for themselves."""
    if not request.user.is_authenticated and not holder.role and not has_factors(holder.account_id):
        log_in_by_code(request, account_id=holder.account_id)
