"""Published versions of forms, compiled once; a published version never changes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from uuid import UUID

from sreda.reporting.enums import VersionStatus
from sreda.reporting.expressions import CompiledForm, OverTotals
from sreda.reporting.forms import Cell, Option, Schema
from sreda.reporting.models import Dictionary, FormCell, FormVersion


@lru_cache(maxsize=64)
def _compiled(version_id: UUID) -> CompiledForm:
    return CompiledForm(FormVersion.objects.get(pk=version_id).schema)


@lru_cache(maxsize=64)
def _cells(version_id: UUID) -> Mapping[str, int]:
    return dict(FormCell.objects.filter(version_id=version_id).values_list("key", "pk"))


def compiled_form(version: FormVersion) -> CompiledForm:
    """The expressions of a version. Drafts are compiled anew each time."""
    if version.status == VersionStatus.DRAFT:
        return CompiledForm(version.schema)
    return _compiled(version.pk)


@lru_cache(maxsize=64)
def _over_totals(version_id: UUID) -> OverTotals:
    return OverTotals(_compiled(version_id))


def over_totals(version: FormVersion) -> OverTotals:
    """How cells of a published version that do not add up are computed over many reports."""
    return _over_totals(version.pk)


def cell_ids(version: FormVersion) -> Mapping[str, int]:
    """Ids of FormCell by key."""
    return _cells(version.pk)


def schema_in_force(code: str) -> Schema | None:
    """What a form asks now, for expressions of others that name its cells."""
    found = FormVersion.objects.filter(form__code=code, status=VersionStatus.PUBLISHED).first()
    return found.schema if found else None


def dictionaries_of(schema: Schema) -> dict[str, tuple[Option, ...]]:
    """Shared lists of options that the form names; one query, none where it names none."""
    names = {cell.field.dictionary for cell in schema.cells.values() if cell.field.dictionary}
    if not names:
        return {}
    return {
        code: tuple(Option(option["code"], option["title"]) for option in options)
        for code, options in Dictionary.objects.filter(code__in=names).values_list(
            "code", "options"
        )
    }


def options_of(cell: Cell, dictionaries: Mapping[str, tuple[Option, ...]]) -> tuple[Option, ...]:
    return cell.field.options or dictionaries.get(cell.field.dictionary, ())
