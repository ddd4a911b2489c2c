"""What came of petitions beyond an answer: bills with their stages and provisions, rulings, refusals."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from maninso.petitions.models.petition import Petition

BILL_KINDS = ("bill", "ruling", "refusal")
STAGES = (
    *("proposed", "committee", "reported", "plenary", "passed", "promulgated", "in-force"),
    *("rejected", "withdrawn", "expired", "filed", "decided", "refused"),
)
MEETS = ("whole", "part", "not")


class Bill(models.Model):
    """A bill, a court's ruling or an institution's refusal. `register` names whose number `number` is."""

    kind = models.TextField(default="bill")
    register = models.TextField()  # such as "assembly-kr"
    number = models.TextField()
    title = models.TextField()
    language = models.TextField()
    body = models.TextField(default="")  # the parliament, court or institution
    proposer = models.TextField(default="")
    summary = models.TextField(default="")
    address = models.TextField(default="")  # where it stands in its register
    act_title = models.TextField(default="")  # the act that it was enacted as
    act_number = models.TextField(default="")
    enacted_on = models.DateField(null=True)
    in_force_on = models.DateField(null=True)
    digest = models.BinaryField()  # SHA-256 of the record that it was imported from, parts and all
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["register", "number"], name="bill_once"),
            models.CheckConstraint(condition=Q(kind__in=BILL_KINDS), name="bill_kind_known"),
            models.CheckConstraint(condition=~Q(register="") & ~Q(number="") & ~Q(title=""), name="bill_named"),
            models.CheckConstraint(condition=Q(address="") | Q(address__regex=r"^https?://"), name="bill_address"),
            models.CheckConstraint(
                condition=Q(act_title="", act_number="", enacted_on=None, in_force_on=None)
                | (Q(kind="bill", enacted_on__isnull=False) & ~Q(act_title="")),
                name="bill_enacted_whole",
            ),
            models.CheckConstraint(
                condition=Q(in_force_on=None) | Q(in_force_on__gte=F("enacted_on")), name="bill_in_force_after"
            ),
        ]


class Stage(models.Model):
    """One stage of a bill's way, and its day."""

    bill = models.ForeignKey(Bill, on_delete=models.CASCADE, related_name="stages")
    position = models.SmallIntegerField()
    stage = models.TextField()
    on = models.DateField()
    note = models.TextField(default="")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["bill", "position"], name="stage_position_once"),
            models.CheckConstraint(condition=Q(stage__in=STAGES), name="stage_known"),
        ]


class Provision(models.Model):
    """One provision as it read, and as the bill makes it read; either may be empty, where it is new or struck out."""

    bill = models.ForeignKey(Bill, on_delete=models.CASCADE, related_name="provisions")
    position = models.SmallIntegerField()
    place = models.TextField()  # "Article 148-2, paragraph 1"
    before = models.TextField(default="")
    after = models.TextField(default="")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["bill", "position"], name="provision_position_once"),
            models.CheckConstraint(condition=~Q(place="") & ~Q(before=F("after")), name="provision_changes"),
        ]


class BillPetition(models.Model):
    """What a bill, ruling or refusal has to do with a petition: the demand it is about, and how far it meets that."""

    bill = models.ForeignKey(Bill, on_delete=models.CASCADE, related_name="links")
    petition = models.ForeignKey(Petition, on_delete=models.PROTECT, related_name="bill_links")
    position = models.SmallIntegerField()
    demand = models.TextField(default="")
    meets = models.TextField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["bill", "position"], name="bill_petition_position_once"),
            models.CheckConstraint(condition=Q(meets__in=MEETS), name="bill_petition_meets"),
        ]
