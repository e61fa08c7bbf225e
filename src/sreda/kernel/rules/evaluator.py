"""celpy's tree walker, made exact, bounded and quick.

celpy copies its whole name space for every item of a macro, evaluates both sides of && and ||,
reads number literals as floats, and is slow on signs and fields; the overrides are only about that.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import DivisionUndefined, InvalidOperation  # type: ignore[attr-defined]
from typing import Any, cast

import celpy.evaluation
import lark
from celpy.celtypes import BoolType, ListType, MapType
from celpy.evaluation import CELEvalError

from .functions import Function, kind
from .limits import Budget
from .values import EXACT

SIGNS = {
    "relation_lt": "_<_",
    "relation_le": "_<=_",
    "relation_ge": "_>=_",
    "relation_gt": "_>_",
    "relation_eq": "_==_",
    "relation_ne": "_!=_",
    "relation_in": "_in_",
    "addition_add": "_+_",
    "addition_sub": "_-_",
    "multiplication_mul": "_*_",
    "multiplication_div": "_/_",
    "multiplication_mod": "_%_",
}


def reason(error: Exception) -> str:
    """An error of arithmetic or of types in words."""
    if isinstance(error, ZeroDivisionError) or _undefined(error):
        return "division by zero"
    if isinstance(error, ArithmeticError):
        return "the number is too large or has no value"
    return str(error.args[0]) if error.args else type(error).__name__


def _undefined(error: Exception) -> bool:
    """0 ÷ 0, which decimal arithmetic tells apart from 1 ÷ 0."""
    signals = error.args[0] if isinstance(error, InvalidOperation) and error.args else ()
    return isinstance(signals, list) and DivisionUndefined in signals


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
        kept = tree.__dict__
        if "value" not in kept:
            token: Any = tree.children[0]
            exact = token.type in {"INT_LIT", "FLOAT_LIT"}
            kept["value"] = EXACT.create_decimal(str(token)) if exact else super().literal(tree)
        return kept["value"]

    def primary(self, tree: lark.Tree[Any]) -> Any:
        child: Any = tree.children[0]
        match child.data:
            case "literal":
                return self.literal(child)
            case "paren_expr":
                return self._visit_tree(child.children[0])
            case "ident":
                name = child.children[0].value
                try:
                    return self.activation.resolve_variable(name)
                except KeyError:
                    return CELEvalError(f"undeclared reference to '{name}'", tree=tree)
            case "ident_arg" if len(child.children) == 2 and child.children[0].value not in {
                "has",
                "dyn",
            }:
                name, given = child.children
                return self._call(name, *self.visit_children(given))
        return super().primary(tree)

    def exprlist(self, tree: lark.Tree[Any]) -> Any:
        values: list[Any] = self.visit_children(tree)
        for value in values:
            if isinstance(value, CELEvalError):
                return value
        return ListType(values)

    def function_eval(self, name_token: lark.Token, exprlist: Any = None) -> Any:
        return self._call(name_token, *(exprlist or ()))

    def method_eval(self, object: Any, method_ident: lark.Token, exprlist: Any = None) -> Any:
        if isinstance(exprlist, CELEvalError):
            return exprlist
        return self._call(method_ident, object, *(exprlist or ()))

    def _call(self, name: lark.Token, *values: Any) -> Any:
        for value in values:
            if isinstance(value, CELEvalError):
                return value
        try:
            return self.activation.resolve_function(name.value)(*values)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            found = CELEvalError(reason(error), token=name)
            found.__cause__ = error
            return found

    def binary(self, tree: lark.Tree[Any]) -> Any:
        """`a < b`, `a + b`, `a * b`: the sign is the name of the left node."""
        left: Any = tree.children[0]
        if len(tree.children) == 1:
            return self._visit_tree(left)
        values = self._visit_tree(left.children[0]), self._visit_tree(cast(Any, tree.children[1]))
        try:
            return self.activation.functions[SIGNS[left.data]](*values)
        except (ArithmeticError, TypeError, ValueError) as error:
            return CELEvalError(reason(error), tree=tree)

    relation = addition = multiplication = binary

    def member_dot(self, tree: lark.Tree[Any]) -> Any:
        owner, name = cast(Any, tree.children)
        value = self._visit_tree(owner)
        if isinstance(value, CELEvalError):
            return value
        if not isinstance(value, MapType):
            return CELEvalError(f"a {kind(value)} has no field {name}", tree=tree)
        if name.value not in value:
            return CELEvalError(f"there is no field {name}", tree=tree)
        return dict.__getitem__(value, name.value)

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
