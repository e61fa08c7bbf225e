"""Pages where tables are handed in, looked through and taken over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy
from django.views.decorators.http import require_POST

from sreda.kernel import clock
from sreda.kernel.api import Actor, Permissions, StoredFile, defer_once, store, worker_there
from sreda.kernel.listing import csv_response, xlsx_response
from sreda.kernel.tables import HELD, STREAMED, Column
from sreda.registry.access import IMPORT_JOBS, PEOPLE, PEOPLE_IMPORTS, TABLE_IMPORTS
from sreda.registry.domain import import_jobs, people_import
from sreda.registry.domain.guardians_import import GUARDIANS_TABLE, WHO
from sreda.registry.domain.municipalities_import import MUNICIPALITIES_TABLE
from sreda.registry.domain.organisations_import import ORGANISATIONS_TABLE
from sreda.registry.domain.people_import import RowChange
from sreda.registry.domain.people_rows import COLUMNS as PEOPLE_COLUMNS
from sreda.registry.domain.people_rows import as_written, fault_text
from sreda.registry.domain.qualifications_import import QUALIFICATIONS_TABLE
from sreda.registry.domain.table_import import (
    Table,
    apply_table,
    bad_of_table,
    bad_table,
    cancel_table,
    preview_table,
    stage_table,
)
from sreda.registry.models import (
    Guardianship,
    ImportStatus,
    JobStatus,
    Municipality,
    Organisation,
    Qualification,
    TableImport,
)
from sreda.registry.tasks import run_import
from sreda.registry.web import base
from sreda.registry.web.base import actor_of, page, visible
from sreda.registry.web.forms import Sectioned
from sreda.ui.pages import polled, refreshed, under_way, work_bar

ROWS_ON_A_PAGE = 50
KINDS = frozenset({".csv", ".xlsx"})


@dataclass(frozen=True, slots=True)
class Importer:
    """One kind of table: its engine, and how its pages are called."""

    name: str
    title: Any
    lead: Any
    imports: Permissions[Any]
    access: Permissions[Any]
    limit: int
    columns: Sequence[Column]
    stage: Callable[..., Any]
    apply: Callable[..., Any]
    cancel: Callable[..., Any]
    preview: Callable[..., Sequence[Any]]
    bad_rows: Callable[[Any], QuerySet[Any]]
    bad_table: Callable[[Any], Iterator[list[str]]]
    list_name: str
    fault_text: Callable[[list[str]], str]
    shown: Sequence[Any]  # headings of what a row is about, in the preview
    action: str = "import"
    as_written: Callable[[dict[str, str]], dict[str, str]] = dict

    def may(self, actor: Actor) -> bool:
        return self.access.may(actor, self.action)


PEOPLE_IMPORTER = Importer(
    name="people",
    title=gettext_lazy("Import people"),
    lead=gettext_lazy(
        "A table of pupils, students and staff. Nothing changes until you have seen what is"
        " new, changed and wrong, and confirmed it."
    ),
    imports=PEOPLE_IMPORTS,
    access=PEOPLE,
    limit=STREAMED.file,
    columns=PEOPLE_COLUMNS,
    stage=people_import.stage_people,
    apply=people_import.apply_import,
    cancel=people_import.cancel_import,
    preview=people_import.preview,
    bad_rows=people_import.bad_rows,
    bad_table=people_import.bad_table,
    list_name="people",
    fault_text=fault_text,
    as_written=as_written,
    shown=(pgettext_lazy("person", "Name"), gettext_lazy("Organisation")),
)


_MODELS: dict[str, type[models.Model]] = {
    "municipalities": Municipality,
    "organisations": Organisation,
    "qualifications": Qualification,
    "guardians": Guardianship,
}


def _preview(
    table: Table, imported: TableImport, *, state: str, limit: int, offset: int, actor: Actor
) -> list[RowChange]:
    """The rows as they would change the registry now, cell by cell in words."""
    judged = preview_table(table, imported, actor=actor, at=clock.now())
    model = _MODELS[table.name]
    return [
        RowChange(
            item.line,
            item.name,
            item.state,
            item.place,
            tuple(
                (_label(model, key), _said(model, key, old), _said(model, key, new))
                for key, (old, new) in item.differing.items()
            ),
        )
        for item in [item for item in judged if item.state == state][offset : offset + limit]
    ]


def _label(model: type[models.Model], key: str) -> str:
    return str(WHO) if key == "person" else base.label(model, key)


def _said(model: type[models.Model], key: str, value: Any) -> str:
    plain = value.isoformat() if isinstance(value, date) else value
    if isinstance(value, Municipality) or key == "person":
        return str(value)
    return base.shown(model, key, plain, {})


def _fault_of(table: Table, fault: list[str]) -> str:
    key, value, text = fault
    said = f"{table.labels[key]}: "
    return said + (f"«{value}» — {text}" if value else text)


def _importer(table: Table, title: Any, lead: Any, list_name: str, *shown: Any) -> Importer:
    return Importer(
        name=table.name,
        title=title,
        lead=lead,
        imports=TABLE_IMPORTS,
        access=table.access,
        action=table.action,
        limit=HELD.file,
        columns=table.columns,
        stage=partial(stage_table, table),
        apply=partial(apply_table, table),
        cancel=cancel_table,
        preview=partial(_preview, table),
        bad_rows=bad_of_table,
        bad_table=partial(bad_table, table),
        list_name=list_name,
        fault_text=partial(_fault_of, table),
        shown=shown,
    )


IMPORTERS = (
    PEOPLE_IMPORTER,
    _importer(
        MUNICIPALITIES_TABLE,
        gettext_lazy("Import municipalities"),
        gettext_lazy(
            "A table of the region's municipalities. Nothing changes until you have seen what is"
            " new, changed and wrong, and confirmed it."
        ),
        "municipalities",
        gettext_lazy("Municipality"),
        gettext_lazy("Code"),
    ),
    _importer(
        ORGANISATIONS_TABLE,
        gettext_lazy("Import organisations"),
        gettext_lazy(
            "A table of organisations. Nothing changes until you have seen what is new, changed"
            " and wrong, and confirmed it."
        ),
        "organisations",
        gettext_lazy("Organisation"),
        gettext_lazy("Registry number"),
    ),
    _importer(
        QUALIFICATIONS_TABLE,
        gettext_lazy("Import finished courses"),
        gettext_lazy(
            "A table of courses that your staff finished. A person is found by the number in the"
            " source system, or by name and date of birth. Nothing changes until you have seen"
            " what is new, changed and wrong, and confirmed it."
        ),
        "people",
        pgettext_lazy("person", "Name"),
        gettext_lazy("Programme of the course"),
    ),
    _importer(
        GUARDIANS_TABLE,
        gettext_lazy("Import parents and guardians"),
        gettext_lazy(
            "A table of the parents and guardians of your learners. Who is not in the registry yet"
            " is entered; the data of those who are stay as they are. Nothing changes until you"
            " have seen what is new, changed and wrong, and confirmed it."
        ),
        "people",
        gettext_lazy("Child"),
        WHO,
    ),
)
BY_NAME = {importer.name: importer for importer in IMPORTERS}


class UploadForm(Sectioned, forms.Form):
    layout = (("", ("file:12",)),)

    file = forms.FileField(
        label=gettext_lazy("File"),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv"}),
        help_text=gettext_lazy("XLSX or CSV, with the headings in one of its first rows."),
    )


def _mine(importer: Importer, actor: Actor) -> QuerySet[Any]:
    rows = importer.imports.all(actor).select_related("file")
    return rows if importer is PEOPLE_IMPORTER else rows.filter(kind=importer.name)


def _found(actor: Actor, pk: UUID) -> tuple[Importer, Any]:
    for importer in IMPORTERS:
        if importer.may(actor):
            imported = _mine(importer, actor).filter(pk=pk).first()
            if imported is not None:
                return importer, imported
    raise Http404


def _upload(request: HttpRequest, importer: Importer) -> HttpResponseBase:
    actor = actor_of(request)
    visible(importer.may(actor))
    if kind := request.GET.get("template"):
        return _template(importer, kind)
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        at = clock.now()
        try:
            file: StoredFile = store(
                form.cleaned_data["file"], at=at, actor=actor, kinds=KINDS, limit=importer.limit
            )
            if import_jobs.is_large(file) and worker_there(at):
                return _behind(importer, file, actor)
            imported = importer.stage(file, actor=actor, at=at)
        except ValidationError as error:
            form.add_error("file", _flat(error))
        else:
            return redirect("registry:import", imported.pk)
    return render(
        request,
        "registry/import_upload.html",
        {
            "importer": importer,
            "form": form,
            "columns": importer.columns,
            "earlier": _mine(importer, actor)[:10],
            "jobs": _open_jobs(importer, actor),
            "list_url": reverse(f"registry:{importer.list_name}"),
        },
        status=422 if form.errors else 200,
    )


def _open_jobs(importer: Importer, actor: Actor) -> QuerySet[Any]:
    """Jobs in work, or failed lately enough to be tried again."""
    since = clock.now() - timedelta(days=1)
    return (
        IMPORT_JOBS.all(actor)
        .exclude(status=JobStatus.DONE)
        .filter(made_at__gt=since, kind=importer.name)
        .select_related("file")[:5]
    )


def _behind(
    importer: Importer,
    file: StoredFile,
    actor: Actor,
    imported: Any = None,
    *,
    only_good: bool = False,
) -> HttpResponseBase:
    """Hand the work to the worker and show its progress; asked twice, it is one job."""
    with transaction.atomic():
        job, new = import_jobs.start_job(
            file, actor=actor, at=clock.now(), imported=imported, kind=importer.name,
            only_good=only_good,
        )  # fmt: skip
        if new:
            defer_once(run_import, job_id=job.pk)
    return redirect("registry:import_job", job.pk)


@page
def job(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """The progress of a job; once done, the import itself. htmx asks for the bar alone."""
    actor = actor_of(request)
    visible(any(importer.may(actor) for importer in IMPORTERS))
    found = IMPORT_JOBS.get(actor, "view", pk=pk)
    importer = BY_NAME[found.kind]
    at = clock.now()
    if request.method == "POST":
        if import_jobs.try_again(found, at=at):
            defer_once(run_import, job_id=pk)
        return redirect("registry:import_job", pk)
    lost = import_jobs.is_lost(found, at)
    if found.status == JobStatus.DONE and found.imported:
        url = reverse("registry:import", args=[found.imported.pk])
        return HttpResponse(headers={"HX-Redirect": url}) if polled(request) else redirect(url)
    context: dict[str, Any] = {
        "job": found,
        "lost": lost,
        "upload_url": reverse(f"registry:import_{importer.name}"),
        "list_url": reverse(f"registry:{importer.list_name}"),
        "importer": importer,
    }
    if found.at_work and not lost:
        steps = {
            "read": _("Reading the rows"),
            "compare": _("Comparing with the registry"),
            "write": _("Writing"),
        }
        label = steps.get(found.step, found.get_status_display())
        context["work"] = under_way(found.percent, label, request.path)
        if polled(request):
            return work_bar(request, context["work"])
    elif polled(request):
        return refreshed()
    return render(request, "registry/import_job.html", context)


def _flat(error: ValidationError) -> ValidationError:
    return ValidationError(error.messages)


def _template(importer: Importer, kind: str) -> HttpResponseBase:
    """An empty table with the headings."""
    table: Iterable[list[str]] = [[str(column.label) for column in importer.columns]]
    answer = xlsx_response if kind == "xlsx" else csv_response
    return answer(importer.name, table)


@page
def people(request: HttpRequest) -> HttpResponseBase:
    return _upload(request, PEOPLE_IMPORTER)


@page
def municipalities(request: HttpRequest) -> HttpResponseBase:
    return _upload(request, BY_NAME["municipalities"])


@page
def organisations(request: HttpRequest) -> HttpResponseBase:
    return _upload(request, BY_NAME["organisations"])


@page
def qualifications(request: HttpRequest) -> HttpResponseBase:
    return _upload(request, BY_NAME["qualifications"])


@page
def guardians(request: HttpRequest) -> HttpResponseBase:
    return _upload(request, BY_NAME["guardians"])


@page
def show(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """The staged table: what is new, changed and wrong; once closed, what became of it."""
    actor = actor_of(request)
    importer, imported = _found(actor, pk)
    view = request.GET.get("show", "")
    counts = {"new": imported.new, "changed": imported.changed, "bad": imported.bad}
    if view not in counts:
        view = next((name for name in ("bad", "changed", "new") if counts[name]), "new")
    pages = max(1, -(-counts[view] // ROWS_ON_A_PAGE))
    try:
        number = min(max(int(request.GET.get("page", "1")), 1), pages)
    except ValueError:
        number = 1
    offset = (number - 1) * ROWS_ON_A_PAGE
    rows: Sequence[Any] = ()
    bad: list[dict[str, Any]] = []
    if view == "bad":
        bad = [
            {
                "line": row.line,
                "cells": [cells[c.key] for c in importer.columns if cells.get(c.key)],
                "faults": [importer.fault_text(fault) for fault in row.faults],
            }
            for row in importer.bad_rows(imported)[offset : offset + ROWS_ON_A_PAGE]
            for cells in (importer.as_written(row.cells),)
        ]
    elif imported.status == ImportStatus.STAGED:
        rows = importer.preview(
            imported, state=view, limit=ROWS_ON_A_PAGE, offset=offset, actor=actor
        )
    staged = imported.status == ImportStatus.STAGED
    labels = {"new": _("New"), "changed": _("Changed rows"), "bad": _("Faulty")}
    shown = [name for name in ("new", "changed", "bad") if staged or name == "bad"]
    return render(
        request,
        "registry/import.html",
        {
            "importer": importer,
            "imported": imported,
            "staged": staged,
            "removal": imported.file.removal,
            "good": imported.new + imported.changed,
            "view": view,
            "rows": rows,
            "bad": bad,
            "tabs": [
                {
                    "label": labels[name],
                    "count": counts[name],
                    "url": f"?show={name}",
                    "active": name == view,
                }
                for name in shown
            ],
            "number": number,
            "pages": pages,
            "steps": [_("File"), _("Check"), pgettext("work", "Done")],
            "step": 2 if staged else 4,
            "upload_url": reverse(f"registry:import_{importer.name}"),
            "list_url": reverse(f"registry:{importer.list_name}"),
        },
    )


@page
@require_POST
def decide(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Takes the table over, or drops it."""
    actor = actor_of(request)
    importer, imported = _found(actor, pk)
    what = request.POST.get("what", "")
    try:
        if what == "cancel":
            importer.cancel(imported, actor=actor, at=clock.now())
            messages.info(request, _("The table is dropped; nothing was changed."))
        elif (
            imported.status == ImportStatus.STAGED
            and import_jobs.is_long(imported)
            and worker_there(clock.now())
        ):
            return _behind(importer, imported.file, actor, imported, only_good=what == "good")
        else:
            importer.apply(imported, actor=actor, at=clock.now(), only_good=what == "good")
            messages.success(request, _("The table is taken over."))
    except ValidationError as error:
        for text in error.messages:
            messages.error(request, text)
    return redirect("registry:import", pk)


@page
def bad(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """The bad rows with their reasons, to be mended and handed in again."""
    importer, imported = _found(actor_of(request), pk)
    answer = xlsx_response if request.GET.get("as") == "xlsx" else csv_response
    return answer(f"{importer.name}-faulty", importer.bad_table(imported))
