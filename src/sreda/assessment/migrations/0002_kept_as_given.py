"""What a learner was given stays as it was, and what a learner sent stays."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION assessment_keep_used() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.used_at IS NOT NULL AND (TG_OP = 'DELETE' OR NEW.content IS DISTINCT FROM OLD.content
            OR NEW.sha256 IS DISTINCT FROM OLD.sha256 OR NEW.used_at IS NULL) THEN
        RAISE EXCEPTION 'a version that was given does not change' USING
            ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'version_kept_as_given';
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER assessment_item_version_kept BEFORE UPDATE OR DELETE ON assessment_itemversion
    FOR EACH ROW EXECUTE FUNCTION assessment_keep_used();
CREATE TRIGGER assessment_test_version_kept BEFORE UPDATE OR DELETE ON assessment_testversion
    FOR EACH ROW EXECUTE FUNCTION assessment_keep_used();

CREATE FUNCTION assessment_keep_answers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an answer that arrived does not change' USING
        ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'answer_kept';
END $$;
CREATE TRIGGER assessment_answer_kept BEFORE UPDATE ON assessment_answer
    FOR EACH ROW EXECUTE FUNCTION assessment_keep_answers();
"""

BACKWARD = """
DROP TRIGGER assessment_answer_kept ON assessment_answer;
DROP FUNCTION assessment_keep_answers();
DROP TRIGGER assessment_test_version_kept ON assessment_testversion;
DROP TRIGGER assessment_item_version_kept ON assessment_itemversion;
DROP FUNCTION assessment_keep_used();
"""


class Migration(migrations.Migration):
    dependencies = [("assessment", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
