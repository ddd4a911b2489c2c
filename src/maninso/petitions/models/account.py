"""Accounts: only for those who need one, the office and creators who keep their petitions in one. Signers have none."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from maninso.petitions.models.petition import Petition

OFFICE_ROLES = ("moderator", "clerk", "auditor", "operator")


class AccountManager(BaseUserManager["Account"]):
    """Finds an account by its address, however that is spelt."""

    def get_by_natural_key(self, username: str | None) -> "Account":
        """Return the account of an e-mail address; raises DoesNotExist."""
        return self.get(email=(username or "").strip().lower())


class Account(AbstractBaseUser):
    """Somebody with an e-mail address and a role in the office, or "" for none. There is no password.

    `institution` is the id of the charter whose debts a clerk answers for; "" for all.
    """

    email = models.TextField()  # in lower case
    role = models.TextField(default="")
    institution = models.TextField(default="")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    objects: ClassVar[AccountManager] = AccountManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["email"], name="account_email_once"),
            models.CheckConstraint(condition=Q(email__contains="@"), name="account_email_is_one"),
            models.CheckConstraint(condition=Q(email=Lower(F("email"))), name="account_email_lower"),
            models.CheckConstraint(condition=Q(role__in=("", *OFFICE_ROLES)), name="account_role_known"),
            models.CheckConstraint(condition=Q(institution="") | Q(role="clerk"), name="account_institution_of_clerk"),
        ]


class KeptPetition(models.Model):
    """A petition that its creator keeps in their account. Whoever had its link put it there; the link is sealed."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="kept")
    petition = models.ForeignKey(Petition, on_delete=models.PROTECT, related_name="kept_in")
    link = models.BinaryField()  # the creator's token, sealed under a key outside the database
    kept_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "petition"], name="kept_petition_once"),
        ]
