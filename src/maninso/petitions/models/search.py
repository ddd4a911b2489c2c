"""What petitions are found by, and which of them ask for the same thing. Vectors have a table of their own
(`petition_vector`, discovery/vectors.sql) that exists only where pgvector does."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q

from maninso.petitions.models.petition import Petition


class PetitionSearch(models.Model):
    """The grams of a listed petition (discovery/grams.py), kept by the job that catches up."""

    petition = models.OneToOneField(Petition, on_delete=models.CASCADE, primary_key=True, related_name="search")
    grams = SearchVectorField()
    digest = models.BinaryField()  # of the title and the beginning of the text: what a vector is made from

    class Meta:
        db_table = "petition_search"
        indexes: ClassVar = [GinIndex(fields=["grams"], name="petition_search_grams", fastupdate=False)]


class SearchDue(models.Model):
    """A petition whose search row is not what it should be. Triggers write it, the job that catches up deletes it."""

    petition = models.OneToOneField(Petition, on_delete=models.CASCADE, primary_key=True, related_name="+")

    class Meta:
        db_table = "petition_search_due"


class GramFrequency(models.Model):
    """In how many petitions the title or the beginning of the text holds a gram; an estimate on large sites."""

    gram = models.TextField(primary_key=True)
    petitions = models.FloatField()

    class Meta:
        db_table = "petition_gram"
        constraints: ClassVar = [models.CheckConstraint(condition=Q(petitions__gt=0), name="petition_gram_counted")]


class TitleWord(models.Model):
    """A word of titles, and in how many it is: what a misspelt word is corrected to (discovery/spelling.py)."""

    word = models.TextField(primary_key=True)
    petitions = models.IntegerField()
    keys = ArrayField(models.TextField())  # its letters, and what they are without one of them

    class Meta:
        db_table = "petition_title_word"
        indexes: ClassVar = [GinIndex(fields=["keys"], name="petition_title_word_keys")]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(petitions__gt=0), name="petition_title_word_counted")
        ]


class GramCount(models.Model):
    """The last count of grams: at most one row."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    petitions = models.BigIntegerField()  # how many were indexed at the time
    counted_at = models.DateTimeField()

    class Meta:
        db_table = "petition_gram_count"
        constraints: ClassVar = [models.CheckConstraint(condition=Q(id=1), name="petition_gram_count_once")]
