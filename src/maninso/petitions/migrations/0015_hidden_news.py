"""One item of a creator's news can be hidden, with a reason that is public."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """When an item was hidden, by whom, and why."""

    dependencies: ClassVar = [("petitions", "0014_grace")]

    operations: ClassVar = [
        migrations.AddField("announcement", "hidden_at", models.DateTimeField(null=True)),
        migrations.AddField("announcement", "hidden_by", models.TextField(default="")),
        migrations.AddField("announcement", "hidden_code", models.TextField(default="")),
        migrations.AddField("announcement", "hidden_note", models.TextField(default="")),
        migrations.AddConstraint(
            "announcement",
            models.CheckConstraint(
                condition=models.Q(hidden_at=None, hidden_by="", hidden_code="", hidden_note="")
                | (
                    models.Q(kind="creator", hidden_at__isnull=False)
                    & ~models.Q(hidden_by="")
                    & ~models.Q(hidden_code="")
                ),
                name="announcement_hidden_whole",
            ),
        ),
    ]
