"""Expressions: what fills a cell, checks it, decides whether it is asked; formulas of indicators.

    compiled = compile_expression('count("contingent", {"grade": 5})', "pupils.g5", schema=schema)
    compiled.inputs.datasets                    # {("contingent", "learners")}
    world = World({school.pk: [school.pk]}, as_of=day, start=…, end=…)
    compiled.evaluate(world, school.pk)         # Decimal("74")
    compiled.trace(world, school.pk)            # the value, and each question asked for it

    vet_schema(schema)                          # [ExpressionError…], each with place, line, column
    CompiledForm(schema).fill(world, school.pk, CellValues())

One `World` serves any number of places: each dataset is loaded once for all of them.
"""

from sreda.reporting.expressions.cells import CellValues, Value, empty
from sreda.reporting.expressions.compiled import Compiled, Used, compile_expression
from sreda.reporting.expressions.form import (
    CompiledForm,
    Filled,
    Result,
    as_cell,
    computed_from_itself,
    vet_schema,
)
from sreda.reporting.expressions.inputs import Call, Inputs
from sreda.reporting.expressions.totals import OverTotals
from sreda.reporting.expressions.words import ExpressionError, in_words, reason, way_in_words
from sreda.reporting.expressions.world import World

__all__ = [
    "Call",
    "CellValues",
    "Compiled",
    "CompiledForm",
    "ExpressionError",
    "Filled",
    "Inputs",
    "OverTotals",
    "Result",
    "Used",
    "Value",
    "World",
    "as_cell",
    "compile_expression",
    "computed_from_itself",
    "empty",
    "in_words",
    "reason",
    "vet_schema",
    "way_in_words",
]
