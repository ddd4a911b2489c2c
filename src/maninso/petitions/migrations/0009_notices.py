"""Messages to send, who asked for updates, and how often somebody may still ask."""

from typing import ClassVar

import django.db.models.deletion
import django.db.models.lookups
from django.db import migrations, models


class Migration(migrations.Migration):
    """The only tables that hold an address: a message until it is sent, a subscriber until they unsubscribe."""

    dependencies: ClassVar = [
        ("petitions", "0008_noticeboard"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="Allowance",
            fields=[
                ("key", models.BinaryField(primary_key=True, serialize=False)),
                ("used", models.IntegerField()),
                ("until", models.DateTimeField()),
            ],
            options={
                "indexes": [models.Index(fields=["until"], name="allowance_over")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.Exact(
                                models.Func(
                                    models.F("key"), function="octet_length", output_field=models.IntegerField()
                                ),
                                16,
                            )
                        ),
                        name="allowance_key_length",
                    ),
                    models.CheckConstraint(condition=models.Q(("used__gte", 1)), name="allowance_used"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Announcement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.TextField()),
                ("at", models.DateTimeField()),
                (
                    "petition",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="petitions.petition"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("kind", "answered")), name="announcement_kind_known")
                ],
            },
        ),
        migrations.CreateModel(
            name="Message",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.TextField()),
                ("recipient", models.TextField()),
                ("language", models.TextField()),
                ("facts", models.JSONField()),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
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
                        condition=models.Q(("kind__in", ("confirm", "subscribe", "update"))), name="message_kind_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("language__in", ("ko", "en"))), name="message_language_known"
                    ),
                    models.CheckConstraint(condition=models.Q(("recipient__contains", "@")), name="message_addressed"),
                    models.CheckConstraint(
                        condition=models.Q(("expires_at__gt", models.F("created_at"))), name="message_expires_later"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Subscriber",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("person", models.BinaryField()),
                ("address", models.TextField()),
                ("language", models.TextField()),
                ("since", models.DateTimeField()),
                ("told", models.BigIntegerField(default=0)),
                (
                    "petition",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="petitions.petition"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("petition", "person"), name="subscriber_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.Exact(
                                models.Func(
                                    models.F("person"), function="octet_length", output_field=models.IntegerField()
                                ),
                                32,
                            )
                        ),
                        name="subscriber_person_length",
                    ),
                    models.CheckConstraint(condition=models.Q(("address__contains", "@")), name="subscriber_addressed"),
                    models.CheckConstraint(
                        condition=models.Q(("language__in", ("ko", "en"))), name="subscriber_language_known"
                    ),
                ],
            },
        ),
    ]
