"""What moves the day of a debt: calendars, moments, ends of terms; grounds on which debts lapse.

Search forgets the words of answers that are taken back.
"""

from typing import ClassVar

import django.db.models.deletion
import django.db.models.functions.math
import django.db.models.lookups
from django.db import migrations, models

NEVER_CHANGES = """
CREATE TRIGGER petitions_duechange_never_changes BEFORE UPDATE OR DELETE ON petitions_duechange
    FOR EACH ROW EXECUTE FUNCTION petitions_never_changes();
"""

SEARCH_FORGETS = """
CREATE FUNCTION petition_search_is_due_by_reply() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO petition_search_due (petition_id)
        SELECT DISTINCT o.petition_id FROM petitions_response r JOIN petitions_obligation o ON o.id = r.obligation_id
        WHERE r.reply_id = NEW.id
        ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER petition_search_is_due_by_reply AFTER UPDATE OF state ON petitions_reply
    FOR EACH ROW WHEN (NEW.state = 'retracted' AND OLD.state <> 'retracted')
    EXECUTE FUNCTION petition_search_is_due_by_reply();
"""


class Migration(migrations.Migration):
    """Calendars, moments, ends of terms, lapses."""

    dependencies: ClassVar = [
        ("petitions", "0041_told_of_opening"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="CalendarDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("institution", models.TextField()),
                ("kind", models.TextField()),
                ("on", models.DateField()),
            ],
        ),
        migrations.CreateModel(
            name="DueChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("old_due_on", models.DateField(null=True)),
                ("new_due_on", models.DateField(null=True)),
                ("cause", models.TextField()),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Moment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.TextField()),
                ("on", models.DateField()),
                ("role", models.TextField()),
                ("actor", models.TextField(default="")),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="TermEnd",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("institution", models.TextField()),
                ("on", models.DateField()),
                ("reason", models.TextField()),
                ("role", models.TextField()),
                ("actor", models.TextField(default="")),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name="obligation",
            name="lapse_note",
            field=models.TextField(default=""),
        ),
        migrations.AddField(
            model_name="obligation",
            name="lapse_reason",
            field=models.TextField(default=""),
        ),
        migrations.AddConstraint(
            model_name="obligation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("state", "lapsed"),
                        models.Q(
                            models.Q(("lapse_reason", ""), _negated=True),
                            django.db.models.lookups.Exact(
                                django.db.models.functions.math.Mod(models.F("turns"), 2), 1
                            ),
                            _connector="OR",
                        ),
                    ),
                    models.Q(models.Q(("state", "lapsed"), _negated=True), ("lapse_note", ""), ("lapse_reason", "")),
                    _connector="OR",
                ),
                name="obligation_lapse_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="calendarday",
            constraint=models.UniqueConstraint(fields=("institution", "kind", "on"), name="calendar_day_once"),
        ),
        migrations.AddConstraint(
            model_name="calendarday",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ("sitting", "day-off")), models.Q(("institution", ""), _negated=True)),
                name="calendar_day_known",
            ),
        ),
        migrations.AddField(
            model_name="duechange",
            name="obligation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="due_changes", to="petitions.obligation"
            ),
        ),
        migrations.AddField(
            model_name="moment",
            name="petition",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="moments", to="petitions.petition"
            ),
        ),
        migrations.AddConstraint(
            model_name="termend",
            constraint=models.UniqueConstraint(fields=("institution", "on"), name="term_end_once"),
        ),
        migrations.AddConstraint(
            model_name="termend",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("institution", ""), _negated=True), models.Q(("reason", ""), _negated=True)
                ),
                name="term_end_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="duechange",
            constraint=models.CheckConstraint(
                condition=models.Q(("cause__in", ("calendar", "certification", "submission"))),
                name="due_change_cause_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="duechange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("new_due_on__isnull", False), ("old_due_on__isnull", True)),
                    models.Q(("new_due_on__isnull", True), ("old_due_on__isnull", False)),
                    models.Q(
                        ("new_due_on__isnull", False),
                        ("old_due_on__isnull", False),
                        models.Q(("old_due_on", models.F("new_due_on")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="due_change_moves",
            ),
        ),
        migrations.AddConstraint(
            model_name="moment",
            constraint=models.UniqueConstraint(fields=("petition", "kind"), name="moment_once"),
        ),
        migrations.AddConstraint(
            model_name="moment",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ("certification", "submission"))), name="moment_known"
            ),
        ),
        migrations.RunSQL(NEVER_CHANGES),
        migrations.RunSQL(SEARCH_FORGETS),
    ]
