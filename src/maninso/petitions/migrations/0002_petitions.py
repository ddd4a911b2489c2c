"""The tables of petitions, charter versions, state changes, obligations and responses."""

from typing import ClassVar

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.math
import django.db.models.lookups
from django.db import migrations, models


class Migration(migrations.Migration):
    """Made from the models."""

    dependencies: ClassVar = [
        ("petitions", "0001_signing"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="Petition",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("state", models.TextField()),
                ("title", models.TextField()),
                ("body", models.TextField()),
                ("language", models.TextField()),
                ("topic", models.TextField(default="")),
                ("creator_name", models.TextField(default="")),
                ("length", models.TextField(default="")),
                (
                    "needed",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                ("text_digest", models.BinaryField(null=True)),
                ("created_at", models.DateTimeField()),
                ("opened_at", models.DateTimeField(null=True)),
                ("closes_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                ("updated_at", models.DateTimeField()),
                ("reason_code", models.TextField(default="")),
                ("reason_note", models.TextField(default="")),
                ("source", models.TextField(default="")),
                ("source_id", models.TextField(default="")),
                ("source_status", models.TextField(default="")),
                ("reported_count", models.BigIntegerField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="SigningTally",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "petition_id",
                        "hour",
                        "region",
                        "method",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("hour", models.IntegerField()),
                ("region", models.IntegerField()),
                ("method", models.SmallIntegerField()),
                ("signatures", models.BigIntegerField()),
                ("voids", models.BigIntegerField()),
            ],
            options={
                "db_table": "signing_tally",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="SigningThreshold",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "petition_id", "threshold_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("threshold_id", models.TextField()),
                ("registered_on", models.DateField()),
                ("met_index", models.BigIntegerField(null=True)),
                ("met_count", models.BigIntegerField(null=True)),
                ("met_at", models.DateTimeField(null=True)),
                ("turns", models.IntegerField()),
                ("turned_index", models.BigIntegerField(null=True)),
                ("turned_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "signing_threshold",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="CharterVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("charter_id", models.TextField()),
                ("digest", models.BinaryField()),
                ("source", models.BinaryField()),
                ("kept_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Extension",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.SmallIntegerField()),
                ("length", models.TextField()),
                ("reason", models.TextField(default="")),
                ("old_due_on", models.DateField()),
                ("new_due_on", models.DateField()),
                ("role", models.TextField()),
                ("actor", models.TextField(default="")),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Obligation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("threshold_id", models.TextField()),
                ("needed", models.BigIntegerField()),
                ("met_index", models.BigIntegerField()),
                ("met_count", models.BigIntegerField()),
                ("met_at", models.DateTimeField()),
                ("turns", models.IntegerField(default=0)),
                ("turned_index", models.BigIntegerField(null=True)),
                ("turned_count", models.BigIntegerField(null=True)),
                ("turned_at", models.DateTimeField(null=True)),
                ("state", models.TextField(default="owed")),
                ("due_at", models.DateTimeField(null=True)),
                ("due_on", models.DateField(null=True)),
                ("binding", models.BooleanField(default=True)),
                ("settled_at", models.DateTimeField(null=True)),
                ("settled_role", models.TextField(default="")),
                ("settled_by", models.TextField(default="")),
                ("decline_reason", models.TextField(default="")),
                ("decline_note", models.TextField(default="")),
                ("created_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Response",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.SmallIntegerField()),
                ("author", models.TextField()),
                ("summary", models.TextField()),
                ("body", models.TextField()),
                ("language", models.TextField()),
                ("digest", models.BinaryField()),
                ("role", models.TextField()),
                ("actor", models.TextField(default="")),
                ("published_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="StateChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("old", models.TextField()),
                ("new", models.TextField()),
                ("at", models.DateTimeField()),
                ("role", models.TextField()),
                ("actor", models.TextField(default="")),
                ("reason_code", models.TextField(default="")),
                ("reason_note", models.TextField(default="")),
            ],
        ),
        migrations.CreateModel(
            name="SigningGate",
            fields=[
                (
                    "petition",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="gate",
                        serialize=False,
                        to="petitions.petition",
                    ),
                ),
                ("origin", models.TextField()),
                ("state", models.TextField()),
                ("regions", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
            ],
            options={
                "db_table": "signing_gate",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="SigningTree",
            fields=[
                (
                    "petition",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="tree",
                        serialize=False,
                        to="petitions.petition",
                    ),
                ),
                ("size", models.BigIntegerField()),
                ("root", models.BinaryField()),
                ("published_at", models.DateTimeField(null=True)),
                ("signatures", models.BigIntegerField()),
                ("voids", models.BigIntegerField()),
                ("reinstated", models.BigIntegerField()),
                ("count", models.BigIntegerField()),
            ],
            options={
                "db_table": "signing_tree",
                "managed": False,
            },
        ),
        migrations.AddField(
            model_name="petition",
            name="charter",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="petitions", to="petitions.charterversion"
            ),
        ),
        migrations.AddConstraint(
            model_name="charterversion",
            constraint=models.UniqueConstraint(fields=("digest",), name="charter_version_digest_once"),
        ),
        migrations.AddConstraint(
            model_name="charterversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    django.db.models.lookups.Exact(
                        models.F("digest"),
                        models.Func(models.F("source"), function="sha256", output_field=models.BinaryField()),
                    )
                ),
                name="charter_version_digest_of_source",
            ),
        ),
        migrations.AddConstraint(
            model_name="charterversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("charter_id", ""), _negated=True), name="charter_version_named"
            ),
        ),
        migrations.AddField(
            model_name="obligation",
            name="petition",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="obligations", to="petitions.petition"
            ),
        ),
        migrations.AddField(
            model_name="extension",
            name="obligation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="extensions", to="petitions.obligation"
            ),
        ),
        migrations.AddField(
            model_name="response",
            name="obligation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="responses", to="petitions.obligation"
            ),
        ),
        migrations.AddField(
            model_name="obligation",
            name="response",
            field=models.OneToOneField(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="settles", to="petitions.response"
            ),
        ),
        migrations.AddField(
            model_name="statechange",
            name="petition",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="changes", to="petitions.petition"
            ),
        ),
        migrations.AddIndex(
            model_name="petition",
            index=models.Index(
                condition=models.Q(("state", "open")), fields=["closes_at"], name="petition_due_to_close"
            ),
        ),
        migrations.AddIndex(
            model_name="petition",
            index=models.Index(fields=["-opened_at", "-id"], name="petition_newest"),
        ),
        migrations.AddConstraint(
            model_name="petition",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        (
                            "draft",
                            "gathering",
                            "moderation",
                            "open",
                            "closed",
                            "rejected",
                            "hidden",
                            "withdrawn",
                            "removed",
                        ),
                    )
                ),
                name="petition_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="petition",
            constraint=models.CheckConstraint(condition=models.Q(("title", ""), _negated=True), name="petition_titled"),
        ),
        migrations.AddConstraint(
            model_name="petition",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("closes_at", None), ("opened_at", None), ("text_digest", None)),
                    models.Q(
                        ("closes_at__isnull", False), ("opened_at__isnull", False), ("text_digest__isnull", False)
                    ),
                    _connector="OR",
                ),
                name="petition_opened_pins_text",
            ),
        ),
        migrations.AddConstraint(
            model_name="petition",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("text_digest", None),
                    django.db.models.lookups.Exact(
                        models.Func(
                            models.F("text_digest"), function="octet_length", output_field=models.IntegerField()
                        ),
                        32,
                    ),
                    _connector="OR",
                ),
                name="petition_text_digest_length",
            ),
        ),
        migrations.AddConstraint(
            model_name="petition",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ("open", "closed", "removed")), _negated=True),
                    ("opened_at__isnull", False),
                    _connector="OR",
                ),
                name="petition_state_opened",
            ),
        ),
        migrations.AddConstraint(
            model_name="petition",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "closed"), _negated=True), ("closed_at__isnull", False), _connector="OR"
                ),
                name="petition_closed_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="petition",
            constraint=models.CheckConstraint(
                condition=models.Q(("closes_at", None), ("closes_at__gt", models.F("opened_at")), _connector="OR"),
                name="petition_window",
            ),
        ),
        migrations.AddConstraint(
            model_name="petition",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ("rejected", "hidden", "withdrawn", "removed")), _negated=True),
                    models.Q(("reason_code", ""), _negated=True),
                    _connector="OR",
                ),
                name="petition_reason_given",
            ),
        ),
        migrations.AddConstraint(
            model_name="petition",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("reported_count", None), ("source", ""), ("source_id", "")),
                    models.Q(
                        models.Q(("source", ""), _negated=True),
                        models.Q(("source_id", ""), _negated=True),
                        ("reported_count__gte", 0),
                        ("reported_count__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="petition_reported_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="petition",
            constraint=models.CheckConstraint(
                condition=models.Q(("source", ""), ("state__in", ("closed", "removed")), _connector="OR"),
                name="petition_reported_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="petition",
            constraint=models.UniqueConstraint(
                condition=models.Q(("source", ""), _negated=True),
                fields=("source", "source_id"),
                name="petition_source_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="extension",
            constraint=models.UniqueConstraint(fields=("obligation", "number"), name="extension_once"),
        ),
        migrations.AddConstraint(
            model_name="extension",
            constraint=models.CheckConstraint(
                condition=models.Q(("new_due_on__gt", models.F("old_due_on"))), name="extension_later"
            ),
        ),
        migrations.AddConstraint(
            model_name="extension",
            constraint=models.CheckConstraint(condition=models.Q(("number__gte", 1)), name="extension_numbered"),
        ),
        migrations.AddConstraint(
            model_name="response",
            constraint=models.UniqueConstraint(fields=("obligation", "version"), name="response_version_once"),
        ),
        migrations.AddConstraint(
            model_name="response",
            constraint=models.CheckConstraint(condition=models.Q(("version__gte", 1)), name="response_numbered"),
        ),
        migrations.AddConstraint(
            model_name="response",
            constraint=models.CheckConstraint(
                condition=models.Q(models.Q(("summary", ""), _negated=True), models.Q(("author", ""), _negated=True)),
                name="response_says_something",
            ),
        ),
        migrations.AddIndex(
            model_name="obligation",
            index=models.Index(condition=models.Q(("state", "owed")), fields=["due_at"], name="obligation_owed"),
        ),
        migrations.AddConstraint(
            model_name="obligation",
            constraint=models.UniqueConstraint(fields=("petition", "threshold_id"), name="obligation_once"),
        ),
        migrations.AddConstraint(
            model_name="obligation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("turned_at", None), ("turned_count", None), ("turned_index", None), ("turns", 0)),
                    models.Q(
                        ("turned_at__isnull", False),
                        ("turned_count__isnull", False),
                        ("turned_index__isnull", False),
                        ("turns__gt", 0),
                    ),
                    _connector="OR",
                ),
                name="obligation_turned_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="obligation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "owed"), _negated=True),
                    django.db.models.lookups.Exact(django.db.models.functions.math.Mod(models.F("turns"), 2), 0),
                    _connector="OR",
                ),
                name="obligation_undone_is_not_owed",
            ),
        ),
        migrations.AddConstraint(
            model_name="obligation",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ("owed", "kept", "declined", "lapsed"))), name="obligation_state_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="obligation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "kept"), _negated=True), ("response__isnull", False), _connector="OR"
                ),
                name="obligation_kept_by_response",
            ),
        ),
        migrations.AddConstraint(
            model_name="obligation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "declined"), _negated=True),
                    models.Q(("decline_reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="obligation_decline_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="obligation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("settled_at", None), ("state", "owed")),
                    models.Q(models.Q(("state", "owed"), _negated=True), ("settled_at__isnull", False)),
                    _connector="OR",
                ),
                name="obligation_settled_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="obligation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("due_at", None), ("due_on", None)),
                    models.Q(("due_at__isnull", False), ("due_on__isnull", False)),
                    _connector="OR",
                ),
                name="obligation_due_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="statechange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "new__in",
                        (
                            "draft",
                            "gathering",
                            "moderation",
                            "open",
                            "closed",
                            "rejected",
                            "hidden",
                            "withdrawn",
                            "removed",
                        ),
                    ),
                    (
                        "old__in",
                        (
                            "",
                            "draft",
                            "gathering",
                            "moderation",
                            "open",
                            "closed",
                            "rejected",
                            "hidden",
                            "withdrawn",
                            "removed",
                        ),
                    ),
                ),
                name="state_change_states_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="statechange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("role__in", ("system", "creator", "sponsor", "moderator", "clerk", "auditor", "operator"))
                ),
                name="state_change_role_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="statechange",
            constraint=models.CheckConstraint(
                condition=models.Q(("old", models.F("new")), _negated=True), name="state_change_moves"
            ),
        ),
    ]
