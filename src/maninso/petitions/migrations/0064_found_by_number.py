"""A petition is found by its number on the site that it comes from, whichever site that is."""

from typing import ClassVar

from django.db import migrations, models
from django.db.models import Q

NAME = "petition_source_once"


class Migration(migrations.Migration):
    """No data changes."""

    dependencies: ClassVar = [("petitions", "0063_letter_links")]

    operations: ClassVar = [
        migrations.RemoveConstraint("petition", NAME),
        migrations.AddConstraint(
            "petition", models.UniqueConstraint(fields=["source_id", "source"], condition=~Q(source=""), name=NAME)
        ),
    ]
