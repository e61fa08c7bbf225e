"""Answers a person marks, a text and a file: there and back."""

from __future__ import annotations

from dataclasses import replace

from sreda.assessment import qti
from sreda.assessment.domain.editing.form import ItemForm
from sreda.assessment.domain.editing.parts import Parts, declaration, interaction
from sreda.assessment.domain.markup import paragraphs


def draw_extended_text(form: ItemForm) -> Parts:
    view = interaction(form, {"expected-lines": str(form.lines)})
    return Parts([declaration("string", [])], [*paragraphs(form.text), view], [])


def draw_upload(form: ItemForm) -> Parts:
    return Parts([declaration("file", [])], [*paragraphs(form.text), interaction(form, {})], [])


def read_extended(form: ItemForm, root: qti.Element, views: list[qti.Element]) -> ItemForm:
    return replace(form, lines=int(views[0].get("expected-lines")))


def read_upload(form: ItemForm, root: qti.Element, views: list[qti.Element]) -> ItemForm:
    return form
