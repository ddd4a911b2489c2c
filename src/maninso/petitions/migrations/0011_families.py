"""Families of petitions that ask for the same thing, and the record of who put them together."""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models

RECORD = """
CREATE TRIGGER petitions_familychange_never_changes BEFORE UPDATE OR DELETE ON petitions_familychange
    FOR EACH ROW EXECUTE FUNCTION petitions_never_changes();
"""


class Migration(migrations.Migration):
    """Families, their members, and every change of them."""

    dependencies: ClassVar = [("petitions", "0010_search")]

    operations: ClassVar = [
        migrations.CreateModel(
            name="Family",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="FamilyMember",
            fields=[
                (
                    "petition",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="membership",
                        serialize=False,
                        to="petitions.petition",
                    ),
                ),
                (
                    "family",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="members", to="petitions.family"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="FamilyChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("joined", models.BooleanField()),
                ("role", models.TextField()),
                ("actor", models.TextField()),
                ("note", models.TextField()),
                ("at", models.DateTimeField()),
                (
                    "family",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="changes", to="petitions.family"
                    ),
                ),
                (
                    "petition",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="petitions.petition"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("role__in", ("moderator", "clerk", "operator")), models.Q(("actor", ""), _negated=True)
                        ),
                        name="family_change_by_a_person",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("note", ""), _negated=True), name="family_change_says_why"
                    ),
                ],
            },
        ),
        migrations.RunSQL(RECORD),
    ]
