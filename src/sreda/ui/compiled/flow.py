"""Text, variables, blocks, branches, loops, includes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.template.base import (
    Node,
    NodeList,
    TextNode,
    Variable,
    VariableNode,
)
from django.template.defaulttags import (
    CommentNode,
    ForNode,
    IfChangedNode,
    IfNode,
    LoadNode,
    WithNode,
)
from django.template.library import SimpleBlockNode
from django.template.loader_tags import (
    BlockNode,
    IncludeNode,
)

from .maker import Maker, compiles
from .scopes import Code, Const, Loop, Scope, Uncompilable, Value


@compiles(TextNode)
def words(make: Maker, node: TextNode) -> None:
    make.put(node.s)


@compiles(LoadNode, CommentNode)
def nothing(make: Maker, node: Node) -> None:
    pass


@compiles(VariableNode)
def variable(make: Maker, node: Any) -> None:
    expression = node.filter_expression
    variable = expression.var
    if isinstance(variable, Variable) and (variable.lookups or ("",))[0] == "block":
        if variable.lookups != ("block", "super") or expression.filters or not make.inside:
            raise Uncompilable("block")
        chain = make.inside[-1]
        if len(chain) > 1:
            block_body(make, chain[1:])
        return
    make.show(make.value(expression))


@compiles(BlockNode)
def block(make: Maker, node: Any) -> None:
    block_body(make, tuple(make.blocks.get(node.name) or (node,)))


def block_body(make: Maker, chain: tuple[BlockNode, ...]) -> None:
    make.inside.append(chain)
    with make.level(Scope(make.scope)):
        make.nodes(chain[0].nodelist)
    make.inside.pop()


@compiles(IfNode)
def branch(make: Maker, node: Any) -> None:
    arms(make, node.conditions_nodelists)


def arms(make: Maker, given: Sequence[tuple[Any, NodeList]]) -> None:
    if not given:
        return
    (condition, nodes), *rest = given
    if condition is None:
        make.nodes(nodes)
        return
    make.flush()
    value = make.condition(condition)
    if isinstance(value, Const):
        if value.value:
            make.nodes(nodes)
        else:
            arms(make, rest)
        return
    with make.arm(f"if {value.name}:"):
        make.nodes(nodes)
    if any(condition is not None or len(nodes) for condition, nodes in rest):
        with make.arm("else:"):
            arms(make, rest)


@compiles(ForNode)
def repeat(make: Maker, node: Any) -> None:
    make.flush()
    values, number = make.fresh(), make.fresh()
    length, item = make.fresh(), make.fresh()
    source = make.expression(make.value(node.sequence, "None"))
    make.line(f"{values} = sized({source})")
    make.line(f"{length} = len({values})")
    loop = Loop(number, length, make.fresh(), make.enclosing_loop())
    unpack = len(node.loopvars) > 1
    names = [make.fresh() for _name in node.loopvars] if unpack else [item]
    run = f"reversed({values})" if node.is_reversed else values
    with make.indented(f"if {length}:"):
        scope = Scope(make.scope, loop=loop)
        with make.level(scope):
            make.line(f"for {number}, {item} in enumerate({run}):")
            make.depth += 1
            start = len(make.lines)
            bound: dict[str, Value] = {
                n: Code(v) for n, v in zip(node.loopvars, names, strict=True)
            }
            if unpack:
                make.line(f"{', '.join(names)} = unpacked({item}, {len(names)})")
            for name in names:
                make.line(f"if callable({name}): {name} = called({name})")
            if unpack:
                with make.level(Scope(scope, names=bound)):
                    make.nodes(node.nodelist_loop)
                    make.flush()
            else:
                for name in _set_in(node.nodelist_loop):  # the next turn sees them
                    scope.unsure[name] = make.fresh()
                    scope.names[name] = Code(scope.unsure[name], unsure=True)
                scope.names.update(bound)
                make.nodes(node.nodelist_loop)
                make.flush()
            if loop.used:
                parent = loop.parent.name if loop.parent else "{}"
                make.lines.insert(
                    start,
                    f"{' ' * make.depth}{loop.name} = loop({number}, {length}, {parent})",
                )
            make.depth -= 1
    if node.nodelist_empty:
        with make.indented("else:"), make.level(Scope(make.scope)):
            make.nodes(node.nodelist_empty)
            make.flush()


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


@compiles(IfChangedNode)
def if_changed(make: Maker, node: Any) -> None:
    owner: Scope | None = make.scope
    while owner is not None and owner.loop is None:
        owner = None if owner.alone else owner.parent
    if owner is None or not node._varlist:
        raise Uncompilable("a change of what is drawn")
    before, now = make.fresh(), make.fresh()
    owner.unsure[f"#{before}"] = before
    values = [make.expression(make.value(v, "None")) for v in node._varlist]
    make.line(f"{now} = [{', '.join(values)}]")
    with make.arm(f"if {now} != {before}:"):
        make.line(f"{before} = {now}")
        make.nodes(node.nodelist_true)
    if node.nodelist_false:
        with make.arm("else:"):
            make.nodes(node.nodelist_false)


@compiles(WithNode)
def naming(make: Maker, node: Any) -> None:
    with make.level(Scope(make.scope, names=make.values(node.extra_context))):
        make.nodes(node.nodelist)


@compiles(IncludeNode)
def include(make: Maker, node: Any) -> None:
    template = make.named(node.template, node)
    names = make.values(node.extra_context)
    if node.isolated_context and "request" not in names:
        names["request"] = make.looked_up("request")
    make.inlined(template, names, alone=node.isolated_context)
