"""A pack as the rules see it: tables of plain rows, and facts that can be named by key.

Beside the pack's own tables there are `actions` (measures and roadmap together),
`indicator_values` and `budget_values` (one row per year).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from sreda.kernel.rules import Budget, Limits, RuleError, compile_expression, to_cel
from sreda.programme.pack.model import (
    Cell,
    Location,
    Pack,
    Row,
    locality,
    name_core,
    postcode,
    settlement,
)
from sreda.programme.pack.schema import BY_KEY, TABLES
from sreda.programme.pack.values import places

from .lookup import Lookup

CALCULATION = Limits(chars=1_000, depth=40, steps=50_000, seconds=1.0)


class Facts:
    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self.rows = {row_ref(row): row for row in pack}
        tables: dict[str, list[dict[str, Any]]] = {
            table.key: [_plain(row) for row in pack[table.key]] for table in TABLES
        }
        tables["actions"] = tables["measures"] + tables["roadmap"]
        tables["indicator_values"] = list(_by_year(pack["indicators"]))
        tables["budget_values"] = list(_by_year(pack["budget"]))
        self.tables = to_cel(tables)
        orders = tables["order"]
        self.order = to_cel(orders[0]) if orders else None
        self.named = {name: to_cel(value) for name, value in self._named(pack)}
        self.norms = {str(row["key"]): row["value"] for row in reversed(self.tables["norms"])}
        self.lookup = Lookup()
        self._calculated: dict[str, Any] = {}
        self.functions: dict[str, Callable[..., Any]] = {
            "calc": self.calc,
            "counted": self.counted,
            "fact": self.fact,
            "first_of_each": self.lookup.first_of_each,
            "known": lambda key: to_cel(str(key) in self.named),
            "norm": self.norm,
            "similar": self.lookup.similar,
            "trouble": self.trouble,
            "where": self.lookup.where,
        }

    @staticmethod
    def _named(pack: Pack) -> Iterator[tuple[str, dict[str, Any]]]:
        for row in pack:
            yield row.key, _fact(row, "value" if row.table in {"figures", "norms"} else "name")
            extra = {"indicators": "minimum", "budget": "total"}.get(row.table)
            if extra:
                yield f"{row.key}.{extra}", _fact(row, extra)
            for year in row.years:
                yield f"{row.key}.{year}", _fact(row, str(year))

    def fact(self, key: str) -> Any:
        """A figure, `I1.2019`, `I1.minimum`, `B212.2020`…: its value, print and place."""
        if str(key) not in self.named:
            raise ValueError(f"nothing is known as {key}")
        return self.named[str(key)]

    def counted(self, key: str) -> Any:
        fact = self.named.get(str(key))
        return to_cel(fact is not None and isinstance(fact["value"], Decimal))

    def norm(self, key: str) -> Any:
        """A norm's value, or null where the pack sets none."""
        return self.norms.get(str(key))

    def calc(self, text: str) -> Any:
        """The number that a pack's own expression gives."""
        value = self._calculation(str(text))
        if isinstance(value, RuleError):
            raise ValueError(value.reason)
        return value

    def trouble(self, text: str) -> Any:
        """Why a pack's own expression gives no number; empty when it does."""
        value = self._calculation(str(text))
        return to_cel(value.reason if isinstance(value, RuleError) else "")

    def _calculation(self, text: str) -> Any:
        if text not in self._calculated:
            try:
                # `figure` is all that a pack may call beside the standard functions.
                expression = compile_expression(
                    text, name="pack", declared=frozenset({"figure"}), limits=CALCULATION
                )
                value = expression.evaluate(
                    {"pack": self.tables},
                    functions={"figure": lambda key: self.fact(key)["value"]},
                    budget=Budget(CALCULATION),
                )
                value = to_cel(value + 0)
            except RuleError as error:
                value = error
            except TypeError:
                value = RuleError("not a number", rule="pack")
            self._calculated[text] = value
        return self._calculated[text]

    def locate(self, reference: str) -> tuple[Row | None, Location]:
        """`table/key/column` to the row and its place."""
        table, key, column = reference.split("/", 2)
        row = self.rows.get(f"{table}/{key}")
        if row is None:
            return None, Location(table=table, row=key, column=column)
        return row, row.location(column)


def row_ref(row: Row) -> str:
    return f"{row.table}/{row.key}"


def _fact(row: Row, column: str) -> dict[str, Any]:
    cell = row.cell(column)
    return {
        "key": row.key,
        "name": row.cell("name").printed,
        "value": cell.value,
        "printed": cell.printed,
        "ref": f"{row_ref(row)}/{column}",
    }


def _plain(row: Row) -> dict[str, Any]:
    table = BY_KEY[row.table]
    found: dict[str, Any] = {"key": row.key, "table": row.table, "ref": row_ref(row)}
    for column in table.columns[1:]:
        value: Any = row.value(column.key)
        if value is None and column.kind in {"text", "choice"}:
            value = ""
        if column.kind == "keys":
            value = list(value or ())
        found[column.key] = value
    found["place"] = row.place
    found["printed"] = {c.key: row.cell(c.key).printed for c in table.columns}
    found["places"] = {
        c.key: places(row.cell(c.key).printed) for c in table.columns if c.kind == "decimal"
    }
    if table.years:
        found["years"] = [year for year, cell in row.years.items() if cell.value is not None]
    if row.table == "organisations":
        address = found["address"]
        found |= {
            "postcode": postcode(address),
            "locality": locality(address),
            "settlement": settlement(address),
            "core": (core := name_core(found["name"])),
            "digits": number[0] if (number := re.search(r"[0-9]+", core)) else "",
        }
    if row.table == "bodies":
        found["called"] = found["name"].lower()
    return found


def _by_year(rows: tuple[Row, ...]) -> Iterator[dict[str, Any]]:
    for row in rows:
        base = _plain(row)
        for year, cell in sorted(row.years.items()):
            if isinstance(cell, Cell) and cell.value is not None:
                yield base | {
                    "year": year,
                    "column": str(year),
                    "value": cell.value,
                    "printed": base["printed"] | {str(year): cell.printed},
                    "value_places": places(cell.printed),
                }
