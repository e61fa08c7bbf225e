"""All that the checks have to say of a report, each finding with its cells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from sreda.reporting.enums import Origin, Severity
from sreda.reporting.expressions import CellValues, CompiledForm, World, in_words
from sreda.reporting.forms import BlockKind, Cell, Schema
from sreda.reporting.models import Explanation, Submission, Value
from sreda.reporting.queries.cells import cells_of, place_of, values_of
from sreda.reporting.queries.typed import check_range
from sreda.reporting.queries.versions import compiled_form
from sreda.reporting.queries.worlds import world_of

AT_MOST = 500


@dataclass(frozen=True, slots=True)
class Finding:
    """`cells` are places (`block.row.column`) to go to; `code` is what an explanation refers to;
    `explained` holds its text."""

    severity: Severity
    code: str
    message: str
    cells: tuple[str, ...] = ()
    explained: str = ""


@dataclass(frozen=True, slots=True)
class Findings:
    """In the order of their weight."""

    all: tuple[Finding, ...]

    @property
    def errors(self) -> list[Finding]:
        return [f for f in self.all if f.severity == Severity.ERROR]

    @property
    def warnings(self) -> list[Finding]:
        return [f for f in self.all if f.severity == Severity.WARNING]

    @property
    def unexplained(self) -> list[Finding]:
        return [f for f in self.warnings if not f.explained]


def check_submission(submission: Submission, values: Sequence[Value] | None = None) -> Findings:
    """`submission` comes with its campaign, version and form."""
    campaign = submission.campaign
    form = compiled_form(campaign.version)
    world = world_of(campaign, [submission.organisation_id])
    form.prepare(world)
    if values is None:
        values = values_of([submission.pk])
    explained = dict(
        Explanation.objects.filter(submission=submission).values_list("check_code", "text")
    )
    return findings_of(form, world, submission, values, explained)


def findings_of(
    form: CompiledForm,
    world: World,
    submission: Submission,
    values: Sequence[Value],
    explained: Mapping[str, str],
) -> Findings:
    cells = cells_of(form.schema, values)
    asked = form.asked(world, submission.organisation_id, cells)
    found = [
        *_missing(form.schema, cells, asked),
        *_outside(form.schema, values),
        *_unreasoned(form.schema, values),
    ]
    titles = {key: cell.title for key, cell in form.schema.cells.items()}
    for result in form.run_checks(world, submission.organisation_id, cells):
        if result.holds:
            continue
        check, severity, message = result.check, Severity(result.check.severity), ""
        if result.fault is not None:
            # The fault is the author's of the form: it may not keep a school from handing in.
            severity = min(severity, Severity.WARNING, key=_weight_light)
            message = _("The check “%(check)s” could not be computed: %(fault)s") % {
                "check": check.message,
                "fault": in_words(result.fault),
            }
        cells_said = check.cells or tuple(
            key
            for key, expression in ((check.code, next(e for c, e in form.checks if c is check)),)
            for key in sorted(expression.inputs.cells)
            if key in titles
        )
        found.append(
            Finding(
                severity,
                check.code,
                message or check.message,
                _places(form.schema, cells, cells_said),
                explained.get(check.code, ""),
            )
        )
    found.sort(key=lambda f: _weight(f.severity))
    return Findings(tuple(found[:AT_MOST]))


def _weight(severity: str) -> int:
    return [Severity.ERROR, Severity.WARNING, Severity.NOTE].index(Severity(severity))


def _weight_light(severity: str) -> int:
    return -_weight(severity)


def _places(schema: Schema, cells: CellValues, keys: Iterable[str]) -> tuple[str, ...]:
    """Keys of a list's columns become the places in its rows."""
    found: list[str] = []
    for key in keys:
        cell = schema.cells.get(key)
        if cell is not None and cell.listed:
            found += [place_of(key, row) for row in list(cells.lists.get(cell.block, {}))[:20]]
        else:
            found.append(key)
    return tuple(found)


def _missing(schema: Schema, cells: CellValues, asked: Mapping[str, bool]) -> Iterable[Finding]:
    for cell in schema.cells.values():
        if not cell.field.required or not asked.get(f"{cell.block}.{cell.field.code}", True):
            continue
        if cell.listed:
            for row, values in cells.lists.get(cell.block, {}).items():
                place = place_of(cell.key, row)
                if cell.field.code not in values and asked.get(place, True):
                    yield _not_filled(schema, cell, place)
        elif cell.key not in cells.single:
            yield _not_filled(schema, cell, cell.key)
    for block in schema.blocks.values():
        if block.kind is BlockKind.LIST:
            count = len(cells.lists.get(block.code, {}))
            if count < block.min_rows:
                yield Finding(
                    Severity.ERROR,
                    f"rows.{block.code}",
                    _("“%(title)s”: at least %(least)s rows are needed, there are %(count)s")
                    % {"title": block.title, "least": block.min_rows, "count": count},
                    (block.code,),
                )


def _not_filled(schema: Schema, cell: Cell, place: str) -> Finding:
    block = schema.blocks[cell.block].title
    return Finding(
        Severity.ERROR,
        f"required.{place}",
        _("“%(block)s”, “%(cell)s”: must be filled") % {"block": block, "cell": cell.title},
        (place,),
    )


def _outside(schema: Schema, values: Iterable[Value]) -> Iterable[Finding]:
    """Numbers out of the cell's range: records and earlier versions may give such."""
    for value in values:
        cell = schema.cells.get(value.cell.key)
        if cell is None or value.number is None:
            continue
        try:
            check_range(cell.field, value.number)
        except ValidationError as error:
            place = place_of(value.cell.key, value.row)
            yield Finding(
                Severity.ERROR, f"range.{place}", f"{cell.title}: {error.messages[0]}", (place,)
            )


def _unreasoned(schema: Schema, values: Iterable[Value]) -> Iterable[Finding]:
    """Typed before the records had an answer; now they have another."""
    for value in values:
        cell = schema.cells.get(value.cell.key)
        if cell is None or not value.sourced or value.origin not in {Origin.TYPED, Origin.IMPORTED}:
            continue
        if (value.number, value.text) != (value.source_number, value.source_text):
            place = place_of(value.cell.key, value.row)
            yield Finding(
                Severity.ERROR,
                f"reason.{place}",
                _("%s: the records now say otherwise; take their value or give a reason")
                % cell.title,
                (place,),
            )
