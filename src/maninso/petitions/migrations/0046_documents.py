"""Documents of answers, kept once by their bytes."""

from typing import ClassVar

import django.db.models.deletion
import django.db.models.lookups
from django.db import migrations, models

NEVER_CHANGES = """
CREATE TRIGGER petitions_document_never_changes BEFORE UPDATE ON petitions_document
    FOR EACH ROW EXECUTE FUNCTION petitions_never_changes();
CREATE TRIGGER petitions_responsedocument_never_changes BEFORE UPDATE OR DELETE ON petitions_responsedocument
    FOR EACH ROW EXECUTE FUNCTION petitions_never_changes();
-- What is packed already is not packed again.
ALTER TABLE petitions_document ALTER COLUMN content SET STORAGE EXTERNAL;
"""


class Migration(migrations.Migration):
    """Documents, and which answers have them."""

    dependencies: ClassVar = [
        ("petitions", "0045_clocks"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="Document",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.BinaryField()),
                ("kind", models.TextField()),
                ("size", models.IntegerField()),
                ("content", models.BinaryField()),
                ("kept_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("digest",), name="document_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.Exact(
                                models.F("digest"),
                                models.Func(models.F("content"), function="sha256", output_field=models.BinaryField()),
                            )
                        ),
                        name="document_digest_of_content",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("size__gt", 0),
                            ("size__lte", 10485760),
                            django.db.models.lookups.Exact(
                                models.F("size"),
                                models.Func(
                                    models.F("content"), function="octet_length", output_field=models.IntegerField()
                                ),
                            ),
                        ),
                        name="document_size",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                [
                                    "application/pdf",
                                    "image/png",
                                    "image/jpeg",
                                    "application/x-hwp",
                                    "application/hwp+zip",
                                    "application/vnd.oasis.opendocument.text",
                                    "application/vnd.oasis.opendocument.spreadsheet",
                                    "application/vnd.oasis.opendocument.presentation",
                                    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
                                    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                                    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
                                ],
                            )
                        ),
                        name="document_kind_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReplyDocument",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.TextField()),
                (
                    "document",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="petitions.document"
                    ),
                ),
                (
                    "reply",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="documents", to="petitions.reply"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("reply", "document"), name="reply_document_once"),
                    models.CheckConstraint(
                        condition=models.Q(("title", ""), _negated=True), name="reply_document_titled"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ResponseDocument",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.TextField()),
                (
                    "document",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="published", to="petitions.document"
                    ),
                ),
                (
                    "response",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="documents", to="petitions.response"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("response", "document"), name="response_document_once"),
                    models.CheckConstraint(
                        condition=models.Q(("title", ""), _negated=True), name="response_document_titled"
                    ),
                ],
            },
        ),
        migrations.RunSQL(NEVER_CHANGES),
    ]
