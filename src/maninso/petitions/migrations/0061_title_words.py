"""The words of titles, by which a misspelt question is corrected; the next count of grams fills them in."""

from typing import ClassVar

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.db import migrations, models


class Migration(migrations.Migration):
    """The table, and a count of grams that is forgotten so that it is made anew."""

    dependencies: ClassVar = [("petitions", "0060_search_bills")]

    operations: ClassVar = [
        migrations.CreateModel(
            name="TitleWord",
            fields=[
                ("word", models.TextField(primary_key=True, serialize=False)),
                ("petitions", models.IntegerField()),
                ("keys", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
            ],
            options={
                "db_table": "petition_title_word",
                "indexes": [django.contrib.postgres.indexes.GinIndex(fields=["keys"], name="petition_title_word_keys")],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("petitions__gt", 0)), name="petition_title_word_counted")
                ],
            },
        ),
        migrations.RunSQL("DELETE FROM petition_gram_count", migrations.RunSQL.noop),
    ]
