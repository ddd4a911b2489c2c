"""What moves the day of a debt besides its charter: calendars that institutions give, moments, ends of terms."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from maninso.petitions.models.obligation import Obligation
from maninso.petitions.models.petition import Petition

DAY_KINDS = ("sitting", "day-off")
MOMENT_KINDS = ("certification", "submission")
DUE_CAUSES = ("calendar", *MOMENT_KINDS)


class CalendarDay(models.Model):
    """A day on which the assembly sits, or a day off, as an institution gave it."""

    institution = models.TextField()  # the id of its charter
    kind = models.TextField()
    on = models.DateField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["institution", "kind", "on"], name="calendar_day_once"),
            models.CheckConstraint(condition=Q(kind__in=DAY_KINDS) & ~Q(institution=""), name="calendar_day_known"),
        ]


class Moment(models.Model):
    """When a petition was certified or handed in: where charters have clocks count from that."""

    petition = models.ForeignKey(Petition, on_delete=models.PROTECT, related_name="moments")
    kind = models.TextField()
    on = models.DateField()  # in the charter's time zone
    role = models.TextField()
    actor = models.TextField(default="")
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["petition", "kind"], name="moment_once"),
            models.CheckConstraint(condition=Q(kind__in=MOMENT_KINDS), name="moment_known"),
        ]


class DueChange(models.Model):
    """A day that moved because a calendar or a moment was given or changed. Append-only (trigger)."""

    obligation = models.ForeignKey(Obligation, on_delete=models.PROTECT, related_name="due_changes")
    old_due_on = models.DateField(null=True)
    new_due_on = models.DateField(null=True)
    cause = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(cause__in=DUE_CAUSES), name="due_change_cause_known"),
            models.CheckConstraint(
                condition=Q(old_due_on__isnull=True, new_due_on__isnull=False)
                | Q(old_due_on__isnull=False, new_due_on__isnull=True)
                | (Q(old_due_on__isnull=False, new_due_on__isnull=False) & ~Q(old_due_on=F("new_due_on"))),
                name="due_change_moves",
            ),
        ]


class TermEnd(models.Model):
    """The day on which an institution's term ends, such as the dissolution of a parliament, and why."""

    institution = models.TextField()
    on = models.DateField()  # the first day without it, in the charter's time zone
    reason = models.TextField()
    role = models.TextField()
    actor = models.TextField(default="")
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["institution", "on"], name="term_end_once"),
            models.CheckConstraint(condition=~Q(institution="") & ~Q(reason=""), name="term_end_why"),
        ]
