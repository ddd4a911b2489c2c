"""The office's desk: cases, masks, notes, take-downs, appeals."""

from typing import ClassVar

import django.db.models.deletion
import django.db.models.lookups
from django.conf import settings
from django.db import migrations, models

NEVER_CHANGES = """
CREATE TRIGGER petitions_note_never_changes BEFORE UPDATE OR DELETE ON petitions_note
    FOR EACH ROW EXECUTE FUNCTION petitions_never_changes();
CREATE FUNCTION petition_mask_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR ROW(NEW.petition_id, NEW.field, NEW.start, NEW.original, NEW.reason_code, NEW.salt,
            NEW.commitment, NEW.masked_by, NEW.masked_at) IS DISTINCT FROM
            ROW(OLD.petition_id, OLD.field, OLD.start, OLD.original, OLD.reason_code, OLD.salt, OLD.commitment,
            OLD.masked_by, OLD.masked_at) THEN
        RAISE EXCEPTION 'what mask % hides stays on the record', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'petition_mask_kept';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER petition_mask_kept BEFORE UPDATE OR DELETE ON petitions_mask
    FOR EACH ROW EXECUTE FUNCTION petition_mask_kept();
"""


class Migration(migrations.Migration):
    """The office's desk: cases, masks, notes, take-downs, appeals."""

    dependencies: ClassVar = [
        ("petitions", "0006_raising"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="Appeal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.TextField()),
                ("made_at", models.DateTimeField()),
                ("state", models.TextField(default="open")),
                ("answer", models.TextField(default="")),
                ("decided_by", models.TextField(default="")),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "against",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="appeal", to="petitions.statechange"
                    ),
                ),
                (
                    "petition",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="appeals", to="petitions.petition"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ("open", "upheld", "dismissed"))), name="appeal_state_known"
                    ),
                    models.CheckConstraint(condition=models.Q(("text", ""), _negated=True), name="appeal_says_why"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at", None), ("decided_by", ""), ("state", "open")),
                            models.Q(
                                models.Q(("state", "open"), _negated=True),
                                ("decided_at__isnull", False),
                                models.Q(("decided_by", ""), _negated=True),
                                models.Q(("answer", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="appeal_decided_whole",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Case",
            fields=[
                (
                    "petition",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="case",
                        serialize=False,
                        to="petitions.petition",
                    ),
                ),
                ("held_since", models.DateTimeField(null=True)),
                ("hold", models.TextField(default="")),
                (
                    "holder",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cases",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("hold__in", ("", "flagged", "dormant"))), name="case_hold_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("held_since", None), ("holder", None)),
                            models.Q(("held_since__isnull", False), ("holder__isnull", False)),
                            _connector="OR",
                        ),
                        name="case_held_whole",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Mask",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("field", models.TextField()),
                ("start", models.IntegerField()),
                ("original", models.TextField()),
                ("reason_code", models.TextField()),
                ("salt", models.BinaryField()),
                ("commitment", models.BinaryField()),
                ("masked_by", models.TextField()),
                ("masked_at", models.DateTimeField()),
                ("undone_at", models.DateTimeField(null=True)),
                (
                    "petition",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="masks", to="petitions.petition"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("field__in", ("title", "body")), ("start__gte", 0)), name="mask_place"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("original", ""), _negated=True), models.Q(("reason_code", ""), _negated=True)
                        ),
                        name="mask_says_why",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.Exact(
                                models.Func(
                                    models.F("salt"), function="octet_length", output_field=models.IntegerField()
                                ),
                                16,
                            ),
                            django.db.models.lookups.Exact(
                                models.Func(
                                    models.F("commitment"), function="octet_length", output_field=models.IntegerField()
                                ),
                                32,
                            ),
                        ),
                        name="mask_commitment",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Note",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("author", models.TextField()),
                ("text", models.TextField()),
                ("at", models.DateTimeField()),
                (
                    "petition",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="notes", to="petitions.petition"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("text", ""), _negated=True), name="note_says_something")
                ],
            },
        ),
        migrations.CreateModel(
            name="Takedown",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason_code", models.TextField()),
                ("note", models.TextField(default="")),
                ("proposed_by", models.TextField()),
                ("proposed_at", models.DateTimeField()),
                ("decided_by", models.TextField(default="")),
                ("decided_at", models.DateTimeField(null=True)),
                ("state", models.TextField(default="proposed")),
                (
                    "petition",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="takedowns", to="petitions.petition"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ("proposed", "done", "declined"))), name="takedown_state_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "done"), _negated=True),
                            models.Q(("decided_by", models.F("proposed_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="takedown_two_people",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at", None), ("decided_by", ""), ("state", "proposed")),
                            models.Q(
                                models.Q(("state", "proposed"), _negated=True),
                                ("decided_at__isnull", False),
                                models.Q(("decided_by", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="takedown_decided_whole",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "proposed")), fields=("petition",), name="takedown_one_at_a_time"
                    ),
                ],
            },
        ),
        migrations.RunSQL(NEVER_CHANGES),
    ]
