"""Statements and what they are found by: tables in parts, a part a month (decision on records)."""

from django.db import migrations

FORWARD = """
CREATE SEQUENCE records_statement_seq AS bigint CACHE 1;

-- The statement itself, as it is given out. Never changed but for `voided`.
CREATE TABLE records_statement (
    stored timestamptz NOT NULL,
    seq bigint NOT NULL,
    id uuid NOT NULL,
    verb bigint NOT NULL,
    credential uuid,
    organisation uuid,
    voided boolean NOT NULL DEFAULT false,
    body text NOT NULL,
    PRIMARY KEY (stored, seq)
) PARTITION BY RANGE (stored);

-- One row for each key (sreda.records.xapi.keys) by which a statement is found. `entry` is the
-- statement whose key it is: itself, or one it refers to.
CREATE TABLE records_ref (
    key bigint NOT NULL,
    stored timestamptz NOT NULL,
    seq bigint NOT NULL,
    entry bigint NOT NULL
) PARTITION BY RANGE (stored);
CREATE INDEX records_ref_found ON records_ref (key, stored, seq, entry);

-- An id is unique among all months. Without `seq` the statement is referred to, but not here yet.
CREATE TABLE records_statementid (
    id uuid PRIMARY KEY,
    stored timestamptz,
    seq bigint
) PARTITION BY HASH (id);

-- Statements whose object is a statement. `voids`: 0 no, 1 those of its credential, 2 any.
CREATE TABLE records_statementref (
    source uuid PRIMARY KEY,
    target uuid NOT NULL,
    stored timestamptz NOT NULL,
    seq bigint NOT NULL,
    voids smallint NOT NULL,
    credential uuid
);
CREATE INDEX records_statementref_target ON records_statementref (target);

DO $$ BEGIN
    FOR part IN 0..15 LOOP
        EXECUTE format(
            'CREATE TABLE records_statementid_%s PARTITION OF records_statementid'
            ' FOR VALUES WITH (MODULUS 16, REMAINDER %s)', part, part);
    END LOOP;
END $$;

-- The parts of one month; it may be asked for again.
CREATE FUNCTION records_make_month(at timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    first timestamptz := date_trunc('month', at, 'UTC');
    after timestamptz := date_trunc('month', first + interval '40 days', 'UTC');
    name text := to_char(first AT TIME ZONE 'UTC', '"y"YYYY"m"MM');
    parent text;
BEGIN
    IF to_regclass('records_statement_' || name) IS NOT NULL
       AND to_regclass('records_ref_' || name) IS NOT NULL THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('records_make_month'));
    FOREACH parent IN ARRAY ARRAY['records_statement', 'records_ref'] LOOP
        EXECUTE format('CREATE TABLE IF NOT EXISTS %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
                       parent || '_' || name, parent, first, after);
    END LOOP;
END $$;

SELECT records_make_month(now());
SELECT records_make_month(now() + interval '1 month');
"""

BACKWARD = """
DROP FUNCTION records_make_month(timestamptz);
DROP TABLE records_statementref, records_statementid, records_ref, records_statement;
DROP SEQUENCE records_statement_seq;
"""


class Migration(migrations.Migration):
    dependencies = [("records", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
