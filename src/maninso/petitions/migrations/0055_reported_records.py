"""What another site reported of its petitions beyond the count, and those that it rejected."""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models
from django.db.models.lookups import Exact

GUARD = """
CREATE FUNCTION reported_record_of_another_site() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM petitions_petition WHERE id = NEW.petition_id AND source = '') THEN
        RAISE EXCEPTION 'petition % is our own: its ledger says who signed it, and nobody else', NEW.petition_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'reported_record_of_another_site';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER reported_record_of_another_site BEFORE INSERT OR UPDATE OF petition_id ON petitions_reportedrecord
    FOR EACH ROW EXECUTE FUNCTION reported_record_of_another_site();
"""
NO_GUARD = """
DROP TRIGGER reported_record_of_another_site ON petitions_reportedrecord;
DROP FUNCTION reported_record_of_another_site();
"""


def _is_list(field: str) -> Exact:
    return Exact(
        models.Func(models.F(field), function="jsonb_typeof", output_field=models.TextField()), models.Value("array")
    )


class Migration(migrations.Migration):
    """Responses, debates and breakdowns of imported petitions."""

    dependencies: ClassVar = [
        ("petitions", "0047_unowed"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="ReportedRecord",
            fields=[
                (
                    "petition",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="record",
                        serialize=False,
                        to="petitions.petition",
                    ),
                ),
                ("responded_on", models.DateField(null=True)),
                ("response_summary", models.TextField(default="")),
                ("response_details", models.TextField(default="")),
                ("is_debated", models.BooleanField(default=False)),
                ("debated_on", models.DateField(null=True)),
                ("debate_overview", models.TextField(default="")),
                ("debate_addresses", models.JSONField(default=dict)),
                ("regions", models.JSONField(default=list)),
                ("constituencies", models.JSONField(default=list)),
                ("countries", models.JSONField(default=list)),
                ("digest", models.BinaryField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("response_summary", ""), _negated=True),
                            models.Q(("responded_on", None), ("response_details", "")),
                            _connector="OR",
                        ),
                        name="reported_response_says_something",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("is_debated", True),
                            models.Q(("debate_addresses", {}), ("debate_overview", ""), ("debated_on", None)),
                            _connector="OR",
                        ),
                        name="reported_debate_took_place",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(_is_list("regions"), _is_list("constituencies"), _is_list("countries")),
                        name="reported_parts_are_lists",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            Exact(
                                models.Func(
                                    models.F("digest"), function="octet_length", output_field=models.IntegerField()
                                ),
                                32,
                            )
                        ),
                        name="reported_digest_length",
                    ),
                ],
            },
        ),
        migrations.RemoveConstraint(model_name="petition", name="petition_reported_state"),
        migrations.AddConstraint(
            model_name="petition",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("source", ""), ("state__in", ("closed", "rejected", "hidden", "removed")), _connector="OR"
                ),
                name="petition_reported_state",
            ),
        ),
        migrations.RunSQL(GUARD, NO_GUARD),
    ]
