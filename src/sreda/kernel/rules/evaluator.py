"""celpy's tree walker, made exact, bounded and quick.

celpy copies its whole name space for every item of a macro, evaluates both sides of && and ||,
and reads number literals as floats; the overrides here are only about that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import celpy.evaluation
import lark
from celpy.celtypes import BoolType
from celpy.evaluation import CELEvalError

from .functions import Function, kind
from .limits import Budget
from .values import EXACT


class Scope:
    """Names seen by an expression: those of a macro in front of those outside it."""

    def __init__(
        self,
        names: Mapping[str, Any],
        functions: Mapping[str, Function],
        outer: Scope | None = None,
    ) -> None:
        self.names = names
        self.functions = functions
        self.outer = outer

    def resolve_variable(self, name: str) -> Any:
        scope: Scope | None = self
        while scope:
            if name in scope.names:
                return scope.names[name]
            scope = scope.outer
        raise KeyError(name)

    def resolve_function(self, name: str) -> Function:
        return self.functions[name]

    def inner(self, names: Mapping[str, Any]) -> Scope:
        return Scope(names, self.functions, self)

    def __repr__(self) -> str:
        return "rule"


class Evaluator(celpy.evaluation.Evaluator):
    def __init__(self, ast: lark.Tree[Any], scope: Scope, budget: Budget) -> None:
        super().__init__(ast, cast(Any, scope))
        self.budget = budget

    def _visit_tree(self, tree: lark.Tree[Any]) -> Any:
        self.budget.step()
        return super()._visit_tree(tree)

    def sub_evaluator(self, ast: lark.Tree[Any]) -> Evaluator:
        return Evaluator(ast, cast(Any, self.activation), self.budget)

    def set_activation(self, values: Mapping[str, Any]) -> Evaluator:
        self.activation = cast(Any, self.base_activation).inner(values)
        return self

    def literal(self, tree: lark.Tree[Any]) -> Any:
        token: Any = tree.children[0]
        if token.type in {"INT_LIT", "FLOAT_LIT"}:
            return EXACT.create_decimal(str(token))
        return super().literal(tree)

    def conditionaland(self, tree: lark.Tree[Any]) -> Any:
        return self._logical(tree, decides=False)

    def conditionalor(self, tree: lark.Tree[Any]) -> Any:
        return self._logical(tree, decides=True)

    def _logical(self, tree: lark.Tree[Any], *, decides: bool) -> Any:
        """CEL's rule: whichever side decides wins, even when the other one is an error."""
        left = self._truth(tree, 0)
        if isinstance(left, BoolType) and bool(left) is decides:
            return left
        right = self._truth(tree, 1)
        if isinstance(left, CELEvalError) and not (
            isinstance(right, BoolType) and bool(right) is decides
        ):
            return left
        return right

    def _truth(self, tree: lark.Tree[Any], side: int) -> Any:
        value = self._visit_tree(tree.children[side])
        if isinstance(value, BoolType | CELEvalError):
            return value
        return CELEvalError(f"expected true or false, got {kind(value)}", tree=tree)
