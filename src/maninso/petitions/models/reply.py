"""The clerk's desk: answers while they are written, what they are to answer, and who takes care of a debt.

What is published are responses (`obligation.Response`), one a debt and version; a reply is what they come from.
"""

from typing import ClassVar

from django.db import models
from django.db.models import F, Func, Q
from django.db.models.lookups import Exact

from maninso.petitions.models.account import Account
from maninso.petitions.models.obligation import Obligation, Response
from maninso.petitions.models.petition import Petition

REPLY_STATES = ("writing", "proposed", "approved", "published", "retracted", "dropped")
VERDICTS = ("yes", "partly", "no")


class Reply(models.Model):
    """One answer of an institution, from its first draft on; it may meet several debts, and have several versions.

    Nobody approves what they wrote or proposed themselves. `revision` counts the changes of the draft, so that what is
    approved is what was read.
    """

    institution = models.TextField()  # the id of the charter whose debts it answers
    state = models.TextField(default="writing")
    author = models.TextField(default="")  # who answers, as the public reads it
    summary = models.TextField(default="")
    body = models.TextField(default="")
    language = models.TextField()
    with_mail = models.BooleanField(default=False)  # subscribers are told of the version in work
    publish_at = models.DateTimeField(null=True)  # NULL: as soon as it is approved
    revision = models.IntegerField(default=1)
    versions = models.SmallIntegerField(default=0)  # published so far
    written_by = models.TextField()  # the address of who changed it last
    proposed_by = models.TextField(default="")
    approved_by = models.TextField(default="")
    note = models.TextField(default="")  # why it was sent back, for the office
    retraction = models.TextField(default="")  # why it was taken back, for everybody
    retracted_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(state__in=REPLY_STATES), name="reply_state_known"),
            models.CheckConstraint(condition=~Q(institution="") & ~Q(written_by=""), name="reply_of_somebody"),
            models.CheckConstraint(
                condition=~Q(state__in=("proposed", "approved"))
                | (~Q(author="") & ~Q(summary="") & ~Q(proposed_by="")),
                name="reply_proposed_whole",
            ),
            models.CheckConstraint(condition=~Q(state="approved") | ~Q(approved_by=""), name="reply_approved"),
            models.CheckConstraint(
                condition=Q(approved_by="") | (~Q(approved_by=F("proposed_by")) & ~Q(approved_by=F("written_by"))),
                name="reply_second_pair_of_eyes",
            ),
            models.CheckConstraint(
                condition=~Q(state="approved") | Q(publish_at__isnull=False), name="reply_waits_for_its_time"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("published", "retracted")) | Q(versions__gte=1), name="reply_published_counted"
            ),
            models.CheckConstraint(condition=~Q(state="dropped") | Q(versions=0), name="reply_dropped_unpublished"),
            models.CheckConstraint(
                condition=(Q(state="retracted", retracted_at__isnull=False) & ~Q(retraction=""))
                | (~Q(state="retracted") & Q(retracted_at=None, retraction="")),
                name="reply_retracted_why",
            ),
            models.CheckConstraint(condition=Q(revision__gte=1, versions__gte=0), name="reply_counts"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["publish_at"], condition=Q(state="approved"), name="reply_to_publish"),
            models.Index(fields=["institution", "state"], name="reply_by_institution"),
        ]


class ReplyTarget(models.Model):
    """One debt that a reply is to meet. What was published for it keeps it there (foreign key, migration 0020)."""

    reply = models.ForeignKey(Reply, on_delete=models.PROTECT, related_name="targets")
    obligation = models.ForeignKey(Obligation, on_delete=models.PROTECT, related_name="reply_targets")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["reply", "obligation"], name="reply_target_once")]


class ReplyPetition(models.Model):
    """A petition that a reply is to answer though nothing is owed to it. What was published keeps it there, too."""

    reply = models.ForeignKey(Reply, on_delete=models.PROTECT, related_name="petitions")
    petition = models.ForeignKey(Petition, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["reply", "petition"], name="reply_petition_once")]


class Assignment(models.Model):
    """Who takes care of a debt; the others see it, and reminders go to them alone."""

    obligation = models.OneToOneField(Obligation, on_delete=models.PROTECT, primary_key=True, related_name="assignment")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()


class Reminder(models.Model):
    """One reminder of a debt that clerks were sent: once a stage of the way to its day, and past it."""

    obligation = models.ForeignKey(Obligation, on_delete=models.PROTECT, related_name="+")
    due_on = models.DateField()  # a day that was moved is reminded of anew
    stage = models.TextField()  # "before-7", "late-14": in days
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["obligation", "due_on", "stage"], name="reminder_once")
        ]


class Verdict(models.Model):
    """What one signer says of an answer. `person` is derived from the nullifier and leads to no leaf.

    It is of the response that was shown, and holds no time. The response answers that debt (foreign key, 0022).
    """

    obligation = models.ForeignKey(Obligation, on_delete=models.PROTECT, related_name="verdicts")
    response = models.ForeignKey(Response, on_delete=models.PROTECT, related_name="+")
    person = models.BinaryField()
    verdict = models.TextField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["obligation", "person"], name="verdict_once"),
            models.CheckConstraint(condition=Q(verdict__in=VERDICTS), name="verdict_known"),
            models.CheckConstraint(
                condition=Q(Exact(Func(F("person"), function="octet_length", output_field=models.IntegerField()), 16)),
                name="verdict_person_length",
            ),
        ]
