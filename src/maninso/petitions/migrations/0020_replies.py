"""The clerk's desk: replies from their first draft on, each response by two people, and who takes care of a debt."""

from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

ITS_TARGET = """
ALTER TABLE petitions_response ADD CONSTRAINT response_to_its_target
    FOREIGN KEY (reply_id, obligation_id) REFERENCES petitions_replytarget (reply_id, obligation_id);
"""


class Migration(migrations.Migration):
    """Replies, what they are to answer, and who takes care of a debt."""

    dependencies: ClassVar = [
        ("petitions", "0015_hidden_news"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="Assignment",
            fields=[
                (
                    "obligation",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="assignment",
                        serialize=False,
                        to="petitions.obligation",
                    ),
                ),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Reply",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("institution", models.TextField()),
                ("state", models.TextField(default="writing")),
                ("author", models.TextField(default="")),
                ("summary", models.TextField(default="")),
                ("body", models.TextField(default="")),
                ("language", models.TextField()),
                ("with_mail", models.BooleanField(default=False)),
                ("publish_at", models.DateTimeField(null=True)),
                ("revision", models.IntegerField(default=1)),
                ("versions", models.SmallIntegerField(default=0)),
                ("written_by", models.TextField()),
                ("proposed_by", models.TextField(default="")),
                ("approved_by", models.TextField(default="")),
                ("note", models.TextField(default="")),
                ("retraction", models.TextField(default="")),
                ("retracted_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="ReplyTarget",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="response",
            name="response_version_once",
        ),
        migrations.AddField(
            model_name="response",
            name="proposed_by",
            field=models.TextField(default=""),
        ),
        migrations.AddField(
            model_name="assignment",
            name="account",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddIndex(
            model_name="reply",
            index=models.Index(
                condition=models.Q(("state", "approved")), fields=["publish_at"], name="reply_to_publish"
            ),
        ),
        migrations.AddIndex(
            model_name="reply",
            index=models.Index(fields=["institution", "state"], name="reply_by_institution"),
        ),
        migrations.AddConstraint(
            model_name="reply",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ("writing", "proposed", "approved", "published", "retracted", "dropped"))
                ),
                name="reply_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="reply",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("institution", ""), _negated=True), models.Q(("written_by", ""), _negated=True)
                ),
                name="reply_of_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="reply",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ("proposed", "approved")), _negated=True),
                    models.Q(
                        models.Q(("author", ""), _negated=True),
                        models.Q(("summary", ""), _negated=True),
                        models.Q(("proposed_by", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="reply_proposed_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="reply",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "approved"), _negated=True),
                    models.Q(("approved_by", ""), _negated=True),
                    _connector="OR",
                ),
                name="reply_approved",
            ),
        ),
        migrations.AddConstraint(
            model_name="reply",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("approved_by", ""),
                    models.Q(
                        models.Q(("approved_by", models.F("proposed_by")), _negated=True),
                        models.Q(("approved_by", models.F("written_by")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="reply_second_pair_of_eyes",
            ),
        ),
        migrations.AddConstraint(
            model_name="reply",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "approved"), _negated=True), ("publish_at__isnull", False), _connector="OR"
                ),
                name="reply_waits_for_its_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="reply",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ("published", "retracted")), _negated=True),
                    ("versions__gte", 1),
                    _connector="OR",
                ),
                name="reply_published_counted",
            ),
        ),
        migrations.AddConstraint(
            model_name="reply",
            constraint=models.CheckConstraint(
                condition=models.Q(models.Q(("state", "dropped"), _negated=True), ("versions", 0), _connector="OR"),
                name="reply_dropped_unpublished",
            ),
        ),
        migrations.AddConstraint(
            model_name="reply",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("retracted_at__isnull", False),
                        ("state", "retracted"),
                        models.Q(("retraction", ""), _negated=True),
                    ),
                    models.Q(
                        models.Q(("state", "retracted"), _negated=True), ("retracted_at", None), ("retraction", "")
                    ),
                    _connector="OR",
                ),
                name="reply_retracted_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="reply",
            constraint=models.CheckConstraint(
                condition=models.Q(("revision__gte", 1), ("versions__gte", 0)), name="reply_counts"
            ),
        ),
        migrations.AddField(
            model_name="response",
            name="reply",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="responses", to="petitions.reply"
            ),
        ),
        migrations.AddConstraint(
            model_name="response",
            constraint=models.UniqueConstraint(
                fields=("obligation", "reply", "version"), name="response_version_once", nulls_distinct=False
            ),
        ),
        migrations.AddConstraint(
            model_name="response",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("reply", None),
                    models.Q(
                        models.Q(("actor", ""), _negated=True),
                        models.Q(("proposed_by", ""), _negated=True),
                        models.Q(("actor", models.F("proposed_by")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="response_second_pair_of_eyes",
            ),
        ),
        migrations.AddField(
            model_name="replytarget",
            name="obligation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="reply_targets", to="petitions.obligation"
            ),
        ),
        migrations.AddField(
            model_name="replytarget",
            name="reply",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="targets", to="petitions.reply"
            ),
        ),
        migrations.AddConstraint(
            model_name="replytarget",
            constraint=models.UniqueConstraint(fields=("reply", "obligation"), name="reply_target_once"),
        ),
        migrations.RunSQL(ITS_TARGET),
    ]
