"""Renders any Django form in our markup: `FORM_RENDERER = "sreda.ui.forms.Renderer"`."""

from __future__ import annotations

from django.forms.renderers import TemplatesSetting


class Renderer(TemplatesSetting):
    form_template_name = "ui/form/form.html"
    field_template_name = "ui/form/field.html"
