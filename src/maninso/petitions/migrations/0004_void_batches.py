"""Batches of voids, and the trigger that keeps a decision what it was."""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models

FROZEN = """
CREATE FUNCTION void_batch_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'void batch % is never deleted', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'void_batch_kept';
    END IF;
    IF ROW(NEW.id, NEW.petition_id, NEW.undoes_id, NEW.reason, NEW.text, NEW.conditions, NEW.proposed_at,
           NEW.proposed_role, NEW.proposed_by, NEW.found) IS DISTINCT FROM
       ROW(OLD.id, OLD.petition_id, OLD.undoes_id, OLD.reason, OLD.text, OLD.conditions, OLD.proposed_at,
           OLD.proposed_role, OLD.proposed_by, OLD.found)
       OR OLD.approved_at IS NOT NULL AND
       ROW(NEW.approved_at, NEW.approved_role, NEW.approved_by, NEW.leaves, NEW."end", NEW.decision) IS DISTINCT FROM
       ROW(OLD.approved_at, OLD.approved_role, OLD.approved_by, OLD.leaves, OLD."end", OLD.decision) THEN
        RAISE EXCEPTION 'void batch % stays as it was proposed and approved', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'void_batch_frozen';
    END IF;
    IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (('proposed', 'approved'), ('proposed', 'cancelled'),
            ('approved', 'running'), ('approved', 'cancelled'), ('running', 'done'), ('running', 'cancelled')) THEN
        RAISE EXCEPTION 'void batch % is % and cannot become %', OLD.id, OLD.state, NEW.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'void_batch_moves';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER void_batch_frozen BEFORE UPDATE OR DELETE ON petitions_voidbatch
    FOR EACH ROW EXECUTE FUNCTION void_batch_frozen();
"""


class Migration(migrations.Migration):
    """Decisions about many signatures at once."""

    dependencies: ClassVar = [
        ("petitions", "0003_guards"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="VoidBatch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason", models.SmallIntegerField()),
                ("text", models.TextField()),
                ("conditions", models.JSONField()),
                ("state", models.TextField(default="proposed")),
                ("proposed_at", models.DateTimeField()),
                ("proposed_role", models.TextField()),
                ("proposed_by", models.TextField()),
                ("found", models.BigIntegerField()),
                ("approved_at", models.DateTimeField(null=True)),
                ("approved_role", models.TextField(default="")),
                ("approved_by", models.TextField(default="")),
                ("leaves", models.BigIntegerField(null=True)),
                ("end", models.BigIntegerField(null=True)),
                ("decision", models.BinaryField(null=True)),
                ("next_leaf", models.BigIntegerField(default=0)),
                ("done", models.BigIntegerField(default=0)),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_by", models.TextField(default="")),
                (
                    "petition",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="void_batches",
                        to="petitions.petition",
                    ),
                ),
                (
                    "undoes",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="undone_by",
                        to="petitions.voidbatch",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ("proposed", "approved", "running", "done", "cancelled"))),
                        name="void_batch_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason__gte", 2), ("reason__lte", 255)), name="void_batch_reason"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("text", ""), _negated=True), models.Q(("proposed_by", ""), _negated=True)
                        ),
                        name="void_batch_said",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("undoes", None), models.Q(("conditions", {}), _negated=True)),
                            models.Q(("conditions", {}), ("undoes__isnull", False)),
                            _connector="OR",
                        ),
                        name="void_batch_conditions",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("approved_by", models.F("proposed_by")), _negated=True),
                        name="void_batch_two_people",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "approved_role__in",
                                ("", "system", "creator", "sponsor", "moderator", "clerk", "auditor", "operator"),
                            ),
                            (
                                "proposed_role__in",
                                ("system", "creator", "sponsor", "moderator", "clerk", "auditor", "operator"),
                            ),
                        ),
                        name="void_batch_roles_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("approved_at", None),
                                ("approved_by", ""),
                                ("approved_role", ""),
                                ("decision", None),
                                ("end", None),
                                ("leaves", None),
                            ),
                            models.Q(
                                ("approved_at__isnull", False),
                                ("decision__isnull", False),
                                ("end__gte", 0),
                                ("leaves__gt", 0),
                                models.Q(("approved_by", ""), _negated=True),
                                models.Q(("approved_role", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="void_batch_approved_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("approved_at", None), ("state__in", ("proposed", "cancelled"))),
                            models.Q(models.Q(("state", "proposed"), _negated=True), ("approved_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="void_batch_approved_first",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("done", 0), ("next_leaf", 0)),
                            models.Q(("done__gt", 0), ("leaves__gte", models.F("done")), ("next_leaf__gt", 0)),
                            _connector="OR",
                        ),
                        name="void_batch_done",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at__isnull", False), ("state__in", ("done", "cancelled"))),
                            models.Q(models.Q(("state__in", ("done", "cancelled")), _negated=True), ("ended_at", None)),
                            _connector="OR",
                        ),
                        name="void_batch_ended_when",
                    ),
                ],
            },
        ),
        migrations.RunSQL(FROZEN),
    ]
