"""Raising petitions: creators' links, sponsors, letters."""

from typing import ClassVar

import django.db.models.deletion
import django.db.models.lookups
from django.db import migrations, models


class Migration(migrations.Migration):
    """Raising petitions: creators' links, sponsors, letters."""

    dependencies: ClassVar = [
        ("petitions", "0005_accounts_and_audit"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="BlockedCreator",
            fields=[
                ("creator_key", models.BinaryField(primary_key=True, serialize=False)),
                ("until", models.DateTimeField()),
                ("reason", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name="Letter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("once", models.TextField()),
                ("address", models.TextField(default="")),
                ("language", models.TextField()),
                ("subject", models.TextField()),
                ("body", models.TextField()),
                ("written_at", models.DateTimeField()),
                ("send_at", models.DateTimeField()),
                ("cancelled_at", models.DateTimeField(null=True)),
                ("sent_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Raising",
            fields=[
                (
                    "petition",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="raising",
                        serialize=False,
                        to="petitions.petition",
                    ),
                ),
                ("submission", models.BinaryField()),
                ("creator_digest", models.BinaryField()),
                ("sponsor_digest", models.BinaryField()),
                ("creator_key", models.BinaryField()),
                ("address", models.TextField(default="")),
                ("sealed_key", models.BinaryField(null=True)),
                ("confirmed_at", models.DateTimeField(null=True)),
                ("closes_at", models.DateTimeField(null=True)),
                ("sponsors", models.IntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="Sponsor",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("nullifier", models.BinaryField()),
                ("assurance", models.SmallIntegerField()),
                ("region", models.TextField(default="")),
                ("evidence", models.BinaryField()),
                ("is_creator", models.BooleanField(default=False)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="petition",
            name="petition_state_known",
        ),
        migrations.RemoveConstraint(
            model_name="statechange",
            name="state_change_states_known",
        ),
        migrations.AddConstraint(
            model_name="petition",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        (
                            "draft",
                            "gathering",
                            "moderation",
                            "open",
                            "closed",
                            "rejected",
                            "hidden",
                            "withdrawn",
                            "lapsed",
                            "removed",
                        ),
                    )
                ),
                name="petition_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="statechange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "new__in",
                        (
                            "draft",
                            "gathering",
                            "moderation",
                            "open",
                            "closed",
                            "rejected",
                            "hidden",
                            "withdrawn",
                            "lapsed",
                            "removed",
                        ),
                    ),
                    (
                        "old__in",
                        (
                            "",
                            "draft",
                            "gathering",
                            "moderation",
                            "open",
                            "closed",
                            "rejected",
                            "hidden",
                            "withdrawn",
                            "lapsed",
                            "removed",
                        ),
                    ),
                ),
                name="state_change_states_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="blockedcreator",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="blocked_creator_reason"
            ),
        ),
        migrations.AddField(
            model_name="letter",
            name="petition",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="letters", to="petitions.petition"
            ),
        ),
        migrations.AddIndex(
            model_name="raising",
            index=models.Index(fields=["creator_key"], name="raising_by_creator"),
        ),
        migrations.AddConstraint(
            model_name="raising",
            constraint=models.UniqueConstraint(fields=("submission",), name="raising_submission_once"),
        ),
        migrations.AddConstraint(
            model_name="raising",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    django.db.models.lookups.Exact(
                        models.Func(
                            models.F("submission"), function="octet_length", output_field=models.IntegerField()
                        ),
                        32,
                    ),
                    django.db.models.lookups.Exact(
                        models.Func(
                            models.F("creator_digest"), function="octet_length", output_field=models.IntegerField()
                        ),
                        32,
                    ),
                    django.db.models.lookups.Exact(
                        models.Func(
                            models.F("sponsor_digest"), function="octet_length", output_field=models.IntegerField()
                        ),
                        32,
                    ),
                ),
                name="raising_digest_length",
            ),
        ),
        migrations.AddConstraint(
            model_name="raising",
            constraint=models.CheckConstraint(
                condition=models.Q(("sponsors__gte", 0)), name="raising_sponsors_counted"
            ),
        ),
        migrations.AddField(
            model_name="sponsor",
            name="petition",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="sponsors", to="petitions.petition"
            ),
        ),
        migrations.AddIndex(
            model_name="letter",
            index=models.Index(
                condition=models.Q(("cancelled_at", None), ("sent_at", None)), fields=["send_at"], name="letter_to_send"
            ),
        ),
        migrations.AddConstraint(
            model_name="letter",
            constraint=models.UniqueConstraint(fields=("petition", "once"), name="letter_once"),
        ),
        migrations.AddConstraint(
            model_name="letter",
            constraint=models.CheckConstraint(
                condition=models.Q(models.Q(("subject", ""), _negated=True), models.Q(("body", ""), _negated=True)),
                name="letter_says_something",
            ),
        ),
        migrations.AddConstraint(
            model_name="letter",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("cancelled_at", None),
                    models.Q(("cancelled_at__lt", models.F("send_at")), ("sent_at", None)),
                    _connector="OR",
                ),
                name="letter_cancelled_in_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="letter",
            constraint=models.CheckConstraint(
                condition=models.Q(("sent_at", None), ("sent_at__gte", models.F("send_at")), _connector="OR"),
                name="letter_sent_when_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="sponsor",
            constraint=models.UniqueConstraint(fields=("petition", "nullifier"), name="sponsor_once"),
        ),
        migrations.AddConstraint(
            model_name="sponsor",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_creator", True)), fields=("petition",), name="sponsor_one_creator"
            ),
        ),
        migrations.AddConstraint(
            model_name="sponsor",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    django.db.models.lookups.Exact(
                        models.Func(models.F("nullifier"), function="octet_length", output_field=models.IntegerField()),
                        16,
                    )
                ),
                name="sponsor_nullifier_length",
            ),
        ),
        migrations.AddConstraint(
            model_name="sponsor",
            constraint=models.CheckConstraint(
                condition=models.Q(("assurance__gte", 0), ("assurance__lte", 3)), name="sponsor_assurance"
            ),
        ),
    ]
