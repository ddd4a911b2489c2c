"""Decisions to take signatures out of a petition's count, or to put them back."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from maninso.petitions.models.petition import ROLES, Petition

BATCH_STATES = ("proposed", "approved", "running", "done", "cancelled")


class VoidBatch(models.Model):
    """One decision about many signatures: proposed by one person, approved by another, then carried out in chunks.

    What was proposed never changes, and what was approved never changes either (trigger void_batch_frozen, migration
    0004); a row is never deleted. `conditions` is the selection as JSON; a batch that `undoes` another has none.
    """

    petition = models.ForeignKey(Petition, on_delete=models.PROTECT, related_name="void_batches")
    undoes = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="undone_by")
    reason = models.SmallIntegerField()  # code of ledger.entries.VOID_REASONS; 1 is the signers' own
    text = models.TextField()  # public
    conditions = models.JSONField()
    state = models.TextField(default="proposed")
    proposed_at = models.DateTimeField()
    proposed_role = models.TextField()
    proposed_by = models.TextField()
    found = models.BigIntegerField()  # signatures that it would have changed when it was proposed
    approved_at = models.DateTimeField(null=True)
    approved_role = models.TextField(default="")
    approved_by = models.TextField(default="")
    leaves = models.BigIntegerField(null=True)  # signatures that it may change: as many as there were when approved
    end = models.BigIntegerField(null=True)  # of leaves before this one
    decision = models.BinaryField(null=True)  # the public document; its SHA-256 is in each entry
    next_leaf = models.BigIntegerField(default=0)  # those before it are done
    done = models.BigIntegerField(default=0)  # entries written
    ended_at = models.DateTimeField(null=True)  # done or cancelled
    ended_by = models.TextField(default="")  # who cancelled it

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(state__in=BATCH_STATES), name="void_batch_state_known"),
            models.CheckConstraint(condition=Q(reason__gte=2, reason__lte=255), name="void_batch_reason"),
            models.CheckConstraint(condition=~Q(text="") & ~Q(proposed_by=""), name="void_batch_said"),
            models.CheckConstraint(
                condition=Q(undoes=None) & ~Q(conditions={}) | Q(undoes__isnull=False, conditions={}),
                name="void_batch_conditions",
            ),
            models.CheckConstraint(condition=~Q(approved_by=F("proposed_by")), name="void_batch_two_people"),
            models.CheckConstraint(
                condition=Q(proposed_role__in=ROLES, approved_role__in=("", *ROLES)), name="void_batch_roles_known"
            ),
            models.CheckConstraint(
                condition=Q(approved_at=None, approved_by="", approved_role="", leaves=None, end=None, decision=None)
                | (
                    Q(approved_at__isnull=False, leaves__gt=0, end__gte=0, decision__isnull=False)
                    & ~Q(approved_by="")
                    & ~Q(approved_role="")
                ),
                name="void_batch_approved_whole",
            ),
            models.CheckConstraint(
                condition=Q(state__in=("proposed", "cancelled"), approved_at=None)
                | (~Q(state="proposed") & Q(approved_at__isnull=False)),
                name="void_batch_approved_first",
            ),
            models.CheckConstraint(
                condition=Q(done=0, next_leaf=0) | Q(done__gt=0, leaves__gte=F("done"), next_leaf__gt=0),
                name="void_batch_done",
            ),
            models.CheckConstraint(
                condition=Q(state__in=("done", "cancelled"), ended_at__isnull=False)
                | (~Q(state__in=("done", "cancelled")) & Q(ended_at=None)),
                name="void_batch_ended_when",
            ),
        ]
