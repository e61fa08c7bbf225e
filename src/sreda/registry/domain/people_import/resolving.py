"""What each row of a table of people means in the registry: its fault, its state, whom it moves."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from psycopg import sql

from sreda.kernel.api import Actor
from sreda.registry.access import ORGANISATIONS, PEOPLE, given_by
from sreda.registry.domain.people_import.incoming import day_of
from sreda.registry.domain.people_rows import KEYS, staged_column
from sreda.registry.enums import LEARNER_ROLES, Role
from sreda.registry.models import Organisation, PeopleImport, Person

PERSON = ("family_name", "given_name", "patronymic", "birth_date", "sex")
# A version 7 UUID: now, then randomness of a version 4 one (PostgreSQL has none before 18).
UUID7 = """encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
    PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3)
    FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid"""
_RAW = ("line", *(staged_column(key) for key in KEYS))


def resolve(
    cursor: Any,
    imported: PeopleImport,
    source: sql.Composable,
    target: sql.Composable,
    actor: Actor,
    at: datetime,
    *,
    temp: bool,
) -> None:
    """Make `target`: each row with what it means in the registry, its fault and its state."""
    cursor.execute("DROP TABLE IF EXISTS multiple")
    cursor.execute(
        sql.SQL(
            """CREATE TEMP TABLE multiple ON COMMIT DROP AS
            SELECT external_id, min(line) AS first_line FROM {} WHERE %s
             GROUP BY external_id HAVING count(*) > 1"""
        ).format(source),
        [imported.repeated],
    )
    here = set(imported.columns)
    person = [key for key in PERSON if key in here]
    place = [sql.SQL("e.since <> r.since"), sql.SQL("t.since <> r.since")]
    if "until" in here:
        place += [
            sql.SQL("e.id IS NOT NULL AND e.until IS DISTINCT FROM r.until"),
            sql.SQL("t.id IS NOT NULL AND t.until IS DISTINCT FROM r.until"),
        ]
    if "group" in here:
        place.append(
            sql.SQL(
                "e.id IS NOT NULL AND (e.group_id IS DISTINCT FROM g.id"
                " OR g.id IS NULL AND r.group_name <> '')"
            )
        )
    if "title" in here:
        place.append(sql.SQL("t.title <> r.title"))
    organisations, organisation_params = _only(ORGANISATIONS.all(actor, "manage"), Organisation)
    people, people_params = _only(PEOPLE.all(actor, "change"), Person)
    statement = sql.SQL(
        """
    CREATE {kind} TABLE {target} {drop} AS
    SELECT *, CASE WHEN fault IS NOT NULL THEN 'bad'
                   WHEN person_id IS NULL OR place_id IS NULL THEN 'new'
                   WHEN person_changed OR place_changed THEN 'changed'
                   ELSE 'unchanged' END AS state{new_id}
      FROM (
    SELECT {raw}, o.id AS organisation_id, coalesce(p.merged_into_id, p.id) AS person_id,
           p.merged_into_id IS NOT NULL AS merged, g.id AS group_id,
           coalesce(e.id, t.id) AS place_id,
           {several},
           p.merged_into_id IS NULL AND ({person}) AS person_changed,
           coalesce({place}, false) AS place_changed,
           CASE WHEN o.id IS NULL THEN 'organisation-unknown'
                WHEN NOT ({organisations}) THEN 'organisation-scope'
                WHEN o.until < r.since THEN 'organisation-closed'
                WHEN r.role = 'pupil' AND o.kind <> 'school'
                  OR r.role = 'student' AND o.kind <> 'college' THEN 'role-kind'
                WHEN r.role <> ALL (%(roles)s) THEN 'role-given'
                WHEN p.id IS NOT NULL AND NOT ({people}) AND NOT ({received})
                     THEN 'person-elsewhere'
                WHEN g.id IS NULL AND r.group_name <> '' AND r.role IN ('pupil', 'student')
                 AND r.group_name !~ '^(1[0-2]|[1-9])([^0-9]|$)' THEN 'group-unknown'
           END AS fault
      FROM {source} r
      LEFT JOIN registry_organisation o ON o.code = r.organisation
      LEFT JOIN registry_person p ON p.external_id = r.external_id
      LEFT JOIN registry_classgroup g ON g.organisation_id = o.id
            AND g.school_year = %(year)s AND g.name = r.group_name
      LEFT JOIN registry_enrolment e ON e.person_id = coalesce(p.merged_into_id, p.id)
            AND e.organisation_id = o.id AND r.role IN ('pupil', 'student')
            AND daterange(e.since, e.until, '[]') && daterange(r.since, r.until, '[]')
      LEFT JOIN registry_post t ON t.person_id = coalesce(p.merged_into_id, p.id)
            AND t.organisation_id = o.id AND t.role = r.role
            AND daterange(t.since, t.until, '[]') && daterange(r.since, r.until, '[]')
      {multiple}
      ) told
     ORDER BY line"""
    ).format(
        kind=sql.SQL("TEMP" if temp else "UNLOGGED"),
        drop=sql.SQL("ON COMMIT DROP" if temp else ""),
        # In the file's order, so that what is inserted fills the indexes in order too.
        new_id=sql.SQL(f", CASE WHEN person_id IS NULL THEN {UUID7} END AS new_id" * temp),
        several=sql.SQL(
            "m.first_line IS NULL OR m.first_line = r.line AS first,"
            " m.first_line IS NOT NULL AS several"
            if imported.repeated
            else "true AS first, false AS several"
        ),
        multiple=sql.SQL(
            "LEFT JOIN multiple m ON m.external_id = r.external_id" if imported.repeated else ""
        ),
        target=target,
        source=source,
        raw=sql.SQL(", ").join(sql.SQL("r.{}").format(sql.Identifier(name)) for name in _RAW),
        person=sql.SQL(" OR ").join(
            sql.SQL("p.{0} IS DISTINCT FROM r.{0}").format(sql.Identifier(key)) for key in person
        ),
        place=sql.SQL(" OR ").join(place),
        organisations=organisations,
        people=people,
        received=_RECEIVED if set(_SAME) <= here else sql.SQL("false"),
    )
    year = day_of(at).year if day_of(at).month >= 9 else day_of(at).year - 1
    cursor.execute(
        statement,
        {"roles": _roles_given(actor), "year": year, **organisation_params, **people_params},
    )
    joined = cursor.rowcount
    cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(source))
    if joined > cursor.fetchone()[0]:
        _mark_doubled(cursor, target)
    if imported.repeated:
        _compare_rows(cursor, target)


# A learner of another organisation may be received by those who know who it is: the file then
# says the same as the registry, and nothing of the person is changed.
_SAME = ("family_name", "given_name", "birth_date")
_RECEIVED = sql.SQL(
    "(r.role IN ('pupil', 'student') AND p.merged_into_id IS NULL AND p.birth_date = r.birth_date"
    " AND (p.family_name, p.given_name, p.patronymic, p.sex) IS NOT DISTINCT FROM"
    " (r.family_name, r.given_name, r.patronymic, r.sex)) IS TRUE"
)


def find_leaving(cursor: Any, table: sql.Composable, actor: Actor | None) -> None:
    """Make `leaving`: open places elsewhere, of the same role, of learners whom a row with no
    last day enrols anew. A place the table itself speaks of is left to its row. `may_end`: the
    organisation left is one whose enrolments the actor keeps; others are only told of."""
    ours: sql.Composable = sql.SQL("false")
    params: dict[str, Any] = {}
    if actor is not None:
        ours, params = _only(ORGANISATIONS.all(actor, "manage"), Organisation)
    cursor.execute("DROP TABLE IF EXISTS leaving")
    cursor.execute(
        sql.SQL(
            """
        CREATE TEMP TABLE leaving ON COMMIT DROP AS
        SELECT DISTINCT ON (e.id) e.id, e.person_id, o.id AS organisation_id, o.short_name,
               r.line, r.since, ({ours}) AS may_end
          FROM {table} r
          JOIN registry_enrolment e ON e.person_id = r.person_id AND e.role = r.role
               AND e.until IS NULL AND e.since < r.since
               AND e.organisation_id <> r.organisation_id
          JOIN registry_organisation o ON o.id = e.organisation_id
         WHERE r.state = 'new' AND r.place_id IS NULL AND r.until IS NULL
           AND r.role IN ('pupil', 'student')
           AND NOT EXISTS (SELECT 1 FROM {table} s
                            WHERE s.external_id = r.external_id AND s.role = r.role
                              AND s.organisation_id = e.organisation_id)
         ORDER BY e.id, r.since, r.line"""
        ).format(ours=ours, table=table),
        params,
    )


def _only(
    allowed: models.QuerySet[Any], model: type[models.Model]
) -> tuple[sql.Composable, dict[str, Any]]:
    """The permission's own filter as a condition on the joined row."""
    if not allowed.query.where:
        return sql.SQL("true"), {}
    text, params = allowed.order_by().values("pk").query.sql_with_params()
    names = {f"{model._meta.model_name}_{n}": value for n, value in enumerate(params)}
    text = text % tuple(f"%({name})s" for name in names)
    alias = "o.id" if model is Organisation else "coalesce(p.merged_into_id, p.id)"
    return sql.SQL(f"{alias} IN ({text})"), names


def _roles_given(actor: Actor) -> list[str]:
    """Learners by all who import; staff of an organisation as far as the actor gives posts."""
    of_organisations = {Role.HEAD, Role.ADMINISTRATOR, Role.TEACHER}
    posts = [role for role in given_by(actor) if role in of_organisations]
    return [role.value for role in (*LEARNER_ROLES, *posts)]


def _mark_doubled(cursor: Any, target: sql.Composable) -> None:
    """A row that met several terms in the registry joined to each: keep one, as faulty."""
    cursor.execute(sql.SQL("SELECT line FROM {} GROUP BY line HAVING count(*) > 1").format(target))
    doubled = [row[0] for row in cursor.fetchall()]
    cursor.execute(
        sql.SQL(
            """
        DELETE FROM {0} WHERE ctid IN (
            SELECT ctid FROM (SELECT ctid, row_number() OVER (PARTITION BY line) AS n
                                FROM {0} WHERE line = ANY(%s)) s WHERE n > 1)"""
        ).format(target),
        [doubled],
    )
    cursor.execute(
        sql.SQL("UPDATE {} SET fault = 'places', state = 'bad' WHERE line = ANY(%s)").format(
            target
        ),
        [doubled],
    )


def _compare_rows(cursor: Any, target: sql.Composable) -> None:
    """Rows of one person: no place twice, and the same name, birthday and sex in all."""
    cursor.execute(
        sql.SQL(
            """
        UPDATE {0} r SET fault = s.fault, state = 'bad'
          FROM (SELECT line, CASE
                  WHEN row_number() OVER (PARTITION BY external_id, organisation, role
                                              ORDER BY line) > 1 THEN 'twice'
                  WHEN (family_name, given_name, patronymic, birth_date, sex) IS DISTINCT FROM (
                       first_value(family_name) OVER w, first_value(given_name) OVER w,
                       first_value(patronymic) OVER w, first_value(birth_date) OVER w,
                       first_value(sex) OVER w) THEN 'differs' END AS fault
                  FROM {0} WHERE several
                WINDOW w AS (PARTITION BY external_id ORDER BY line)) s
         WHERE s.line = r.line AND s.fault IS NOT NULL AND r.fault IS NULL"""
        ).format(target)
    )
    # The first row of a person may be a bad one: then the first good one stands for them.
    cursor.execute(
        sql.SQL(
            """
        UPDATE {0} r SET first = (r.line = s.line)
          FROM (SELECT external_id, min(line) AS line FROM {0}
                 WHERE several AND state <> 'bad' GROUP BY external_id) s
         WHERE r.several AND s.external_id = r.external_id"""
        ).format(target)
    )
