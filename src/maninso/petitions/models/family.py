"""Families: petitions that people in the office found to ask for the same thing."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from maninso.petitions.models.petition import Petition

FAMILY_ROLES = ("moderator", "clerk", "operator")
"""Whose act a merge or a split can be: never the program's."""

_BY_A_PERSON = Q(role__in=FAMILY_ROLES) & ~Q(actor="")


class Family(models.Model):
    """A group of petitions that ask for the same thing; it has no count of its own."""

    created_at = models.DateTimeField()


class FamilyMember(models.Model):
    """A petition's place in a family; a petition is in one at most."""

    petition = models.OneToOneField(Petition, on_delete=models.PROTECT, primary_key=True, related_name="membership")
    family = models.ForeignKey(Family, on_delete=models.PROTECT, related_name="members")


class FamilyChange(models.Model):
    """One petition that a person put into a family or took out of it. Append-only (trigger)."""

    family = models.ForeignKey(Family, on_delete=models.PROTECT, related_name="changes")
    petition = models.ForeignKey(Petition, on_delete=models.PROTECT, related_name="+")
    joined = models.BooleanField()  # else it left
    role = models.TextField()
    actor = models.TextField()
    note = models.TextField()  # why, in the office's words
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=_BY_A_PERSON, name="family_change_by_a_person"),
            models.CheckConstraint(condition=~Q(note=""), name="family_change_says_why"),
        ]
