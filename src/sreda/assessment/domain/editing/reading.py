"""From QTI back to a form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal, InvalidOperation

from django.core.exceptions import ValidationError

from sreda.assessment import qti
from sreda.assessment.domain.editing.choosing import read_choice, read_order
from sreda.assessment.domain.editing.faults import faults_of
from sreda.assessment.domain.editing.form import IN_TEXT, XML_LANG, ItemForm
from sreda.assessment.domain.editing.free import read_extended, read_upload
from sreda.assessment.domain.editing.gaps import read_entry, read_gap_match, read_inline
from sreda.assessment.domain.editing.pairing import read_associate, read_match
from sreda.assessment.domain.editing.parts import first
from sreda.assessment.domain.editing.pictures import read_joined, read_places, read_spots
from sreda.assessment.domain.editing.points import read_points, read_position
from sreda.assessment.domain.editing.writing import RIGHT, WRONG, tree_of
from sreda.assessment.domain.markup import Foreign, typed, typed_paragraphs

READ: dict[str, Callable[[ItemForm, qti.Element, list[qti.Element]], ItemForm]] = {
    "choice": read_choice,
    "order": read_order,
    "match": read_match,
    "associate": read_associate,
    "gap-match": read_gap_match,
    "inline-choice": read_inline,
    "text-entry": read_entry,
    "extended-text": read_extended,
    "upload": read_upload,
    "hotspot": read_spots,
    "select-point": read_points,
    "graphic-order": read_spots,
    "graphic-associate": read_joined,
    "graphic-gap-match": read_places,
    "position-object": read_position,
}


def form_of(content: str) -> ItemForm | None:
    """The form that `written` gives this item back from; None where there is none."""
    try:
        root = qti.read_item(content).source
        form = _form(root)
        if faults_of(form):
            return None
        same = _tidy(tree_of(form)).same_as(_tidy(root.copy()))
    except (Foreign, qti.QtiError, InvalidOperation, ValueError, ValidationError,
            AttributeError, IndexError, StopIteration, KeyError):  # fmt: skip
        return None
    return form if same else None


def _tidy(root: qti.Element) -> qti.Element:
    """Blank lines between elements and the schema's address do not count."""
    for one in root.walk():
        for key in [k for k in one.attributes if k.endswith("}schemaLocation")]:
            del one.attributes[key]
        if one.elements and all(isinstance(c, qti.Element) or not c.strip() for c in one.children):
            one.children = [c for c in one.children if isinstance(c, qti.Element)]
    return root


def _form(root: qti.Element) -> ItemForm:
    views = [one for one in root.walk() if one.name.endswith("-interaction")]
    kind = views[0].name.removeprefix("qti-").removesuffix("-interaction")
    outcome = next(one for one in root.all("qti-outcome-declaration")
                   if one.get("identifier") == "SCORE")  # fmt: skip
    body = first(root, "qti-item-body")
    rubric = body.find("qti-rubric-block")
    around = (*views, *body.all("qti-position-object-stage"))
    blocks = [one for one in body.elements if one is not rubric and one not in around]
    feedback = {
        one.get("identifier"): typed_paragraphs(first(one, "qti-content-body").elements)
        for one in root.all("qti-modal-feedback")
    }
    prompt = views[0].find("qti-prompt")
    form = ItemForm(
        kind=kind,
        identifier=root.get("identifier"),
        title=root.get("title"),
        language=root.get(XML_LANG),
        question=typed(prompt) if prompt is not None else "",
        points=Decimal(outcome.get("normal-maximum")),
        shuffle=views[0].get("shuffle") == "true",
        multiple=views[0].get("max-choices") == "0",
        partial=any(one.name == "qti-mapping" for one in root.walk()),
        rubric=(
            typed_paragraphs(first(rubric, "qti-content-body").elements)
            if rubric is not None
            else ""
        ),
        feedback_right=feedback.get(RIGHT, ""),
        feedback_wrong=feedback.get(WRONG, ""),
    )
    if kind not in IN_TEXT:
        form = replace(form, text=typed_paragraphs(blocks))
    return READ[kind](form, root, views)
