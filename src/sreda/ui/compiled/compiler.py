"""From a template's nodes to the source of a function that renders them.

Names bound by the template itself (`for`, `with`, `as`, an included template's values) become the
function's variables; other names are looked up in the context. A value known now is folded into
the text around it.
"""

from __future__ import annotations

from collections.abc import Callable

from django.template import Context
from django.template.base import Template
from django.utils.safestring import SafeString

from . import flow, tags, texts  # noqa: F401 - they say what they compile
from .maker import Maker
from .scopes import Scope, Uncompilable

__all__ = ["Uncompilable", "compiled"]


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
