"""What another site reported of a petition that was imported from it, beyond its count."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.lookups import Exact

from maninso.petitions.models.petition import Petition


def _is_list(field: str) -> Exact:
    return Exact(Func(F(field), function="jsonb_typeof", output_field=models.TextField()), Value("array"))


class ReportedRecord(models.Model):
    """An answer, a debate and a breakdown of the count, in that site's words. Nothing in it counts anywhere here.

    Only petitions of another site have one (trigger, migration 0055).
    """

    petition = models.OneToOneField(Petition, on_delete=models.PROTECT, primary_key=True, related_name="record")
    responded_on = models.DateField(null=True)
    response_summary = models.TextField(default="")  # "": it was not answered
    response_details = models.TextField(default="")
    is_debated = models.BooleanField(default=False)
    debated_on = models.DateField(null=True)
    debate_overview = models.TextField(default="")
    debate_addresses = models.JSONField(default=dict)  # that site's name of a link to its https address
    regions = models.JSONField(default=list)  # [code, name, signatures] each
    constituencies = models.JSONField(default=list)
    countries = models.JSONField(default=list)
    digest = models.BinaryField()  # SHA-256 of all of it

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(response_summary="") | Q(responded_on=None, response_details=""),
                name="reported_response_says_something",
            ),
            models.CheckConstraint(
                condition=Q(is_debated=True) | Q(debated_on=None, debate_overview="", debate_addresses={}),
                name="reported_debate_took_place",
            ),
            models.CheckConstraint(
                condition=Q(_is_list("regions"), _is_list("constituencies"), _is_list("countries")),
                name="reported_parts_are_lists",
            ),
            models.CheckConstraint(
                condition=Q(Exact(Func(F("digest"), function="octet_length", output_field=models.IntegerField()), 32)),
                name="reported_digest_length",
            ),
        ]
