"""Forms and their versions: made, put in force, withdrawn."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from sreda.kernel.api import Actor, audit, made_before, publish
from sreda.reporting.enums import CampaignStatus, FormKind, PeriodKind, VersionStatus
from sreda.reporting.events import FormPublished, FormWithdrawn
from sreda.reporting.expressions import CompiledForm
from sreda.reporting.forms import Schema
from sreda.reporting.models import Campaign, Form, FormCell, FormVersion
from sreda.reporting.queries.knowledge import element_of
from sreda.reporting.queries.of_people import keys_of_people
from sreda.reporting.queries.vetting import Problem, problems

FIELDS = ("title", "kind", "period_kind", "basis", "about", "audience")


class Stale(Exception):
    """Somebody saved the form after it was opened; `current` is how it is now."""

    def __init__(self, current: Form) -> None:
        super().__init__(str(current.pk))
        self.current = current


class NotReady(ValidationError):
    """A draft cannot be put in force: `found` says why, place by place."""

    def __init__(self, found: list[Problem]) -> None:
        super().__init__([f"{problem.place}: {problem.said}" for problem in found])
        self.found = found


@transaction.atomic
def add_form(
    *,
    code: str,
    values: Mapping[str, Any],
    schema: Schema,
    key: UUID | None = None,
    actor: Actor | None,
    at: datetime,
) -> Form:
    """A form with its first draft; the same `key` again gives the form made before."""
    if (known := made_before(Form, key)) is not None:
        return known
    form = Form(code=code, made_at=at, owner_id=actor.person_id if actor else None, **values)
    if key:
        form.pk = key
    form.full_clean(validate_unique=False, validate_constraints=False)
    try:
        with transaction.atomic():
            form.save(force_insert=True)
    except IntegrityError as error:
        raise ValidationError({"code": _("There is a form with this code already.")}) from error
    version = _drafted(form, 1, schema, actor, at)
    audit("reporting.form.added", form, actor=actor, at=at, code=code, **_plain(form))
    audit("reporting.version.begun", version, actor=actor, at=at, form=form.code, number=1)
    return form


@transaction.atomic
def change_form(
    form: Form, *, edition: int, values: Mapping[str, Any], actor: Actor, at: datetime
) -> Form:
    """The form's card. Stale where somebody saved it since `edition`."""
    found = Form.objects.select_for_update().get(pk=form.pk)
    if found.edition != edition:
        raise Stale(found)
    before = _plain(found)
    for name, value in values.items():
        setattr(found, name, value)
    found.full_clean(validate_unique=False, validate_constraints=False)
    if _plain(found) == before:
        return found
    found.edition += 1
    found.save()
    audit("reporting.form.changed", found, actor=actor, at=at, before=before, after=_plain(found))
    return found


@transaction.atomic
def begin_draft(form: Form, *, actor: Actor, at: datetime) -> FormVersion:
    """A copy of the version in force (else the newest) to work on; the one there is, if any."""
    found = Form.objects.select_for_update().get(pk=form.pk)
    versions = list(found.versions.order_by("-number"))
    draft = next((v for v in versions if v.status == VersionStatus.DRAFT), None)
    if draft is not None:
        return draft
    base = next((v for v in versions if v.status == VersionStatus.PUBLISHED), None)
    base = base or next(iter(versions), None)
    number = versions[0].number + 1 if versions else 1
    version = _drafted(found, number, base.schema if base else Schema(), actor, at)
    audit("reporting.version.begun", version, actor=actor, at=at, form=form.code, number=number)
    return version


def _drafted(
    form: Form, number: int, schema: Schema, actor: Actor | None, at: datetime
) -> FormVersion:
    made = FormVersion(
        form=form, number=number, made_at=at, made_by_name=actor.name if actor else ""
    )
    made.write(schema)
    made.save(force_insert=True)
    return made


@transaction.atomic
def publish_version(
    version: FormVersion, *, edition: int, actor: Actor | None, at: datetime
) -> FormVersion:
    """Puts a draft in force and retires the one before it. NotReady says what is in the way.

    Campaigns that run keep their version until they are carried over (`domain.carrying`).
    """
    form = Form.objects.select_for_update().get(pk=version.form_id)
    found = FormVersion.objects.select_for_update().get(pk=version.pk)
    if found.status != VersionStatus.DRAFT:
        return found
    if found.edition != edition:
        raise ValidationError(_("The draft was changed meanwhile: look at it once more."))
    wrong = [p for p in problems(found, on=timezone.localdate(at)) if p.stops]
    if wrong:
        raise NotReady(wrong)
    form.versions.filter(status=VersionStatus.PUBLISHED).update(status=VersionStatus.RETIRED)
    found.status = VersionStatus.PUBLISHED
    found.published_at = at
    found.published_by_name = actor.name if actor else ""
    found.save(update_fields=["status", "published_at", "published_by_name"])
    write_cells(found)
    found.steps.all().delete()
    form.withdrawn_at = None
    form.save(update_fields=["withdrawn_at"])
    audit("reporting.version.published", found, actor=actor, at=at, form=form.code,
          number=found.number, cells=len(found.schema.cells), repeats=found.repeats)  # fmt: skip
    publish(FormPublished(form_id=form.pk, code=form.code, number=found.number), at=at)
    return found


def write_cells(version: FormVersion) -> None:
    """The cells of a published version, on which values hang."""
    schema = version.schema
    of_people = keys_of_people(CompiledForm(schema))
    FormCell.objects.bulk_create(
        FormCell(
            version=version,
            key=cell.key,
            number=number,
            type=cell.field.type.value,
            element=(cell.element or element_of(cell.source, schema))[:130],
            title=cell.title[:600],
            of_people=cell.key in of_people,
        )
        for number, cell in enumerate(schema.cells.values(), 1)
    )


@transaction.atomic
def delete_draft(version: FormVersion, *, actor: Actor, at: datetime) -> Form | None:
    """Away with a draft; with the whole form where it never was in force (then None)."""
    form = Form.objects.select_for_update().get(pk=version.form_id)
    found = FormVersion.objects.select_for_update().get(pk=version.pk)
    if found.status != VersionStatus.DRAFT:
        raise ValidationError(_("This version was in force: it stays."))
    audit("reporting.version.deleted", found, actor=actor, at=at, form=form.code,
          number=found.number, content=found.content)  # fmt: skip
    found.delete()
    if form.versions.exists():
        return form
    audit("reporting.form.deleted", form, actor=actor, at=at, code=form.code, **_plain(form))
    form.delete()
    return None


@transaction.atomic
def withdraw(form: Form, *, actor: Actor, at: datetime) -> None:
    """Asked no more; what was handed in stays. Refused while a campaign runs or is planned."""
    found = Form.objects.select_for_update().get(pk=form.pk)
    running = Campaign.objects.filter(version__form=found).exclude(status=CampaignStatus.CLOSED)
    names = list(running.values_list("title", flat=True)[:5])
    if names:
        raise ValidationError(
            _("Close or delete its campaigns first: %(names)s.") % {"names": "; ".join(names)}
        )
    if found.withdrawn_at is None:
        found.withdrawn_at = at
        found.save(update_fields=["withdrawn_at"])
        audit("reporting.form.withdrawn", found, actor=actor, at=at, code=found.code)
        publish(FormWithdrawn(form_id=found.pk, code=found.code, withdrawn=True), at=at)


@transaction.atomic
def restore(form: Form, *, actor: Actor, at: datetime) -> None:
    found = Form.objects.select_for_update().get(pk=form.pk)
    if found.withdrawn_at is not None:
        found.withdrawn_at = None
        found.save(update_fields=["withdrawn_at"])
        audit("reporting.form.restored", found, actor=actor, at=at, code=found.code)
        publish(FormWithdrawn(form_id=found.pk, code=found.code, withdrawn=False), at=at)


def _plain(form: Form) -> dict[str, Any]:
    return {name: getattr(form, name) for name in FIELDS}


DEFAULTS: Mapping[str, Any] = {
    "kind": FormKind.REPORT,
    "period_kind": PeriodKind.YEAR,
    "basis": "",
    "about": "",
    "audience": {},
}
