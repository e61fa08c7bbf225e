"""People by municipality, kept by triggers: a coordinator's list reads a page, not the whole."""

import django.db.models.deletion
from django.db import migrations, models

# Adding: a pair that is there is locked, so that whoever would remove it waits and looks again.
# Removing: the pairs are locked first; the look comes after, and sees what was added meanwhile.
PLACES = r"""
CREATE FUNCTION registry_count_places(gained uuid[], step int) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  latest bigint;
BEGIN
  INSERT INTO registry_placecount (municipality_id, people)
  SELECT place, step * count(*) FROM unnest(gained) AS place GROUP BY place ORDER BY place;
  SELECT max(id) INTO latest FROM registry_placecount;
  IF latest % 500 < cardinality(gained) THEN
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

CREATE FUNCTION registry_add_places(people uuid[], municipalities uuid[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  gained uuid[];
BEGIN
  WITH added AS (
    INSERT INTO registry_personplace AS p (municipality_id, person_id)
    SELECT DISTINCT t.municipality, t.person
      FROM unnest(people, municipalities) AS t(person, municipality)
     WHERE t.municipality IS NOT NULL
     ORDER BY t.municipality, t.person
        ON CONFLICT (municipality_id, person_id) DO UPDATE SET person_id = p.person_id WHERE false
    RETURNING municipality_id
  ) SELECT array_agg(municipality_id) INTO gained FROM added;
  IF gained IS NOT NULL THEN
    PERFORM registry_count_places(gained, 1);
  END IF;
END $$;

CREATE FUNCTION registry_remove_places(people uuid[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  lost uuid[];
BEGIN
  PERFORM 1 FROM registry_personplace WHERE person_id = ANY (people)
    ORDER BY municipality_id, person_id FOR UPDATE;
  WITH removed AS (
    DELETE FROM registry_personplace p
     WHERE p.person_id = ANY (people)
       AND NOT EXISTS (SELECT 1 FROM registry_enrolment e
                         JOIN registry_organisation o ON o.id = e.organisation_id
                        WHERE e.person_id = p.person_id AND o.municipality_id = p.municipality_id)
       AND NOT EXISTS (SELECT 1 FROM registry_post s
                         LEFT JOIN registry_organisation o ON o.id = s.organisation_id
                        WHERE s.person_id = p.person_id
                          AND p.municipality_id IN (s.municipality_id, o.municipality_id))
    RETURNING p.municipality_id
  ) SELECT array_agg(municipality_id) INTO lost FROM removed;
  IF lost IS NOT NULL THEN
    PERFORM registry_count_places(lost, -1);
  END IF;
END $$;

CREATE FUNCTION registry_enrolments_placed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM registry_add_places(array_agg(e.person_id), array_agg(o.municipality_id))
     FROM added e JOIN registry_organisation o ON o.id = e.organisation_id;
  RETURN NULL;
END $$;
CREATE FUNCTION registry_enrolments_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM registry_add_places(array_agg(e.person_id), array_agg(o.municipality_id))
     FROM added e JOIN removed r USING (id) JOIN registry_organisation o ON o.id = e.organisation_id
    WHERE (e.person_id, e.organisation_id) <> (r.person_id, r.organisation_id);
  PERFORM registry_remove_places(ARRAY(
    SELECT DISTINCT r.person_id FROM added e JOIN removed r USING (id)
     WHERE (e.person_id, e.organisation_id) <> (r.person_id, r.organisation_id)));
  RETURN NULL;
END $$;
CREATE FUNCTION registry_posts_placed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM registry_add_places(array_agg(t.person_id), array_agg(t.place)) FROM (
    SELECT s.person_id, o.municipality_id AS place
      FROM added s JOIN registry_organisation o ON o.id = s.organisation_id
     UNION
    SELECT person_id, municipality_id FROM added) t;
  RETURN NULL;
END $$;
CREATE FUNCTION registry_posts_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM registry_add_places(array_agg(t.person_id), array_agg(t.place)) FROM (
    SELECT s.person_id, o.municipality_id AS place
      FROM added s JOIN registry_organisation o ON o.id = s.organisation_id
     UNION
    SELECT person_id, municipality_id FROM added) t;
  PERFORM registry_remove_places(ARRAY(
    SELECT DISTINCT r.person_id FROM added s JOIN removed r USING (id)
     WHERE (s.person_id, s.organisation_id, s.municipality_id)
           IS DISTINCT FROM (r.person_id, r.organisation_id, r.municipality_id)));
  RETURN NULL;
END $$;
CREATE FUNCTION registry_places_left() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM registry_remove_places(ARRAY(SELECT DISTINCT person_id FROM removed));
  RETURN NULL;
END $$;
CREATE FUNCTION registry_organisations_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM registry_add_places(ARRAY[t.person_id], ARRAY[NEW.municipality_id]) FROM (
    SELECT person_id FROM registry_enrolment WHERE organisation_id = NEW.id
     UNION SELECT person_id FROM registry_post WHERE organisation_id = NEW.id ORDER BY 1) t;
  PERFORM registry_remove_places(ARRAY(
    SELECT person_id FROM registry_enrolment WHERE organisation_id = NEW.id
     UNION SELECT person_id FROM registry_post WHERE organisation_id = NEW.id));
  RETURN NULL;
END $$;
CREATE TRIGGER places_moved AFTER UPDATE OF municipality_id ON registry_organisation
  FOR EACH ROW WHEN (OLD.municipality_id IS DISTINCT FROM NEW.municipality_id)
  EXECUTE FUNCTION registry_organisations_moved();
""" + "".join(
    f"""
CREATE TRIGGER places_insert AFTER INSERT ON registry_{table}
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT
  EXECUTE FUNCTION registry_{name}_placed();
CREATE TRIGGER places_update AFTER UPDATE ON registry_{table}
  REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT
  EXECUTE FUNCTION registry_{name}_changed();
CREATE TRIGGER places_remove AFTER DELETE ON registry_{table}
  REFERENCING OLD TABLE AS removed FOR EACH STATEMENT
  EXECUTE FUNCTION registry_places_left();
"""
    for table, name in (("enrolment", "enrolments"), ("post", "posts"))
)

FILL = """
INSERT INTO registry_personplace (municipality_id, person_id)
SELECT o.municipality_id, e.person_id
  FROM registry_enrolment e JOIN registry_organisation o ON o.id = e.organisation_id
 UNION
SELECT o.municipality_id, s.person_id
  FROM registry_post s JOIN registry_organisation o ON o.id = s.organisation_id
 UNION
SELECT municipality_id, person_id FROM registry_post WHERE municipality_id IS NOT NULL;
INSERT INTO registry_placecount (municipality_id, people)
SELECT municipality_id, count(*) FROM registry_personplace GROUP BY municipality_id;
"""

UNDO = """
DROP FUNCTION registry_organisations_moved() CASCADE;
DROP FUNCTION registry_enrolments_placed() CASCADE;
DROP FUNCTION registry_posts_placed() CASCADE;
DROP FUNCTION registry_enrolments_changed() CASCADE;
DROP FUNCTION registry_posts_changed() CASCADE;
DROP FUNCTION registry_places_left() CASCADE;
DROP FUNCTION registry_add_places(uuid[], uuid[]);
DROP FUNCTION registry_remove_places(uuid[]);
DROP FUNCTION registry_count_places(uuid[], int);
"""


class Migration(migrations.Migration):
    dependencies = [("registry", "0009_records_entered")]

    operations = [
        migrations.CreateModel(
            name="PersonPlace",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "municipality", "person", blank=True, editable=False,
                        primary_key=True, serialize=False,
                    ),
                ),
                (
                    "municipality",
                    models.ForeignKey(
                        db_constraint=False, db_index=False, related_name="+",
                        on_delete=django.db.models.deletion.CASCADE, to="registry.municipality",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        db_constraint=False, related_name="places",
                        on_delete=django.db.models.deletion.CASCADE, to="registry.person",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PlaceCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("people", models.IntegerField()),
                (
                    "municipality",
                    models.ForeignKey(
                        db_constraint=False, related_name="+",
                        on_delete=django.db.models.deletion.CASCADE, to="registry.municipality",
                    ),
                ),
            ],
        ),
        migrations.RunSQL([PLACES, FILL], UNDO),
    ]
