"""Where templates become functions: on the way out of Django's cached loader."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.template import Context
from django.template.base import NodeList, Template
from django.template.loader_tags import BLOCK_CONTEXT_KEY
from django.template.loaders import cached
from django.urls import get_script_prefix
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from sreda.ui import bundle

from .compiler import Uncompilable, compiled

Function = Callable[[Context], SafeString]


class Loader(cached.Loader):
    """The cached loader, whose templates render by functions."""

    def get_template(self, template_name: str, skip: Any = None) -> Template:
        template = super().get_template(template_name, skip)
        if not isinstance(template.nodelist, Fast):
            template.nodelist = Fast(template)
        return template


class Fast(NodeList):
    """A template's nodes with the functions made of them, one for each state of what they fold in:
    language, the built front end, the prefix of addresses."""

    def __init__(self, template: Template) -> None:
        super().__init__(template.nodelist)
        self.contains_nontext = template.nodelist.contains_nontext
        self.template = template
        self.functions: dict[object, Function | None] = {}

    def render(self, context: Context) -> SafeString:
        # A plain child that extends this template, or a text that is no HTML, goes the plain way.
        if BLOCK_CONTEXT_KEY in context.render_context or not context.autoescape:
            return super().render(context)
        state = (get_language(), bundle.url("icons.svg"), get_script_prefix())
        try:
            function = self.functions[state]
        except KeyError:
            try:
                function = compiled(self.template)
            except Uncompilable:
                function = None
            self.functions[state] = function
        return super().render(context) if function is None else function(context)
