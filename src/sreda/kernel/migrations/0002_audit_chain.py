"""Seals audit entries into a hash chain at commit, and lets nobody change them."""

from django.db import migrations

FORWARD = r"""
CREATE FUNCTION kernel_audit_seal() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    head kernel_audithead%ROWTYPE;
    digest bytea;
BEGIN
    SELECT * INTO head FROM kernel_audithead WHERE id = 1 FOR UPDATE;
    IF NOT FOUND THEN  -- the very first entry; two at once: the loser waits, then follows
        INSERT INTO kernel_audithead VALUES (1, 0, decode(repeat('00', 32), 'hex'))
            ON CONFLICT DO NOTHING;
        SELECT * INTO head FROM kernel_audithead WHERE id = 1 FOR UPDATE;
    END IF;
    digest := sha256(convert_to(concat_ws(E'\x1f',
        head.position + 1, encode(head.hash, 'hex'),
        to_char(NEW.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'),
        coalesce(NEW.actor_id::text, ''), NEW.actor_label, NEW.action,
        NEW.object_type, NEW.object_id, NEW.data::text), 'UTF8'));
    UPDATE kernel_auditentry
       SET position = head.position + 1, previous_hash = head.hash, hash = digest
     WHERE id = NEW.id;
    UPDATE kernel_audithead SET position = head.position + 1, hash = digest WHERE id = 1;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER kernel_audit_seal AFTER INSERT ON kernel_auditentry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION kernel_audit_seal();

CREATE FUNCTION kernel_audit_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.hash IS NULL
       AND (OLD.id, OLD.at, OLD.actor_label, OLD.action, OLD.object_type, OLD.object_id, OLD.data)
         = (NEW.id, NEW.at, NEW.actor_label, NEW.action, NEW.object_type, NEW.object_id, NEW.data)
       AND OLD.actor_id IS NOT DISTINCT FROM NEW.actor_id THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the audit log is append-only';
END $$;

CREATE TRIGGER kernel_audit_guard BEFORE UPDATE OR DELETE ON kernel_auditentry
    FOR EACH ROW EXECUTE FUNCTION kernel_audit_guard();

CREATE FUNCTION kernel_audit_no_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only';
END $$;

CREATE TRIGGER kernel_audit_no_truncate BEFORE TRUNCATE ON kernel_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION kernel_audit_no_truncate();
"""

BACKWARD = """
DROP TRIGGER kernel_audit_no_truncate ON kernel_auditentry;
DROP TRIGGER kernel_audit_guard ON kernel_auditentry;
DROP TRIGGER kernel_audit_seal ON kernel_auditentry;
DROP FUNCTION kernel_audit_no_truncate();
DROP FUNCTION kernel_audit_guard();
DROP FUNCTION kernel_audit_seal();
"""


class Migration(migrations.Migration):
    dependencies = [("kernel", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
