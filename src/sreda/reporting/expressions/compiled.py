"""One expression of a form or an indicator, vetted and ready to run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import localcontext
from typing import Any

from sreda.kernel.api import datasets
from sreda.kernel.rules import EXACT, Budget, Expression, Limits, RuleError, from_cel, to_cel
from sreda.kernel.rules import compile_expression as compile_rule
from sreda.reporting.expressions import fast
from sreda.reporting.expressions.cells import CellValues
from sreda.reporting.expressions.inputs import (
    CONTEXT,
    DATASET_CALLS,
    FORM_CALLS,
    INDICATOR_CALLS,
    Inputs,
)
from sreda.reporting.expressions.tables import Unanswerable, asked
from sreda.reporting.expressions.vetting import FormOf, Vetting, ident_of
from sreda.reporting.expressions.words import ExpressionError, reason
from sreda.reporting.expressions.world import Place, World
from sreda.reporting.forms import Block, Schema

LIMITS = Limits(chars=4_000, depth=60, steps=200_000, seconds=2.0)
IN_FORMS = frozenset(DATASET_CALLS) | FORM_CALLS
IN_INDICATORS = frozenset(DATASET_CALLS) | {"form"} | INDICATOR_CALLS


@dataclass(frozen=True, slots=True)
class Used:
    """A question that an evaluation really asked, and the answer: what a figure was made of.

    `kind` is "dataset" (`name` the dataset, `part` the measure), "form" (code, key),
    "previous" (key) or "indicator" (code).
    """

    kind: str
    name: str
    part: str
    filters: Mapping[str, Any]
    value: Any


class Compiled:
    """Safe to keep and to share. `inputs` says what it depends on."""

    def __init__(
        self, expression: Expression, inputs: Inputs, *, schema: Schema | None, row: bool
    ) -> None:
        self.text = expression.text
        self.place = expression.name
        self.inputs = inputs
        self._expression = expression
        self._schema = schema
        self._blocks = sorted({key.partition(".")[0] for key in inputs.cells})
        self._fast = None if row else fast.compiled(expression.tree, schema)
        names = {str(token) for token in expression.tree.scan_values(lambda _token: True)}
        self._context = [name for name in (*CONTEXT, "as_of") if name in names]

    def __repr__(self) -> str:
        return f"Compiled({self.place!r}, {self.text!r})"

    @property
    def own_cell(self) -> str:
        """The key of the only cell it is, where it is nothing but that."""
        return next(iter(self.inputs.cells)) if ident_of(self._expression.tree) else ""

    @property
    def alone(self) -> bool:
        """Whether it is computed from cells of its own form and from nothing else."""
        return bool(self.inputs.cells) and not self.inputs.outside and not self._context

    def evaluate(
        self,
        world: World,
        place: Place,
        cells: CellValues | None = None,
        *,
        row: Mapping[str, Any] | None = None,
        budget: Budget | None = None,
    ) -> Any:
        """Decimal, str, bool, date, list, dict or None. ExpressionError names the cell."""
        cells = cells if cells is not None else CellValues()
        if self._fast is not None:
            try:
                with localcontext(EXACT):
                    return self._fast(world, place, cells)
            except (fast.NotFast, ArithmeticError, TypeError, ValueError):
                pass  # the walker says what is wrong, and where
        return self._walk(world, place, cells, row=row, budget=budget, used=None)

    def trace(
        self,
        world: World,
        place: Place,
        cells: CellValues | None = None,
        *,
        row: Mapping[str, Any] | None = None,
    ) -> tuple[Any, list[Used]]:
        """The value and every question asked for it, in their order."""
        used: list[Used] = []
        cells = cells if cells is not None else CellValues()
        return self._walk(world, place, cells, row=row, budget=None, used=used), used

    def _walk(
        self,
        world: World,
        place: Place,
        cells: CellValues,
        *,
        row: Mapping[str, Any] | None,
        budget: Budget | None,
        used: list[Used] | None,
    ) -> Any:
        names: dict[str, Any] = {}
        if self._schema is not None:
            names.update(cells.names(self._schema, self._blocks))
        if "organisation" in self._context:
            names["organisation"] = world.card(place)
        if "period" in self._context:
            names["period"] = world.period
        if "as_of" in self._context:
            names["as_of"] = world.as_of
        if row is not None:
            names["row"] = row
        said: list[str] = []
        try:
            return self._expression.evaluate(
                names,
                functions=_functions(world, place, cells, used, said),
                budget=budget or Budget(LIMITS),
            )
        except RuleError as error:
            raise ExpressionError(
                said[-1] if said else reason(error),
                rule=self.place,
                line=error.line,
                column=error.column,
            ) from error


def _functions(
    world: World, place: Place, cells: CellValues, used: list[Used] | None, said: list[str]
) -> dict[str, Callable[..., Any]]:
    def note(kind: str, name: str, part: str, filters: Mapping[str, Any], value: Any) -> Any:
        if used is not None:
            used.append(Used(kind, name, part, filters, value))
        return to_cel(value)

    def query(function: str, *given: Any) -> Any:
        try:
            return answer(function, *given)
        except Unanswerable as error:
            said.append(str(error))
            raise

    def answer(function: str, *given: Any) -> Any:
        name, *rest = (from_cel(value) for value in given)
        dataset, table = datasets()[name], world.table(name)
        measure = rest.pop(0) if DATASET_CALLS[function] == 2 else dataset.measures[0].name
        filters = rest[0] if rest else {}
        what = asked(dataset, filters)
        if function == "listed":
            return note("dataset", name, measure, filters, table.rows(place, what, rest[1]))
        ask = table.value if function == "value" else table.total
        return note("dataset", name, measure, filters, ask(place, what, table.measures[measure]))

    def before(key: Any) -> Any:
        return note("previous", str(key), "", {}, world.before(place, str(key)))

    def of_form(code: Any, key: Any) -> Any:
        value = world.of_form(place, str(code), str(key))
        return note("form", str(code), str(key), {}, value)

    def indicator(code: Any) -> Any:
        return note("indicator", str(code), "", {}, world.indicator(place, str(code)))

    return {
        "count": lambda *given: query("count", *given),
        "total": lambda *given: query("total", *given),
        "value": lambda *given: query("value", *given),
        "listed": lambda *given: query("listed", *given),
        "previous": before,
        "form": of_form,
        "indicator": indicator,
        "filled": lambda key: to_cel(cells.filled(str(key))),
    }


def compile_expression(
    text: str,
    place: str,
    *,
    schema: Schema | None = None,
    row_of: Block | None = None,
    organisation: bool = True,
    form_of: FormOf | None = None,
    indicator_known: Callable[[str], bool] | None = None,
) -> Compiled:
    """Parse and vet one expression; ExpressionError names `place`, line and column.

    With `schema` it belongs to a form and may use its cells; without, it is an indicator's
    formula (`organisation=False` where it is asked of more than one organisation). `row_of` is
    the list block in whose rows it stands: their cells are then `row.column`. `form_of(code)` and
    `indicator_known(code)` say what others there are; without them such names are not checked.
    """
    declared = IN_INDICATORS if schema is None else IN_FORMS
    try:
        expression = compile_rule(text, name=place, declared=declared, limits=LIMITS)
    except RuleError as error:
        raise ExpressionError(
            reason(error), rule=place, line=error.line, column=error.column
        ) from error
    vetting = Vetting(
        place,
        schema=schema,
        row_of=row_of,
        organisation=organisation,
        form_of=form_of,
        indicator_known=indicator_known,
    )
    vetting.walk(expression.tree, {})
    return Compiled(expression, vetting.inputs, schema=schema, row=row_of is not None)
