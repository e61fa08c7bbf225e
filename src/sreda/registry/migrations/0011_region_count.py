"""How many people the region has, counted as they come and go, beside the municipalities' counts."""

import django.db.models.deletion
from django.db import migrations, models

COUNT = r"""
CREATE FUNCTION registry_fold_counts(rows_added int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  latest bigint;
BEGIN
  SELECT max(id) INTO latest FROM registry_placecount;
  IF latest % 500 < rows_added THEN
    WITH old AS (
      SELECT id FROM registry_placecount WHERE id < latest - 100 FOR UPDATE SKIP LOCKED
    ), gone AS (
      DELETE FROM registry_placecount c USING old WHERE c.id = old.id
      RETURNING c.municipality_id, c.people
    )
    INSERT INTO registry_placecount (municipality_id, people)
    SELECT municipality_id, sum(people) FROM gone GROUP BY municipality_id
    HAVING sum(people) <> 0;
  END IF;
END $$;

CREATE OR REPLACE FUNCTION registry_count_places(gained uuid[], step int) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO registry_placecount (municipality_id, people)
  SELECT place, step * count(*) FROM unnest(gained) AS place GROUP BY place ORDER BY place;
  PERFORM registry_fold_counts(cardinality(gained));
END $$;

CREATE FUNCTION registry_count_region(gain bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF gain <> 0 THEN
    INSERT INTO registry_placecount (municipality_id, people) VALUES (NULL, gain);
    PERFORM registry_fold_counts(1);
  END IF;
END $$;

CREATE FUNCTION registry_people_came() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM registry_count_region((SELECT count(*) FROM added WHERE merged_into_id IS NULL));
  RETURN NULL;
END $$;
CREATE FUNCTION registry_people_left() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM registry_count_region((SELECT -count(*) FROM removed WHERE merged_into_id IS NULL));
  RETURN NULL;
END $$;
CREATE FUNCTION registry_person_merged() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM registry_count_region(CASE WHEN NEW.merged_into_id IS NULL THEN 1 ELSE -1 END);
  RETURN NULL;
END $$;

CREATE TRIGGER people_counted_insert AFTER INSERT ON registry_person
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION registry_people_came();
CREATE TRIGGER people_counted_remove AFTER DELETE ON registry_person
  REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION registry_people_left();
CREATE TRIGGER people_counted_merge AFTER UPDATE OF merged_into_id ON registry_person
  FOR EACH ROW WHEN ((OLD.merged_into_id IS NULL) <> (NEW.merged_into_id IS NULL))
  EXECUTE FUNCTION registry_person_merged();

INSERT INTO registry_placecount (municipality_id, people)
SELECT NULL, count(*) FROM registry_person WHERE merged_into_id IS NULL;
"""

UNDO = r"""
DROP FUNCTION registry_people_came() CASCADE;
DROP FUNCTION registry_people_left() CASCADE;
DROP FUNCTION registry_person_merged() CASCADE;
DROP FUNCTION registry_count_region(bigint);
DELETE FROM registry_placecount WHERE municipality_id IS NULL;
"""


class Migration(migrations.Migration):
    dependencies = [("registry", "0010_person_places")]

    operations = [
        migrations.AlterField(
            "placecount",
            "municipality",
            models.ForeignKey(
                db_constraint=False, null=True, related_name="+",
                on_delete=django.db.models.deletion.CASCADE, to="registry.municipality",
            ),
        ),
        migrations.RunSQL(COUNT, UNDO),
    ]
