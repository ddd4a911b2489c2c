"""What signers say of an answer, once each."""

from typing import ClassVar

import django.db.models.deletion
import django.db.models.lookups
from django.db import migrations, models

ITS_RESPONSE = """
ALTER TABLE petitions_verdict ADD CONSTRAINT verdict_of_its_answer
    FOREIGN KEY (response_id, obligation_id) REFERENCES petitions_response (id, obligation_id);
"""


class Migration(migrations.Migration):
    """Verdicts, each of a response to that debt."""

    dependencies: ClassVar = [
        ("petitions", "0021_reminders"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="Verdict",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("person", models.BinaryField()),
                ("verdict", models.TextField()),
                (
                    "obligation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="verdicts", to="petitions.obligation"
                    ),
                ),
                (
                    "response",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="petitions.response"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("obligation", "person"), name="verdict_once"),
                    models.CheckConstraint(
                        condition=models.Q(("verdict__in", ("yes", "partly", "no"))), name="verdict_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.Exact(
                                models.Func(
                                    models.F("person"), function="octet_length", output_field=models.IntegerField()
                                ),
                                16,
                            )
                        ),
                        name="verdict_person_length",
                    ),
                ],
            },
        ),
        migrations.RunSQL(ITS_RESPONSE),
    ]
