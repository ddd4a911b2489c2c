"""What no CHECK can say: what never changes, and which rows exclude each other. Each guard has a constraint's name."""

from typing import ClassVar

from django.db import migrations

NEVER_CHANGES = """
CREATE FUNCTION petitions_never_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % never change and are never deleted', TG_TABLE_NAME
        USING ERRCODE = 'check_violation', CONSTRAINT = TG_TABLE_NAME || '_never_changes';
END $$;
CREATE TRIGGER petitions_charterversion_never_changes BEFORE UPDATE OR DELETE ON petitions_charterversion
    FOR EACH ROW EXECUTE FUNCTION petitions_never_changes();
CREATE TRIGGER petitions_statechange_never_changes BEFORE UPDATE OR DELETE ON petitions_statechange
    FOR EACH ROW EXECUTE FUNCTION petitions_never_changes();
CREATE TRIGGER petitions_response_never_changes BEFORE UPDATE OR DELETE ON petitions_response
    FOR EACH ROW EXECUTE FUNCTION petitions_never_changes();
CREATE TRIGGER petitions_extension_never_changes BEFORE UPDATE OR DELETE ON petitions_extension
    FOR EACH ROW EXECUTE FUNCTION petitions_never_changes();
"""

TEXT_FROZEN = """
CREATE FUNCTION petition_text_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.opened_at IS NOT NULL
        AND ROW(NEW.title, NEW.body, NEW.text_digest, NEW.charter_id, NEW.needed, NEW.opened_at)
            IS DISTINCT FROM ROW(OLD.title, OLD.body, OLD.text_digest, OLD.charter_id, OLD.needed, OLD.opened_at) THEN
        RAISE EXCEPTION 'petition % has opened: its text and its charter never change', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'petition_text_frozen';
    END IF;
    IF ROW(NEW.id, NEW.source, NEW.source_id) IS DISTINCT FROM ROW(OLD.id, OLD.source, OLD.source_id) THEN
        RAISE EXCEPTION 'petition % stays what it is and where it comes from', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'petition_source_frozen';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER petition_text_frozen BEFORE UPDATE ON petitions_petition
    FOR EACH ROW EXECUTE FUNCTION petition_text_frozen();
"""

REPORTED_HAS_NO_GATE = """
CREATE FUNCTION petition_reported_has_no_gate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM petitions_petition WHERE id = NEW.petition_id AND source <> '') THEN
        RAISE EXCEPTION 'petition % was counted by another site and takes no signatures here', NEW.petition_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'petition_reported_has_no_gate';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER petition_reported_has_no_gate BEFORE INSERT OR UPDATE OF petition_id ON signing_gate
    FOR EACH ROW EXECUTE FUNCTION petition_reported_has_no_gate();
"""

REPORTED_OWES_NOTHING = """
CREATE FUNCTION obligation_of_our_own_count() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM petitions_petition WHERE id = NEW.petition_id AND source <> '') THEN
        RAISE EXCEPTION 'petition % was counted by another site: that count creates no debt', NEW.petition_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'obligation_of_our_own_count';
    END IF;
    IF TG_OP = 'UPDATE' AND ROW(NEW.petition_id, NEW.threshold_id, NEW.needed, NEW.met_index, NEW.met_count, NEW.met_at)
            IS DISTINCT FROM
            ROW(OLD.petition_id, OLD.threshold_id, OLD.needed, OLD.met_index, OLD.met_count, OLD.met_at) THEN
        RAISE EXCEPTION 'what made obligation % never changes', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'obligation_cause_frozen';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER obligation_of_our_own_count BEFORE INSERT OR UPDATE ON petitions_obligation
    FOR EACH ROW EXECUTE FUNCTION obligation_of_our_own_count();
ALTER TABLE petitions_response ADD CONSTRAINT response_of_obligation UNIQUE (id, obligation_id);
ALTER TABLE petitions_obligation ADD CONSTRAINT obligation_kept_by_its_own_response
    FOREIGN KEY (response_id, id) REFERENCES petitions_response (id, obligation_id);
"""

NEXT_NEEDED = """
CREATE FUNCTION petition_next_needed(needed bigint[], count bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT min(n) FROM unnest(needed) AS n WHERE n > count
$$;
"""


class Migration(migrations.Migration):
    """Triggers, and a function for ordering petitions by how near they are to their next threshold."""

    dependencies: ClassVar = [("petitions", "0002_petitions")]
    operations: ClassVar = [
        migrations.RunSQL(sql)
        for sql in (NEVER_CHANGES, TEXT_FROZEN, REPORTED_HAS_NO_GATE, REPORTED_OWES_NOTHING, NEXT_NEEDED)
    ]
