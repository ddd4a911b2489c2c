"""Where institutions want to be told what happens, and what each is told."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

WEBHOOK_KINDS = (
    *("petition.opened", "petition.closed", "petition.rejected", "petition.withdrawn", "petition.taken-down"),
    *("obligation.owed", "obligation.kept", "obligation.declined", "obligation.lapsed"),
)


class Webhook(models.Model):
    """One address that is told. Its secret is derived from its number and the site's key, and nowhere stored."""

    url = models.TextField()
    institution = models.TextField(default="")  # a charter's id; "" for all
    seen = models.BigIntegerField(default=0)  # the last change of a petition's state that was looked at
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_why = models.TextField(default="")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(url__regex=r"^https://[^\s]+$") | Q(url__regex=r"^http://(127\.0\.0\.1|localhost)[:/]"),
                name="webhook_encrypted",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None, ended_why="")
                | (Q(ended_at__isnull=False, ended_at__gte=F("created_at")) & ~Q(ended_why="")),
                name="webhook_ends_with_a_reason",
            ),
            models.UniqueConstraint(fields=["url", "institution"], condition=Q(ended_at=None), name="webhook_once"),
        ]


class Delivery(models.Model):
    """One thing that one address is told, once, and what became of telling it."""

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    event = models.TextField()  # what happened, by a name that nothing else has: no address is told it twice
    kind = models.TextField()
    petition = models.ForeignKey("petitions.Petition", on_delete=models.PROTECT, related_name="+")
    obligation = models.ForeignKey("petitions.Obligation", null=True, on_delete=models.PROTECT, related_name="+")
    happened_at = models.DateTimeField()
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    outcome = models.TextField(default="")  # told, or why it was given up

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["webhook", "event"], name="delivery_once"),
            models.CheckConstraint(condition=Q(kind__in=WEBHOOK_KINDS), name="delivery_kind_known"),
            models.CheckConstraint(
                condition=Q(done_at=None, outcome="") | (Q(done_at__isnull=False) & ~Q(outcome="")),
                name="delivery_done_with_an_outcome",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["created_at"], condition=Q(done_at=None), name="delivery_waiting")]
