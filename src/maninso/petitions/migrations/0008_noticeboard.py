"""Pages of the site, banners and pauses."""

from typing import ClassVar

from django.db import migrations, models

NEVER_CHANGES = """
CREATE TRIGGER petitions_pageversion_never_changes BEFORE UPDATE OR DELETE ON petitions_pageversion
    FOR EACH ROW EXECUTE FUNCTION petitions_never_changes();
"""


class Migration(migrations.Migration):
    """Pages of the site, banners and pauses."""

    dependencies: ClassVar = [
        ("petitions", "0007_moderation"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.TextField()),
                ("text_ko", models.TextField()),
                ("text_en", models.TextField()),
                ("started_at", models.DateTimeField()),
                ("started_by", models.TextField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_by", models.TextField(default="")),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ("banner", "signing-paused", "creating-paused"))),
                        name="notice_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("text_ko", ""), _negated=True), models.Q(("text_en", ""), _negated=True)
                        ),
                        name="notice_in_both_languages",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ended_at", None), ("ended_at__gte", models.F("started_at")), _connector="OR"
                        ),
                        name="notice_ends_after_it_began",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None), models.Q(("kind", "banner"), _negated=True)),
                        fields=("kind",),
                        name="notice_one_pause_of_a_kind",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PageVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.TextField()),
                ("language", models.TextField()),
                ("version", models.IntegerField()),
                ("title", models.TextField()),
                ("body", models.TextField()),
                ("author", models.TextField()),
                ("at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("slug", "language", "version"), name="page_version_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("language__in", ("ko", "en")),
                            ("slug__regex", "^[a-z0-9]+(-[a-z0-9]+)*$"),
                            ("version__gte", 1),
                        ),
                        name="page_version_named",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("title", ""), _negated=True), name="page_version_titled"
                    ),
                ],
            },
        ),
        migrations.RunSQL(NEVER_CHANGES),
    ]
