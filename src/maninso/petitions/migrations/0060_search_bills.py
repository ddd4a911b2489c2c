"""A petition is also found by the titles of its bills: what ties a bill to it, or unties it, makes it due."""

from typing import ClassVar

from django.db import migrations

# An import writes a bill's ties anew, and after its title: so watching the ties is enough. A tie that goes with its
# petition makes nobody due.
DUE = """
CREATE FUNCTION petition_search_is_due_by_bill() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO petition_search_due (petition_id)
        SELECT id FROM petitions_petition WHERE id = coalesce(NEW.petition_id, OLD.petition_id)
        ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER petition_search_is_due_by_bill AFTER INSERT OR DELETE ON petitions_billpetition
    FOR EACH ROW EXECUTE FUNCTION petition_search_is_due_by_bill();
INSERT INTO petition_search_due (petition_id) SELECT petition_id FROM petitions_billpetition ON CONFLICT DO NOTHING;
"""
BACK = """
DROP TRIGGER petition_search_is_due_by_bill ON petitions_billpetition;
DROP FUNCTION petition_search_is_due_by_bill();
"""


class Migration(migrations.Migration):
    """The trigger."""

    dependencies: ClassVar = [("petitions", "0055_reported_records")]

    operations: ClassVar = [migrations.RunSQL(DUE, BACK)]
