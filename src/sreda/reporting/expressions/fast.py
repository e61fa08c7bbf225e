"""The common sources without the walker: sums of counts and of cells, as plain functions.

What is not understood here, or goes wrong, is left to the walker, which knows all of the language
and says what is wrong where; so both always agree.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import lark

from sreda.kernel.api import datasets
from sreda.reporting.expressions.cells import CellValues, empty
from sreda.reporting.expressions.inputs import DATASET_CALLS
from sreda.reporting.expressions.tables import asked
from sreda.reporting.expressions.vetting import NOT_CONSTANT, arguments_of, chain_of, constant
from sreda.reporting.expressions.world import Place, World
from sreda.reporting.forms import BlockKind, Schema

Fast = Callable[[World, Place, CellValues], Any]


class NotFast(Exception):
    """Left to the walker."""


def compiled(node: Any, schema: Schema | None) -> Fast | None:
    try:
        return _node(node, schema)
    except NotFast:
        return None


def _node(node: Any, schema: Schema | None) -> Fast:
    if not isinstance(node, lark.Tree):
        raise NotFast
    fixed = constant(node)
    if fixed is not NOT_CONSTANT and not isinstance(fixed, list | dict):
        return lambda world, place, cells: fixed
    match node.data:
        case "primary" | "paren_expr" | "expr" if len(node.children) == 1:
            return _node(node.children[0], schema)
        case "ident_arg":
            return _call(node)
        case "member_dot":
            return _cell(node, schema)
        case "addition" | "multiplication":
            return _operation(node, schema)
    raise NotFast


def _operation(node: Any, schema: Schema | None) -> Fast:
    sign = node.children[0]
    left, right = _node(sign.children[0], schema), _node(node.children[1], schema)

    def numbers(world: World, place: Place, cells: CellValues) -> tuple[Decimal, Decimal]:
        a, b = left(world, place, cells), right(world, place, cells)
        if type(a) is not Decimal or type(b) is not Decimal:
            raise NotFast
        return a, b

    def add(world: World, place: Place, cells: CellValues) -> Any:
        a, b = numbers(world, place, cells)
        return a + b

    def subtract(world: World, place: Place, cells: CellValues) -> Any:
        a, b = numbers(world, place, cells)
        return a - b

    def multiply(world: World, place: Place, cells: CellValues) -> Any:
        a, b = numbers(world, place, cells)
        return a * b

    def divide(world: World, place: Place, cells: CellValues) -> Any:
        a, b = numbers(world, place, cells)
        return a / b

    operations: dict[str, Fast] = {
        "addition_add": add,
        "addition_sub": subtract,
        "multiplication_mul": multiply,
        "multiplication_div": divide,
    }
    if sign.data not in operations:
        raise NotFast
    return operations[sign.data]


def _call(node: Any) -> Fast:
    name, arguments = str(node.children[0]), arguments_of(node, 1)
    given = [constant(argument) for argument in arguments]
    if any(value is NOT_CONSTANT for value in given):
        raise NotFast
    if name == "previous":
        return lambda world, place, cells: world.before(place, given[0])
    if name == "form":
        return lambda world, place, cells: world.of_form(place, given[0], given[1])
    if name not in DATASET_CALLS or name == "listed":
        raise NotFast
    dataset = datasets()[given[0]]
    names = [m.name for m in dataset.measures]
    measure = names.index(given[1]) if DATASET_CALLS[name] == 2 else 0
    rest = given[DATASET_CALLS[name] :]
    what = asked(dataset, rest[0] if rest else {})
    code = dataset.name
    if name == "value":
        return lambda world, place, cells: world.table(code).value(place, what, measure)
    return lambda world, place, cells: world.table(code).total(place, what, measure)


def _cell(node: Any, schema: Schema | None) -> Fast:
    chain = chain_of(node)
    if chain is None or schema is None or (block := schema.blocks.get(chain[0])) is None:
        raise NotFast
    key = ".".join(chain)
    if block.kind is BlockKind.LIST or key not in schema.cells:
        raise NotFast
    none = empty(schema.cells[key].field.type)
    return lambda world, place, cells: cells.single.get(key, none)
