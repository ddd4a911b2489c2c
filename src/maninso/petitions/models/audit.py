"""The office's own log: what it did, chained by hashes. Append-only (trigger, migration 0005)."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Func, Q
from django.db.models.lookups import Exact

from maninso.petitions.models.petition import ROLES


def _has_digest_length(field: str) -> Exact:
    return Exact(Func(F(field), function="octet_length", output_field=models.IntegerField()), 32)


class AuditRecord(models.Model):
    """One action of the office: who, when, what, why, and what it changed.

    `digest` is the SHA-256 of the record's canonical JSON, which holds the digest before it.
    """

    number = models.BigIntegerField(primary_key=True)  # 1, 2, 3 ... without a gap
    at = models.DateTimeField()
    role = models.TextField()
    actor = models.TextField()
    action = models.TextField()
    subject = models.TextField()  # "petition/12", "account/kim@example.org"
    reason = models.TextField(default="")
    before = models.JSONField()
    after = models.JSONField()
    previous = models.BinaryField()
    digest = models.BinaryField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(number__gte=1), name="audit_numbered"),
            models.CheckConstraint(condition=Q(role__in=ROLES), name="audit_role_known"),
            models.CheckConstraint(condition=~Q(action="") & ~Q(subject=""), name="audit_says_what"),
            models.CheckConstraint(
                condition=Q(_has_digest_length("digest")) & Q(_has_digest_length("previous")),
                name="audit_digest_length",
            ),
            models.UniqueConstraint(fields=["previous"], name="audit_one_chain"),
        ]
        indexes: ClassVar = [models.Index(fields=["subject", "number"], name="audit_of_subject")]
