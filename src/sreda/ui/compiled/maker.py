"""What writes the function: lines, buffers of text, names and values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any

from django.template.base import (
    FilterExpression,
    NodeList,
    Template,
    TextNode,
    Variable,
)
from django.template.defaulttags import (
    TemplateLiteral,
)
from django.template.loader_tags import (
    BlockNode,
    ExtendsNode,
    construct_relative_path,
)
from django.urls import NoReverseMatch
from django.utils.functional import Promise
from django.utils.safestring import SafeData, SafeString, mark_safe
from django.utils.timezone import template_localtime  # type: ignore[attr-defined]

from . import runtime
from .scopes import Code, Const, Loop, Scope, Uncompilable, Value

DEEPEST = 12  # templates within templates; a template that includes itself renders as ever
COMPARED = {
    "==": "{} == {}",
    "!=": "{} != {}",
    ">": "{} > {}",
    ">=": "{} >= {}",
    "<": "{} < {}",
    "<=": "{} <= {}",
    "in": "{} in {}",
    "not in": "{} not in {}",
    "is": "{} is {}",
    "is not": "{} is not {}",
}

NODES: dict[type, Callable[[Maker, Any], None]] = {}


def compiles(
    *kinds: type,
) -> Callable[[Callable[[Maker, Any], None]], Callable[[Maker, Any], None]]:
    """Names the kinds of node that a function writes the lines of."""

    def named(function: Callable[[Maker, Any], None]) -> Callable[[Maker, Any], None]:
        NODES.update(dict.fromkeys(kinds, function))
        return function

    return named


class Maker:
    def __init__(self, engine: Any) -> None:
        self.engine = engine
        self.lines: list[str] = []
        self.depth = 1
        self.static: list[str] = []
        self.buffer = 0
        self.buffers = 0
        self.numbers = count(1)
        self.scope: Scope = None  # type: ignore[assignment]
        self.blocks: dict[str, list[BlockNode]] = {}
        self.inside: list[tuple[BlockNode, ...]] = []
        self.open: list[Template] = []
        self.constants: dict[str, Any] = {
            name: getattr(runtime, name)
            for name in (
                "attr", "called", "csrf", "drawn", "failed", "flat", "link", "loop", "need", "safe",
                "seen", "sized", "text", "unpacked", "MISSING",
            )
        } | {
            "mark_safe": mark_safe,
            "template_localtime": template_localtime,
            "NoReverseMatch": NoReverseMatch,
            "SafeData": SafeData,
        }  # fmt: skip

    # ---- writing

    def line(self, code: str) -> None:
        self.lines.append(" " * self.depth + code)

    @contextmanager
    def indented(self, head: str) -> Iterator[None]:
        self.line(head)
        self.depth += 1
        before = len(self.lines)
        yield
        if len(self.lines) == before:
            self.line("pass")
        self.depth -= 1

    def fresh(self) -> str:
        return f"v{next(self.numbers)}"

    def constant(self, value: Any) -> str:
        if value is None or type(value) in {str, int, bool}:
            return repr(value)
        name = f"k{next(self.numbers)}"
        self.constants[name] = value
        return name

    def expression(self, value: Value) -> str:
        return self.constant(value.value) if isinstance(value, Const) else value.name

    def put(self, text: str) -> None:
        """Text that is known now."""
        self.static.append(text)

    def flush(self) -> None:
        if text := "".join(self.static):
            self.line(f"w{self.buffer}({text!r})")
        self.static.clear()

    def write(self, expression: str) -> None:
        self.flush()
        self.line(f"w{self.buffer}({expression})")

    def content(self, nodes: NodeList) -> Value:
        """What the nodes render to, as a value."""
        outer, pending = self.buffer, self.static
        self.buffers += 1
        mine = self.buffer = self.buffers
        self.static = []
        before = len(self.lines)
        self.nodes(nodes)
        if len(self.lines) == before:
            found: Value = Const(SafeString("".join(self.static)))
        else:
            self.flush()
            head = " " * self.depth
            self.lines[before:before] = [f"{head}o{mine} = []", f"{head}w{mine} = o{mine}.append"]
            name = self.fresh()
            self.line(f"{name} = safe(o{mine})")
            found = Code(name)
        self.buffer, self.static = outer, pending
        return found

    # ---- names

    @contextmanager
    def level(self, scope: Scope) -> Iterator[Scope]:
        outer = self.scope
        self.scope = scope
        before, head = len(self.lines), " " * self.depth
        yield scope
        self.scope = outer
        self.lines[before:before] = [f"{head}{v} = MISSING" for v in scope.unsure.values()]

    @contextmanager
    def arm(self, head: str) -> Iterator[None]:
        """One arm of an `if`."""
        self.flush()
        owner = self.scope.branch_of or self.scope
        with self.indented(head), self.level(Scope(self.scope, branch_of=owner)):
            yield
            self.flush()

    def set(self, name: str, value: Value) -> None:
        """`{% … as name %}`."""
        owner = self.scope.branch_of
        if owner is None:
            if name in self.scope.unsure:
                self.line(f"{self.scope.unsure[name]} = {self.expression(value)}")
            self.scope.names[name] = value
            return
        variable = owner.unsure.setdefault(name, f"v_{name}_{next(self.numbers)}")
        self.line(f"{variable} = {self.expression(value)}")
        self.scope.names[name] = value
        scope: Scope | None = self.scope
        while scope is not owner and scope is not None and (scope := scope.parent) is not None:
            before = scope.names.get(name)
            if not (isinstance(before, Code) and before.name == variable):
                scope.names[name] = Code(variable, unsure=True, before=before)

    def find(self, name: str, call: bool = True) -> Value | str:
        """A name's value, or an expression that looks it up and may fail."""
        around: list[str] = []
        scope: Scope | None = self.scope
        result: Value | str | None = None
        while scope is not None:
            if name == "forloop" and scope.loop is not None:
                result = self.use(scope.loop)
                break
            value = scope.names.get(name)
            while isinstance(value, Code) and value.unsure:
                if value.name not in around:
                    around.append(value.name)
                value = value.before
            if value is not None:
                result = value
                break
            if scope.rest:
                get = f"need({scope.rest}, {name!r})" if call else (
                    f"{scope.rest}.get({name!r}, MISSING)"
                )  # fmt: skip
                result = get
                break
            if scope.alone:
                break
            scope = scope.parent
        if result is None:
            if name in {"True", "False", "None"}:
                return Const({"True": True, "False": False, "None": None}[name])
            result = f"need({{}}, {name!r})" if call else "MISSING"
        if not around:
            return result
        last = result if isinstance(result, str) else self.expression(result)
        for variable in reversed(around):
            last = f"({variable} if {variable} is not MISSING else {last})"
        return last

    def use(self, loop: Loop) -> Code:
        outer: Loop | None = loop
        while outer is not None:
            outer.used = True
            outer = outer.parent
        return Code(loop.name)

    def enclosing_loop(self) -> Loop | None:
        scope: Scope | None = self.scope
        while scope is not None and not scope.alone:
            if scope.loop is not None:
                return scope.loop
            scope = scope.parent
        return None

    def visible(self) -> tuple[str, bool]:
        """All names set above the page's own, as the source of a dictionary."""
        chain: list[Scope] = []
        scope: Scope | None = self.scope
        alone = False
        while scope is not None:
            chain.append(scope)
            if scope.alone:
                alone = True
                break
            scope = scope.parent
        parts = [f"**{chain[-1].rest}"] if alone and chain[-1].rest else []
        names = [name for scope in reversed(chain) for name in scope.names]
        if any(scope.loop is not None for scope in chain):
            names.append("forloop")
        for name in dict.fromkeys(names):
            found = self.find(name, call=False)
            parts.append(f"{name!r}: {found if isinstance(found, str) else self.expression(found)}")
        return "{" + ", ".join(parts) + "}", alone

    # ---- values

    def variable(self, variable: Variable, missing: str) -> Value:
        """`missing` is the source of what stands for a name that is not there."""
        if variable.lookups is None or variable.translate:
            return Const(_now(variable.resolve({})))
        first, *rest = variable.lookups
        found = self.find(first)
        if not isinstance(found, str) and not rest:
            return found
        source = found if isinstance(found, str) else self.expression(found)
        for bit in rest:
            source = f"attr({source}, {bit!r})"
        name = self.fresh()
        self.line(f"try: {name} = {source}")
        self.line(f"except Exception as e: {name} = failed(e, {missing})")
        return Code(name)

    def value(self, expression: FilterExpression, missing: str = "''") -> Value:
        """A variable or literal with its filters."""
        if isinstance(expression.var, Variable):
            value = self.variable(expression.var, missing)
        else:
            value = Const(_now(expression.var))
        for function, given in expression.filters:
            arguments = [
                self.expression(
                    self.variable(arg, "MISSING") if looked_up else Const(mark_safe(_now(arg)))  # noqa: S308
                )
                for looked_up, arg in given
            ]
            value = self.filtered(value, function, arguments)
        return value

    def values(self, given: dict[str, FilterExpression]) -> dict[str, Value]:
        return {name: self.value(expression) for name, expression in given.items()}

    def filtered(self, value: Value, function: Any, arguments: list[str]) -> Value:
        source = self.expression(value)
        name = self.fresh()
        if getattr(function, "expects_localtime", False):
            source = f"template_localtime({source}, None)"
        if getattr(function, "needs_autoescape", False):
            arguments = [*arguments, "autoescape=True"]
        called = f"{self.constant(function)}({', '.join([source, *arguments])})"
        if getattr(function, "is_safe", False):
            safe = self.fresh()
            self.line(f"{safe} = isinstance({source}, SafeData)")
            self.line(f"{name} = {called}")
            self.line(f"if {safe}: {name} = mark_safe({name})")
        else:
            self.line(f"{name} = {called}")
        return Code(name)

    def show(self, value: Value) -> None:
        """A value as text of the page."""
        if isinstance(value, Const):
            self.put(runtime.text(value.value))
        else:
            self.write(f"text({value.name})")

    def condition(self, token: Any) -> Value:
        """A condition of an `if`; one that fails is false."""
        if isinstance(token, TemplateLiteral):
            literal: Any = token
            return self.value(literal.value, "None")
        name = self.fresh()
        with self.indented("try:"):
            if token.id in {"and", "or"}:
                self.line(f"{name} = {self.expression(self.condition(token.first))}")
                with self.indented(f"if {'' if token.id == 'and' else 'not '}{name}:"):
                    self.line(f"{name} = {self.expression(self.condition(token.second))}")
            elif token.id == "not":
                self.line(f"{name} = not {self.expression(self.condition(token.first))}")
            elif token.id in COMPARED:
                first = self.expression(self.condition(token.first))
                second = self.expression(self.condition(token.second))
                self.line(f"{name} = {COMPARED[token.id].format(first, second)}")
            else:
                raise Uncompilable(token.id)
        self.line(f"except Exception: {name} = False")
        return Code(name)

    # ---- nodes and templates

    def nodes(self, nodes: Sequence[Any]) -> None:
        for node in nodes:
            if (function := NODES.get(type(node))) is None:
                raise Uncompilable(type(node).__name__)
            function(self, node)

    def template(self, template: Template) -> None:
        """A whole template with those it extends, in the scope there is."""
        if len(self.open) > DEEPEST or template in self.open:
            raise Uncompilable(f"{template.name} includes itself")
        self.open.append(template)
        outer, self.blocks = self.blocks, {}
        nodes: NodeList = template.nodelist
        while True:
            parent: Any = next((n for n in nodes if not isinstance(n, TextNode)), None)
            if not isinstance(parent, ExtendsNode):
                break
            for name, derived in parent.blocks.items():
                self.blocks.setdefault(name, []).append(derived)
            nodes = self.named(parent.parent_name, parent).nodelist  # type: ignore[arg-type]
        block: Any
        for block in nodes.get_nodes_by_type(BlockNode):
            self.blocks.setdefault(block.name, []).append(block)
        self.nodes(nodes)
        self.blocks = outer
        self.open.pop()

    def named(self, expression: FilterExpression, node: Any) -> Template:
        if isinstance(expression.var, Variable) or expression.filters:
            raise Uncompilable("a template by a name not known yet")
        name = construct_relative_path(node.origin.template_name, str(expression.var))
        found: Template = self.engine.get_template(name)
        if found.origin == node.origin:
            raise Uncompilable("a template that extends its namesake")
        return found

    def inlined(
        self, template: Template, names: dict[str, Value], *, alone: bool, rest: str = ""
    ) -> None:
        inside, self.inside = self.inside, []
        scope = Scope(None if alone else self.scope, rest=rest, alone=alone, names=names)
        with self.level(scope):
            self.template(template)
        self.inside = inside

    def looked_up(self, name: str) -> Code:
        """A name as it stands, called or not; it may be missing."""
        found = self.find(name, call=False)
        variable = self.fresh()
        self.line(f"{variable} = {found if isinstance(found, str) else self.expression(found)}")
        return Code(variable, unsure=True)


def _now(value: Any) -> Any:
    """A text in the language in force."""
    return str(value) if isinstance(value, Promise) else value
