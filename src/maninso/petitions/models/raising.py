"""How a petition came to be: its creator's links, its sponsors until it opens, and the letters about it."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Func, Q
from django.db.models.lookups import Exact

from maninso.petitions.models.petition import Petition


def _has_length(field: str, length: int) -> Exact:
    return Exact(Func(F(field), function="octet_length", output_field=models.IntegerField()), length)


class Raising(models.Model):
    """Who raised a petition, as far as the site knows: by digests. The links themselves are stored nowhere."""

    petition = models.OneToOneField(Petition, on_delete=models.PROTECT, primary_key=True, related_name="raising")
    submission = models.BinaryField()  # SHA-256 of the form's number: handed in twice, it is one petition
    creator_digest = models.BinaryField()  # SHA-256 of the creator's link
    sponsor_digest = models.BinaryField()  # SHA-256 of the sponsors' link
    creator_key = models.BinaryField()  # keyed digest of the verified creator; empty once forgotten
    address = models.TextField(default="")  # where the creator wants letters; "" once forgotten
    sealed_key = models.BinaryField(null=True)  # K_petition until it opens; sponsors' nullifiers are made with it
    confirmed_at = models.DateTimeField(null=True)  # when the creator used their own link first
    closes_at = models.DateTimeField(null=True)  # exclusive: the end of the sponsors' time
    sponsors = models.IntegerField(default=0)  # without the creator

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["submission"], name="raising_submission_once"),
            models.CheckConstraint(
                condition=Q(_has_length("submission", 32))
                & Q(_has_length("creator_digest", 32))
                & Q(_has_length("sponsor_digest", 32)),
                name="raising_digest_length",
            ),
            models.CheckConstraint(condition=Q(sponsors__gte=0), name="raising_sponsors_counted"),
        ]
        indexes: ClassVar = [models.Index(fields=["creator_key"], name="raising_by_creator")]


class Sponsor(models.Model):
    """One early supporter of a petition that has not opened. When it opens, each becomes a signature and goes."""

    petition = models.ForeignKey(Petition, on_delete=models.PROTECT, related_name="sponsors")
    nullifier = models.BinaryField()
    assurance = models.SmallIntegerField()
    region = models.TextField(default="")
    evidence = models.BinaryField()  # salt and record, as signing_leaf keeps them
    is_creator = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["petition", "nullifier"], name="sponsor_once"),
            models.UniqueConstraint(fields=["petition"], condition=Q(is_creator=True), name="sponsor_one_creator"),
            models.CheckConstraint(condition=Q(_has_length("nullifier", 16)), name="sponsor_nullifier_length"),
            models.CheckConstraint(condition=Q(assurance__gte=0, assurance__lte=3), name="sponsor_assurance"),
        ]


class BlockedCreator(models.Model):
    """Somebody who may raise nothing for a while; they are not told."""

    creator_key = models.BinaryField(primary_key=True)
    until = models.DateTimeField()
    reason = models.TextField()

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=~Q(reason=""), name="blocked_creator_reason")]


RECEIVED = "received"
"""What the letter is about that brings a creator's link: the link is a secret, so it leaves with the message."""


class Letter(models.Model):
    """A letter to a petition's creator, stored with what it is about. It may be taken back until `send_at`."""

    petition = models.ForeignKey(Petition, on_delete=models.PROTECT, related_name="letters")
    once = models.TextField()  # what it is about, so that it is written once: "sponsor/3"
    address = models.TextField(default="")  # "": it is read on the creator's page alone
    language = models.TextField()
    subject = models.TextField()
    body = models.TextField()
    written_at = models.DateTimeField()
    send_at = models.DateTimeField()
    cancelled_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["petition", "once"], name="letter_once"),
            models.CheckConstraint(condition=~Q(subject="") & ~Q(body=""), name="letter_says_something"),
            models.CheckConstraint(
                condition=Q(cancelled_at=None) | Q(cancelled_at__lt=F("send_at"), sent_at=None),
                name="letter_cancelled_in_time",
            ),
            models.CheckConstraint(
                condition=Q(sent_at=None) | Q(sent_at__gte=F("send_at")), name="letter_sent_when_due"
            ),
            models.CheckConstraint(  # its body has the link to the creator's page
                condition=~Q(once=RECEIVED) | ~Q(address="") | Q(body=F("subject")),
                name="letter_link_goes_with_address",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["send_at"], condition=Q(sent_at=None, cancelled_at=None), name="letter_to_send")
        ]
