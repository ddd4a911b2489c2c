"""Bills with stages, provisions and the petitions that they are about."""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Bills, rulings and refusals."""

    dependencies: ClassVar = [
        ("petitions", "0022_verdicts"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="Bill",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.TextField(default="bill")),
                ("register", models.TextField()),
                ("number", models.TextField()),
                ("title", models.TextField()),
                ("language", models.TextField()),
                ("body", models.TextField(default="")),
                ("proposer", models.TextField(default="")),
                ("summary", models.TextField(default="")),
                ("address", models.TextField(default="")),
                ("act_title", models.TextField(default="")),
                ("act_number", models.TextField(default="")),
                ("enacted_on", models.DateField(null=True)),
                ("in_force_on", models.DateField(null=True)),
                ("digest", models.BinaryField()),
                ("created_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("register", "number"), name="bill_once"),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ("bill", "ruling", "refusal"))), name="bill_kind_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("register", ""), _negated=True),
                            models.Q(("number", ""), _negated=True),
                            models.Q(("title", ""), _negated=True),
                        ),
                        name="bill_named",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("address", ""), ("address__regex", "^https?://"), _connector="OR"),
                        name="bill_address",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("act_number", ""), ("act_title", ""), ("enacted_on", None), ("in_force_on", None)
                            ),
                            models.Q(
                                ("enacted_on__isnull", False),
                                ("kind", "bill"),
                                models.Q(("act_title", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="bill_enacted_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("in_force_on", None), ("in_force_on__gte", models.F("enacted_on")), _connector="OR"
                        ),
                        name="bill_in_force_after",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BillPetition",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.SmallIntegerField()),
                ("demand", models.TextField(default="")),
                ("meets", models.TextField()),
                (
                    "bill",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="links", to="petitions.bill"
                    ),
                ),
                (
                    "petition",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="bill_links", to="petitions.petition"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("bill", "position"), name="bill_petition_position_once"),
                    models.CheckConstraint(
                        condition=models.Q(("meets__in", ("whole", "part", "not"))), name="bill_petition_meets"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Provision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.SmallIntegerField()),
                ("place", models.TextField()),
                ("before", models.TextField(default="")),
                ("after", models.TextField(default="")),
                (
                    "bill",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="provisions", to="petitions.bill"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("bill", "position"), name="provision_position_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("place", ""), _negated=True),
                            models.Q(("before", models.F("after")), _negated=True),
                        ),
                        name="provision_changes",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Stage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.SmallIntegerField()),
                ("stage", models.TextField()),
                ("on", models.DateField()),
                ("note", models.TextField(default="")),
                (
                    "bill",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="stages", to="petitions.bill"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("bill", "position"), name="stage_position_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "stage__in",
                                (
                                    "proposed",
                                    "committee",
                                    "reported",
                                    "plenary",
                                    "passed",
                                    "promulgated",
                                    "in-force",
                                    "rejected",
                                    "withdrawn",
                                    "expired",
                                    "filed",
                                    "decided",
                                    "refused",
                                ),
                            )
                        ),
                        name="stage_known",
                    ),
                ],
            },
        ),
    ]
