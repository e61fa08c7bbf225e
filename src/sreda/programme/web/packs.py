"""Loading a pack: hand in, look, confirm or cancel; the history of loads."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sreda.kernel import clock
from sreda.kernel.api import Column, Filter, Listing, store
from sreda.kernel.api import download as send_file
from sreda.kernel.listing import csv_response, xlsx_response
from sreda.kernel.tables import CHECKED
from sreda.programme.access import LOADS
from sreda.programme.domain import packs as domain
from sreda.programme.enums import LoadStatus
from sreda.programme.models import PackLoad
from sreda.programme.pack import Change, RowChange
from sreda.programme.queries import packs as queries
from sreda.programme.queries.stored import pack_of
from sreda.programme.tasks import defer_pack
from sreda.programme.web.base import actor_of, page, visible, workbook
from sreda.ui.pages import polled, refreshed, under_way, work_bar

ROWS_SHOWN = 100
KINDS = frozenset({".xlsx", ".zip"})


class UploadForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("Programme pack"),
        help_text=gettext_lazy("A workbook (XLSX) or a ZIP with CSV files, up to 20 MB."),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.zip"}),
    )


COLUMNS = [
    Column(gettext_lazy("File"), lambda load: load.name),
    Column(gettext_lazy("Document"), lambda load: str(load.programme or "")),
    Column(gettext_lazy("State"), lambda load: load.get_status_display()),
    Column(gettext_lazy("Handed in"), lambda load: load.staged_at.isoformat(timespec="minutes")),
    Column(gettext_lazy("By"), lambda load: load.staged_by_name),
]


@page
@require_http_methods(["GET", "POST"])
def packs(request: HttpRequest) -> HttpResponseBase:
    """The history of loads, and handing in another."""
    actor = actor_of(request)
    visible(LOADS.may(actor, "view"))
    sent = request.method == "POST"
    form = UploadForm(request.POST, request.FILES) if sent else UploadForm()
    if sent:
        LOADS.require(actor, "add")
        if form.is_valid():
            at = clock.now()
            try:
                file = store(
                    form.cleaned_data["file"], at=at, actor=actor, kinds=KINDS, limit=CHECKED.file
                )
                load = _handed(domain.begin(file=file, actor=actor, at=at))
            except ValidationError as error:
                form.add_error("file", error)
            else:
                return redirect("programme:pack", pk=load.pk)
    listing: Listing[PackLoad] = Listing(
        LOADS.all(actor).select_related("programme").defer("tables", "issues"),
        request.GET,
        search=lambda rows, text: rows.filter(name__icontains=text),
        filter_by=[Filter("status", gettext_lazy("State"), LoadStatus.choices)],
        sorts={"at": ["staged_at"], "name": ["name"]},
        default_sort="-at",
        columns=COLUMNS,
        name="loads",
    )
    return listing.export() or render(
        request,
        "programme/packs.html",
        {"listing": listing, "form": form},
        status=422 if form.errors else 200,
    )


@page
@require_POST
def example(request: HttpRequest) -> HttpResponseBase:
    actor = actor_of(request)
    visible(LOADS.may(actor, "view"))
    LOADS.require(actor, "add")
    load = _handed(domain.begin_example(actor=actor, at=clock.now()))
    return redirect("programme:pack", pk=load.pk)


def _handed(begun: tuple[PackLoad, bool]) -> PackLoad:
    """A load that is new is handed to the worker."""
    load, new = begun
    if new:
        defer_pack(load.pk)
    return load


def _load(request: HttpRequest, pk: UUID, action: str = "view") -> PackLoad:
    return LOADS.get(actor_of(request), action, pk=pk)


@page
@require_GET
def pack(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """What a load brings: table by table, with what is wrong in it and what the check finds."""
    load = _load(request, pk)
    if load.at_work:
        return _progress(request, load)
    return refreshed() if polled(request) else _shown(request, load)


def _progress(request: HttpRequest, load: PackLoad) -> HttpResponseBase:
    """How far the work is; htmx asks for the bar alone."""
    checking = load.status == LoadStatus.CHECKING
    label = _("Reading and checking") if checking else _("Loading")
    work = under_way(load.percent, label, request.path)
    if polled(request):
        return work_bar(request, work)
    context = {
        "load": load,
        "work": work,
        "steps": [_("Hand in"), _("Look through"), _("Confirm")],
        "step": 1 if checking else 3,
    }
    return render(request, "programme/pack_at_work.html", context)


def _shown(request: HttpRequest, load: PackLoad, error: str = "") -> HttpResponseBase:
    counts = queries.table_counts(load)
    issues = queries.issues_of(load)
    expected, vanishing = queries.foreseen(load)
    names = [table.key for table, _counts in counts]
    wanted = request.GET.get("table", "")
    default = "issues" if issues else "organisations"
    here = wanted if wanted in {*names, "issues", "findings"} else default
    if load.status == LoadStatus.REFUSED:
        here = "issues"
    context: dict[str, Any] = {
        "load": load,
        "tabs": _tabs(here, counts, len(issues), len(expected)),
        "here": here,
        "totals": {
            kind: sum(found[kind] for _table, found in counts)
            for kind in ("new", "changed", "unchanged", "gone", "bad")
        },
        "has_errors": any(issue.severity != "warning" for issue in issues),
        "open_findings": sum(f.decided == "open" for f in expected),
        "decided_findings": sum(f.decided != "open" for f in expected),
        "vanishing": vanishing,
        "error": error,
        "step": 2 if load.status == LoadStatus.STAGED else 4,
        "closed": load.status != LoadStatus.STAGED,
    }
    if here == "issues":
        context["page"] = Paginator(issues, ROWS_SHOWN).get_page(request.GET.get("page"))
    elif here == "findings":
        language = get_language() or "ru"
        shown = Paginator(expected, ROWS_SHOWN).get_page(request.GET.get("page"))
        context["page"] = shown
        context["findings"] = [
            (f, f.texts.get(language.split("-")[0]) or f.texts.get("ru", "")) for f in shown
        ]
    else:
        changes = queries.changes_of(load, here)
        shown_rows = Paginator(changes.rows, ROWS_SHOWN).get_page(request.GET.get("page"))
        context |= {
            "changes": changes,
            "page": shown_rows,
            "rows": [_row(change, changes.columns) for change in shown_rows],
        }
    return render(request, "programme/pack.html", context, status=422 if error else 200)


def _tabs(here: str, counts: list[Any], issues: int, findings: int) -> list[dict[str, Any]]:
    tabs: list[dict[str, Any]] = [
        {"label": _("Could not be read"), "url": "?table=issues", "count": issues,
         "active": here == "issues"},
        {"label": _("Findings of the check"), "url": "?table=findings", "count": findings,
         "active": here == "findings"},
    ]  # fmt: skip
    for table, found in counts:
        tabs.append(
            {
                "label": table.title,
                "url": f"?table={table.key}",
                "count": found["new"] + found["changed"] + found["gone"] or None,
                "active": here == table.key,
            }
        )
    return tabs


def _row(change: RowChange, columns: list[Any]) -> dict[str, Any]:
    row = change.after or change.before
    moved = {cell.column: cell for cell in change.cells}
    words = {
        Change.NEW: (_("new"), "success"),
        Change.CHANGED: (_("changed"), "warning"),
        Change.REMOVED: (_("gone"), "danger"),
    }
    assert row is not None
    return {
        "key": change.key,
        "state": words[change.change],
        "css": "is-new" if change.change == Change.NEW else "",
        "cells": [
            (
                row.cell(column.key).printed,
                (moved[column.key].before.printed, moved[column.key].after.printed)
                if column.key in moved
                else None,
            )
            for column in columns
        ],
    }


@page
@require_POST
def confirm(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    load = _load(request, pk, "close")
    try:
        _handed(
            domain.ask_confirm(
                load=load.pk,
                actor=actor_of(request),
                at=clock.now(),
                with_bad=request.POST.get("with_bad") == "1",
            )
        )
    except ValidationError as error:
        load.refresh_from_db()
        return _shown(request, load, " ".join(error.messages))
    return redirect("programme:pack", pk=pk)


@page
@require_POST
def cancel(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    load = _load(request, pk, "close")
    try:
        domain.cancel(load=load.pk, actor=actor_of(request), at=clock.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("programme:pack", pk=pk)
    messages.info(request, _("The load is cancelled; nothing was changed."))
    return redirect("programme:packs")


@page
@require_POST
def again(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Compare an old load with what is in force now: also the way back to an earlier one."""
    load = _load(request, pk, "add")
    if load.at_work:
        return redirect("programme:pack", pk=pk)
    made = _handed(domain.begin_again(load=load, actor=actor_of(request), at=clock.now()))
    return redirect("programme:pack", pk=made.pk)


@page
@require_GET
def download(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    load = _load(request, pk)
    if not load.tables:
        raise Http404
    return workbook(pack_of(load), f"pack-{load.staged_at:%Y-%m-%d-%H%M}")


@page
@require_GET
def original(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """The file as it was handed in."""
    load = _load(request, pk)
    if load.file is None:
        raise Http404
    if load.file.removed_at:  # its page says so
        return redirect("programme:pack", pk=pk)
    return send_file(load.file)


@page
@require_GET
def issues(request: HttpRequest, pk: UUID, form: str) -> HttpResponseBase:
    """The list of bad cells and rows, to hand to whoever made the file."""
    load = _load(request, pk)
    heading = [_("Severity"), _("File"), _("Sheet"), _("Row"), _("Column"), _("What is wrong")]
    words = {"fatal": _("refused"), "error": _("error"), "warning": _("warning")}
    rows: list[list[Any]] = [
        [
            words[issue.severity],
            issue.file,
            issue.sheet,
            issue.row,
            issue.column,
            issue.said(),
        ]
        for issue in queries.issues_of(load)
    ]
    match form:
        case "csv":
            return csv_response("issues", [heading, *rows])
        case "xlsx":
            return xlsx_response("issues", [heading, *rows])
    raise Http404
