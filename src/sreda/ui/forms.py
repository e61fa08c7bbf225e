"""Renders any Django form in our markup: `FORM_RENDERER = "sreda.ui.forms.Renderer"`."""

from __future__ import annotations

from typing import Any

from django.forms.renderers import TemplatesSetting
from django.http import HttpRequest
from django.utils.translation import gettext as _


class Renderer(TemplatesSetting):
    form_template_name = "ui/form/form.html"
    field_template_name = "ui/form/field.html"

    def render(
        self, template_name: str, context: dict[str, Any], request: HttpRequest | None = None
    ) -> str:
        if groups := context.get("widget", {}).get("optgroups"):
            _name_empty(groups)
        return super().render(template_name, context, request)


def _name_empty(groups: list[tuple[Any, list[dict[str, Any]], int]]) -> None:
    """The choice of nothing is said in words: dashes mean nothing to the ear, and little to the
    eye. What a form calls it itself stays."""
    for _group, options, _index in groups:
        for option in options:
            if option["value"] in ("", None) and not str(option["label"]).strip("-— "):
                option["label"] = _("Not chosen")
