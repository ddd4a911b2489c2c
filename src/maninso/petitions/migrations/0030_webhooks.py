"""Webhooks of institutions, and their deliveries."""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Addresses that institutions are told at, and what each is told."""

    dependencies: ClassVar = [
        ("petitions", "0023_bills"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="Webhook",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("url", models.TextField()),
                ("institution", models.TextField(default="")),
                ("seen", models.BigIntegerField(default=0)),
                ("created_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_why", models.TextField(default="")),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("url__regex", "^https://[^\\s]+$"),
                            ("url__regex", "^http://(127\\.0\\.0\\.1|localhost)[:/]"),
                            _connector="OR",
                        ),
                        name="webhook_encrypted",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at", None), ("ended_why", "")),
                            models.Q(
                                ("ended_at__gte", models.F("created_at")),
                                ("ended_at__isnull", False),
                                models.Q(("ended_why", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="webhook_ends_with_a_reason",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)), fields=("url", "institution"), name="webhook_once"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("event", models.TextField()),
                ("kind", models.TextField()),
                ("happened_at", models.DateTimeField()),
                ("created_at", models.DateTimeField()),
                ("done_at", models.DateTimeField(null=True)),
                ("outcome", models.TextField(default="")),
                (
                    "obligation",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="petitions.obligation",
                    ),
                ),
                (
                    "petition",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="petitions.petition"
                    ),
                ),
                (
                    "webhook",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="deliveries", to="petitions.webhook"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("done_at", None)), fields=["created_at"], name="delivery_waiting")
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("webhook", "event"), name="delivery_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                (
                                    "petition.opened",
                                    "petition.closed",
                                    "petition.rejected",
                                    "petition.withdrawn",
                                    "petition.taken-down",
                                    "obligation.owed",
                                    "obligation.kept",
                                    "obligation.declined",
                                    "obligation.lapsed",
                                ),
                            )
                        ),
                        name="delivery_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("done_at", None), ("outcome", "")),
                            models.Q(("done_at__isnull", False), models.Q(("outcome", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="delivery_done_with_an_outcome",
                    ),
                ],
            },
        ),
    ]
