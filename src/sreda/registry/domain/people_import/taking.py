"""The life of a table of people: staged, then applied or dropped."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _
from psycopg import sql

from sreda.kernel.api import Actor, StoredFile, audit, publish
from sreda.registry import events
from sreda.registry.access import PEOPLE
from sreda.registry.domain.people_faults import keep_unresolved
from sreda.registry.domain.people_import.incoming import copy_in, day_of, tune, waiting_rows
from sreda.registry.domain.people_import.resolving import find_leaving, resolve
from sreda.registry.domain.people_import.writing import write
from sreda.registry.domain.sizes import recount_sizes
from sreda.registry.domain.told import Told
from sreda.registry.models import ImportStatus, PeopleImport

# Staged tables nobody decided about are dropped when the next one comes.
KEPT = timedelta(days=30)
_LOCK = 0x5EDA_0002


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
            tune(cursor)
            copy_in(cursor, imported, at, told)
            told.say("compare", 60)
            resolved = sql.Identifier(imported.table)
            resolve(cursor, imported, sql.Identifier("incoming"), resolved, actor, at, temp=False)
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
        tune(cursor)
        waiting = waiting_rows(cursor, imported)
        if waiting is None:
            imported.bad_rows.all().delete()
            copy_in(cursor, imported, at, told)
            waiting = sql.Identifier("incoming")
        fresh = sql.Identifier("resolved")
        told.say("compare", 10)
        resolve(cursor, imported, waiting, fresh, actor, at, temp=True)
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
        find_leaving(cursor, fresh, actor)
        written = write(cursor, imported, actor, at) if imported.new + imported.changed else {}
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
    recount_sizes(at=at, on=day_of(at), organisations=places)
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


def _close(imported: PeopleImport, status: str, actor: Actor | None, at: datetime) -> None:
    imported.status = status
    imported.closed_at, imported.closed_by = at, actor.user_id if actor else None
    imported.closed_by_name = actor.name if actor else ""
    imported.save()


def _counts(imported: PeopleImport) -> dict[str, int]:
    return {
        name: getattr(imported, name) for name in ("total", "new", "changed", "unchanged", "bad")
    }
