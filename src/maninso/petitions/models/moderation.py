"""What the office keeps of a petition: who works on it, what was masked, notes, take-downs, appeals."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Func, Q
from django.db.models.lookups import Exact

from maninso.petitions.models.account import Account
from maninso.petitions.models.petition import Petition, StateChange

HOLDS = ("flagged", "dormant")


def _has_length(field: str, length: int) -> Exact:
    return Exact(Func(F(field), function="octet_length", output_field=models.IntegerField()), length)


class Case(models.Model):
    """A petition on a moderator's desk: who holds it, and whether it is set aside ("" where it is not)."""

    petition = models.OneToOneField(Petition, on_delete=models.PROTECT, primary_key=True, related_name="case")
    holder = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="cases")
    held_since = models.DateTimeField(null=True)
    hold = models.TextField(default="")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(hold__in=("", *HOLDS)), name="case_hold_known"),
            models.CheckConstraint(
                condition=Q(holder=None, held_since=None) | Q(holder__isnull=False, held_since__isnull=False),
                name="case_held_whole",
            ),
        ]


class Mask(models.Model):
    """One passage taken out of a text before it opened. The public sees why, and the commitment to what it was.

    `start` is where it stood in the text as it was then; masks are undone last first.
    """

    petition = models.ForeignKey(Petition, on_delete=models.PROTECT, related_name="masks")
    field = models.TextField()  # title or body
    start = models.IntegerField()
    original = models.TextField()  # for the office and the courts
    reason_code = models.TextField()
    salt = models.BinaryField()
    commitment = models.BinaryField()  # SHA-256 of salt and original
    masked_by = models.TextField()
    masked_at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(field__in=("title", "body"), start__gte=0), name="mask_place"),
            models.CheckConstraint(condition=~Q(original="") & ~Q(reason_code=""), name="mask_says_why"),
            models.CheckConstraint(
                condition=Q(_has_length("salt", 16)) & Q(_has_length("commitment", 32)), name="mask_commitment"
            ),
        ]


class Note(models.Model):
    """What somebody of the office wants the others to know of a petition. Append-only (trigger)."""

    petition = models.ForeignKey(Petition, on_delete=models.PROTECT, related_name="notes")
    author = models.TextField()
    text = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=~Q(text=""), name="note_says_something")]


class Takedown(models.Model):
    """A proposal to take a published petition down: it takes another person to do it."""

    petition = models.ForeignKey(Petition, on_delete=models.PROTECT, related_name="takedowns")
    reason_code = models.TextField()
    note = models.TextField(default="")  # public
    proposed_by = models.TextField()
    proposed_at = models.DateTimeField()
    decided_by = models.TextField(default="")
    decided_at = models.DateTimeField(null=True)
    state = models.TextField(default="proposed")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=("proposed", "done", "declined")), name="takedown_state_known"
            ),
            models.CheckConstraint(
                condition=~Q(state="done") | ~Q(decided_by=F("proposed_by")), name="takedown_two_people"
            ),
            models.CheckConstraint(
                condition=Q(state="proposed", decided_at=None, decided_by="")
                | (~Q(state="proposed") & Q(decided_at__isnull=False) & ~Q(decided_by="")),
                name="takedown_decided_whole",
            ),
            models.UniqueConstraint(fields=["petition"], condition=Q(state="proposed"), name="takedown_one_at_a_time"),
        ]


class Appeal(models.Model):
    """A creator's appeal against one decision, and what an operator who did not decide it made of it."""

    petition = models.ForeignKey(Petition, on_delete=models.PROTECT, related_name="appeals")
    against = models.OneToOneField(StateChange, on_delete=models.PROTECT, related_name="appeal")
    text = models.TextField()
    made_at = models.DateTimeField()
    state = models.TextField(default="open")
    answer = models.TextField(default="")  # to the creator
    decided_by = models.TextField(default="")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(state__in=("open", "upheld", "dismissed")), name="appeal_state_known"),
            models.CheckConstraint(condition=~Q(text=""), name="appeal_says_why"),
            models.CheckConstraint(
                condition=Q(state="open", decided_at=None, decided_by="")
                | (~Q(state="open") & Q(decided_at__isnull=False) & ~Q(decided_by="") & ~Q(answer="")),
                name="appeal_decided_whole",
            ),
        ]
