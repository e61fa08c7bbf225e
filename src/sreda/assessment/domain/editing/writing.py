"""From a form to QTI."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import ValidationError

from sreda.assessment import qti
from sreda.assessment.domain.editing.choosing import draw_choice, draw_order
from sreda.assessment.domain.editing.faults import faults_of
from sreda.assessment.domain.editing.form import BY_HAND, XML_LANG, ItemForm, most_of, said
from sreda.assessment.domain.editing.free import draw_extended_text, draw_upload
from sreda.assessment.domain.editing.gaps import draw_gap_match, draw_inline_choice, draw_text_entry
from sreda.assessment.domain.editing.pairing import draw_associate, draw_match
from sreda.assessment.domain.editing.parts import Parts, base_value, set_outcome, variable, when
from sreda.assessment.domain.editing.pictures import (
    draw_graphic_associate,
    draw_graphic_gap_match,
    draw_graphic_order,
    draw_hotspot,
)
from sreda.assessment.domain.editing.points import draw_position_object, draw_select_point
from sreda.assessment.domain.markup import made, paragraphs

RIGHT, WRONG = "right", "wrong"
DRAW: dict[str, Callable[[ItemForm], Parts]] = {
    "choice": draw_choice,
    "order": draw_order,
    "match": draw_match,
    "associate": draw_associate,
    "gap-match": draw_gap_match,
    "inline-choice": draw_inline_choice,
    "text-entry": draw_text_entry,
    "extended-text": draw_extended_text,
    "upload": draw_upload,
    "hotspot": draw_hotspot,
    "select-point": draw_select_point,
    "graphic-order": draw_graphic_order,
    "graphic-associate": draw_graphic_associate,
    "graphic-gap-match": draw_graphic_gap_match,
    "position-object": draw_position_object,
}


def written(form: ItemForm) -> str:
    """The item as QTI 3.0. ValidationError names the fields that keep it from being one."""
    faults = faults_of(form)
    if faults:
        raise ValidationError(faults)  # type: ignore[arg-type]
    return qti.write_xml(tree_of(form)).decode()


def tree_of(form: ItemForm) -> qti.Element:
    root = made(
        "qti-assessment-item",
        {"identifier": form.identifier, "title": form.title, "time-dependent": "false",
         XML_LANG: form.language},
    )  # fmt: skip
    parts = DRAW[form.kind](form)
    for one in parts.declarations:
        root.append(one)
    most = {"identifier": "SCORE", "cardinality": "single", "base-type": "float",
            "normal-maximum": said(most_of(form))}  # fmt: skip
    if form.kind in BY_HAND:
        most["external-scored"] = "human"
    root.append(made("qti-outcome-declaration", most))
    answers = bool(form.feedback_right or form.feedback_wrong) and form.kind not in BY_HAND
    if answers:
        named = {"identifier": "FEEDBACK", "cardinality": "single", "base-type": "identifier"}
        root.append(made("qti-outcome-declaration", named))
    body = made("qti-item-body")
    if form.rubric:
        content = made("qti-content-body", {}, *paragraphs(form.rubric))
        body.append(made("qti-rubric-block", {"view": "scorer", "use": "scoring"}, content))
    for one in parts.body:
        body.append(one)
    root.append(body)
    if form.kind not in BY_HAND:
        rules = list(parts.rules)
        if answers:
            rules.append(_feedback_rule(form))
        root.append(made("qti-response-processing", {}, *rules))
    if answers:
        for name, text in ((RIGHT, form.feedback_right), (WRONG, form.feedback_wrong)):
            if text:
                content = made("qti-content-body", {}, *paragraphs(text))
                root.append(made("qti-modal-feedback", {
                    "outcome-identifier": "FEEDBACK", "show-hide": "show", "identifier": name},
                    content))  # fmt: skip
    return root


def _feedback_rule(form: ItemForm) -> qti.Element:
    enough = made("qti-gte", {}, variable("SCORE"), base_value("float", said(most_of(form))))
    return when(
        enough,
        set_outcome("FEEDBACK", base_value("identifier", RIGHT)),
        set_outcome("FEEDBACK", base_value("identifier", WRONG)),
    )
