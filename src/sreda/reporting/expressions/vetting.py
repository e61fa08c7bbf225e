"""Reading an expression before it is ever run: every name it uses must exist."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

import lark
from celpy.evaluation import celstr
from django.utils.translation import gettext as _

from sreda.kernel.api import Dataset, datasets
from sreda.kernel.rules import MACROS
from sreda.reporting.expressions.inputs import CONTEXT, DATASET_CALLS, FORM_CALLS, Call, Inputs
from sreda.reporting.expressions.words import ExpressionError
from sreda.reporting.forms import Block, BlockKind, Schema

Tree = lark.Tree[Any]
FormOf = Callable[[str], Schema | None]
NOT_CONSTANT = object()
Bound = Mapping[str, frozenset[str] | None]


def constant(node: Any) -> Any:
    """The value of a literal, a list or a map of literals; NOT_CONSTANT for anything else."""
    if not isinstance(node, lark.Tree):
        return NOT_CONSTANT
    if node.data in {"primary", "paren_expr", "expr"} and len(node.children) == 1:
        return constant(node.children[0])
    match node.data:
        case "literal":
            return _literal(node.children[0])
        case "list_lit":
            items = [constant(item) for item in arguments_of(node, 0)]
            return NOT_CONSTANT if NOT_CONSTANT in items else items
        case "map_lit":
            parts = [constant(part) for part in arguments_of(node, 0)]
            if any(part is NOT_CONSTANT for part in parts):
                return NOT_CONSTANT
            return dict(zip(parts[::2], parts[1::2], strict=True))
    return NOT_CONSTANT


def _literal(token: Any) -> Any:
    match token.type:
        case "INT_LIT" | "FLOAT_LIT":
            return Decimal(str(token))
        case "STRING_LIT" | "MLSTRING_LIT":
            return str(celstr(token))
        case "BOOL_LIT":
            return str(token) == "true"
    return None


def arguments_of(node: Tree, at: int) -> list[Any]:
    """The expressions inside the brackets, which stand as the child number `at`."""
    if len(node.children) <= at or node.children[at] is None:
        return []
    return list(node.children[at].children)


class Vetting:
    """One walk over one expression."""

    def __init__(
        self,
        place: str,
        *,
        schema: Schema | None,
        row_of: Block | None,
        organisation: bool,
        form_of: FormOf | None,
        indicator_known: Callable[[str], bool] | None,
    ) -> None:
        self.place = place
        self.schema = schema
        self.row_of = row_of
        self.organisation = organisation
        self.form_of = form_of
        self.indicator_known = indicator_known
        self.inputs = Inputs()

    def fault(self, node: Any, text: str) -> ExpressionError:
        meta = getattr(node, "meta", node)
        return ExpressionError(
            text,
            rule=self.place,
            line=getattr(meta, "line", None),
            column=getattr(meta, "column", None),
        )

    def walk(self, node: Any, bound: Bound) -> None:
        """ExpressionError at the first name that does not exist."""
        if not isinstance(node, lark.Tree):
            return
        match node.data:
            case "ident":
                self._name(node, [str(node.children[0])], bound)
            case "member_dot":
                chain = chain_of(node)
                if chain is None:
                    self.walk(node.children[0], bound)
                else:
                    self._name(node, chain, bound)
            case "ident_arg":
                self._call(node, bound)
            case "member_dot_arg":
                self._method(node, bound)
            case "multiplication" if node.children[0].data == "multiplication_div":
                self.walk(node.children[0], bound)
                before = len(self.inputs.calls)
                self.walk(node.children[1], bound)
                self.inputs.divisors.extend(self.inputs.calls[before:])
            case _:
                for child in node.children:
                    self.walk(child, bound)

    def _method(self, node: Tree, bound: Bound) -> None:
        owner, name, arguments = node.children[0], str(node.children[1]), arguments_of(node, 2)
        self.walk(owner, bound)
        if name in MACROS and arguments and (variable := ident_of(arguments[0])):
            inner = {**bound, variable: self._fields_of(owner)}
            for argument in arguments[1:]:
                self.walk(argument, inner)
            return
        for argument in arguments:
            self.walk(argument, bound)

    def _fields_of(self, owner: Any) -> frozenset[str] | None:
        """The columns that rows of this list have, where it can be known."""
        if (name := ident_of(owner)) and self.schema and (block := self.schema.blocks.get(name)):
            return frozenset(f.code for f in block.fields)
        if (
            isinstance(owner, lark.Tree)
            and owner.data == "member_dot_arg"
            and str(owner.children[1]) == "filter"
        ):
            return self._fields_of(owner.children[0])
        return None

    def _name(self, node: Tree, chain: list[str], bound: Bound) -> None:
        first, rest = chain[0], chain[1:]
        if first in bound:
            fields = bound[first]
            if fields is not None and rest and rest[0] not in fields:
                raise self.fault(
                    node, _("the row has no column “%s”") % rest[0] + near(rest[0], fields)
                )
            return
        if first == "row" and self.row_of is not None:
            self._known(node, rest[0] if rest else "", [f.code for f in self.row_of.fields])
            return
        if first == "as_of" and not rest:
            return
        if first in CONTEXT and (first != "organisation" or self.organisation):
            self._known(node, rest[0] if rest else "", CONTEXT[first])
            return
        if self.schema is None or first not in self.schema.blocks:
            raise self.fault(node, _("there is no name “%s”") % first + near(first, self._names()))
        self._cell(node, self.schema.blocks[first], rest)

    def _names(self) -> list[str]:
        names = ["as_of", "period", *(["organisation"] if self.organisation else [])]
        return names + list(self.schema.blocks if self.schema else ())

    def _known(self, node: Tree, part: str, parts: Any) -> None:
        if part and part not in parts:
            raise self.fault(node, _("there is no field “%s”") % part + near(part, parts))

    def _cell(self, node: Tree, block: Block, rest: list[str]) -> None:
        assert self.schema is not None
        if block.kind is BlockKind.LIST:
            if rest:
                raise self.fault(
                    node,
                    _("“%s” is a list of rows: go through them with map, filter, all or exists")
                    % block.code,
                )
            self.inputs.cells.add(f"{block.code}.*")
            return
        key = ".".join([block.code, *rest])
        depth = 1 if block.kind is BlockKind.FIELDS else 2
        if len(rest) < depth:  # a row or the whole block
            found = [k for k in self.schema.cells if k.startswith(f"{key}.")]
            if not found:
                raise self.fault(
                    node, _("there is no cell “%s”") % key + near(key, self.schema.cells)
                )
            self.inputs.cells.update(found)
            return
        if key not in self.schema.cells:
            raise self.fault(node, _("there is no cell “%s”") % key + near(key, self.schema.cells))
        self.inputs.cells.add(key)

    def _call(self, node: Tree, bound: Bound) -> None:
        name, arguments = str(node.children[0]), arguments_of(node, 1)
        for argument in arguments:
            self.walk(argument, bound)
        if name in DATASET_CALLS:
            self._dataset(node, name, arguments)
        elif name in FORM_CALLS or name == "indicator":
            self._form_call(node, name, arguments)

    def _texts(self, node: Tree, arguments: list[Any], count: int) -> list[str]:
        found = [constant(argument) for argument in arguments[:count]]
        if len(found) < count or not all(isinstance(text, str) for text in found):
            raise self.fault(node, _("the names must be written out as texts in quotes"))
        return found

    def _dataset(self, node: Tree, function: str, arguments: list[Any]) -> None:
        texts = self._texts(node, arguments, DATASET_CALLS[function])
        dataset = datasets().get(texts[0])
        if dataset is None:
            raise self.fault(
                arguments[0], _("there is no dataset “%s”") % texts[0] + near(texts[0], datasets())
            )
        measures = {m.name: m for m in dataset.measures}
        measure = texts[1] if len(texts) > 1 else dataset.measures[0].name
        if measure not in measures:
            raise self.fault(
                arguments[1],
                _("“%(dataset)s” has no measure “%(name)s”")
                % {"dataset": dataset.name, "name": measure}
                + near(measure, measures),
            )
        if function == "total" and not measures[measure].additive:
            raise self.fault(
                arguments[1], _("“%s” cannot be added up: ask for it with value") % measure
            )
        rest = arguments[DATASET_CALLS[function] :]
        filters = self._filters(rest[0], dataset) if rest else {}
        if function == "listed":
            self._columns(node, rest, dataset)
        self.inputs.datasets.add((dataset.name, measure))
        self.inputs.calls.append(Call(function, dataset.name, measure, filters))

    def _columns(self, node: Tree, rest: list[Any], dataset: Dataset) -> None:
        columns = constant(rest[1]) if len(rest) > 1 else NOT_CONSTANT
        if not isinstance(columns, list) or not columns:
            raise self.fault(node, _("the third argument lists the columns as texts in quotes"))
        known = {d.name for d in dataset.dimensions} | {m.name for m in dataset.measures}
        for column in columns:
            if column not in known:
                raise self.fault(
                    rest[1],
                    _("“%(dataset)s” has no column “%(name)s”")
                    % {"dataset": dataset.name, "name": column}
                    + near(str(column), known),
                )

    def _filters(self, node: Any, dataset: Dataset) -> dict[str, Any] | None:
        """The constant filters, or None; dimensions and their possible values are checked."""
        while isinstance(node, lark.Tree) and node.data in {"primary", "paren_expr"}:
            node = node.children[0]
        if not isinstance(node, lark.Tree) or node.data != "map_lit":
            raise self.fault(node, _('filters are written as {"dimension": value}'))
        parts = arguments_of(node, 0)
        dimensions = {d.name: d for d in dataset.dimensions}
        found: dict[str, Any] | None = {}
        for key, value in zip(parts[::2], parts[1::2], strict=True):
            name = constant(key)
            if name not in dimensions:
                raise self.fault(
                    key,
                    _("“%(dataset)s” has no dimension “%(name)s”")
                    % {"dataset": dataset.name, "name": name}
                    + near(str(name), dimensions),
                )
            wanted = constant(value)
            if wanted is NOT_CONSTANT:
                found = None
                continue
            self._possible(value, dataset, name, wanted)
            if found is not None:
                found[name] = wanted
        return found

    def _possible(self, node: Any, dataset: Dataset, name: str, wanted: Any) -> None:
        dimension = next(d for d in dataset.dimensions if d.name == name)
        if isinstance(wanted, dict):
            if not wanted or not wanted.keys() <= {"from", "to"}:
                raise self.fault(node, _('a range is written as {"from": …, "to": …}'))
            return
        if dimension.choices is None:
            return
        choices = [value for value, _title in dimension.choices()]
        for value in wanted if isinstance(wanted, list) else [wanted]:
            if value is not None and not any(
                type(value) is type(c) or (isinstance(c, str) and isinstance(value, str))
                for c in choices
                if c == value
            ):
                raise self.fault(
                    node,
                    _("“%(name)s” is never “%(value)s”; possible: %(choices)s")
                    % {"name": name, "value": value, "choices": ", ".join(map(str, choices))},
                )

    def _form_call(self, node: Tree, name: str, arguments: list[Any]) -> None:
        texts = self._texts(node, arguments, 2 if name == "form" else 1)
        if name == "indicator":
            if self.indicator_known is not None and not self.indicator_known(texts[0]):
                raise self.fault(node, _("there is no indicator “%s”") % texts[0])
            self.inputs.indicators.add(texts[0])
            return
        schema = self.schema
        if name == "form":
            self.inputs.forms.add((texts[0], texts[1]))
            if self.form_of is None:
                return
            schema = self.form_of(texts[0])
            if schema is None:
                raise self.fault(node, _("there is no form “%s” in force") % texts[0])
        elif schema is None:
            raise self.fault(node, _("“%s” is known only inside a form") % name)
        else:
            (self.inputs.previous if name == "previous" else self.inputs.cells).add(texts[0])
        if schema is not None and (texts[-1] not in schema.cells or ".*." in texts[-1]):
            raise self.fault(
                node, _("there is no cell “%s”") % texts[-1] + near(texts[-1], schema.cells)
            )


def chain_of(node: Any) -> list[str] | None:
    """`a.b.c` as names; None where it does not begin with a name."""
    names: list[str] = []
    while isinstance(node, lark.Tree) and node.data == "member_dot":
        names.insert(0, str(node.children[1]))
        node = node.children[0]
    first = ident_of(node)
    return None if first is None else [first, *names]


def ident_of(node: Any) -> str | None:
    while isinstance(node, lark.Tree) and node.data in {"primary", "paren_expr", "expr"}:
        if len(node.children) != 1:
            return None
        node = node.children[0]
    return str(node.children[0]) if isinstance(node, lark.Tree) and node.data == "ident" else None


def near(word: str, known: Any) -> str:
    """A hint at what was probably meant."""
    found = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return _(" (perhaps “%s”)") % found[0] if found else ""
