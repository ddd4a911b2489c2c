"""How the office logs in: what django-allauth asks of us, and who may see a page of the office.

An account is proved by a code sent by mail or by a passkey; a second factor is always needed. Signing knows none of it.
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
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.http import urlencode

from maninso.petitions import accounts
from maninso.petitions.accounts import Member
from maninso.signing.limits import find_address
from maninso.web.shared.answers import private_page
from maninso.web.shared.problems import NOT_OFFICE, WRONG_ROLE, Refused

P = ParamSpec("P")
OfficeView = Callable[Concatenate[HttpRequest, Member, P], HttpResponseBase]


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Log-in for those whom an operator has added; nobody signs up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Say no: accounts are given by `maninso office add`."""
        return False

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
                back = urlencode({"next": f"{request.path}?{request.META['QUERY_STRING']}".rstrip("?")})
                return HttpResponseRedirect(f"{reverse('account_login')}?{back}")
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


def log_in_made_up(request: HttpRequest, *, account_id: int) -> None:
    """Log a rehearsal's member in, as if both factors had been shown. The caller sees that this is a rehearsal."""
    from allauth.usersessions.models import UserSession
    from django.contrib.auth import get_user_model, login

    user = get_user_model().objects.get(pk=account_id)
    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    record_authentication(request, user, "mfa", type="rehearsal")
    UserSession.objects.create_from_request(request)
