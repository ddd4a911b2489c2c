"""What petitions are found by: grams, how rare each is, and the list of petitions that the job still has to look at."""

from importlib.resources import files
from typing import ClassVar

import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
from django.db import migrations, models

# Reading grams is the index's business: out of the row, so that visiting many rows stays cheap.
NARROW = """
ALTER TABLE petition_search SET (toast_tuple_target = 128);
ALTER TABLE petition_search ALTER COLUMN grams SET STORAGE EXTENDED;
"""

# A petition that is due already stays due: what matters is that it is looked at after this transaction.
DUE = """
CREATE FUNCTION petition_search_is_due() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO petition_search_due (petition_id) VALUES (NEW.id) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER petition_search_is_due AFTER INSERT OR UPDATE OF title, body, state, opened_at ON petitions_petition
    FOR EACH ROW EXECUTE FUNCTION petition_search_is_due();
CREATE FUNCTION petition_search_is_due_by_response() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO petition_search_due (petition_id)
        SELECT petition_id FROM petitions_obligation WHERE id = NEW.obligation_id ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER petition_search_is_due_by_response AFTER INSERT ON petitions_response
    FOR EACH ROW EXECUTE FUNCTION petition_search_is_due_by_response();
INSERT INTO petition_search_due (petition_id) SELECT id FROM petitions_petition;
"""

VECTORS = (files("maninso.petitions") / "discovery" / "vectors.sql").read_text()  # discovery itself is not needed


class Migration(migrations.Migration):
    """The tables of search; that of vectors only where pgvector is there."""

    dependencies: ClassVar = [("petitions", "0009_notices")]

    operations: ClassVar = [
        migrations.CreateModel(
            name="PetitionSearch",
            fields=[
                (
                    "petition",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="search",
                        serialize=False,
                        to="petitions.petition",
                    ),
                ),
                ("grams", django.contrib.postgres.search.SearchVectorField()),
                ("digest", models.BinaryField()),
            ],
            options={
                "db_table": "petition_search",
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        fastupdate=False, fields=["grams"], name="petition_search_grams"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SearchDue",
            fields=[
                (
                    "petition",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="petitions.petition",
                    ),
                ),
            ],
            options={"db_table": "petition_search_due"},
        ),
        migrations.CreateModel(
            name="GramFrequency",
            fields=[
                ("gram", models.TextField(primary_key=True, serialize=False)),
                ("petitions", models.FloatField()),
            ],
            options={
                "db_table": "petition_gram",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("petitions__gt", 0)), name="petition_gram_counted")
                ],
            },
        ),
        migrations.CreateModel(
            name="GramCount",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("petitions", models.BigIntegerField()),
                ("counted_at", models.DateTimeField()),
            ],
            options={
                "db_table": "petition_gram_count",
                "constraints": [models.CheckConstraint(condition=models.Q(("id", 1)), name="petition_gram_count_once")],
            },
        ),
        *(migrations.RunSQL(sql) for sql in (NARROW, DUE, VECTORS)),
    ]
