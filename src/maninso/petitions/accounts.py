"""Who belongs to the office: accounts with a role, given and taken away on the record."""

import datetime as dt
import re
from dataclasses import dataclass

from django.db import transaction

from maninso import ManinsoError, UsageError
from maninso.petitions.audit import record_action
from maninso.petitions.lifecycle import Actor
from maninso.petitions.models import Account
from maninso.petitions.models.account import OFFICE_ROLES

ROLES = OFFICE_ROLES
LONGEST_ADDRESS = 254  # RFC 5321, section 4.5.3.1

_ADDRESS = re.compile(r"[^@\s\x00-\x1f\x7f]{1,64}@[^@\s\x00-\x1f\x7f]{1,190}")


class AccountError(UsageError):
    """The account cannot be given, or there is none."""


class LastOperatorError(ManinsoError):
    """Nobody would be left who can give roles."""


@dataclass(frozen=True, kw_only=True)
class Member:
    """Somebody of the office."""

    account_id: int
    email: str
    role: str
    institution: str  # of a clerk: the charter's id; "" for all
    last_login: dt.datetime | None

    @property
    def actor(self) -> Actor:
        """Who this is in the records."""
        return Actor(role=self.role, name=self.email)


def add_member(
    *, email: str, role: str, now: dt.datetime, institution: str = "", actor: Actor | None = None
) -> tuple[Member, bool]:
    """Give an address a role in the office; return the member, and whether the account is new.

    One that exists changes its role. Raises AccountError for what is no address or role, or an institution that is
    given to somebody other than a clerk.
    """
    email = normalise_address(email)
    if role not in OFFICE_ROLES:
        raise AccountError(f"role: {role!r} is none of the office's", cure=f"give one of: {', '.join(OFFICE_ROLES)}")
    if institution and role != "clerk":
        raise AccountError(f"institution: a {role} works for all of them", cure="give it to a clerk, or leave it out")
    with transaction.atomic():
        old = Account.objects.select_for_update().filter(email=email).first()
        if old is None:
            account = Account(email=email, role=role, institution=institution, created_at=now)
            account.set_unusable_password()
            account.save()
        else:
            if old.role == "operator" and role != "operator":
                require_another_operator(old)
            Account.objects.filter(pk=old.pk).update(role=role, institution=institution, is_active=True)
            account = Account.objects.get(pk=old.pk)
        by = actor or Actor(role="system")
        record_action(
            by,
            "member-added" if old is None else "member-changed",
            f"account/{email}",
            {} if old is None else {"role": old.role, "institution": old.institution},
            {"role": role, "institution": institution},
            now=now,
        )
    return _member(account), old is None


def remove_member(*, email: str, now: dt.datetime, actor: Actor | None = None) -> Member:
    """Take an address's role away; the account stays for the record. Raises AccountError, LastOperatorError.

    Whoever is logged in with it is out at the next page, whatever the session says.
    """
    email = normalise_address(email)
    with transaction.atomic():
        account = Account.objects.select_for_update().filter(email=email).exclude(role="").first()
        if account is None:
            raise AccountError(f"{email} is not in the office", cure="`maninso office list` names everybody who is")
        if account.role == "operator":
            require_another_operator(account)
        Account.objects.filter(pk=account.pk).update(role="", institution="", is_active=False)
        by = actor or Actor(role="system")
        record_action(
            by,
            "member-removed",
            f"account/{email}",
            {"role": account.role, "institution": account.institution},
            {"role": ""},
            now=now,
        )
    return _member(account)


def find_member(account_id: int) -> Member | None:
    """Return the member behind an account; None where it has no role (any more)."""
    account = Account.objects.filter(pk=account_id, is_active=True).exclude(role="").first()
    return None if account is None else _member(account)


def find_member_by_address(email: str) -> Member | None:
    """Return the member with an address; None where there is none."""
    account = Account.objects.filter(email=normalise_address(email), is_active=True).exclude(role="").first()
    return None if account is None else _member(account)


def list_members() -> tuple[Member, ...]:
    """Return everybody who has a role, by role and address."""
    rows = Account.objects.filter(is_active=True).exclude(role="").order_by("role", "email")
    return tuple(map(_member, rows))


def normalise_address(email: str) -> str:
    """Return an address as accounts keep it. Raises AccountError for what is none."""
    address = email.strip().lower()
    if len(address) > LONGEST_ADDRESS or not _ADDRESS.fullmatch(address):
        raise AccountError(f"{email!r} is no e-mail address", cure="write it as name@example.org")
    return address


def require_another_operator(account: Account) -> None:
    """Raise LastOperatorError where nobody else could give roles; inside the caller's transaction."""
    # The other operators are held, so that two cannot remove each other at once.
    others = Account.objects.select_for_update().filter(role="operator", is_active=True).exclude(pk=account.pk)
    if not list(others.order_by("pk")):
        raise LastOperatorError(
            f"{account.email} is the last operator", cure="make somebody else an operator first: maninso office add"
        )


def _member(account: Account) -> Member:
    return Member(
        account_id=account.pk,
        email=account.email,
        role=account.role,
        institution=account.institution,
        last_login=account.last_login,
    )
