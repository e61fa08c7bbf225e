"""Compiling and running one expression."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import localcontext
from typing import Any

import lark
from celpy.celparser import CELParseError, CELParser
from celpy.evaluation import CELEvalError, CELSyntaxError, CELUnsupportedError

from .errors import LimitError, RuleError
from .evaluator import Evaluator, Scope, reason
from .functions import FUNCTIONS, OPERATORS, Function, passing_errors
from .limits import Budget, Limits
from .values import EXACT, from_cel, to_cel

MACROS = frozenset({"all", "exists", "exists_one", "filter", "has", "map", "min", "reduce"})
# Levels of the grammar that, with a single child, only pass its value on.
CHAIN = frozenset(
    {
        "expr",
        "conditionalor",
        "conditionaland",
        "relation",
        "addition",
        "multiplication",
        "unary",
        "member",
    }
)
REFUSED = {
    "member_object": "messages are not available",
    "dot_ident": "a name may not start with a dot",
    "dot_ident_arg": "a name may not start with a dot",
}
REFUSED_LITERALS = {
    "BYTES_LIT": "bytes are not available",
    "UINT_LIT": "write whole numbers without u",
}


class Expression:
    """A compiled expression; safe to keep, to share between threads and to run many times."""

    def __init__(
        self,
        text: str,
        tree: lark.Tree[Any],
        *,
        name: str,
        functions: Mapping[str, Function],
        limits: Limits,
    ) -> None:
        self.text = text
        self.name = name
        self.tree = tree  # for those who read what an expression names; never changed
        self._functions = functions
        self._limits = limits

    def __repr__(self) -> str:
        return f"Expression({self.name!r}, {self.text!r})"

    def bound(self, functions: Mapping[str, Function]) -> Expression:
        """The same expression with functions that were only declared when compiling."""
        given = {name: passing_errors(f) for name, f in functions.items()}
        return Expression(
            self.text,
            self.tree,
            name=self.name,
            functions={**self._functions, **given},
            limits=self._limits,
        )

    def evaluate(
        self,
        values: Mapping[str, object],
        *,
        functions: Mapping[str, Function] | None = None,
        budget: Budget | None = None,
        raw: bool = False,
    ) -> Any:
        """The value as Python (Decimal, str, bool, date, list, dict or None).

        `functions` supplies those that were only declared when compiling. With `raw` both
        values and outcome are as the evaluator has them: the same rows, not copies of them.
        """
        if functions:
            return self.bound(functions).evaluate(values, budget=budget, raw=raw)
        try:
            names = values if raw else {name: to_cel(value) for name, value in values.items()}
            scope = Scope(names, self._functions)
            with localcontext(EXACT):
                found = Evaluator(self.tree, scope, budget or Budget(self._limits)).evaluate()
                return found if raw else from_cel(found)
        except LimitError as error:
            raise LimitError(error.reason, rule=self.name) from None
        except CELEvalError as error:
            raise self._explain(error) from error
        except (CELSyntaxError, CELUnsupportedError) as error:
            raise RuleError(
                str(error)[:200], rule=self.name, line=error.line, column=error.column
            ) from error
        except RecursionError:
            raise LimitError("nested too deeply", rule=self.name) from None
        except (ArithmeticError, TypeError, ValueError, LookupError, AttributeError) as error:
            raise RuleError(reason(error)[:200], rule=self.name) from error

    def _explain(self, error: CELEvalError) -> RuleError:
        said = str(error.args[0]) if error.args else "cannot be evaluated"
        said = said.removesuffix(" (in activation 'rule')")
        if isinstance(error.__cause__, TypeError | ValueError | ArithmeticError):
            said = reason(error.__cause__)
        return RuleError(said[:200], rule=self.name, line=error.line, column=error.column)


def compile_expression(
    text: str,
    *,
    name: str = "",
    functions: Mapping[str, Function] | None = None,
    declared: frozenset[str] = frozenset(),
    limits: Limits | None = None,
) -> Expression:
    """Parse and vet `text`; a wrong one raises RuleError with `name`, line and column.

    `functions` adds to the standard ones; `declared` names functions given at evaluation.
    """
    limits = limits or Limits()
    if len(text) > limits.chars:
        raise LimitError(f"longer than {limits.chars} characters", rule=name)
    try:
        tree = CELParser().parse(text)
    except CELParseError as error:
        first = str(error.args[0]).strip().splitlines()[0] if error.args else ""
        raise RuleError(
            f"cannot be read near: {first[:80]}", rule=name, line=error.line, column=error.column
        ) from None
    table = {
        word: passing_errors(function)
        for word, function in {**OPERATORS, **FUNCTIONS, **(functions or {})}.items()
    }
    known = {*FUNCTIONS, *(functions or {}), *declared, *MACROS}
    vetted = _vet(tree, name=name, known=known, limits=limits)
    return Expression(text, vetted, name=name, functions=table, limits=limits)


def _vet(tree: lark.Tree[Any], *, name: str, known: set[str], limits: Limits) -> lark.Tree[Any]:
    """Collapse chains, refuse what the sandbox has not, and bound the depth (without recursion)."""
    top = _collapse(tree)
    stack = [(top, 1)]
    while stack:
        node, depth = stack.pop()
        # lark names nodes by tokens, which are slow to compare; the walker compares them a lot.
        node.data = str(node.data)
        line, column = getattr(node.meta, "line", None), getattr(node.meta, "column", None)
        place: dict[str, Any] = {"rule": name, "line": line, "column": column}
        if depth > limits.depth:
            raise LimitError(f"nested deeper than {limits.depth}", **place)
        if node.data in REFUSED:
            raise RuleError(REFUSED[node.data], **place)
        first: Any = node.children[0] if node.children else None
        if node.data == "literal" and first.type in REFUSED_LITERALS:
            raise RuleError(REFUSED_LITERALS[first.type], **place)
        called = {"ident_arg": 0, "member_dot_arg": 1}.get(node.data)
        if called is not None and str(node.children[called]) not in known:
            raise RuleError(f"there is no function {node.children[called]}", **place)
        node.children = [
            _collapse(child) if isinstance(child, lark.Tree) else child for child in node.children
        ]
        stack += [(child, depth + 1) for child in node.children if isinstance(child, lark.Tree)]
    return top


def _collapse(tree: lark.Tree[Any]) -> lark.Tree[Any]:
    while (
        tree.data in CHAIN and len(tree.children) == 1 and isinstance(tree.children[0], lark.Tree)
    ):
        tree = tree.children[0]
    return tree
