"""Messages about one version of an answer that can be stopped, and reminders to clerks."""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Announcements of a version, reminders, messages to the office."""

    dependencies: ClassVar = [
        ("petitions", "0020_replies"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="Reminder",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("due_on", models.DateField()),
                ("stage", models.TextField()),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="message",
            name="message_kind_known",
        ),
        migrations.AddField(
            model_name="announcement",
            name="cancelled_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="announcement",
            name="reply",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="petitions.reply"
            ),
        ),
        migrations.AddField(
            model_name="announcement",
            name="version",
            field=models.SmallIntegerField(null=True),
        ),
        migrations.AddConstraint(
            model_name="announcement",
            constraint=models.UniqueConstraint(
                fields=("petition", "reply", "version"), name="announcement_version_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="announcement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("reply", None), ("version", None)),
                    models.Q(("kind", "answered"), ("reply__isnull", False), ("version__isnull", False)),
                    _connector="OR",
                ),
                name="announcement_version_of_reply",
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ("confirm", "subscribe", "update", "letter", "code", "desk"))),
                name="message_kind_known",
            ),
        ),
        migrations.AddField(
            model_name="reminder",
            name="obligation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="petitions.obligation"
            ),
        ),
        migrations.AddConstraint(
            model_name="reminder",
            constraint=models.UniqueConstraint(fields=("obligation", "due_on", "stage"), name="reminder_once"),
        ),
    ]
