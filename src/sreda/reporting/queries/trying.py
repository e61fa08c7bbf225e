"""What an expression gives for real organisations, while it is being written."""

from __future__ import annotations

from collections.abc import Sequence
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
    computed_from_itself,
)
from sreda.reporting.forms import BlockKind
from sreda.reporting.models import Campaign, FormVersion
from sreda.reporting.queries.audience import Audience
from sreda.reporting.queries.versions import schema_in_force
from sreda.reporting.queries.worlds import world_of

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


def world_for(version: FormVersion, organisations: Sequence[Organisation], on: date) -> World:
    """As if a campaign of this calendar year asked on the day."""
    campaign = Campaign(
        version=version,
        period_start=date(on.year, 1, 1),
        period_end=date(on.year, 12, 31),
        as_of=on,
    )
    return world_of(campaign, [o.pk for o in organisations])


def filled(
    version: FormVersion, organisations: Sequence[Organisation], on: date
) -> dict[UUID, tuple[CellValues, Filled]]:
    """The form as its sources fill it, for each organisation."""
    world = world_for(version, organisations, on)
    form = CompiledForm(version.schema)
    form.prepare(world)
    found = {}
    for organisation in organisations:
        cells = CellValues()
        found[organisation.pk] = (cells, form.fill(world, organisation.pk, cells))
    return found


def failing(
    version: FormVersion, organisations: Sequence[Organisation], on: date
) -> dict[str, ExpressionError]:
    """Sources and checks that cannot be computed for any of the organisations, by their places,
    with what is wrong for the first of them. The cells hold what the sources gave."""
    if not organisations:
        return {}
    world = world_for(version, organisations, on)
    form = CompiledForm(version.schema)
    form.prepare(world)
    found: list[dict[str, ExpressionError]] = []
    for organisation in organisations:
        cells = CellValues()
        faults = dict(form.fill(world, organisation.pk, cells).faults)
        for result in form.run_checks(world, organisation.pk, cells):
            if result.fault is not None:
                faults[f"checks.{result.check.code}"] = result.fault
        found.append(faults)
    first, *others = found
    return {
        place: fault for place, fault in first.items() if all(place in faults for faults in others)
    }


def attempt(
    text: str, place: str, version: FormVersion, organisations: Sequence[Organisation], on: date,
    *, fills: bool = True,
) -> list[Answer]:  # fmt: skip
    """ExpressionError where the text itself is wrong, or (where it `fills` the cell at the place)
    would compute the cell from itself. The form's own cells are filled first, where it names
    any."""
    schema = version.schema
    block = schema.blocks.get(place.partition(".")[0])
    listed = block is not None and block.kind is BlockKind.LIST and place.count(".") == 2
    compiled = compile_expression(
        text, place, schema=schema, row_of=block if listed else None, form_of=schema_in_force
    )
    world = world_for(version, organisations, on)
    form = CompiledForm(schema) if compiled.inputs.cells else None
    key = place.partition(":")[2] or place
    if fills and form is not None and key in schema.cells and (way := form.circle(key, compiled)):
        raise ExpressionError(computed_from_itself(schema, way), rule=place)
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
