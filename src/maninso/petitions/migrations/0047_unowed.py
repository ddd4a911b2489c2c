"""Answers to petitions to which nothing is owed."""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models

ITS_PETITION = """
ALTER TABLE petitions_response ADD CONSTRAINT response_to_its_petition
    FOREIGN KEY (reply_id, petition_id) REFERENCES petitions_replypetition (reply_id, petition_id);
"""

SEARCH = """
CREATE OR REPLACE FUNCTION petition_search_is_due_by_response() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO petition_search_due (petition_id)
        SELECT coalesce(NEW.petition_id, (SELECT petition_id FROM petitions_obligation WHERE id = NEW.obligation_id))
        ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION petition_search_is_due_by_reply() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO petition_search_due (petition_id)
        SELECT DISTINCT coalesce(r.petition_id, o.petition_id)
        FROM petitions_response r LEFT JOIN petitions_obligation o ON o.id = r.obligation_id
        WHERE r.reply_id = NEW.id
        ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    """Petitions beside debts, as what a reply answers."""

    dependencies: ClassVar = [
        ("petitions", "0046_documents"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="ReplyPetition",
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
            name="petition",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="responses",
                to="petitions.petition",
            ),
        ),
        migrations.AlterField(
            model_name="response",
            name="obligation",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="responses",
                to="petitions.obligation",
            ),
        ),
        migrations.AddConstraint(
            model_name="response",
            constraint=models.UniqueConstraint(
                fields=("obligation", "petition", "reply", "version"),
                name="response_version_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="response",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("obligation__isnull", False), ("petition", None)),
                    models.Q(("obligation", None), ("petition__isnull", False), ("reply__isnull", False)),
                    _connector="OR",
                ),
                name="response_to_a_debt_or_a_petition",
            ),
        ),
        migrations.AddField(
            model_name="replypetition",
            name="petition",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="petitions.petition"
            ),
        ),
        migrations.AddField(
            model_name="replypetition",
            name="reply",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="petitions", to="petitions.reply"
            ),
        ),
        migrations.AddConstraint(
            model_name="replypetition",
            constraint=models.UniqueConstraint(fields=("reply", "petition"), name="reply_petition_once"),
        ),
        migrations.RunSQL(ITS_PETITION),
        migrations.RunSQL(SEARCH),
    ]
