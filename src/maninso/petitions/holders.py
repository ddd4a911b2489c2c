"""What belongs to an account: the petitions that a creator keeps in it, all that is held of its holder, and its end."""

import base64
import datetime as dt
import hashlib
import hmac
from dataclasses import dataclass
from typing import Any

from cryptography.fernet import Fernet
from django.apps import apps
from django.conf import settings
from django.db import models, transaction
from django.db.models import Count, F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce

from maninso import ManinsoError
from maninso.charter import legal_day
from maninso.identity.mailbox import AddressError, read_mailbox
from maninso.petitions import notices
from maninso.petitions.access.build import build_obligation, count_of
from maninso.petitions.access.rows import obligation_rows
from maninso.petitions.access.rules import find_review_day, read_charter_version
from maninso.petitions.access.views import ObligationView
from maninso.petitions.accounts import normalise_address, require_another_operator
from maninso.petitions.audit import append_record
from maninso.petitions.models import (
    RECEIVED,
    Account,
    AuditRecord,
    Case,
    KeptPetition,
    Letter,
    Message,
    Petition,
    Raising,
    StateChange,
    Subscriber,
)
from maninso.petitions.notices.messages import digest_person
from maninso.petitions.raising import find_creators_petition

MOST_KEPT = 100  # petitions in one account


class AccountFullError(ManinsoError):
    """The account keeps as many petitions as one may."""


@dataclass(frozen=True, kw_only=True)
class Holder:
    """Somebody with an account; `role` is "" for who is not in the office."""

    account_id: int
    email: str
    role: str
    created_at: dt.datetime
    is_new: bool = False


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A petition as its creator's account shows it. `token` is of the creator's own page."""

    petition_id: int
    token: str
    state: str
    title: str
    language: str
    confirmed: bool
    sponsors: int
    needed: int  # sponsors; 0 where the charter wants none
    count: int
    review_day: dt.date | None  # by which it has to be decided, while it waits
    review_late: bool
    letters: int
    last_letter: str  # its subject; "" where there is none
    obligations: tuple[ObligationView, ...]


def find_holder(account_id: int) -> Holder | None:
    """Return who has an account; None where there is none any more."""
    account = Account.objects.filter(pk=account_id, is_active=True).first()
    return None if account is None else _holder(account)


def open_account(*, email: str, now: dt.datetime) -> Holder:
    """Return the account of an address that was just proved, made now if there was none. Raises AccountError.

    It gives no role. Whoever lost theirs may have an account again, and nothing more.
    """
    email = normalise_address(email)
    fresh = Account(email=email, created_at=now)
    fresh.set_unusable_password()
    Account.objects.bulk_create([fresh], ignore_conflicts=True)
    with transaction.atomic():
        account = Account.objects.select_for_update().get(email=email)
        Account.objects.filter(pk=account.pk, is_active=False).update(is_active=True)
    return _holder(account, is_new=account.created_at == now)


def keep_petition(account_id: int, petition_id: int, token: str, *, now: dt.datetime) -> bool:
    """Keep a petition in an account, by its creator's link; False for a wrong link. Twice is once.

    Raises AccountFullError.
    """
    if find_creators_petition(petition_id, token, now=now) is None:
        return False
    with transaction.atomic():
        account = Account.objects.select_for_update().get(pk=account_id)
        if KeptPetition.objects.filter(account=account).exclude(petition=petition_id).count() >= MOST_KEPT:
            raise AccountFullError("the account is full", cure="let go of a petition that you need no more")
        link = _seal().encrypt(token.encode())
        KeptPetition.objects.get_or_create(
            account=account, petition_id=petition_id, defaults={"link": link, "kept_at": now}
        )
    return True


def let_petition_go(account_id: int, petition_id: int) -> bool:
    """Take a petition out of an account; False where it was not there. The petition stays what it is."""
    gone, _ = KeptPetition.objects.filter(account=account_id, petition=petition_id).delete()
    return bool(gone)


def list_kept(account_id: int, *, now: dt.datetime) -> tuple[Kept, ...]:
    """Return the petitions of an account, the latest first, in a fixed number of queries."""
    due = Letter.objects.filter(petition=OuterRef("petition"), cancelled_at=None, send_at__lte=now)
    entered = StateChange.objects.filter(petition=OuterRef("petition"), new="moderation").order_by("-pk")
    rows = list(
        KeptPetition.objects.filter(account=account_id)
        .select_related("petition__charter", "petition__tree", "petition__raising")
        .defer("petition__charter__source", "petition__body")
        .annotate(
            entered_at=Subquery(entered.values("at")[:1]),
            letters=Coalesce(Subquery(due.order_by().values("petition").annotate(n=Count("pk")).values("n")), Value(0)),
            last_letter=Coalesce(
                Subquery(due.order_by("-send_at", "-pk").values("subject")[:1]),
                Value(""),
                output_field=models.TextField(),
            ),
        )
        .order_by("-petition_id")
    )
    owed: dict[int, list[ObligationView]] = {}
    for obligation in obligation_rows().filter(petition__in=[row.petition_id for row in rows]):
        owed.setdefault(obligation.petition_id, []).append(build_obligation(obligation, now=now))
    return tuple(_kept(row, tuple(owed.get(row.petition_id, ())), now=now) for row in rows)


def export_holder(account_id: int, *, now: dt.datetime) -> dict[str, Any]:
    """Return all that the site's own tables hold of an account's holder, for JSON; times are ISO 8601 in UTC.

    Sessions and second factors are added by whoever keeps them. Raises Account.DoesNotExist.
    """
    account = Account.objects.get(pk=account_id)
    return {
        "made_at": _say(now),
        "account": {
            "email": account.email,
            "role": account.role,
            "institution": account.institution,
            "created_at": _say(account.created_at),
            "last_login": _say(account.last_login),
        },
        "kept_petitions": [
            {
                "petition": row.petition_id,
                "title": row.petition.title,
                "state": row.petition.state,
                "kept_at": _say(row.kept_at),
            }
            for row in KeptPetition.objects.filter(account=account).select_related("petition").order_by("petition_id")
        ],
        "letters_go_to_this_address_for_petitions": list(
            Raising.objects.filter(address__iexact=account.email).order_by("pk").values_list("pk", flat=True)
        ),
        "news_of_petitions": [
            {"petition": row.petition_id, "address": row.address, "language": row.language, "since": _say(row.since)}
            for row in _subscriptions(account.email)
        ],
        "messages_that_wait": [
            {"kind": row.kind, "petition": row.petition_id, "created_at": _say(row.created_at)}
            for row in Message.objects.filter(recipient__iexact=account.email).order_by("pk")
        ],
        "record": [
            {
                "number": row.number,
                "at": _say(row.at),
                "role": row.role,
                "action": row.action,
                "subject": row.subject,
                "reason": row.reason,
                "before": row.before,
                "after": row.after,
            }
            for row in _records_of(account.email)
        ],
        "named_in": find_signed_rows(account.email),
    }


def end_account(account_id: int, *, now: dt.datetime) -> None:
    """Delete an account and its address, wherever a table may forget it. Raises LastOperatorError.

    What stays is what the office did (its record, and the rows that say who decided), and the petitions, which belong
    to the public record: docs/reference/accounts.md. Whoever is in the office leaves it, on the record.
    """
    with transaction.atomic():
        account = Account.objects.select_for_update().get(pk=account_id)
        if account.role == "operator":
            require_another_operator(account)
        Case.objects.filter(holder=account).update(holder=None, held_since=None)
        erase_address(account.email)
        account.delete()
        if account.role:
            append_record(
                role=account.role,
                actor=account.email,
                action="account-ended",
                subject=f"account/{account.email}",
                before={"role": account.role, "institution": account.institution},
                after={"role": ""},
                now=now,
            )


def erase_address(email: str) -> None:
    """Forget an address: news, messages and letters that would go to it. What was sent is sent."""
    Raising.objects.filter(address__iexact=email).update(address="")
    letters = Letter.objects.filter(address__iexact=email)
    letters.filter(once=RECEIVED).update(body=F("subject"), address="")  # nobody is to read its link any more
    letters.update(address="")
    try:
        notices.erase_address(read_mailbox(email))
    except AddressError:
        return  # no message can go there


def find_signed_rows(email: str) -> list[dict[str, Any]]:
    """Return which rows of which tables name somebody as who did something: table, column, keys.

    Columns are known by their names (`actor`, `author`, `..._by`), so that a new table cannot be forgotten.
    """
    found = []
    for model in apps.get_app_config("petitions").get_models():
        for field in model._meta.get_fields():
            if not isinstance(field, models.TextField) or not names_somebody(field.name):
                continue
            keys = list(
                model._default_manager.filter(**{field.name: email}).order_by("pk").values_list("pk", flat=True)
            )
            if keys:
                found.append({"table": model._meta.db_table, "column": field.name, "rows": keys})
    return found


def names_somebody(name: str) -> bool:
    """Whether a column of this name holds the address of who did something."""
    return name in ("actor", "author") or name.endswith("_by")


def _records_of(email: str) -> "models.QuerySet[AuditRecord]":
    return AuditRecord.objects.filter(Q(actor=email) | Q(subject=f"account/{email}")).order_by("number")


def _subscriptions(email: str) -> "models.QuerySet[Subscriber]":
    try:
        person = digest_person(read_mailbox(email))
    except AddressError:
        return Subscriber.objects.none()
    return Subscriber.objects.filter(person=person).order_by("petition_id")


def _holder(account: Account, *, is_new: bool = False) -> Holder:
    return Holder(
        account_id=account.pk,
        email=account.email,
        role=account.role,
        created_at=account.created_at,
        is_new=is_new,
    )


def _kept(row: KeptPetition, obligations: tuple[ObligationView, ...], *, now: dt.datetime) -> Kept:
    petition: Petition = row.petition
    charter = read_charter_version(petition.charter)
    review_day = None
    if petition.state == "moderation":
        review_day = find_review_day(charter, entered_at=row.entered_at)  # type: ignore[attr-defined]
    return Kept(
        petition_id=petition.pk,
        token=_seal().decrypt(bytes(row.link)).decode(),
        state=petition.state,
        title=petition.title,
        language=petition.language,
        confirmed=petition.raising.confirmed_at is not None,
        sponsors=petition.raising.sponsors,
        needed=charter.sponsors.count if charter.sponsors else 0,
        count=count_of(petition),
        review_day=review_day,
        review_late=review_day is not None and legal_day(charter, now) > review_day,
        letters=row.letters,  # type: ignore[attr-defined]
        last_letter=row.last_letter,  # type: ignore[attr-defined]
        obligations=obligations,
    )


def _seal() -> Fernet:
    key = hmac.digest(settings.MANINSO_STAFF_KEY(), b"maninso/kept links/v1", hashlib.sha256)
    return Fernet(base64.urlsafe_b64encode(key))


def _say(moment: dt.datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(dt.UTC).isoformat(timespec="seconds")
