"""The resolved rows of a table of people, written in sets."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from sreda.kernel.api import Actor
from sreda.registry.domain.people_import.incoming import day_of
from sreda.registry.domain.people_import.resolving import PERSON, UUID7
from sreda.registry.domain.posts import ENROLMENT_FIELDS
from sreda.registry.domain.posts import FIELDS as POST_FIELDS
from sreda.registry.models import Enrolment, PeopleImport, Post

# So many rows written at once make the planner's statistics worthless.
_MANY = 10_000


def write(cursor: Any, imported: PeopleImport, actor: Actor, at: datetime) -> dict[str, int]:
    """Carry out what `resolved` says; returns the rows written by kind."""
    written: dict[str, int] = {}

    def run(name: str, statement: str) -> None:
        cursor.execute(statement.replace("{uuid7}", UUID7), params)
        written[name] = cursor.rowcount

    def keep_terms(table: str, which: str, *, before: bool) -> None:
        """States of places that change, as kernel's `remember` keeps them."""
        run("_", _terms_kept(table, which, before=before))

    day = day_of(at)
    params: dict[str, Any] = {
        "year": day.year if day.month >= 9 else day.year - 1,
        "day": day,
        "at": at,
        "actor": actor.user_id,
        "label": actor.name,
        "reason": _("Import “%(file)s”") % {"file": imported.file.name},
    }
    here = set(imported.columns)
    run("groups", _NEW_GROUPS)
    if written["groups"]:
        run("_", _FIND_GROUPS)
    person = [key for key in PERSON if key in here]
    run("history", _HISTORY_BEFORE)
    taken = ", ".join(f"{key} = r.{key}" for key in person)
    run("people_changed", _CHANGE_PEOPLE.replace("{taken}", taken))
    run("history", _HISTORY_AFTER)
    run("people", _NEW_PEOPLE)
    if written["people"]:
        run("_", _FIND_PEOPLE)
    keep_terms("registry_enrolment", _LEAVING, before=True)
    run(
        "transfers",
        "UPDATE registry_enrolment e SET until = l.since - 1 FROM leaving l"
        " WHERE l.id = e.id AND l.may_end",
    )
    keep_terms("registry_enrolment", _LEAVING, before=False)
    run("enrolments", _NEW_ENROLMENTS)
    group = "group_id = r.group_id," if "group" in here else ""
    until = ", until = r.until" if "until" in here else ""
    title = "title = r.title," if "title" in here else ""
    keep_terms("registry_enrolment", _CHANGED_TERMS, before=True)
    run(
        "enrolments_changed",
        f"UPDATE registry_enrolment e SET {group} role = r.role, since = r.since{until}"  # noqa: S608
        " FROM resolved r WHERE e.id = r.place_id AND r.place_changed AND r.state <> 'bad'",
    )
    keep_terms("registry_enrolment", _CHANGED_TERMS, before=False)
    run("posts", _NEW_POSTS)
    keep_terms("registry_post", _CHANGED_TERMS, before=True)
    run(
        "posts_changed",
        f"UPDATE registry_post t SET {title} since = r.since{until}"  # noqa: S608
        " FROM resolved r WHERE t.id = r.place_id AND r.place_changed AND r.state <> 'bad'",
    )
    keep_terms("registry_post", _CHANGED_TERMS, before=False)
    written.pop("_", None)
    if sum(written.values()) > _MANY:
        cursor.execute("ANALYZE registry_person, registry_enrolment, registry_post")
    return written


_CHANGE_PEOPLE = """
UPDATE registry_person p SET edition = p.edition + 1, {taken}
  FROM resolved r
 WHERE p.id = r.person_id AND r.person_changed AND r.first AND r.state IN ('new', 'changed')"""
_GRADE = "substring(group_name FROM '^(1[0-2]|[1-9])')::smallint"
_NEW_GROUPS = f"""
INSERT INTO registry_classgroup (id, organisation_id, school_year, grade, name)
SELECT {{uuid7}}, organisation_id, %(year)s, grade, group_name
  FROM (SELECT DISTINCT organisation_id, group_name, {_GRADE} AS grade
          FROM resolved
         WHERE group_name <> '' AND group_id IS NULL AND role IN ('pupil', 'student')
           AND state IN ('new', 'changed')) g
    ON CONFLICT (organisation_id, school_year, name) DO NOTHING"""  # noqa: S608
_FIND_GROUPS = """
UPDATE resolved r SET group_id = g.id FROM registry_classgroup g
 WHERE r.group_id IS NULL AND r.group_name <> '' AND g.organisation_id = r.organisation_id
   AND g.school_year = %(year)s AND g.name = r.group_name"""
_NEW_PEOPLE = """
INSERT INTO registry_person
       (id, external_id, family_name, given_name, patronymic, birth_date, sex, email, phone)
SELECT new_id, external_id, family_name, given_name, patronymic, birth_date, sex, '', ''
  FROM resolved
 WHERE person_id IS NULL AND first AND state = 'new'"""
# Further rows of a new person take the id of the first one.
_FIND_PEOPLE = """
UPDATE resolved r SET person_id = p.id FROM registry_person p
 WHERE r.several AND r.person_id IS NULL AND r.state <> 'bad' AND p.external_id = r.external_id"""
_NEW_ENROLMENTS = """
INSERT INTO registry_enrolment (id, person_id, organisation_id, group_id, role, since, until)
SELECT {uuid7}, coalesce(person_id, new_id), organisation_id, group_id, role, since, until
  FROM resolved
 WHERE state = 'new' AND place_id IS NULL AND role IN ('pupil', 'student')"""
_NEW_POSTS = """
INSERT INTO registry_post
       (id, person_id, role, organisation_id, title, acting, category, higher_education,
        ict_competent, since, until)
SELECT {uuid7}, coalesce(person_id, new_id), role, organisation_id, title, false, 'none', false,
       false, since, until
  FROM resolved
 WHERE state = 'new' AND place_id IS NULL AND role NOT IN ('pupil', 'student')"""
_STATE = """jsonb_build_object(
    'external_id', p.external_id, 'family_name', p.family_name, 'given_name', p.given_name,
    'patronymic', p.patronymic, 'birth_date', p.birth_date, 'sex', p.sex,
    'email', p.email, 'phone', p.phone)"""
_CHANGED = """registry_person p JOIN resolved r ON r.person_id = p.id
 WHERE r.person_changed AND r.first AND r.state IN ('new', 'changed')"""
# As kernel's `remember` does for one: the first change also keeps the state before it.
_HISTORY_BEFORE = f"""
INSERT INTO kernel_revision (id, object_type, object_id, effective_on, recorded_at,
                             actor_label, reason, state)
SELECT {{uuid7}}, 'registry.person', p.id,
       least(coalesce(p.birth_date, date '1900-01-01'), %(day)s), %(at)s, '', '', {_STATE}
  FROM {_CHANGED}
   AND NOT EXISTS (SELECT 1 FROM kernel_revision k
                    WHERE k.object_type = 'registry.person' AND k.object_id = p.id)"""  # noqa: S608
_HISTORY_AFTER = f"""
INSERT INTO kernel_revision (id, object_type, object_id, effective_on, recorded_at,
                             actor_id, actor_label, reason, state)
SELECT {{uuid7}}, 'registry.person', p.id, %(day)s, %(at)s, %(actor)s, %(label)s, %(reason)s,
       {_STATE}
  FROM {_CHANGED}"""  # noqa: S608


# Which places change: `p` is the place.
_CHANGED_TERMS = """EXISTS (SELECT 1 FROM resolved r WHERE r.place_id = p.id
                        AND r.place_changed AND r.state <> 'bad')"""
_LEAVING = "EXISTS (SELECT 1 FROM leaving l WHERE l.id = p.id AND l.may_end)"
_TERMS: dict[str, tuple[type[models.Model], tuple[str, ...]]] = {
    "registry_enrolment": (Enrolment, ENROLMENT_FIELDS),
    "registry_post": (Post, POST_FIELDS),
}


def _terms_kept(table: str, which: str, *, before: bool) -> str:
    model, fields = _TERMS[table]
    kind = model._meta.label_lower
    columns = {field.name: field.column for field in model._meta.concrete_fields}
    state = ", ".join(f"'{name}', p.{columns[name]}" for name in fields)
    head = "INSERT INTO kernel_revision (id, object_type, object_id, effective_on, recorded_at,"
    if before:
        return f"""{head} actor_label, reason, state)
SELECT {{uuid7}}, '{kind}', p.id, least(p.since, %(day)s), %(at)s, '', '',
       jsonb_build_object({state})
  FROM {table} p WHERE {which}
   AND NOT EXISTS (SELECT 1 FROM kernel_revision k
                    WHERE k.object_type = '{kind}' AND k.object_id = p.id)"""  # noqa: S608
    return f"""{head} actor_id, actor_label, reason, state)
SELECT {{uuid7}}, '{kind}', p.id, greatest(p.since, least(p.until, %(day)s)), %(at)s,
       %(actor)s, %(label)s, %(reason)s, jsonb_build_object({state})
  FROM {table} p WHERE {which}"""  # noqa: S608
