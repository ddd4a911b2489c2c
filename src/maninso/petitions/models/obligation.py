"""What an institution owes, and what came: obligations, extensions of their day, and responses in all versions."""

import datetime as dt
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Mod
from django.db.models.lookups import Exact

from maninso.petitions.models.petition import Petition

OBLIGATION_STATES = ("owed", "kept", "declined", "lapsed")


class Obligation(models.Model):
    """One debt: made when a threshold was met, once a petition and threshold.

    What is owed, by whom and why is read from the charter version that the petition follows. Whether it is overdue is
    a question of the clock and is never stored.
    """

    petition = models.ForeignKey(Petition, on_delete=models.PROTECT, related_name="obligations")
    threshold_id = models.TextField()
    needed = models.BigIntegerField()
    met_index = models.BigIntegerField()  # the leaf of the signature that met it
    met_count = models.BigIntegerField()
    met_at = models.DateTimeField()
    turns = models.IntegerField(default=0)  # how often voids undid it and it was met again, as far as `state` knows
    turned_index = models.BigIntegerField(null=True)  # the leaf of the last turn
    turned_count = models.BigIntegerField(null=True)
    turned_at = models.DateTimeField(null=True)
    state = models.TextField(default="owed")
    due_at = models.DateTimeField(null=True)  # exclusive: the end of the last day; NULL where the charter sets none
    due_on = models.DateField(null=True)  # that last day in the charter's time zone
    binding = models.BooleanField(default=True)  # a best-effort day is shown, but missing it breaks no rule
    settled_at = models.DateTimeField(null=True)
    settled_role = models.TextField(default="")
    settled_by = models.TextField(default="")
    decline_reason = models.TextField(default="")
    decline_note = models.TextField(default="")
    lapse_reason = models.TextField(default="")  # the charter's ground, or one of our own; "" where voids undid it
    lapse_note = models.TextField(default="")
    response = models.OneToOneField("Response", null=True, on_delete=models.PROTECT, related_name="settles")
    created_at = models.DateTimeField()

    @property
    def owed_since(self) -> dt.datetime:
        """When the threshold was met, or met again after voids had undone it."""
        return self.turned_at if self.turned_at and self.turns % 2 == 0 else self.met_at

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["petition", "threshold_id"], name="obligation_once"),
            models.CheckConstraint(
                condition=Q(turns=0, turned_index=None, turned_count=None, turned_at=None)
                | Q(turns__gt=0, turned_index__isnull=False, turned_count__isnull=False, turned_at__isnull=False),
                name="obligation_turned_whole",
            ),
            models.CheckConstraint(
                condition=~Q(state="owed") | Q(Exact(Mod(F("turns"), 2), 0)), name="obligation_undone_is_not_owed"
            ),
            models.CheckConstraint(condition=Q(state__in=OBLIGATION_STATES), name="obligation_state_known"),
            models.CheckConstraint(
                condition=~Q(state="kept") | Q(response__isnull=False), name="obligation_kept_by_response"
            ),
            models.CheckConstraint(
                condition=~Q(state="declined") | ~Q(decline_reason=""), name="obligation_decline_reason"
            ),
            models.CheckConstraint(
                condition=(Q(state="lapsed") & (~Q(lapse_reason="") | Q(Exact(Mod(F("turns"), 2), 1))))
                | (~Q(state="lapsed") & Q(lapse_reason="", lapse_note="")),
                name="obligation_lapse_reason",
            ),
            models.CheckConstraint(
                condition=Q(state="owed", settled_at=None) | (~Q(state="owed") & Q(settled_at__isnull=False)),
                name="obligation_settled_when",
            ),
            models.CheckConstraint(
                condition=Q(due_at=None, due_on=None) | Q(due_at__isnull=False, due_on__isnull=False),
                name="obligation_due_whole",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["due_at"], condition=Q(state="owed"), name="obligation_owed")]


class Extension(models.Model):
    """One extension of an obligation's day, with its reason. Append-only (trigger)."""

    obligation = models.ForeignKey(Obligation, on_delete=models.PROTECT, related_name="extensions")
    number = models.SmallIntegerField()
    length = models.TextField()  # as charters write it: "30 days"
    reason = models.TextField(default="")
    old_due_on = models.DateField()
    new_due_on = models.DateField()
    role = models.TextField()
    actor = models.TextField(default="")
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["obligation", "number"], name="extension_once"),
            models.CheckConstraint(condition=Q(new_due_on__gt=F("old_due_on")), name="extension_later"),
            models.CheckConstraint(condition=Q(number__gte=1), name="extension_numbered"),
        ]


class Response(models.Model):
    """What the institution answered, one version of it. Append-only (trigger); a correction is a new version.

    It answers a debt, or else a petition to which nothing is owed.
    """

    obligation = models.ForeignKey(Obligation, null=True, on_delete=models.PROTECT, related_name="responses")
    petition = models.ForeignKey(Petition, null=True, on_delete=models.PROTECT, related_name="responses")
    reply = models.ForeignKey("Reply", null=True, on_delete=models.PROTECT, related_name="responses")
    version = models.SmallIntegerField()
    author = models.TextField()
    summary = models.TextField()
    body = models.TextField()
    language = models.TextField()
    digest = models.BinaryField()  # SHA-256 of the canonical response, as the petition's log has it
    role = models.TextField()
    actor = models.TextField(default="")  # who published it; who approved it, where it comes from a reply
    proposed_by = models.TextField(default="")
    published_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["obligation", "petition", "reply", "version"],
                nulls_distinct=False,
                name="response_version_once",
            ),
            models.CheckConstraint(
                condition=Q(obligation__isnull=False, petition=None)
                | Q(obligation=None, petition__isnull=False, reply__isnull=False),
                name="response_to_a_debt_or_a_petition",
            ),
            models.CheckConstraint(condition=Q(version__gte=1), name="response_numbered"),
            models.CheckConstraint(condition=~Q(summary="") & ~Q(author=""), name="response_says_something"),
            models.CheckConstraint(
                condition=Q(reply=None) | (~Q(actor="") & ~Q(proposed_by="") & ~Q(actor=F("proposed_by"))),
                name="response_second_pair_of_eyes",
            ),
        ]
