"""Running the rules over a pack."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import reduce
from operator import getitem
from typing import Any

from sreda.kernel.rules import Budget, Expression, Limits, RuleError, from_cel, to_cel
from sreda.programme.pack.model import Location, Pack
from sreda.programme.pack.schema import BY_KEY
from sreda.programme.pack.values import render

from .facts import Facts
from .finding import SEVERITIES, Finding
from .rule import Rule, load_rules

LIMITS = Limits(steps=2_000_000, seconds=20.0)
ROW_TABLES = {"indicator_values": "indicators", "budget_values": "budget"}


def check(
    pack: Pack,
    rules: tuple[Rule, ...] | None = None,
    told: Callable[[int], None] = lambda percent: None,
) -> list[Finding]:
    """Every finding, gravest first, then in the order of the tables. The pack is not changed.

    `told` hears before each rule how many per cent of them are done.
    """
    facts = Facts(pack)
    found: list[Finding] = []
    rules = rules or load_rules()
    for done, rule in enumerate(rules):
        told(done * 100 // len(rules))
        try:
            found += _Run(rule, facts).findings()
        except RuleError as error:
            found.append(_failed(rule, error))
    tables = list(BY_KEY)
    place = {(row.table, row.key): position for position, row in enumerate(pack, start=1)}
    return sorted(
        found,
        key=lambda f: (
            SEVERITIES.index(f.severity),
            tables.index(f.location.table) if f.location.table in tables else 0,
            f.rule,
            place.get((f.location.table, f.location.row), 0),
        ),
    )


def _failed(rule: Rule, error: RuleError) -> Finding:
    """The data are such that the rule cannot be applied: that is worth knowing too."""
    return Finding(
        rule=rule.id,
        severity="warning",
        location=Location(table=ROW_TABLES.get(rule.over, rule.over), column=rule.column),
        computed=str(error),
        item="failed",
        texts={
            "en": f"The rule could not be applied: {error.reason}.",
            "ru": f"Правило не удалось применить: {error.reason}.",
        },
    )


class _Names(dict[str, Any]):
    """What an expression sees, before what lies further out; a `let` is worked out when it is
    first asked for."""

    def __init__(
        self,
        run: _Run,
        known: Mapping[str, Any],
        lets: Mapping[str, Expression] | None = None,
        outer: _Names | None = None,
    ) -> None:
        super().__init__(known)
        self._run = run
        self._lets = lets or {}
        self._outer = outer

    def __contains__(self, name: object) -> bool:
        return (
            super().__contains__(name)
            or name in self._lets
            or (self._outer is not None and name in self._outer)
        )

    def __missing__(self, name: str) -> Any:
        if name in self._lets:
            value = self._run.evaluate(self._lets[name], self)
        elif self._outer is not None:
            value = self._outer[name]
        else:
            raise KeyError(name)
        self[name] = value
        return value


class _Run:
    """One rule over one pack."""

    def __init__(self, rule: Rule, facts: Facts) -> None:
        self.rule = rule
        self.facts = facts
        self.budget = Budget(LIMITS)
        self.parts = self.bound(rule.parts)
        self.let = self.bound(rule.let)
        self.group_let = self.bound(rule.group_let)

    def bound(self, expressions: Mapping[str, Expression]) -> dict[str, Expression]:
        return {name: e.bound(self.facts.functions) for name, e in expressions.items()}

    def evaluate(self, expression: Expression, names: Mapping[str, Any]) -> Any:
        return expression.evaluate(names, budget=self.budget, raw=True)

    def part(self, part: str, names: Mapping[str, Any], default: Any = None) -> Any:
        expression = self.parts.get(part)
        return default if expression is None else from_cel(self.evaluate(expression, names))

    def findings(self) -> Iterator[Finding]:
        rows = to_cel(
            [
                row
                for row in self.facts.tables[self.rule.over]
                if all(row[name] is not None and row[name] != "" for name in self.rule.needs)
            ]
        )
        groups: dict[tuple[Any, ...], Any] = {}
        for row in rows:
            of = tuple(reduce(getitem, name.split("."), row) for name in self.rule.group)
            groups.setdefault(of, to_cel([])).append(row)
        whole = {"pack": self.facts.tables, "order": self.facts.order, "rows": rows}
        for of, group in groups.items():
            names = _Names(self, whole | {"group": group}, self.group_let)
            if self.rule.each == "group":
                yield from self.one(names, group[0], 0, "/".join(map(render, of)))
                continue
            for index, row in enumerate(group):
                yield from self.one(names, row, index)

    def one(self, outer: _Names, row: Any, index: int, group: str = "") -> Iterator[Finding]:
        known = {"row": row, "index": to_cel(index)}
        names = _Names(self, known, self.let, outer)
        if not self.part("when", names, default=True):
            return
        if "for" not in self.parts:
            yield from self.judge(names, group)
            return
        for item in self.part("for", names):
            names = _Names(self, known | {"item": to_cel(item)}, self.let, outer)
            yield from self.judge(names, "/".join(filter(None, [group, render(item)])))

    def judge(self, names: _Names, item: str) -> Iterator[Finding]:
        if not self.part("wrong", names):
            return
        printed, location = self.location(names)
        printed = render(self.part("printed", names, default=printed))
        computed = render(self.part("computed", names), printed)
        said = {"name": names["row"].get("name", ""), "printed": printed, "computed": computed}
        said = _Names(self, said, outer=names)
        yield Finding(
            rule=self.rule.id,
            severity=self.rule.severity,
            location=location,
            printed=printed,
            computed=computed,
            suggestion=render(self.part("suggest", names), printed),
            order=tuple(self.part("order", names, default=())),
            item=item,
            texts={language: fill(text, said) for language, text in self.rule.texts.items()},
            advice={language: fill(text, said) for language, text in self.rule.advice.items()},
        )

    def location(self, names: Mapping[str, Any]) -> tuple[str, Location]:
        """The printed text and the place of the cell a finding points at."""
        row = names["row"]
        if self.rule.each == "group":
            table = BY_KEY[row["table"]]
            column = self.rule.column
            # The group is named by its first row, without that row's number.
            place = re.sub(r",? строка .*", "", row["place"]) or table.title
            spec = table.column(column) if column else None
            if spec:
                place += f", графа {spec.graph}" if spec.graph else f", «{spec.title}»"
            at = self.facts.locate(f"{row['ref']}/{column}")[1]
            return "", Location(
                table=table.key,
                column=column,
                sheet=at.sheet,
                title=spec.title if spec else "",
                place=place,
            )
        reference = self.part("at", names)
        if reference is None:
            column = str(row["column"]) if "column" in row else self.rule.column
            reference = f"{row['ref']}/{column}"
        found, location = self.facts.locate(reference)
        if found is None:
            return "", location
        return found.cell(location.column).printed, location


def fill(text: str, values: Mapping[str, Any]) -> str:
    """Puts values for {names}; nothing else in the text is special."""

    # Thousands are set apart where the printed cell sets them apart.
    like = "1 000" if re.search(r"\d\s\d", str(values.get("printed", ""))) else ""

    def one(match: re.Match[str]) -> str:
        value = from_cel(values[match[1]]) if match[1] in values else match[0]
        if isinstance(value, list | tuple):
            return ", ".join(render(x, like) for x in value)
        return render(value, like)

    return re.sub(r"\{(\w+)\}", one, text)
