"""How accounts log in: what django-allauth asks of us, and who may see a page of the office, or of an account.

An account is proved by a code sent by mail or by a passkey; the office always needs a second factor. A creator's
account needs none, and leads nowhere but to itself. Signing knows none of it.
"""

import base64
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.signals import authenticator_added
from cryptography.fernet import Fernet
from django.conf import settings
from django.contrib.auth.signals import user_logged_out
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.http import urlencode

from maninso.petitions import accounts, holders
from maninso.petitions.accounts import Member
from maninso.petitions.holders import Holder
from maninso.signing.limits import find_address
from maninso.web.shared.answers import private_page
from maninso.web.shared.problems import NOT_OFFICE, WRONG_ROLE, Refused

P = ParamSpec("P")
OfficeView = Callable[Concatenate[HttpRequest, Member, P], HttpResponseBase]
AccountView = Callable[Concatenate[HttpRequest, Holder, P], HttpResponseBase]


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Log-in for those who have an account: an operator gave it, or it was made with a creator's link."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Say no: nobody makes an account without a role or a petition to keep."""
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Return where somebody goes who was nowhere before: the office, or their own petitions."""
        return reverse("office" if request.user.role else "account")  # type: ignore[union-attr]

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return where a request comes from, believing our own proxies alone."""
        peer = request.META.get("REMOTE_ADDR") or "127.0.0.1"
        address = find_address(peer, request.headers.get("x-forwarded-for"), settings.MANINSO.limits.proxies)
        return str(address or "127.0.0.1")

    def format_email_subject(self, subject: str) -> str:
        """Return a subject as it is; the name of the site is in it."""
        return str(subject)

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Say nothing beside the page: each page shows for itself what is so now."""


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Second factors, sealed in the database under a key outside it."""

    def encrypt(self, text: str) -> str:
        """Seal a secret."""
        return _seal().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Open a sealed secret."""
        return _seal().decrypt(encrypted_text.encode()).decode()

    def get_totp_issuer(self) -> str:
        """Return the name that authenticator apps show."""
        return f"Maninso {settings.MANINSO.host}"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Return whom passkeys are for: the site's host, whatever a request says."""
        host = "localhost" if settings.IS_LOCAL else settings.MANINSO.host.partition(":")[0]
        return {"id": host, "name": self.get_totp_issuer()}


def _seal() -> Fernet:
    return Fernet(base64.urlsafe_b64encode(settings.MANINSO_STAFF_KEY()))


def remember_new_factor(request: HttpRequest, user: Any, authenticator: Any, **_: Any) -> None:
    """Let a session in which a second factor was just proved and added count as one with it."""
    if authenticator.type != "recovery_codes":
        record_authentication(request, user, "mfa", id=authenticator.pk, type=authenticator.type, reauthenticated=True)


authenticator_added.connect(remember_new_factor, dispatch_uid="maninso")


def forget_session(request: HttpRequest, **_: Any) -> None:
    """Forget where a session came from when somebody logs out, before its key goes."""
    from allauth.usersessions.models import UserSession

    UserSession.objects.filter(session_key=request.session.session_key).delete()


user_logged_out.connect(forget_session, dispatch_uid="maninso")


def has_second_factor(request: HttpRequest) -> bool:
    """Whether this session has passed a second factor."""
    records = get_authentication_records(request, request.user)
    return any(record.get("method") == "mfa" for record in records)


def office_page(*roles: str) -> Callable[[OfficeView[P]], Callable[..., HttpResponseBase]]:
    """Make a view a page of the office: GET and POST, never cached, for members with a second factor in these roles.

    Without roles it is for every member. Whoever is not logged in is sent to log in and comes back.
    """

    def decorate(view: OfficeView[P]) -> Callable[..., HttpResponseBase]:
        @private_page
        @wraps(view)
        def answer(request: HttpRequest, /, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return _ask_to_log_in(request)
            member = accounts.find_member(request.user.pk)
            if member is None:
                raise Refused(NOT_OFFICE)
            if not has_second_factor(request):
                return HttpResponseRedirect(reverse("mfa_index"))
            if roles and member.role not in roles:
                raise Refused(WRONG_ROLE)
            request.member = member  # type: ignore[attr-defined]
            return view(request, member, *args, **kwargs)

        return answer

    return decorate


def account_page(*, factor_needed: bool = False) -> Callable[[AccountView[P]], Callable[..., HttpResponseBase]]:
    """Make a view a page of one's own account: GET and POST, never cached, for whoever is logged in.

    `factor_needed`: whoever is in the office, or has set one up, has to have shown a second factor.
    """

    def decorate(view: AccountView[P]) -> Callable[..., HttpResponseBase]:
        @private_page
        @wraps(view)
        def answer(request: HttpRequest, /, *args: Any, **kwargs: Any) -> HttpResponseBase:
            holder = holders.find_holder(request.user.pk) if request.user.is_authenticated else None
            if holder is None:
                return _ask_to_log_in(request)
            if factor_needed and (holder.role or has_factors(holder.account_id)) and not has_second_factor(request):
                return HttpResponseRedirect(reverse("mfa_index"))
            return view(request, holder, *args, **kwargs)

        return answer

    return decorate


def _ask_to_log_in(request: HttpRequest) -> HttpResponseRedirect:
    back = urlencode({"next": f"{request.path}?{request.META['QUERY_STRING']}".rstrip("?")})
    return HttpResponseRedirect(f"{reverse('account_login')}?{back}")


def log_in_made_up(request: HttpRequest, *, account_id: int) -> None:
    """Log a rehearsal's member in, as if both factors had been shown. The caller sees that this is a rehearsal."""
    _log_in(request, account_id)
    record_authentication(request, request.user, "mfa", type="rehearsal")


def log_in_by_code(request: HttpRequest, *, account_id: int) -> None:
    """Log somebody in whose mailbox was just proved. The caller sees that they have no second factor to show."""
    _log_in(request, account_id)
    record_authentication(request, request.user, "code")


def _log_in(request: HttpRequest, account_id: int) -> None:
    from allauth.usersessions.models import UserSession
    from django.contrib.auth import get_user_model, login

    user = get_user_model().objects.get(pk=account_id)
    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    UserSession.objects.create_from_request(request)


def has_factors(account_id: int) -> bool:
    """Whether an account has a second factor set up."""
    from allauth.mfa.models import Authenticator

    return bool(Authenticator.objects.filter(user_id=account_id).exists())


def list_sessions(request: HttpRequest) -> list[Any]:
    """Return where the account of a request is logged in, the earliest first; those that are over are forgotten."""
    from allauth.usersessions.models import UserSession

    return sorted(UserSession.objects.purge_and_list(request.user), key=lambda session: session.created_at)


def end_session(request: HttpRequest, session_id: int) -> bool:
    """End one session of the account of a request; False where it has no such session."""
    from allauth.usersessions.models import UserSession

    session = UserSession.objects.filter(pk=session_id, user_id=request.user.pk).first()
    if session is None:
        return False
    session.end()
    return True


def end_other_sessions(request: HttpRequest) -> None:
    """End every session of the account of a request but this one."""
    from allauth.usersessions.models import UserSession

    others = UserSession.objects.filter(user_id=request.user.pk).exclude(session_key=request.session.session_key)
    for session in others:
        session.end()


def end_sessions(account_id: int) -> None:
    """Log an account out everywhere."""
    from allauth.usersessions.models import UserSession

    for session in UserSession.objects.filter(user_id=account_id):
        session.end()


def export_log_in(account_id: int) -> dict[str, Any]:
    """Return what is held of how somebody logs in, for JSON: sessions and second factors, without their secrets."""
    from allauth.mfa.models import Authenticator
    from allauth.usersessions.models import UserSession

    sessions = UserSession.objects.filter(user_id=account_id).order_by("created_at")
    factors = Authenticator.objects.filter(user_id=account_id).order_by("created_at")
    return {
        "sessions": [
            {"since": session.created_at.isoformat(), "address": session.ip, "browser": session.user_agent}
            for session in sessions
        ],
        "second_factors": [
            {
                "kind": factor.type,
                "since": factor.created_at.isoformat(),
                "last_used": factor.last_used_at.isoformat() if factor.last_used_at else None,
            }
            for factor in factors
        ],
    }
