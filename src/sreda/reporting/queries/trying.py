"""What an expression gives for real organisations, while it is being written."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Q

from sreda.registry.api import Organisation, on_day
from sreda.reporting.expressions import (
    CellValues,
    CompiledForm,
    ExpressionError,
    Filled,
    Used,
    World,
    compile_expression,
)
from sreda.reporting.forms import BlockKind, Schema
from sreda.reporting.queries.audience import Audience
from sreda.reporting.queries.vetting import form_in_force

SAMPLES = 3


@dataclass(frozen=True, slots=True)
class Answer:
    """`used` are the questions asked for the value; `fault` says why there is none."""

    organisation: Organisation
    value: Any = None
    used: Sequence[Used] = ()
    fault: ExpressionError | None = None


def samples(audience: Audience, on: date, codes: Sequence[str] = ()) -> list[Organisation]:
    """The organisations named by their registry numbers; else a large, a middling and a small one
    of the audience."""
    rows = Organisation.objects.filter(on_day(on)).select_related("municipality")
    if codes:
        return list(rows.filter(code__in=codes).order_by("short_name")[:10])
    if kinds := audience.get("kinds"):
        rows = rows.filter(kind__in=kinds)
    if places := audience.get("municipalities"):
        rows = rows.filter(municipality__in=places)
    if chosen := audience.get("organisations"):
        rows = rows.filter(pk__in=chosen)
    rows = rows.filter(~Q(size=None)).order_by("-size__learners", "pk")
    count = rows.count()
    if count <= SAMPLES:
        return list(rows)
    return [rows[0], rows[count // 2], rows[count - 1]]


def world_for(organisations: Sequence[Organisation], on: date) -> World:
    """As if a campaign of this year asked today. Earlier reports are not looked up."""
    return World(
        {o.pk: [o.pk] for o in organisations},
        as_of=on,
        start=date(on.year, 1, 1),
        end=date(on.year, 12, 31),
        cards=lambda places: cards(organisations, places),
    )


def cards(
    organisations: Sequence[Organisation], places: Collection[UUID]
) -> dict[UUID, dict[str, Any]]:
    return {
        o.pk: {
            "code": o.code, "kind": o.kind, "ownership": o.ownership, "rural": o.rural,
            "name": o.name, "short_name": o.short_name, "locality": o.locality,
            "municipality": o.municipality.name,
        }
        for o in organisations
        if o.pk in places
    }  # fmt: skip


def filled(
    schema: Schema, organisations: Sequence[Organisation], on: date
) -> dict[UUID, tuple[CellValues, Filled]]:
    """The form as its sources fill it, for each organisation."""
    world, form = world_for(organisations, on), CompiledForm(schema, form_of=form_in_force)
    found = {}
    for organisation in organisations:
        cells = CellValues()
        found[organisation.pk] = (cells, form.fill(world, organisation.pk, cells))
    return found


def attempt(
    text: str, place: str, schema: Schema, organisations: Sequence[Organisation], on: date
) -> list[Answer]:
    """ExpressionError where the text itself is wrong. The form's own cells are filled first,
    where the expression names any."""
    block = schema.blocks.get(place.partition(".")[0])
    listed = block is not None and block.kind is BlockKind.LIST and place.count(".") == 2
    compiled = compile_expression(
        text, place, schema=schema, row_of=block if listed else None, form_of=form_in_force
    )
    world = world_for(organisations, on)
    form = CompiledForm(schema, form_of=form_in_force) if compiled.inputs.cells else None
    found = []
    for organisation in organisations:
        cells = CellValues()
        if form is not None:
            form.fill(world, organisation.pk, cells)
        try:
            value, used = compiled.trace(world, organisation.pk, cells, row={} if listed else None)
        except ExpressionError as error:
            found.append(Answer(organisation, fault=error))
        else:
            found.append(Answer(organisation, value, used))
    return found
