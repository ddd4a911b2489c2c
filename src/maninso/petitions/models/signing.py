"""The signing path's tables, for reading in joins. signing/schema.sql makes them; only maninso.signing writes them."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from maninso.petitions.models.petition import Petition


class SigningGate(models.Model):
    """Whether a petition takes signatures, and its log's name."""

    petition = models.OneToOneField(Petition, models.DO_NOTHING, primary_key=True, related_name="gate")
    origin = models.TextField()
    state = models.TextField()
    closes_at = models.DateTimeField(null=True)
    grace = models.DurationField()
    regions = ArrayField(models.TextField())

    class Meta:
        managed = False
        db_table = "signing_gate"


class SigningTree(models.Model):
    """What the sequencer has hashed, signed and published."""

    petition = models.OneToOneField(Petition, models.DO_NOTHING, primary_key=True, related_name="tree")
    size = models.BigIntegerField()
    root = models.BinaryField()
    published_at = models.DateTimeField(null=True)
    signatures = models.BigIntegerField()
    voids = models.BigIntegerField()
    reinstated = models.BigIntegerField()
    count = models.BigIntegerField()

    class Meta:
        managed = False
        db_table = "signing_tree"


class SigningThreshold(models.Model):
    """What the charter sets for a petition, the signature that met it, and the last that undid it or met it again."""

    pk = models.CompositePrimaryKey("petition_id", "threshold_id")
    petition = models.ForeignKey(Petition, models.DO_NOTHING, related_name="thresholds")
    threshold_id = models.TextField()
    registered_on = models.DateField()
    met_index = models.BigIntegerField(null=True)
    met_count = models.BigIntegerField(null=True)
    met_at = models.DateTimeField(null=True)
    turns = models.IntegerField()  # odd: voids have undone it
    turned_index = models.BigIntegerField(null=True)
    turned_at = models.DateTimeField(null=True)

    class Meta:
        managed = False
        db_table = "signing_threshold"

    @property
    def stands(self) -> bool:
        """Whether it is met, and no voids have undone it since."""
        return self.met_index is not None and self.turns % 2 == 0


class SigningTally(models.Model):
    """The count by hour since the opening, region number and assurance."""

    pk = models.CompositePrimaryKey("petition_id", "hour", "region", "method")
    petition = models.ForeignKey(Petition, models.DO_NOTHING, related_name="tallies")
    hour = models.IntegerField()
    region = models.IntegerField()
    method = models.SmallIntegerField()
    signatures = models.BigIntegerField()
    voids = models.BigIntegerField()

    class Meta:
        managed = False
        db_table = "signing_tally"
