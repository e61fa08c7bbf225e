"""What is wrong with a form."""

from __future__ import annotations

from decimal import Decimal

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from sreda.assessment.domain.editing.form import (
    IN_TEXT,
    KINDS,
    MOST,
    NUMBER,
    PICTURED,
    ItemForm,
    Row,
    gaps_of,
    joined,
)
from sreda.assessment.domain.markup import inline, made, paragraphs


def faults_of(form: ItemForm) -> dict[str, str]:
    """By field; a row's is `rows`."""
    found: dict[str, str] = {}
    if form.kind not in KINDS:
        found["kind"] = _("There is no form for this kind.")
        return found
    if not form.title.strip():
        found["title"] = _("Give it a title.")
    if not form.question.strip() and form.kind not in {"inline-choice", "text-entry"}:
        found["question"] = _("Write the question.")
    if not Decimal(0) <= form.points <= MOST:
        found["points"] = _("Points are from 0 to %(most)s.") % {"most": MOST}
    for name in ("text", "question", "rubric", "feedback_right", "feedback_wrong"):
        try:
            paragraphs(getattr(form, name), lambda gap: made("span"))
        except ValidationError as error:
            found[name] = " ".join(error.messages)
    if "text" not in found and form.kind in IN_TEXT:
        found |= _gap_faults(form)
    if fault := _row_fault(form):
        found["rows"] = fault
    if form.kind in PICTURED and not (form.picture and form.width and form.height):
        found["picture"] = _("Choose a picture.")
    elif form.kind in PICTURED and not form.alt.strip():
        found["alt"] = _("Say in words what the picture shows: some learners cannot see it.")
    if form.kind == "position-object":
        if not (form.thing and form.thing_width and form.thing_height):
            found["thing"] = _("Choose the picture that is to be placed.")
        elif not form.thing_alt.strip():
            found["thing_alt"] = _("Say in words what the picture to be placed shows.")
    return found


def _gap_faults(form: ItemForm) -> dict[str, str]:
    gaps = gaps_of(form.text)
    if not gaps:
        return {"text": _("Mark at least one gap: [[the answer]].")}
    for gap in gaps:
        parts = [one.strip() for one in gap.split("|")]
        if not all(parts):
            return {"text": _("The gap [[%(gap)s]] has an empty answer.") % {"gap": gap}}
        if form.kind == "inline-choice" and len(parts) < 2:
            return {
                "text": _("The gap [[%(gap)s]] needs a wrong answer too: [[right|wrong]].")
                % {"gap": gap}
            }
        if form.kind == "text-entry" and gap.strip().startswith("=") and not NUMBER.fullmatch(
            gap.strip()
        ):  # fmt: skip
            return {
                "text": _("The gap [[%(gap)s]] is no number: write [[=3.14]] or [[=3.14±0.01]].")
                % {"gap": gap}
            }
    return {}


def _row_fault(form: ItemForm) -> str:
    for number, row in enumerate(form.rows, 1):
        try:
            inline(row.text)
            inline(row.other)
            inline(row.feedback)
        except ValidationError as error:
            return _("Line %(number)s: %(fault)s") % {
                "number": number, "fault": " ".join(error.messages)}  # fmt: skip
    right = sum(row.right for row in form.rows)
    match form.kind:
        case "choice" | "order" | "hotspot" | "graphic-order" | "graphic-associate":
            least = 1 if form.kind == "hotspot" else 2
            if any(not row.text.strip() for row in form.rows):
                return _("An option has no text.")
            if len(form.rows) < least:
                return _("At least %(least)s options are needed.") % {"least": least}
            ticked = form.kind in {"choice", "hotspot"}
            if ticked and not right:
                return _("Say which option is right.")
            if ticked and not form.multiple and right > 1:
                return _("Only one option can be right, unless several may be chosen.")
            if form.kind == "choice" and form.partial and not any(r.points for r in form.rows):
                return _("Give points to the options, or take the tick for points in parts away.")
            if form.kind in PICTURED:
                return _place_fault(form.rows) or _join_fault(form)
        case "select-point" | "position-object" | "graphic-gap-match":
            placed = form.rows
            if form.kind == "graphic-gap-match":
                if any(not row.text.strip() for row in form.rows):
                    return _("A place has no word.")
                placed = tuple(row for row in form.rows if row.coords)
            if not placed:
                return _("At least one place is needed.")
            return _place_fault(placed)
        case "match" | "associate":
            whole = [row for row in form.rows if row.text and row.other]
            if not whole:
                return _("At least one whole pair is needed.")
    return ""


def _join_fault(form: ItemForm) -> str:
    if form.kind != "graphic-associate":
        return ""
    for number, row in enumerate(form.rows, 1):
        try:
            pairs = joined((*(Row(),) * (number - 1), row))
        except ValueError:
            pairs = [(0, 0)]
        if any(one < 1 or other > len(form.rows) or one == other for one, other in pairs):
            return _(
                "Line %(number)s: say by their numbers which other places it makes pairs with."
            ) % {"number": number}
    return "" if joined(form.rows) else _("At least one whole pair is needed.")


def _place_fault(rows: tuple[Row, ...]) -> str:
    for number, row in enumerate(rows, 1):
        try:
            numbers = [int(one) for one in row.coords.split(",")]
        except ValueError:
            numbers = []
        fits = {"rect": len(numbers) == 4, "circle": len(numbers) == 3,
                "poly": len(numbers) >= 6 and len(numbers) % 2 == 0}  # fmt: skip
        if not fits.get(row.shape):
            return _("The place of “%(label)s” is not right.") % {"label": row.text or number}
    return ""
