"""Translated texts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, cast

from django.template import Context
from django.template.base import (
    Variable,
)
from django.templatetags.i18n import BlockTranslateNode, TranslateNode
from django.utils import translation
from django.utils.safestring import SafeString

from .maker import Maker, compiles
from .scopes import Code, Const, Scope, Uncompilable, Value


@compiles(TranslateNode)
def translate(make: Maker, node: Any) -> None:
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
        make.set(node.asvar, Const(scratch[node.asvar]))
    else:
        make.put(shown)


@compiles(BlockTranslateNode)
def block_translate(make: Maker, node: Any) -> None:
    context = ""
    if node.message_context:
        if isinstance(node.message_context.var, Variable):
            raise Uncompilable("a translation in a context not known yet")
        context = str(node.message_context.var)
    names = make.values(node.extra_context)
    singular, used = node.render_token_list(node.singular)
    plural = ""
    number = Const(0) if not node.counter else make.value(node.counter)
    if node.plural and node.countervar and node.counter:
        plural, more = node.render_token_list(node.plural)
        used = [*used, *more]
        names[node.countervar] = number
    form = Form(singular, plural, context)
    with make.level(Scope(make.scope, names=names)):
        given = []
        for name in dict.fromkeys(used):
            found = make.find(name, call=False)
            source = found if isinstance(found, str) else make.expression(found)
            given.append(f"{name!r}: text('' if (f := {source}) is MISSING else f)")
        data = "{" + ", ".join(given) + "}"
        value: Value
        if not given and not plural:
            value = Const(SafeString(form(0, {})))
        else:
            value = Code(make.fresh())
            call = f"{make.constant(form)}({make.expression(number)}, {data})"
            make.line(f"{value.name} = mark_safe({call})")
    if node.asvar:
        make.set(node.asvar, value)
    elif isinstance(value, Const):
        make.put(value.value)
    else:
        make.write(value.name)


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
