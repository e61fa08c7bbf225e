"""Tags that call a function, make an address or a token."""

from __future__ import annotations

from typing import Any

from django.template import Context
from django.template.base import (
    FilterExpression,
    Variable,
)
from django.template.defaulttags import (
    CsrfTokenNode,
    FirstOfNode,
    URLNode,
)
from django.template.library import InclusionNode, SimpleBlockNode, SimpleNode
from django.templatetags.static import StaticNode
from django.urls import NoReverseMatch
from django.utils.html import conditional_escape

from . import runtime
from .maker import Maker, compiles
from .scopes import Code, Const, Uncompilable, Value


def call_of(make: Maker, node: Any) -> tuple[str, bool]:
    """The call of a simple tag's function; and whether it can be made now."""
    arguments: list[Value] = [make.value(arg) for arg in node.args]
    named = make.values(node.kwargs)
    if isinstance(node, SimpleBlockNode):
        arguments.insert(0, make.content(node.nodelist))
    fixed = getattr(node.func, "pure", False) and all(
        isinstance(v, Const) for v in (*arguments, *named.values())
    )
    sources = [make.expression(v) for v in arguments]
    sources += [f"{name}={make.expression(v)}" for name, v in named.items()]
    return f"{make.constant(node.func)}({', '.join(sources)})", fixed


@compiles(SimpleNode, SimpleBlockNode)
def simple(make: Maker, node: Any) -> None:
    if node.takes_context:
        if node.target_var:
            raise Uncompilable("a tag of the context that sets a name")
        of_context(make, node)
        return
    call, fixed = call_of(make, node)
    if fixed:
        value: Value = Const(eval(call, make.constants))  # noqa: S307 - our own source
    else:
        value = Code(make.fresh())
        make.line(f"{value.name} = {call}")
    if node.target_var is not None:
        make.set(node.target_var, value)
    elif isinstance(value, Const):
        make.put(conditional_escape(value.value))
    else:
        make.write(f"drawn({value.name})")


def of_context(make: Maker, node: Any) -> None:
    arguments = [make.expression(make.value(arg)) for arg in node.args]
    if isinstance(node, SimpleBlockNode):
        arguments.insert(0, make.expression(make.content(node.nodelist)))
    arguments += [f"{n}={make.expression(v)}" for n, v in make.values(node.kwargs).items()]
    names, alone = make.visible()
    context, found = make.fresh(), make.fresh()
    make.line(f"{context} = seen(context, {names}, {alone})")
    with make.indented("try:"):
        call = ", ".join([context, *arguments])
        make.line(f"{found} = {make.constant(node.func)}({call})")
    make.line("finally: pass" if alone else "finally: context.pop()")
    make.write(f"drawn({found})")


@compiles(InclusionNode)
def inclusion(make: Maker, node: Any) -> None:
    if node.takes_context or not isinstance(node.filename, str):
        raise Uncompilable("an inclusion tag of the context")
    call, _fixed = call_of(make, node)
    names = make.fresh()
    make.line(f"{names} = {call}")
    request = make.looked_up("request")
    make.line(f"{request.name} = {names}.get('request', {request.name})")
    bound: dict[str, Value] = {"csrf_token": make.looked_up("csrf_token"), "request": request}
    make.inlined(make.engine.get_template(node.filename), bound, alone=True, rest=names)


@compiles(URLNode)
def url(make: Maker, node: Any) -> None:
    view = make.value(node.view_name)
    arguments = [make.value(arg) for arg in node.args]
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
        call = ", ".join([repr(str(view.value)), *map(make.expression, arguments)])
        value = Code(make.fresh())
        if node.asvar:
            make.line(f"try: {value.name} = link({call})")
            make.line(f"except NoReverseMatch: {value.name} = ''")
        else:
            make.line(f"{value.name} = link({call})")
    if node.asvar:
        make.set(node.asvar, value)
    elif isinstance(value, Const):
        make.put(conditional_escape(value.value))
    else:
        make.write(f"drawn({value.name})")


@compiles(StaticNode)
def file(make: Maker, node: Any) -> None:
    if isinstance(node.path, FilterExpression) and (
        isinstance(node.path.var, Variable) or node.path.filters
    ):
        raise Uncompilable("a file by a name not known yet")
    address = node.url(Context())
    if node.varname:
        make.set(node.varname, Const(address))
    else:
        make.put(address)


@compiles(CsrfTokenNode)
def csrf(make: Maker, node: Any) -> None:
    found = make.find("csrf_token", call=False)
    source = found if isinstance(found, str) else make.expression(found)
    make.write(f"csrf({source})")


@compiles(FirstOfNode)
def first_of(make: Maker, node: Any) -> None:
    make.flush()
    name = make.fresh()
    make.line(f"{name} = ''")
    ends = 0
    for variable in node.vars:
        found = make.expression(make.value(variable, "None"))
        make.line(f"if {found}: {name} = text({found})")
        make.line("else:")
        make.depth += 1
        ends += 1
    make.line("pass")
    make.depth -= ends
    if node.asvar:
        make.set(node.asvar, Code(name))
    else:
        make.write(name)
