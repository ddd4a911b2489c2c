"""Accounts of the office, its record, and the cache that counts log-ins."""

from typing import ClassVar

import django.db.models.functions.text
import django.db.models.lookups
from django.db import migrations, models

RECORD_NEVER_CHANGES = """
CREATE TRIGGER petitions_auditrecord_never_changes BEFORE UPDATE OR DELETE ON petitions_auditrecord
    FOR EACH ROW EXECUTE FUNCTION petitions_never_changes();
"""

# As `createcachetable` makes it (django.core.cache.backends.db).
CACHE = """
CREATE TABLE petitions_cache (
    cache_key varchar(255) NOT NULL PRIMARY KEY,
    value     text         NOT NULL,
    expires   timestamptz  NOT NULL
);
CREATE INDEX petitions_cache_expires ON petitions_cache (expires);
"""


class Migration(migrations.Migration):
    """Accounts come before the tables of django-allauth that point to them."""

    run_before: ClassVar = [
        ("account", "0001_initial"),
        ("mfa", "0001_initial"),
        ("usersessions", "0001_initial"),
    ]

    dependencies: ClassVar = [
        ("petitions", "0004_void_batches"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="Account",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                ("email", models.TextField()),
                ("role", models.TextField(default="")),
                ("institution", models.TextField(default="")),
                ("is_active", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("email",), name="account_email_once"),
                    models.CheckConstraint(condition=models.Q(("email__contains", "@")), name="account_email_is_one"),
                    models.CheckConstraint(
                        condition=models.Q(("email", django.db.models.functions.text.Lower(models.F("email")))),
                        name="account_email_lower",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("role__in", ("", "moderator", "clerk", "auditor", "operator"))),
                        name="account_role_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("institution", ""), ("role", "clerk"), _connector="OR"),
                        name="account_institution_of_clerk",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AuditRecord",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("role", models.TextField()),
                ("actor", models.TextField()),
                ("action", models.TextField()),
                ("subject", models.TextField()),
                ("reason", models.TextField(default="")),
                ("before", models.JSONField()),
                ("after", models.JSONField()),
                ("previous", models.BinaryField()),
                ("digest", models.BinaryField()),
            ],
            options={
                "indexes": [models.Index(fields=["subject", "number"], name="audit_of_subject")],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("number__gte", 1)), name="audit_numbered"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("role__in", ("system", "creator", "sponsor", "moderator", "clerk", "auditor", "operator"))
                        ),
                        name="audit_role_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("action", ""), _negated=True), models.Q(("subject", ""), _negated=True)
                        ),
                        name="audit_says_what",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.Exact(
                                models.Func(
                                    models.F("digest"), function="octet_length", output_field=models.IntegerField()
                                ),
                                32,
                            ),
                            django.db.models.lookups.Exact(
                                models.Func(
                                    models.F("previous"), function="octet_length", output_field=models.IntegerField()
                                ),
                                32,
                            ),
                        ),
                        name="audit_digest_length",
                    ),
                    models.UniqueConstraint(fields=("previous",), name="audit_one_chain"),
                ],
            },
        ),
        migrations.RunSQL(RECORD_NEVER_CHANGES),
        migrations.RunSQL(CACHE),
    ]
