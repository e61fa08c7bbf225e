"""The editor of a version: its tree, its tables, and the forms of its parts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sreda.kernel import clock
from sreda.reporting.access import VERSIONS
from sreda.reporting.domain import drafts
from sreda.reporting.expressions import ExpressionError, compile_expression
from sreda.reporting.forms import Block, BlockKind, CellType, Check, Field, Row, Schema, SchemaError
from sreda.reporting.forms.burden import burden_of, of_cell
from sreda.reporting.forms.edit import Part, Place, part_at, siblings
from sreda.reporting.models import FormVersion
from sreda.reporting.queries import knowledge
from sreda.reporting.queries.burden import total, yearly
from sreda.reporting.queries.versions import schema_in_force
from sreda.reporting.queries.vetting import target, title_of, translated
from sreda.reporting.web.design.base import (
    KINDS,
    TYPES,
    Context,
    actor_of,
    add_errors,
    at_place,
    back_to,
    edition_of,
    gone,
    page,
    say_others,
    version_of,
)
from sreda.reporting.web.design.part_forms import (
    BlockForm,
    CellForm,
    CheckForm,
    FieldForm,
    LinesForm,
    PartForm,
    RowForm,
    SectionForm,
    write_options,
)

EXPRESSIONS = {
    "source": "source", "relevant": "relevant", "rows_source": "rows_source",
    "expression": "expression",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class GridCell:
    """How a cell of a table gets its value: "source", "typed" or "closed"."""

    key: str
    state: str
    source: str
    element: str


@page
@require_GET
def version(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """?at= chooses the section, the block, or the checks to be shown."""
    found = version_of(request, pk)
    actor, schema = actor_of(request), found.schema
    (year,) = yearly([(found.form, found)], actor.on)
    asked, saved = total(actor.on)
    context: Context = {
        "version": found,
        "form": found.form,
        "schema": schema,
        "editable": VERSIONS.may(actor, "change", found),
        "year": year,
        "minutes": burden_of(schema),
        "total_hours": asked / 60,
        "total_saved": saved / 60,
        "faults": [
            (fault, title_of(schema, fault.place), translated(fault), target(schema, fault.place))
            for fault in schema.faults()
        ][:20],
        "last": found.steps.filter(past=False).first(),
        "taken_back": drafts.taken_back(found),
        "kinds": KINDS(),
        **chosen(schema, request.GET.get("at", "")),
    }
    return render(request, "reporting/design/version.html", context)


def chosen(schema: Schema, at: str) -> Context:
    """The part that is looked at: the first section where none or an unknown one is named."""
    if at == "checks":
        return {"here": "checks", "checks": schema.checks}
    try:
        place = Place.read(at) if at else None
    except SchemaError:
        place = None
    part = part_at(schema, place) if place else None
    if isinstance(part, Block) and place is not None:
        section = next(s for s in schema.sections if part in s.blocks)
        shown: Context = {
            "here": str(place), "piece": part, "section": section, "kind": KINDS()[part.kind],
            "types": TYPES(), "rows": list(grid(part)), "fields": list(field_rows(schema, part)),
        }  # fmt: skip
        return shown
    if place is None or place.kind != "section" or part is None:
        part = next(iter(schema.sections), None)
    return {
        "here": f"section:{part.code}" if part else "",
        "section": part,
        "kinds_of": KINDS(),
    }


def grid(block: Block) -> Iterator[tuple[Row, list[GridCell]]]:
    """Rows of a table with the state of every cell."""
    for row in block.rows:
        sources, elements = dict(row.sources), dict(row.elements)
        cells = []
        for column in block.fields:
            source = sources.get(column.code, column.source)
            state = "closed" if column.code in row.closed else "source" if source else "typed"
            key = f"{block.code}.{row.code}.{column.code}"
            cells.append(GridCell(key, state, source, elements.get(column.code, column.element)))
        yield row, cells


def field_rows(schema: Schema, block: Block) -> Iterator[tuple[Field, str, Any]]:
    """(field, its type in words, minutes it asks)."""
    types = TYPES()
    cells = [cell for cell in schema.cells.values() if cell.block == block.code]
    for field in block.fields:
        minutes = sum(of_cell(c, block).asked for c in cells if c.field.code == field.code)
        yield field, types[field.type], minutes


# Parts.


def part_form(
    request: HttpRequest, found: FormVersion, place: Place, part: Part | None
) -> PartForm:
    """The form of a part that is there, or of one to be added."""
    schema = found.schema
    data = request.POST if request.method == "POST" else None
    taken = {p.code for p in siblings(schema, place)} - {place.code}
    if place.kind == "block":
        taken = set(schema.blocks) - {place.code}
    initial: dict[str, Any] = {
        "edition": found.edition, "level": 0, "kind": "fields", "type": "integer",
        "severity": "error", "max_rows": 1000,
    }  # fmt: skip
    if part is not None:
        initial |= initial_of(part)
    # what was built from lists comes along in the address
    initial |= {name: request.GET[name][:4000] for name in EXPRESSIONS if name in request.GET}
    common: dict[str, Any] = {"initial": initial, "taken": frozenset(taken)}
    match place.kind:
        case "section":
            return SectionForm(data, **common)
        case "block":
            return BlockForm(data, part=part if isinstance(part, Block) else None, **common)
        case "check":
            return CheckForm(data, **common)
    block = schema.blocks.get(place.block)
    if block is None or (place.kind == "row" and block.kind is not BlockKind.TABLE):
        raise Http404
    if place.kind == "row":
        return RowForm(data, block=block, **common)
    return FieldForm(data, block=block, **common)


def vet(form: forms.Form, found: FormVersion, place: Place, before: Part | None) -> None:
    """Errors at the fields whose expressions are wrong, and were not so before."""
    block = found.schema.blocks.get(place.block)
    listed = block if block is not None and block.kind is BlockKind.LIST else None
    for name in EXPRESSIONS:
        text = form.cleaned_data.get(name, "")
        if not text or text == getattr(before, name, ""):
            continue
        try:
            compile_expression(
                text,
                place.code,
                schema=found.schema,
                row_of=listed if place.kind == "field" else None,
                form_of=schema_in_force,
            )
        except ExpressionError as error:
            form.add_error(name, said(error))


def said(error: ExpressionError) -> str:
    if not error.line:
        return error.reason
    return _("line %(line)s, column %(column)s: %(reason)s") % {
        "line": error.line, "column": error.column, "reason": error.reason,
    }  # fmt: skip


@page
@require_http_methods(["GET", "POST"])
def part(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """The form of the part ?at=."""
    found = version_of(request, pk, "change")
    if "at" not in request.GET:
        return redirect(back_to(found))
    place, now = at_place(found, request.GET["at"])
    form = part_form(request, found, place, now)
    conflict: list[tuple[str, str, str]] = []
    by: list[str] = []
    if request.method == "POST" and form.is_valid():
        vet(form, found, place, now)
        if form.is_valid():
            values = _with_cells(form, found, place)
            try:
                saved = drafts.amend(
                    found, place, values, edition=form.cleaned_data["edition"],
                    actor=actor_of(request), at=clock.now(),
                )  # fmt: skip
            except drafts.Stale as stale:
                if not stale.differs:
                    return gone(request, found, stale)
                conflict, by = _in_words(form, stale), stale.by
                form.data = _merged(request, form, stale, FormVersion.objects.get(pk=pk).edition)
            except ValidationError as error:
                add_errors(form, error)
            else:
                say_others(request, saved)
                messages.success(request, _("Saved."))
                return redirect(back_to(found, Place(place.kind, values["code"], place.block)))
    return _form_page(
        request, found, form, place, conflict=conflict, by=by,
        title=getattr(now, "title", "") or getattr(now, "message", ""),
    )  # fmt: skip


def _with_cells(form: PartForm, found: FormVersion, place: Place) -> dict[str, Any]:
    """Of a check: the cells its condition names, where none were given."""
    values = form.values
    if place.kind == "check" and not values["cells"]:
        compiled = compile_expression(
            values["expression"], place.code, schema=found.schema, form_of=schema_in_force
        )
        known = found.schema.cells
        cells = [key for key in known if key in compiled.inputs.cells]
        listed = {key.removesuffix("*") for key in compiled.inputs.cells if key.endswith("*")}
        cells += [key for key in known if any(key.startswith(start) for start in listed)]
        values["cells"] = tuple(cells[:20])
    return values


def _merged(request: HttpRequest, form: forms.Form, stale: drafts.Stale, edition: int) -> QueryDict:
    """What was typed, on top of what is saved now: fields not touched here take that."""
    data = request.POST.copy()
    data["edition"] = str(edition)
    assert stale.current is not None  # it differs, so it is there
    now = initial_of(stale.current)
    for name in stale.untouched & form.fields.keys():
        match now[name]:
            case bool() as yes:
                data.setlist(name, ["on"] if yes else [])
            case list() | tuple() | frozenset() as several:
                data.setlist(name, [str(item) for item in several])
            case value:
                data[name] = "" if value is None else str(value)
    return data


def initial_of(part: Part) -> dict[str, Any]:
    """A part as its form shows it."""
    found: dict[str, Any] = {f.name: getattr(part, f.name) for f in fields(part)}
    if isinstance(part, Field):
        found["options"] = write_options(part.options)
    if isinstance(part, Check):
        found["cells"] = "\n".join(part.cells)
    return found


def _in_words(form: forms.Form, stale: drafts.Stale) -> list[tuple[str, str, str]]:
    """(field, what is saved now, what was typed here) of what both changed."""
    return [
        (
            str(form.fields[name].label) if name in form.fields else name,
            _shown(theirs),
            _shown(mine),
        )
        for name, _base, theirs, mine in stale.differs
    ]


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, CellType):
        return TYPES()[value]
    if isinstance(value, frozenset | tuple):
        return ", ".join(getattr(item, "title", str(item)) for item in value)
    return "" if value is None else str(value)


def _form_page(
    request: HttpRequest, found: FormVersion, form: forms.Form, place: Place, **more: Any
) -> HttpResponseBase:
    titles = {
        "section": _("Section"), "block": _("Part of the form"), "row": _("Row"),
        "field": _("Question or column"), "check": _("Check"),
    }  # fmt: skip
    context: Context = {
        "version": found,
        "form": form,
        "place": place,
        "word": titles[place.kind],
        "back": back_to(found, place),
        "elements": list(knowledge.elements()) if "element" in form.fields else [],
        "tried": [name for name in EXPRESSIONS if name in form.fields],
        **more,
    }
    wrong = bool(form.errors) or bool(more.get("conflict"))
    return render(request, "reporting/design/part.html", context, status=422 if wrong else 200)


@page
@require_http_methods(["GET", "POST"])
def part_add(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """A new part: ?kind= of it, ?under= the code of the section or block it goes into."""
    found = version_of(request, pk, "change")
    kind, under = request.GET.get("kind", ""), request.GET.get("under", "")
    if not kind:
        return redirect(back_to(found))
    if kind not in {"section", "block", "row", "field", "check"}:
        raise Http404
    schema = found.schema
    if (kind == "block" and all(s.code != under for s in schema.sections)) or (
        kind in {"row", "field"} and under not in schema.blocks
    ):
        raise Http404
    place = Place(kind, "", under if kind in {"row", "field"} else "")
    form = part_form(request, found, place, None)
    if request.method == "POST" and form.is_valid():
        vet(form, found, place, None)
        if form.is_valid():
            form.cleaned_data = form.cleaned_data | _only_cells(form, found, place)
            try:
                made = form.made()  # type: ignore[attr-defined]
                saved = drafts.insert(
                    found, made, under=under, edition=form.cleaned_data["edition"],
                    actor=actor_of(request), at=clock.now(),
                )  # fmt: skip
            except ValidationError as error:
                add_errors(form, error)
            else:
                say_others(request, saved)
                messages.success(request, _("Added: %(title)s") % {"title": _title(made)})
                here = Place(kind, made.code, place.block)
                if "again" in request.POST:
                    return redirect(request.get_full_path())
                return redirect(back_to(found, here))
    return _form_page(request, found, form, place, title="", adding=True, under=under)


def _only_cells(form: PartForm, found: FormVersion, place: Place) -> dict[str, Any]:
    return {"cells": _with_cells(form, found, place)["cells"]} if place.kind == "check" else {}


def _title(part: Part) -> str:
    title: str = getattr(part, "title", "") or getattr(part, "message", "")
    return title[:80]


@page
@require_http_methods(["GET", "POST"])
def lines(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Many rows of a table at once."""
    found = version_of(request, pk, "change")
    if "under" not in request.GET:
        return redirect(back_to(found))
    block = found.schema.blocks.get(request.GET["under"])
    if block is None or block.kind is not BlockKind.TABLE:
        raise Http404
    sent = request.method == "POST"
    form = LinesForm(request.POST if sent else None, initial={"edition": found.edition})
    place = Place("block", block.code)
    if sent and form.is_valid():
        made = form.rows({row.code for row in block.rows}, len(block.rows) + 1)
        edition = form.cleaned_data["edition"]
        try:
            saved = drafts.insert_all(
                found, made, under=block.code, edition=edition,
                actor=actor_of(request), at=clock.now(),
            )  # fmt: skip
        except ValidationError as error:
            add_errors(form, error)
        else:
            say_others(request, saved)
            messages.success(request, _("Rows added: %(count)s.") % {"count": len(made)})
            return redirect(back_to(found, place))
    return _form_page(request, found, form, place, title=block.title, many=True)


@page
@require_http_methods(["GET", "POST"])
def cell(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """One cell of a table, ?key=block.row.column."""
    found = version_of(request, pk, "change")
    key = request.GET.get("key", "")
    if not key:
        return redirect(back_to(found))
    block, row, column = cell_at(found.schema, key)
    sources, elements = dict(row.sources), dict(row.elements)
    initial = {
        "source": sources.get(column.code, ""), "element": elements.get(column.code, ""),
        "closed": column.code in row.closed, "edition": found.edition,
    }  # fmt: skip
    built = {"source": request.GET["source"][:4000]} if "source" in request.GET else {}
    form = CellForm(request.POST or None, initial=initial | built)
    place = Place("row", row.code, block.code)
    conflict: list[tuple[str, str, str]] = []
    if request.method == "POST" and form.is_valid():
        if form.cleaned_data["source"] != initial["source"]:
            vet(form, found, Place("cell", key), None)
        if form.is_valid():
            data = form.cleaned_data
            try:
                saved = drafts.amend(
                    found, place, _cell_values(row, column.code, data), edition=data["edition"],
                    actor=actor_of(request), at=clock.now(),
                )  # fmt: skip
            except drafts.Stale as stale:
                return gone(request, found, stale)
            except ValidationError as error:
                add_errors(form, error)
            else:
                say_others(request, saved)
                messages.success(request, _("Saved."))
                return redirect(back_to(found, Place("block", block.code)))
    return render(
        request,
        "reporting/design/part.html",
        {
            "version": found, "form": form, "place": place, "word": _("Cell"),
            "title": f"{row.title}: {column.title}", "key": key, "column": column,
            "back": back_to(found, Place("block", block.code)), "conflict": conflict,
            "elements": list(knowledge.elements()), "tried": ["source"],
        },
        status=422 if form.errors else 200,
    )  # fmt: skip


def cell_at(schema: Schema, key: str) -> tuple[Block, Row, Field]:
    """404 where there is no such place in a table (a crossed-out one is a place too)."""
    parts = key.split(".")
    block = schema.blocks.get(parts[0])
    if block is None or block.kind is not BlockKind.TABLE or len(parts) != 3:
        raise Http404
    row = next((r for r in block.rows if r.code == parts[1]), None)
    column = next((f for f in block.fields if f.code == parts[2]), None)
    if row is None or column is None:
        raise Http404
    return block, row, column


def _cell_values(row: Row, column: str, data: dict[str, Any]) -> dict[str, Any]:
    def pairs(found: tuple[tuple[str, str], ...], said: str) -> tuple[tuple[str, str], ...]:
        kept = [(code, text) for code, text in found if code != column]
        return (*kept, (column, said)) if said else tuple(kept)

    closed = row.closed | {column} if data["closed"] else row.closed - {column}
    return {
        "sources": pairs(row.sources, data["source"].strip()),
        "elements": pairs(row.elements, data["element"].strip()),
        "closed": frozenset(closed),
    }


@page
@require_POST
def act(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """One press: up, down, delete, to another section, or the last change back and again."""
    found = version_of(request, pk, "change")
    actor, at, edition = actor_of(request), clock.now(), edition_of(request)
    do = request.POST.get("do", "")
    try:
        if do == "undo":
            step = drafts.undo(found, edition=edition, actor=actor, at=at)
            if step is None:
                messages.info(request, _("There is nothing to take back."))
            else:
                messages.success(request, _("Taken back: %(said)s") % {"said": step.said})
            return redirect(back_to(found, _sent_place(request)))
        if do == "redo":
            step = drafts.redo(found, edition=edition, actor=actor, at=at)
            if step is None:
                messages.info(request, _("There is nothing to bring back."))
            else:
                messages.success(request, _("Brought back: %(said)s") % {"said": step.said})
            return redirect(back_to(found, _sent_place(request)))
        place, now = at_place(found, request.POST.get("at", ""))
        match do:
            case "up" | "down":
                by = -1 if do == "up" else 1
                saved = drafts.shift(found, place, by, edition=edition, actor=actor, at=at)
            case "delete":
                saved = drafts.remove(found, place, edition=edition, actor=actor, at=at)
                messages.success(request, _("Deleted: %(title)s") % {"title": _title(now)})
            case "section" if isinstance(now, Block):
                section = request.POST.get("section", "")
                saved = drafts.resettle(
                    found, place.code, section, edition=edition, actor=actor, at=at
                )
            case _:
                raise Http404
    except (drafts.Stale, ValidationError) as error:
        return gone(request, found, error)
    say_others(request, saved)
    if do == "delete" and place.kind in {"section", "block"}:
        return redirect(back_to(saved.version, _above(found.schema, place)))
    return redirect(back_to(saved.version, _shown_at(found.schema, place)))


def _sent_place(request: HttpRequest) -> Place | None:
    try:
        return Place.read(request.POST.get("at", ""))
    except SchemaError:
        return None


def _above(schema: Schema, place: Place) -> Place | None:
    if place.kind != "block":
        return None
    section = next(
        (s for s in schema.sections if any(b.code == place.code for b in s.blocks)), None
    )
    return Place("section", section.code) if section else None


def _shown_at(schema: Schema, place: Place) -> Place | None:
    """Where a moved part is looked at: a block in its section."""
    return _above(schema, place) if place.kind == "block" else place
