"""Indexes for the orders of lists: newest first, of all petitions, of a topic and of a state; created last."""

import datetime as dt
from typing import ClassVar

from django.db import migrations, models
from django.db.models import F
from django.db.models.functions import Coalesce

OPENED = Coalesce(F("opened_at"), models.Value(dt.datetime(1900, 1, 1, tzinfo=dt.UTC))).desc()
ID = F("id").desc()


class Migration(migrations.Migration):
    """No data changes."""

    dependencies: ClassVar = [("petitions", "0061_title_words")]

    operations: ClassVar = [
        migrations.AddIndex("petition", models.Index(OPENED, ID, name="petition_latest")),
        migrations.AddIndex("petition", models.Index(F("topic"), OPENED, ID, name="petition_latest_of_topic")),
        migrations.AddIndex("petition", models.Index(F("state"), OPENED, ID, name="petition_latest_of_state")),
        migrations.AddIndex("petition", models.Index(fields=["-created_at", "-id"], name="petition_created")),
    ]
