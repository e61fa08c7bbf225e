"""Taking over a table of people: staged, checked and compared as sets, applied in one transaction.

The good rows of a staged import wait in an unlogged table of their own. Applying it resolves
them anew against the registry of that moment; if a crash has emptied the table, the file itself
is read again. The same table applied twice changes nothing the second time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from psycopg import sql

from sreda.kernel.api import Actor, StoredFile, audit, path_of, publish
from sreda.kernel.tables import find_headings, read_rows
from sreda.registry import events
from sreda.registry.access import ORGANISATIONS, PEOPLE, given_by
from sreda.registry.domain.people_faults import Faulty, keep_faulty, keep_unresolved
from sreda.registry.domain.people_rows import (
    COLUMNS,
    KEYS,
    LABELS,
    TYPES,
    as_written,
    fault_text,
    staged_column,
    staged_lines,
)
from sreda.registry.domain.posts import ENROLMENT_FIELDS
from sreda.registry.domain.posts import FIELDS as POST_FIELDS
from sreda.registry.domain.sizes import recount_sizes
from sreda.registry.enums import LEARNER_ROLES, Role
from sreda.registry.models import (
    BadRow,
    Enrolment,
    ImportStatus,
    Organisation,
    PeopleImport,
    Person,
    Post,
)

LINES_AT_ONCE = 4_000
# Staged tables nobody decided about are dropped when the next one comes.
KEPT = timedelta(days=30)
PERSON = ("family_name", "given_name", "patronymic", "birth_date", "sex")
_LOCK = 0x5EDA_0002
# So many rows written at once make the planner's statistics worthless.
_MANY = 10_000
# A version 7 UUID: now, then randomness of a version 4 one (PostgreSQL has none before 18).
_UUID7 = """encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
    PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3)
    FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid"""


@dataclass(slots=True)
class Told:
    """How far the work is: a step (read, compare, write) and its share of the whole."""

    step: str = ""
    percent: int = 0

    def say(self, step: str, percent: int) -> None:
        self.step, self.percent = step, percent


def stage_people(
    file: StoredFile, *, actor: Actor, at: datetime, told: Told | None = None
) -> PeopleImport:
    """Read, check and compare a table; nothing in the registry changes.

    ValidationError when the file as a whole cannot be read; single rows end in `bad_rows`.
    """
    PEOPLE.require(actor, "import")
    told = told or Told()
    with transaction.atomic():
        for forgotten in PeopleImport.objects.filter(
            status=ImportStatus.STAGED, staged_at__lt=at - KEPT
        ):
            cancel_import(forgotten, actor=None, at=at)
        imported = PeopleImport.objects.create(
            file=file, staged_at=at, staged_by=actor.user_id, staged_by_name=actor.name
        )
        with connection.cursor() as cursor:
            _tune(cursor)
            _copy_in(cursor, imported, at, told)
            told.say("compare", 60)
            resolved = sql.Identifier(imported.table)
            _resolve(cursor, imported, sql.Identifier("incoming"), resolved, actor, at, temp=False)
            keep_unresolved(cursor, imported, resolved)
            cursor.execute(
                sql.SQL("SELECT state, count(*) FROM {} GROUP BY state").format(resolved)
            )
            counts = dict(cursor.fetchall())
            cursor.execute("DROP TABLE incoming")
        told.say("write", 90)
        imported.new, imported.changed, imported.unchanged = (
            counts.get(state, 0) for state in ("new", "changed", "unchanged")
        )
        imported.bad = imported.bad_rows.count()
        imported.total = imported.new + imported.changed + imported.unchanged + imported.bad
        imported.save()
        audit(
            "registry.people_import.staged",
            imported,
            actor=actor,
            at=at,
            file=file.sha256,
            **_counts(imported),
        )
    return imported


def apply_import(
    imported: PeopleImport,
    *,
    actor: Actor,
    at: datetime,
    only_good: bool,
    told: Told | None = None,
) -> PeopleImport:
    """Take over the good rows, all in one transaction; an applied import stays as it is.

    ValidationError while there are bad rows, unless `only_good` says to leave them out.
    """
    PEOPLE.require(actor, "import")
    try:
        with transaction.atomic():
            return _apply(imported, actor, at, only_good, told or Told())
    except IntegrityError as error:
        raise ValidationError(
            _("The registry was changed meanwhile: hand the table in again.")
        ) from error


def _apply(
    imported: PeopleImport, actor: Actor, at: datetime, only_good: bool, told: Told
) -> PeopleImport:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    imported = PeopleImport.objects.select_for_update().get(pk=imported.pk)
    if imported.status == ImportStatus.APPLIED:
        return imported
    if imported.status == ImportStatus.CANCELLED:
        raise ValidationError(_("This import was dropped: hand the table in again."))
    with connection.cursor() as cursor:
        _tune(cursor)
        waiting = _waiting(cursor, imported)
        if waiting is None:
            imported.bad_rows.all().delete()
            _copy_in(cursor, imported, at, told)
            waiting = sql.Identifier("incoming")
        fresh = sql.Identifier("resolved")
        told.say("compare", 10)
        _resolve(cursor, imported, waiting, fresh, actor, at, temp=True)
        keep_unresolved(cursor, imported, fresh)
        imported.bad = imported.bad_rows.count()
        if imported.bad and not only_good:
            raise ValidationError(
                _("%(count)s rows are faulty. Mend them, or take over only the good ones.")
                % {"count": imported.bad}
            )
        cursor.execute(sql.SQL("SELECT state, count(*) FROM {} GROUP BY state").format(fresh))
        counts = dict(cursor.fetchall())
        imported.new, imported.changed, imported.unchanged = (
            counts.get(state, 0) for state in ("new", "changed", "unchanged")
        )
        told.say("write", 40)
        _find_leaving(cursor, fresh, actor)
        written = _write(cursor, imported, actor, at) if imported.new + imported.changed else {}
        cursor.execute(
            sql.SQL(
                "SELECT organisation_id FROM {} WHERE state <> 'unchanged'"
                " UNION SELECT organisation_id FROM leaving WHERE may_end"
            ).format(fresh)
        )
        places = [row[0] for row in cursor.fetchall() if row[0]]
        cursor.execute(
            sql.SQL("DROP TABLE IF EXISTS resolved, incoming, multiple, leaving, {}").format(
                sql.Identifier(imported.table)
            )
        )
    told.say("write", 90)
    recount_sizes(at=at, on=_day(at), organisations=places)
    _close(imported, ImportStatus.APPLIED, actor, at)
    audit(
        "registry.people_import.applied",
        imported,
        actor=actor,
        at=at,
        file=imported.file.sha256,
        written=written,
        **_counts(imported),
    )
    publish(
        events.PeopleImported(
            import_id=imported.pk,
            organisation_ids=tuple(places),
            new=imported.new,
            changed=imported.changed,
        ),
        at=at,
    )
    return imported


def cancel_import(imported: PeopleImport, *, actor: Actor | None, at: datetime) -> PeopleImport:
    """Drop a staged import; its file and its bad rows stay."""
    with transaction.atomic():
        imported = PeopleImport.objects.select_for_update().get(pk=imported.pk)
        if imported.status == ImportStatus.APPLIED:
            raise ValidationError(_("This import was taken over already."))
        if imported.status == ImportStatus.STAGED:
            with connection.cursor() as cursor:
                cursor.execute(
                    sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(imported.table))
                )
            _close(imported, ImportStatus.CANCELLED, actor, at)
            audit("registry.people_import.cancelled", imported, actor=actor, at=at)
    return imported


# What the pages show.


def bad_rows(imported: PeopleImport) -> models.QuerySet[BadRow]:
    return imported.bad_rows.all()


def bad_table(imported: PeopleImport) -> Iterator[list[str]]:
    """The bad rows as a table that can be mended and handed in again: reasons come last."""
    keys = [key for key in KEYS if key in imported.columns]
    yield [_("Line of the file"), *(str(LABELS[key]) for key in keys), _("What is wrong")]
    for row in bad_rows(imported).iterator(chunk_size=2_000):
        reasons = "; ".join(fault_text(fault) for fault in row.faults)
        cells = as_written(row.cells)
        yield [str(row.line), *(cells.get(key, "") for key in keys), reasons]


@dataclass(frozen=True, slots=True)
class RowChange:
    """A row that would write something. `cells` are (heading, old, new); a new person has none."""

    line: int
    name: str
    state: str
    organisation: str
    cells: tuple[tuple[Any, Any, Any], ...]


def preview(
    imported: PeopleImport,
    *,
    state: str = "",
    limit: int = 50,
    offset: int = 0,
    actor: Actor | None = None,
) -> list[RowChange]:
    """Rows of a staged import that are new or changed (or only one of these), cell by cell.

    `actor` is who would take it over: it decides which places elsewhere would be ended."""
    wanted = [state] if state in {"new", "changed"} else ["new", "changed"]
    with transaction.atomic(), connection.cursor() as cursor:
        table = _waiting(cursor, imported)
        if table is None:
            return []
        cursor.execute(
            sql.SQL(
                """
            SELECT r.line, r.state, r.family_name, r.given_name, r.patronymic, r.birth_date,
                   r.sex, r.group_name, r.title, r.since, r.until, o.short_name,
                   p.family_name, p.given_name, p.patronymic, p.birth_date, p.sex,
                   g.name, t.title, coalesce(e.since, t.since), coalesce(e.until, t.until),
                   r.place_id IS NOT NULL, r.merged, r.person_id IS NOT NULL
              FROM {} r
              LEFT JOIN registry_organisation o ON o.id = r.organisation_id
              LEFT JOIN registry_person p ON p.id = r.person_id
              LEFT JOIN registry_enrolment e ON e.id = r.place_id
              LEFT JOIN registry_classgroup g ON g.id = e.group_id
              LEFT JOIN registry_post t ON t.id = r.place_id
             WHERE r.state = ANY(%s) ORDER BY r.line LIMIT %s OFFSET %s"""
            ).format(table),
            [wanted, limit, offset],
        )
        rows = cursor.fetchall()
        _find_leaving(cursor, table, actor)
        cursor.execute(
            "SELECT line, short_name, since, may_end FROM leaving WHERE line = ANY(%s)"
            " ORDER BY line, short_name",
            [[row[0] for row in rows]],
        )
        leaving: dict[int, list[tuple[Any, ...]]] = {}
        for line, *left in cursor.fetchall():
            leaving.setdefault(line, []).append(tuple(left))
        return [_row_change(imported, row, leaving.get(row[0], [])) for row in rows]


_SHOWN = ("family_name", "given_name", "patronymic", "birth_date", "sex", "group", "title",
          "since", "until")  # fmt: skip


def _row_change(
    imported: PeopleImport, row: tuple[Any, ...], leaving: list[tuple[Any, ...]]
) -> RowChange:
    line, state, *rest = row
    new, organisation, old = rest[:9], rest[9], rest[10:19]
    has_place, merged, has_person = rest[19:]
    cells = []
    for n, key in enumerate(_SHOWN):
        of_person = key in PERSON
        known = has_person and not merged if of_person else has_place
        if key in imported.columns and known and (new[n] or "") != (old[n] or ""):
            cells.append((LABELS[key], old[n], new[n]))
    if has_person and not has_place:
        cells.append((_("Place"), "", organisation))
    for left, since, may_end in leaving:
        if may_end:
            last = date_format(since - timedelta(days=1), "SHORT_DATE_FORMAT")
            ends = _("the place there ends on %(day)s") % {"day": last}
            cells.append((_("Transfer from"), left, ends))
        else:
            stays = _("the place there stays open: ask its administration or the operator")
            cells.append((_("Also enrolled in"), "", f"{left} — {stays}"))
    name = " ".join(part for part in new[:3] if part)
    return RowChange(line, name, state, organisation or "", tuple(cells))


# Steps.


def _tune(cursor: Any) -> None:
    cursor.execute("SET LOCAL work_mem = '256MB'")
    cursor.execute("SET LOCAL jit = off")


def _copy_in(cursor: Any, imported: PeopleImport, at: datetime, told: Told) -> None:
    """The file's rows into the temporary table `incoming`; those that cannot go there are kept as
    bad rows."""
    columns = [sql.SQL("line int")] + [
        sql.SQL("{} {}").format(sql.Identifier(staged_column(key)), sql.SQL(kind))
        for key, kind in zip(KEYS, TYPES, strict=True)
    ]
    cursor.execute(
        sql.SQL("CREATE TEMP TABLE incoming ({}) ON COMMIT DROP").format(
            sql.SQL(", ").join(columns)
        )
    )
    rows = read_rows(path_of(imported.file), imported.file.name)
    headings = find_headings(rows, COLUMNS)
    imported.columns = sorted(headings.places, key=KEYS.index)
    size, written = max(imported.file.size, 1), 0
    packed = 4 if imported.file.name.lower().endswith(".xlsx") else 1
    with Faulty() as faulty:
        lines = staged_lines(rows, headings, today=_day(at), bad=faulty)
        with cursor.copy("COPY incoming FROM STDIN") as copy:
            while block := "".join(islice(lines, LINES_AT_ONCE)):
                copy.write(block)
                written += len(block)  # close to the file's own length, where it is not packed
                told.say("read", min(55, written * 60 // (size * packed)))
        keep_faulty(imported, faulty)
    cursor.execute("ANALYZE incoming")
    cursor.execute("SELECT count(*) > count(DISTINCT external_id) FROM incoming")
    imported.repeated = cursor.fetchone()[0]


_RAW = ("line", *(staged_column(key) for key in KEYS))


def _resolve(
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
        new_id=sql.SQL(f", CASE WHEN person_id IS NULL THEN {_UUID7} END AS new_id" * temp),
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
    year = _day(at).year if _day(at).month >= 9 else _day(at).year - 1
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


def _find_leaving(cursor: Any, table: sql.Composable, actor: Actor | None) -> None:
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


def _waiting(cursor: Any, imported: PeopleImport) -> sql.Composable | None:
    """The staged rows, unless they are gone: a crash empties unlogged tables."""
    cursor.execute("SELECT to_regclass(%s)", [imported.table])
    if cursor.fetchone()[0] is None:
        return None
    table = sql.Identifier(imported.table)
    cursor.execute(sql.SQL("SELECT EXISTS (SELECT 1 FROM {})").format(table))
    if cursor.fetchone()[0] or imported.total == 0:
        return table
    return None


def _write(cursor: Any, imported: PeopleImport, actor: Actor, at: datetime) -> dict[str, int]:
    """Carry out what `resolved` says; returns the rows written by kind."""
    written: dict[str, int] = {}

    def run(name: str, statement: str) -> None:
        cursor.execute(statement.replace("{uuid7}", _UUID7), params)
        written[name] = cursor.rowcount

    def keep_terms(table: str, which: str, *, before: bool) -> None:
        """States of places that change, as kernel's `remember` keeps them."""
        run("_", _terms_kept(table, which, before=before))

    day = _day(at)
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


def _close(imported: PeopleImport, status: str, actor: Actor | None, at: datetime) -> None:
    imported.status = status
    imported.closed_at, imported.closed_by = at, actor.user_id if actor else None
    imported.closed_by_name = actor.name if actor else ""
    imported.save()


def _counts(imported: PeopleImport) -> dict[str, int]:
    return {
        name: getattr(imported, name) for name in ("total", "new", "changed", "unchanged", "bad")
    }


def _day(at: datetime) -> date:
    return timezone.localtime(at).date()


__all__ = [
    "RowChange",
    "Told",
    "apply_import",
    "bad_rows",
    "bad_table",
    "cancel_import",
    "preview",
    "stage_people",
]
