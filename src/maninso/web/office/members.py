"""Who is in the office, and how a rehearsal's members come in."""

from django.conf import settings
from django.core import signing
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from maninso import ManinsoError
from maninso.petitions import accounts
from maninso.petitions.accounts import Member
from maninso.web.shared.accounts import end_sessions, log_in_made_up, office_page
from maninso.web.shared.answers import private_page, render_page
from maninso.web.shared.problems import NO_PAGE, Refused
from maninso.web.shared.tickets import see_other

ENTRANCE_SALT = "rehearsal's entrance to the office"
ENTRANCE_AGE = 30 * 24 * 3600  # seconds


@office_page("operator")
def show_members(request: HttpRequest, member: Member) -> HttpResponseBase:
    """GET and POST /office/members: everybody who has a role; give one, or take one away."""
    error, status = "", 200
    email, role = request.POST.get("email", ""), request.POST.get("role", "")
    if request.method == "POST":
        now = timezone.now()
        try:
            if request.POST.get("do") == "remove":
                end_sessions(accounts.remove_member(email=email, now=now, actor=member.actor).account_id)
            else:
                institution = request.POST.get("institution", "").strip() if role == "clerk" else ""
                accounts.add_member(email=email, role=role, institution=institution, now=now, actor=member.actor)
        except accounts.AccountError:
            error, status = _("This is no e-mail address, or no role: nothing was changed."), 422
        except ManinsoError:
            error, status = _("This is the last operator: make somebody else one first."), 409
        else:
            return see_other(reverse("office_members"))
    context = {
        "members": accounts.list_members(),
        "roles": accounts.ROLES,
        "error": error,
        "email": email,
        "role": role,
    }
    return render_page(request, "office/members.html", context, status=status)


def sign_entrance(email: str) -> str:
    """Return the token by which a rehearsal's member comes in without mail and second factor."""
    return signing.dumps(email, salt=ENTRANCE_SALT)


@private_page
def enter_rehearsal(request: HttpRequest, token: str) -> HttpResponseBase:
    """GET and POST /office/enter/{token}: come into a rehearsal's office; there on rehearsal sites only."""
    try:
        email = signing.loads(token, salt=ENTRANCE_SALT, max_age=ENTRANCE_AGE)
    except signing.BadSignature as error:
        raise Refused(NO_PAGE) from error
    member = accounts.find_member_by_address(email) if settings.MANINSO.rehearsal else None
    if member is None:
        raise Refused(NO_PAGE)
    if request.method == "POST":
        log_in_made_up(request, account_id=member.account_id)
        return see_other(reverse("office"))
    return render_page(request, "office/enter.html", {"member": member})
