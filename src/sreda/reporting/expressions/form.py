"""All expressions of a form together: in which order they fill it, which of them cannot be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from sreda.kernel.rules import Budget, Limits
from sreda.reporting.expressions.cells import CellValues, Value, empty
from sreda.reporting.expressions.compiled import LIMITS, Compiled, compile_expression
from sreda.reporting.expressions.vetting import FormOf
from sreda.reporting.expressions.words import ExpressionError, way_in_words
from sreda.reporting.expressions.world import Place, World
from sreda.reporting.forms import ANY_ROW, Block, BlockKind, CellType, Check, Schema

WHOLE_FORM = Limits(steps=5_000_000, seconds=20.0)


@dataclass
class Filled:
    """What the sources gave: values of cells, rows of lists, and what could not be computed."""

    values: dict[str, Value] = field(default_factory=dict)
    rows: dict[str, list[dict[str, Value]]] = field(default_factory=dict)
    faults: dict[str, ExpressionError] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """What a check found: `fault` where it could not be evaluated."""

    check: Check
    holds: bool
    fault: ExpressionError | None = None


class CompiledForm:
    """`faults` are all that is wrong with the expressions; those that are right still work."""

    def __init__(self, schema: Schema, *, form_of: FormOf | None = None) -> None:
        self.schema = schema
        self.faults: list[ExpressionError] = []
        self.sources: dict[str, Compiled] = {}
        self.row_sources: dict[str, Compiled] = {}
        self.in_rows: dict[str, Compiled] = {}
        self.relevant: dict[str, Compiled] = {}
        self.checks: list[tuple[Check, Compiled]] = []
        self._form_of = form_of
        self._compile_cells()
        for check in schema.checks:
            if found := self._compiled(check.expression, check.code):
                self.checks.append((check, found))
        self.order = self._order()
        self._readers = self._readers_of()

    def _compile_cells(self) -> None:
        for block in self.schema.blocks.values():
            if block.rows_source and (
                found := self._compiled(block.rows_source, f"{block.code}.*")
            ):
                self.row_sources[block.code] = found
            row_of = block if block.kind is BlockKind.LIST else None
            for item in block.fields:
                place = f"{block.code}.{item.code}"
                if item.relevant and (found := self._compiled(item.relevant, place, row_of)):
                    self.relevant[place] = found
        for cell in self.schema.cells.values():
            if cell.source:
                block = self.schema.blocks[cell.block]
                row_of = block if cell.listed else None
                if found := self._compiled(cell.source, cell.key, row_of):
                    (self.in_rows if cell.listed else self.sources)[cell.key] = found

    def _compiled(self, text: str, place: str, row_of: Block | None = None) -> Compiled | None:
        try:
            return compile_expression(
                text, place, schema=self.schema, row_of=row_of, form_of=self._form_of
            )
        except ExpressionError as error:
            self.faults.append(error)
            return None

    def _needs(self, place: str) -> set[str]:
        """Places whose sources must be filled before this one."""
        found = self.sources.get(place) or self.row_sources.get(place.removesuffix(".*"))
        if found is None:
            return set()
        listed = {k for k in found.inputs.cells if k.endswith(".*")}
        return {k for k in found.inputs.cells if k in self.sources} | {
            k for k in listed if k.removesuffix(".*") in self.row_sources
        }

    def _order(self) -> list[str]:
        """Places with sources, each after those it needs; a circle is a fault of its cells."""
        done: dict[str, bool] = {}  # False: being visited
        order: list[str] = []
        for start in [*self.sources, *(f"{code}.*" for code in self.row_sources)]:
            if start in done:
                continue
            done[start] = False
            path: list[tuple[str, Iterator[str]]] = [(start, iter(sorted(self._needs(start))))]
            while path:
                place, rest = path[-1]
                following = next(rest, None)
                if following is None:
                    path.pop()
                    done[place] = True
                    order.append(place)
                elif following not in done:
                    done[following] = False
                    path.append((following, iter(sorted(self._needs(following)))))
                elif not done[following]:
                    self._circle([name for name, _rest in path], following)
        broken = {error.rule for error in self.faults}
        return [p for p in order if p not in broken]

    def _circle(self, path: list[str], back_to: str) -> None:
        circle = path[path.index(back_to) :]
        for place in circle:
            self.faults.append(
                ExpressionError(computed_from_itself(self.schema, [*circle, back_to]), rule=place)
            )

    def circle(self, place: str, source: Compiled) -> list[str]:
        """The way by which the cell would be computed from itself if this were its source; empty:
        there is none."""
        before: dict[str, str] = {}
        waiting = [(key, place) for key in sorted(source.inputs.cells)]
        while waiting:
            key, reader = waiting.pop()
            if key in before:
                continue
            before[key] = reader
            if key == place:
                way = [place]
                while (reader := before[way[-1]]) != place:
                    way.append(reader)
                return [place, *reversed(way)]
            if key in self.sources:
                waiting += [(further, key) for further in sorted(self.sources[key].inputs.cells)]
        return []

    def _readers_of(self) -> dict[str, set[str]]:
        readers: dict[str, set[str]] = {}
        for place in self.order:
            source = self.sources.get(place) or self.row_sources[place.removesuffix(".*")]
            for key in source.inputs.cells:
                readers.setdefault(key, set()).add(place)
        return readers

    def dependents(self, changed: Iterable[str]) -> list[str]:
        """Places to fill anew after these keys have changed, in order (a row's cell
        `block.row.column` of a list counts as `block.*`)."""
        found: set[str] = set()
        waiting = list(changed)
        while waiting:
            key = waiting.pop()
            block = self.schema.blocks.get(key.partition(".")[0])
            if block is not None and block.kind is BlockKind.LIST:
                key = f"{block.code}.*"
            new = self._readers.get(key, set()) - found
            found |= new
            waiting += new
        return [place for place in self.order if place in found]

    def prepare(self, world: World) -> None:
        """Let the world ask for all earlier and other reports at once."""
        everything = [
            *self.sources.values(), *self.row_sources.values(), *self.in_rows.values(),
            *self.relevant.values(), *(found for _check, found in self.checks),
        ]  # fmt: skip
        world.prepare(
            previous={key for found in everything for key in found.inputs.previous},
            forms={pair for found in everything for pair in found.inputs.forms},
        )

    def fill(
        self,
        world: World,
        place: Place,
        known: CellValues,
        *,
        keep: frozenset[str] | set[str] = frozenset(),
        only: Iterable[str] | None = None,
    ) -> Filled:
        """Evaluate the sources in their order. `known` is what stands in the cells; it takes the
        new values on the way, but for the keys (and `block.*`) to `keep`: those were typed."""
        filled = Filled()
        budget = Budget(WHOLE_FORM)
        for where in self.order if only is None else only:
            try:
                if where in self.sources:
                    value = self.sources[where].evaluate(
                        world, place, known, budget=budget.part(LIMITS)
                    )
                    given = as_cell(value, self.schema.cells[where].field.type, where)
                    if given is not None:
                        filled.values[where] = given
                    if where not in keep:
                        known.set(where, given)
                else:
                    code = where.removesuffix(".*")
                    rows = self._rows(code, world, place, known, budget)
                    filled.rows[code] = rows
                    if where not in keep:
                        known.set_list(code, {str(n): row for n, row in enumerate(rows)})
            except ExpressionError as error:
                filled.faults[where] = error
        return filled

    def _rows(
        self, code: str, world: World, place: Place, known: CellValues, budget: Budget
    ) -> list[dict[str, Value]]:
        where = f"{code}.*"
        block = self.schema.blocks[code]
        found = self.row_sources[code].evaluate(world, place, known, budget=budget.part(LIMITS))
        if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
            raise ExpressionError(_("rows of a list are expected"), rule=where)
        types = {f.code: f.type for f in block.fields}
        rows: list[dict[str, Value]] = []
        for given in found[: block.max_rows]:
            row = {
                name: cell
                for name, value in given.items()
                if name in types
                and (cell := as_cell(value, types[name], f"{where}.{name}")) is not None
            }
            for item in block.fields:
                source = self.in_rows.get(f"{where}.{item.code}")
                if source is not None and item.code not in row:
                    value = source.evaluate(
                        world, place, known, row=row, budget=budget.part(LIMITS)
                    )
                    cell = as_cell(value, item.type, f"{where}.{item.code}")
                    if cell is not None:
                        row[item.code] = cell
            rows.append(row)
        return rows

    def asked(self, world: World, place: Place, cells: CellValues) -> dict[str, bool]:
        """Whether the fields with a condition are asked now: by `block.field`, of a list by
        `block.row.field`, for its condition may look at the row's own cells (`block.*.field` is a
        row where nothing stands yet). A condition that cannot be evaluated does not hide the
        field."""
        found = {}

        def holds(condition: Compiled, budget: Budget, row: dict[str, Any] | None = None) -> bool:
            try:
                value = condition.evaluate(world, place, cells, row=row, budget=budget)
                return value is not False
            except ExpressionError:
                return True

        for where, condition in self.relevant.items():
            code, _dot, name = where.partition(".")
            budget = Budget(LIMITS)  # of a list, for all its rows
            block = self.schema.blocks[code]
            if block.kind is not BlockKind.LIST:
                found[where] = holds(condition, budget)
                continue
            defaults = {field.code: empty(field.type) for field in block.fields}
            for row, values in {ANY_ROW: {}, **cells.lists.get(code, {})}.items():
                found[f"{code}.{row}.{name}"] = holds(condition, budget, {**defaults, **values})
        return found

    def run_checks(self, world: World, place: Place, cells: CellValues) -> list[Result]:
        """Every check. One that cannot be evaluated is said to be broken, not to hold."""
        results = []
        budget = Budget(WHOLE_FORM)
        for check, expression in self.checks:
            try:
                value = expression.evaluate(world, place, cells, budget=budget.part(LIMITS))
                if not isinstance(value, bool):
                    raise ExpressionError(
                        _("a check must answer yes or no"), rule=check.code, line=1, column=1
                    )
                results.append(Result(check, value))
            except ExpressionError as error:
                results.append(Result(check, False, error))
        return results


def computed_from_itself(schema: Schema, way: Iterable[str]) -> str:
    """`way`: keys of cells; that of a list's rows (`block.*`) is named by the list."""
    titles = {f"{code}.*": block.title for code, block in schema.blocks.items()}
    titles |= {key: cell.title for key, cell in schema.cells.items()}
    return _("the cell is computed from itself: %s") % way_in_words(
        titles.get(key, key) for key in way
    )


def as_cell(value: Any, type_: CellType, place: str) -> Value | None:
    """A source's value as the cell's type holds it; None: nothing. ExpressionError otherwise."""
    if value is None or (value == "" and not type_.numeric):
        return None
    text_types = {CellType.TEXT, CellType.LONG_TEXT}
    if type_.numeric and not isinstance(value, bool) and hasattr(value, "as_tuple"):
        return value  # type: ignore[no-any-return]
    if type_ in text_types and not isinstance(value, list | dict):
        return str(value) if not hasattr(value, "as_tuple") else format(value, "f")
    if type_ is CellType.BOOLEAN and isinstance(value, bool):
        return value
    if type_ is CellType.DATE and hasattr(value, "isoformat"):
        return value  # type: ignore[no-any-return]
    if type_ is CellType.CHOICE and isinstance(value, str):
        return value
    if type_ is CellType.CHOICES and isinstance(value, list):
        return [str(item) for item in value]
    raise ExpressionError(_("the source gives a value that the cell cannot hold"), rule=place)


def vet_schema(schema: Schema, *, form_of: FormOf | None = None) -> list[ExpressionError]:
    """What is wrong with the expressions of a form: unknown names, circles, unreadable text."""
    return CompiledForm(schema, form_of=form_of).faults
