"""Petitions, the charter versions that are pinned to them, and every change of a petition's state."""

import datetime as dt
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact

STATES = (
    *("draft", "gathering", "moderation", "open", "closed"),
    *("rejected", "hidden", "withdrawn", "lapsed", "removed"),
)
"""Every state of a petition; which follows which is the business of lifecycle."""

NEEDS_REASON = ("rejected", "hidden", "withdrawn", "removed")
NEEDS_OPENING = ("open", "closed", "removed")
REPORTED_STATES = ("closed", "rejected", "hidden", "removed")
NEVER = dt.datetime(1900, 1, 1, tzinfo=dt.UTC)
OPENED = Coalesce(F("opened_at"), Value(NEVER))
"""When a petition opened, as indexes have it: petitions that never did come last."""
ROLES = ("system", "creator", "sponsor", "moderator", "clerk", "auditor", "operator")


class CharterVersion(models.Model):
    """The exact bytes of a charter that some petition follows. Never changed, never deleted (trigger)."""

    charter_id = models.TextField()  # the charter's own name, such as "blue-house-2019"
    digest = models.BinaryField()  # SHA-256 of source
    source = models.BinaryField()  # TOML
    kept_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["digest"], name="charter_version_digest_once"),
            models.CheckConstraint(
                condition=Q(
                    Exact(F("digest"), Func(F("source"), function="sha256", output_field=models.BinaryField()))
                ),
                name="charter_version_digest_of_source",
            ),
            models.CheckConstraint(condition=~Q(charter_id=""), name="charter_version_named"),
        ]


class Petition(models.Model):
    """A request with a title, a text and a creator.

    Two more rules are triggers (migration 0002): what people sign never changes once it has opened
    (petition_text_frozen), and a reported petition never has a gate (petition_reported_has_no_gate).
    """

    state = models.TextField()
    title = models.TextField()
    body = models.TextField()
    language = models.TextField()  # BCP 47
    topic = models.TextField(default="")
    creator_name = models.TextField(default="")
    charter = models.ForeignKey(CharterVersion, on_delete=models.PROTECT, related_name="petitions")
    length = models.TextField(default="")  # the petitioner's choice, where the charter gives one
    needed = ArrayField(models.BigIntegerField(), default=list)  # signatures of each threshold, ascending, once opened
    text_digest = models.BinaryField(null=True)  # SHA-256 of the canonical text, once opened
    created_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True)
    closes_at = models.DateTimeField(null=True)  # exclusive
    closed_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField()
    reason_code = models.TextField(default="")
    reason_note = models.TextField(default="")
    source = models.TextField(default="")  # the site that it was imported from; "" for our own
    source_id = models.TextField(default="")  # its number there
    source_status = models.TextField(default="")
    reported_count = models.BigIntegerField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(state__in=STATES), name="petition_state_known"),
            models.CheckConstraint(condition=~Q(title=""), name="petition_titled"),
            models.CheckConstraint(
                condition=Q(opened_at=None, text_digest=None, closes_at=None)
                | Q(opened_at__isnull=False, text_digest__isnull=False, closes_at__isnull=False),
                name="petition_opened_pins_text",
            ),
            models.CheckConstraint(
                condition=Q(text_digest=None)
                | Q(Exact(Func(F("text_digest"), function="octet_length", output_field=models.IntegerField()), 32)),
                name="petition_text_digest_length",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=NEEDS_OPENING) | Q(opened_at__isnull=False), name="petition_state_opened"
            ),
            models.CheckConstraint(
                condition=~Q(state="closed") | Q(closed_at__isnull=False), name="petition_closed_when"
            ),
            models.CheckConstraint(
                condition=Q(closes_at=None) | Q(closes_at__gt=F("opened_at")), name="petition_window"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=NEEDS_REASON) | ~Q(reason_code=""), name="petition_reason_given"
            ),
            models.CheckConstraint(
                condition=Q(source="", source_id="", reported_count=None)
                | (~Q(source="") & ~Q(source_id="") & Q(reported_count__isnull=False, reported_count__gte=0)),
                name="petition_reported_whole",
            ),
            models.CheckConstraint(
                condition=Q(source="") | Q(state__in=REPORTED_STATES), name="petition_reported_state"
            ),
            models.UniqueConstraint(
                fields=["source_id", "source"], condition=~Q(source=""), name="petition_source_once"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["closes_at"], condition=Q(state="open"), name="petition_due_to_close"),
            models.Index(fields=["-opened_at", "-id"], name="petition_newest"),
            # What lists are put in order by (discovery/order.py).
            models.Index(OPENED.desc(), F("id").desc(), name="petition_latest"),
            models.Index(F("topic"), OPENED.desc(), F("id").desc(), name="petition_latest_of_topic"),
            models.Index(F("state"), OPENED.desc(), F("id").desc(), name="petition_latest_of_state"),
            models.Index(fields=["-created_at", "-id"], name="petition_created"),
        ]


class StateChange(models.Model):
    """One move of a petition from a state to another; `old` is "" where it came to be. Append-only (trigger)."""

    petition = models.ForeignKey(Petition, on_delete=models.PROTECT, related_name="changes")
    old = models.TextField()
    new = models.TextField()
    at = models.DateTimeField()
    role = models.TextField()
    actor = models.TextField(default="")  # who in that role; "" for the program itself
    reason_code = models.TextField(default="")
    reason_note = models.TextField(default="")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(old__in=("", *STATES), new__in=STATES), name="state_change_states_known"
            ),
            models.CheckConstraint(condition=Q(role__in=ROLES), name="state_change_role_known"),
            models.CheckConstraint(condition=~Q(old=F("new")), name="state_change_moves"),
        ]
