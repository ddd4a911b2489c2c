"""Messages that wait to be sent, people who asked for updates, and how often somebody may still ask.

These are the only rows that hold an address: a message until it is sent, a subscriber until they unsubscribe.
"""

from typing import ClassVar

from django.db import models
from django.db.models import F, Func, Q
from django.db.models.lookups import Exact

from maninso.petitions.models.petition import Petition

MESSAGE_KINDS = ("confirm", "subscribe", "update", "letter", "code", "desk")
ANNOUNCEMENT_KINDS = ("answered", "creator", "opened")
LANGUAGES = ("ko", "en")


def _has_length(field: str, octets: int) -> Q:
    length = Func(F(field), function="octet_length", output_field=models.IntegerField())
    return Q(Exact(length, octets))


class Message(models.Model):
    """One message to one address. The row is deleted once it is sent, given up, or too late."""

    kind = models.TextField()
    petition = models.ForeignKey(Petition, null=True, on_delete=models.PROTECT, related_name="+")
    recipient = models.TextField()
    language = models.TextField()
    facts = models.JSONField()  # what else its words and link are made of; a creator's link, but nothing personal
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()  # after that it is of no use to anybody, and is dropped

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(kind__in=MESSAGE_KINDS), name="message_kind_known"),
            models.CheckConstraint(condition=Q(language__in=LANGUAGES), name="message_language_known"),
            models.CheckConstraint(condition=Q(recipient__contains="@"), name="message_addressed"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="message_expires_later"),
            # Whoever raises a petition proves who they are before there is one.
            models.CheckConstraint(condition=Q(kind="code") | Q(petition__isnull=False), name="message_about"),
        ]


class Allowance(models.Model):
    """How often something was asked for: by an address for a petition, by a network in a minute.

    `key` is a keyed digest of both; the row says nothing about anybody, and goes when it is of no use any more.
    """

    key = models.BinaryField(primary_key=True)
    used = models.IntegerField()
    until = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=_has_length("key", 16), name="allowance_key_length"),
            models.CheckConstraint(condition=Q(used__gte=1), name="allowance_used"),
        ]
        indexes: ClassVar = [models.Index(fields=["until"], name="allowance_over")]


class Announcement(models.Model):
    """Something that a petition's subscribers are told, once each."""

    petition = models.ForeignKey(Petition, on_delete=models.PROTECT, related_name="+")
    kind = models.TextField()
    text = models.TextField(default="")  # what the creator writes, as it is public on the petition's page
    at = models.DateTimeField()
    reply = models.ForeignKey("Reply", null=True, on_delete=models.PROTECT, related_name="+")
    version = models.SmallIntegerField(null=True)  # of that reply
    cancelled_at = models.DateTimeField(null=True)  # by a newer version, or because the answer was taken back
    hidden_at = models.DateTimeField(null=True)  # the office hid what a creator wrote; the words stay for the office
    hidden_by = models.TextField(default="")
    hidden_code = models.TextField(default="")  # a reason of the charter's, public
    hidden_note = models.TextField(default="")  # public

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["petition", "reply", "version"], name="announcement_version_once"),
            models.CheckConstraint(
                condition=Q(reply=None, version=None) | Q(reply__isnull=False, version__isnull=False, kind="answered"),
                name="announcement_version_of_reply",
            ),
            models.CheckConstraint(condition=Q(kind__in=ANNOUNCEMENT_KINDS), name="announcement_kind_known"),
            models.CheckConstraint(
                condition=Q(hidden_at=None, hidden_by="", hidden_code="", hidden_note="")
                | (Q(kind="creator", hidden_at__isnull=False) & ~Q(hidden_by="") & ~Q(hidden_code="")),
                name="announcement_hidden_whole",
            ),
            models.CheckConstraint(
                condition=(Q(kind="creator") & ~Q(text="")) | (~Q(kind="creator") & Q(text="")),
                name="announcement_creator_says_something",
            ),
        ]


class Subscriber(models.Model):
    """Somebody who asked, and confirmed, to be told what becomes of a petition. Deleted when they unsubscribe."""

    petition = models.ForeignKey(Petition, on_delete=models.PROTECT, related_name="+")
    person = models.BinaryField()  # keyed digest of the mailbox, whatever its spelling
    address = models.TextField()
    language = models.TextField()
    since = models.DateTimeField()
    told = models.BigIntegerField(default=0)  # the last announcement that a message was made of

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["petition", "person"], name="subscriber_once"),
            models.CheckConstraint(condition=_has_length("person", 32), name="subscriber_person_length"),
            models.CheckConstraint(condition=Q(address__contains="@"), name="subscriber_addressed"),
            models.CheckConstraint(condition=Q(language__in=LANGUAGES), name="subscriber_language_known"),
        ]
