"""From a template's nodes to the source of a function that renders them.

Names bound by the template itself (`for`, `with`, `as`, an included template's values) become the
function's variables; other names are looked up in the context. A value known now is folded into
the text around it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from typing import Any, cast

from django.template import Context
from django.template.base import (
    FilterExpression,
    Node,
    NodeList,
    Template,
    TextNode,
    Variable,
    VariableNode,
)
from django.template.defaulttags import (
    CommentNode,
    CsrfTokenNode,
    FirstOfNode,
    ForNode,
    IfChangedNode,
    IfNode,
    LoadNode,
    TemplateLiteral,
    URLNode,
    WithNode,
)
from django.template.library import InclusionNode, SimpleBlockNode, SimpleNode
from django.template.loader_tags import (
    BlockNode,
    ExtendsNode,
    IncludeNode,
    construct_relative_path,
)
from django.templatetags.i18n import BlockTranslateNode, TranslateNode
from django.templatetags.static import StaticNode
from django.urls import NoReverseMatch
from django.utils import translation
from django.utils.functional import Promise
from django.utils.html import conditional_escape
from django.utils.safestring import SafeData, SafeString, mark_safe
from django.utils.timezone import template_localtime  # type: ignore[attr-defined]

from . import runtime

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


class Uncompilable(Exception):
    """The template has a part that only Django's own way of rendering knows."""


@dataclass(frozen=True, slots=True)
class Const:
    """A value known when the function is made."""

    value: Any


@dataclass(frozen=True, slots=True)
class Code:
    """A variable of the function; an `unsure` one may not have been set, then `before` holds."""

    name: str
    unsure: bool = False
    before: Const | Code | None = None


Value = Const | Code


@dataclass(eq=False)
class Scope:
    """Names set at one level. `rest` is the variable of a dictionary that has any others, at the
    outermost level of a page or of a template that sees nothing of the page (`alone`)."""

    parent: Scope | None = None
    rest: str = ""
    alone: bool = False
    names: dict[str, Value] = field(default_factory=dict)
    branch_of: Scope | None = None  # an arm of an `if`: what it sets may not be set after it
    unsure: dict[str, str] = field(default_factory=dict)
    loop: Loop | None = None


@dataclass(eq=False)
class Loop:
    number: str
    count: str
    name: str
    parent: Loop | None
    used: bool = False


def compiled(template: Template) -> Callable[[Context], SafeString]:
    """The function for the language in force; Uncompilable when there can be none."""
    maker = Maker(template.engine)
    with maker.level(Scope(rest="page")):
        maker.template(template)
        maker.flush()
    head = ["def render(context):", " page = flat(context)", " o0 = []", " w0 = o0.append"]
    source = "\n".join([*head, *maker.lines, " return safe(o0)"])
    exec(compile(source, f"<{template.name}>", "exec"), maker.constants)  # noqa: S102
    made: Callable[[Context], SafeString] = maker.constants["render"]
    return made


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

    # ---- nodes

    def nodes(self, nodes: Sequence[Any]) -> None:
        for node in nodes:
            if (method := _NODES.get(type(node))) is None:
                raise Uncompilable(type(node).__name__)
            method(self, node)

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

    def text_node(self, node: TextNode) -> None:
        self.put(node.s)

    def nothing(self, node: Node) -> None:
        pass

    def variable_node(self, node: Any) -> None:
        expression = node.filter_expression
        variable = expression.var
        if isinstance(variable, Variable) and (variable.lookups or ("",))[0] == "block":
            if variable.lookups != ("block", "super") or expression.filters or not self.inside:
                raise Uncompilable("block")
            chain = self.inside[-1]
            if len(chain) > 1:
                self.block_body(chain[1:])
            return
        self.show(self.value(expression))

    def block_node(self, node: Any) -> None:
        self.block_body(tuple(self.blocks.get(node.name) or (node,)))

    def block_body(self, chain: tuple[BlockNode, ...]) -> None:
        self.inside.append(chain)
        with self.level(Scope(self.scope)):
            self.nodes(chain[0].nodelist)
        self.inside.pop()

    def if_node(self, node: Any) -> None:
        self.arms(node.conditions_nodelists)

    def arms(self, arms: Sequence[tuple[Any, NodeList]]) -> None:
        if not arms:
            return
        (condition, nodes), *rest = arms
        if condition is None:
            self.nodes(nodes)
            return
        self.flush()
        value = self.condition(condition)
        if isinstance(value, Const):
            if value.value:
                self.nodes(nodes)
            else:
                self.arms(rest)
            return
        with self.arm(f"if {value.name}:"):
            self.nodes(nodes)
        if any(condition is not None or len(nodes) for condition, nodes in rest):
            with self.arm("else:"):
                self.arms(rest)

    def for_node(self, node: Any) -> None:
        self.flush()
        values, number = self.fresh(), self.fresh()
        length, item = self.fresh(), self.fresh()
        source = self.expression(self.value(node.sequence, "None"))
        self.line(f"{values} = sized({source})")
        self.line(f"{length} = len({values})")
        loop = Loop(number, length, self.fresh(), self.enclosing_loop())
        unpack = len(node.loopvars) > 1
        names = [self.fresh() for _name in node.loopvars] if unpack else [item]
        run = f"reversed({values})" if node.is_reversed else values
        with self.indented(f"if {length}:"):
            scope = Scope(self.scope, loop=loop)
            with self.level(scope):
                self.line(f"for {number}, {item} in enumerate({run}):")
                self.depth += 1
                start = len(self.lines)
                bound: dict[str, Value] = {
                    n: Code(v) for n, v in zip(node.loopvars, names, strict=True)
                }
                if unpack:
                    self.line(f"{', '.join(names)} = unpacked({item}, {len(names)})")
                for name in names:
                    self.line(f"if callable({name}): {name} = called({name})")
                if unpack:
                    with self.level(Scope(scope, names=bound)):
                        self.nodes(node.nodelist_loop)
                        self.flush()
                else:
                    for name in _set_in(node.nodelist_loop):  # the next turn sees them
                        scope.unsure[name] = self.fresh()
                        scope.names[name] = Code(scope.unsure[name], unsure=True)
                    scope.names.update(bound)
                    self.nodes(node.nodelist_loop)
                    self.flush()
                if loop.used:
                    parent = loop.parent.name if loop.parent else "{}"
                    self.lines.insert(
                        start,
                        f"{' ' * self.depth}{loop.name} = loop({number}, {length}, {parent})",
                    )
                self.depth -= 1
        if node.nodelist_empty:
            with self.indented("else:"), self.level(Scope(self.scope)):
                self.nodes(node.nodelist_empty)
                self.flush()

    def if_changed_node(self, node: Any) -> None:
        owner: Scope | None = self.scope
        while owner is not None and owner.loop is None:
            owner = None if owner.alone else owner.parent
        if owner is None or not node._varlist:
            raise Uncompilable("a change of what is drawn")
        before, now = self.fresh(), self.fresh()
        owner.unsure[f"#{before}"] = before
        values = [self.expression(self.value(v, "None")) for v in node._varlist]
        self.line(f"{now} = [{', '.join(values)}]")
        with self.arm(f"if {now} != {before}:"):
            self.line(f"{before} = {now}")
            self.nodes(node.nodelist_true)
        if node.nodelist_false:
            with self.arm("else:"):
                self.nodes(node.nodelist_false)

    def with_node(self, node: Any) -> None:
        with self.level(Scope(self.scope, names=self.values(node.extra_context))):
            self.nodes(node.nodelist)

    def values(self, given: dict[str, FilterExpression]) -> dict[str, Value]:
        return {name: self.value(expression) for name, expression in given.items()}

    def include_node(self, node: Any) -> None:
        template = self.named(node.template, node)
        names = self.values(node.extra_context)
        if node.isolated_context and "request" not in names:
            names["request"] = self.looked_up("request")
        self.inlined(template, names, alone=node.isolated_context)

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

    def tag(self, node: Any) -> tuple[str, bool]:
        """The call of a simple tag's function; and whether it can be made now."""
        arguments: list[Value] = [self.value(arg) for arg in node.args]
        named = self.values(node.kwargs)
        if isinstance(node, SimpleBlockNode):
            arguments.insert(0, self.content(node.nodelist))
        fixed = getattr(node.func, "pure", False) and all(
            isinstance(v, Const) for v in (*arguments, *named.values())
        )
        sources = [self.expression(v) for v in arguments]
        sources += [f"{name}={self.expression(v)}" for name, v in named.items()]
        return f"{self.constant(node.func)}({', '.join(sources)})", fixed

    def simple_node(self, node: Any) -> None:
        if node.takes_context:
            if node.target_var:
                raise Uncompilable("a tag of the context that sets a name")
            self.of_context(node)
            return
        call, fixed = self.tag(node)
        if fixed:
            value: Value = Const(eval(call, self.constants))  # noqa: S307 - our own source
        else:
            value = Code(self.fresh())
            self.line(f"{value.name} = {call}")
        if node.target_var is not None:
            self.set(node.target_var, value)
        elif isinstance(value, Const):
            self.put(conditional_escape(value.value))
        else:
            self.write(f"drawn({value.name})")

    def of_context(self, node: Any) -> None:
        arguments = [self.expression(self.value(arg)) for arg in node.args]
        if isinstance(node, SimpleBlockNode):
            arguments.insert(0, self.expression(self.content(node.nodelist)))
        arguments += [f"{n}={self.expression(v)}" for n, v in self.values(node.kwargs).items()]
        names, alone = self.visible()
        context, found = self.fresh(), self.fresh()
        self.line(f"{context} = seen(context, {names}, {alone})")
        with self.indented("try:"):
            call = ", ".join([context, *arguments])
            self.line(f"{found} = {self.constant(node.func)}({call})")
        self.line("finally: pass" if alone else "finally: context.pop()")
        self.write(f"drawn({found})")

    def inclusion_node(self, node: Any) -> None:
        if node.takes_context or not isinstance(node.filename, str):
            raise Uncompilable("an inclusion tag of the context")
        call, _fixed = self.tag(node)
        names = self.fresh()
        self.line(f"{names} = {call}")
        request = self.looked_up("request")
        self.line(f"{request.name} = {names}.get('request', {request.name})")
        bound: dict[str, Value] = {"csrf_token": self.looked_up("csrf_token"), "request": request}
        self.inlined(self.engine.get_template(node.filename), bound, alone=True, rest=names)

    def url_node(self, node: Any) -> None:
        view = self.value(node.view_name)
        arguments = [self.value(arg) for arg in node.args]
        if node.kwargs or not isinstance(view, Const):
            raise Uncompilable("an address by named arguments")
        value: Value
        if all(isinstance(argument, Const) for argument in arguments):
            try:
                value = Const(runtime.link(view.value, *(a.value for a in arguments)))  # type: ignore[union-attr]
            except NoReverseMatch:
                if not node.asvar:
                    raise Uncompilable("an address that leads nowhere") from None
                value = Const("")
        else:
            call = ", ".join([repr(str(view.value)), *map(self.expression, arguments)])
            value = Code(self.fresh())
            if node.asvar:
                self.line(f"try: {value.name} = link({call})")
                self.line(f"except NoReverseMatch: {value.name} = ''")
            else:
                self.line(f"{value.name} = link({call})")
        if node.asvar:
            self.set(node.asvar, value)
        elif isinstance(value, Const):
            self.put(conditional_escape(value.value))
        else:
            self.write(f"drawn({value.name})")

    def static_node(self, node: Any) -> None:
        if isinstance(node.path, FilterExpression) and (
            isinstance(node.path.var, Variable) or node.path.filters
        ):
            raise Uncompilable("a file by a name not known yet")
        address = node.url(Context())
        if node.varname:
            self.set(node.varname, Const(address))
        else:
            self.put(address)

    def csrf_node(self, node: Any) -> None:
        found = self.find("csrf_token", call=False)
        source = found if isinstance(found, str) else self.expression(found)
        self.write(f"csrf({source})")

    def first_of_node(self, node: Any) -> None:
        self.flush()
        name = self.fresh()
        self.line(f"{name} = ''")
        ends = 0
        for variable in node.vars:
            found = self.expression(self.value(variable, "None"))
            self.line(f"if {found}: {name} = text({found})")
            self.line("else:")
            self.depth += 1
            ends += 1
        self.line("pass")
        self.depth -= ends
        if node.asvar:
            self.set(node.asvar, Code(name))
        else:
            self.write(name)

    def translate_node(self, node: Any) -> None:
        expression = node.filter_expression
        if not isinstance(expression.var, Variable) or expression.var.lookups is not None:
            raise Uncompilable("a translation of what is not known yet")
        if expression.filters or (
            node.message_context and isinstance(node.message_context.var, Variable)
        ):
            raise Uncompilable("a translation with filters")
        scratch = Context()
        shown = node.render(scratch)
        if node.asvar:
            self.set(node.asvar, Const(scratch[node.asvar]))
        else:
            self.put(shown)

    def block_translate_node(self, node: Any) -> None:
        context = ""
        if node.message_context:
            if isinstance(node.message_context.var, Variable):
                raise Uncompilable("a translation in a context not known yet")
            context = str(node.message_context.var)
        names = self.values(node.extra_context)
        singular, used = node.render_token_list(node.singular)
        plural = ""
        number = Const(0) if not node.counter else self.value(node.counter)
        if node.plural and node.countervar and node.counter:
            plural, more = node.render_token_list(node.plural)
            used = [*used, *more]
            names[node.countervar] = number
        form = Form(singular, plural, context)
        with self.level(Scope(self.scope, names=names)):
            given = []
            for name in dict.fromkeys(used):
                found = self.find(name, call=False)
                source = found if isinstance(found, str) else self.expression(found)
                given.append(f"{name!r}: text('' if (f := {source}) is MISSING else f)")
            data = "{" + ", ".join(given) + "}"
            value: Value
            if not given and not plural:
                value = Const(SafeString(form(0, {})))
            else:
                value = Code(self.fresh())
                call = f"{self.constant(form)}({self.expression(number)}, {data})"
                self.line(f"{value.name} = mark_safe({call})")
        if node.asvar:
            self.set(node.asvar, value)
        elif isinstance(value, Const):
            self.put(value.value)
        else:
            self.write(value.name)


class Form:
    """A text with holes, in the language in force when it was made."""

    def __init__(self, singular: str, plural: str, context: str) -> None:
        self.singular, self.plural, self.context = singular, plural, context
        self.one = "" if plural else self.found(0)

    def __call__(self, number: Any, data: dict[str, str]) -> str:
        try:
            return (self.one or self.found(number)) % data
        except (KeyError, ValueError):  # a faulty translation: the text as written
            with translation.override(None):
                return self.found(number) % data

    def found(self, number: Any) -> str:
        if self.plural:
            if not isinstance(number, (int, float, Decimal)):
                raise TypeError(f"{number!r}: the count of a text must be a number")
            if self.context:
                return translation.npgettext(
                    self.context, self.singular, self.plural, cast(int, number)
                )
            return translation.ngettext(self.singular, self.plural, cast(int, number))
        if self.context:
            return translation.pgettext(self.context, self.singular)
        return translation.gettext(self.singular)


def _set_in(nodes: Sequence[Any]) -> Iterator[str]:
    """Names set by `as` at the level of these nodes."""
    for node in nodes:
        for name in ("asvar", "target_var", "varname"):
            if found := getattr(node, name, None):
                yield found
        if isinstance(node, IfNode):
            for _condition, inner in node.conditions_nodelists:
                yield from _set_in(inner)
        elif isinstance(node, SimpleBlockNode):
            yield from _set_in(node.nodelist)


def _now(value: Any) -> Any:
    """A text in the language in force."""
    return str(value) if isinstance(value, Promise) else value


_NODES: dict[type, Callable[[Maker, Any], None]] = {
    TextNode: Maker.text_node,
    VariableNode: Maker.variable_node,
    LoadNode: Maker.nothing,
    CommentNode: Maker.nothing,
    BlockNode: Maker.block_node,
    IfNode: Maker.if_node,
    IfChangedNode: Maker.if_changed_node,
    ForNode: Maker.for_node,
    WithNode: Maker.with_node,
    IncludeNode: Maker.include_node,
    SimpleNode: Maker.simple_node,
    SimpleBlockNode: Maker.simple_node,
    InclusionNode: Maker.inclusion_node,
    URLNode: Maker.url_node,
    StaticNode: Maker.static_node,
    CsrfTokenNode: Maker.csrf_node,
    FirstOfNode: Maker.first_of_node,
    TranslateNode: Maker.translate_node,
    BlockTranslateNode: Maker.block_translate_node,
}
