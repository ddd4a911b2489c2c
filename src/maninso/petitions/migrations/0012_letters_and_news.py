"""Letters to creators and codes as messages, and what creators tell those who asked for news."""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """A code goes to somebody who has no petition yet."""

    dependencies: ClassVar = [
        ("petitions", "0011_families"),
    ]

    operations: ClassVar = [
        migrations.RemoveConstraint(
            model_name="announcement",
            name="announcement_kind_known",
        ),
        migrations.RemoveConstraint(
            model_name="message",
            name="message_kind_known",
        ),
        migrations.AddField(
            model_name="announcement",
            name="text",
            field=models.TextField(default=""),
        ),
        migrations.AlterField(
            model_name="message",
            name="petition",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="petitions.petition"
            ),
        ),
        migrations.AddConstraint(
            model_name="announcement",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ("answered", "creator"))), name="announcement_kind_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="announcement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "creator"), models.Q(("text", ""), _negated=True)),
                    models.Q(models.Q(("kind", "creator"), _negated=True), ("text", "")),
                    _connector="OR",
                ),
                name="announcement_creator_says_something",
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ("confirm", "subscribe", "update", "letter", "code"))),
                name="message_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind", "code"), ("petition__isnull", False), _connector="OR"), name="message_about"
            ),
        ),
    ]
