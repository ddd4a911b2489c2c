"""Whoever asked for news while a petition gathered its supporters is told when it opens."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """A third kind of announcement."""

    dependencies: ClassVar = [("petitions", "0040_links_in_letters")]

    operations: ClassVar = [
        migrations.RemoveConstraint("announcement", "announcement_kind_known"),
        migrations.AddConstraint(
            "announcement",
            models.CheckConstraint(
                condition=models.Q(kind__in=("answered", "creator", "opened")), name="announcement_kind_known"
            ),
        ),
    ]
