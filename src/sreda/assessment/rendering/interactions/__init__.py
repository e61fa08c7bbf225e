"""How each kind of interaction is drawn: plain inputs first, handles for our script beside them."""

from sreda.assessment.rendering.interactions import (
    choosing,
    graphic,
    joining,
    media,
    portable,
    writing,
)
from sreda.assessment.rendering.item import Draw

DRAW: dict[str, Draw] = {
    "choice": choosing.choice,
    "hottext": choosing.hottext,
    "inline-choice": choosing.inline_choice,
    "order": choosing.order,
    "associate": joining.associate,
    "match": joining.match,
    "gap-match": joining.gap_match,
    "text-entry": writing.text_entry,
    "extended-text": writing.extended_text,
    "slider": writing.slider,
    "end-attempt": writing.end_attempt,
    "hotspot": graphic.hotspot,
    "select-point": graphic.select_point,
    "graphic-order": graphic.graphic_order,
    "graphic-associate": graphic.graphic_associate,
    "graphic-gap-match": graphic.graphic_gap_match,
    "position-object": graphic.position_object,
    "media": media.media,
    "drawing": media.drawing,
    "upload": media.upload,
    "portable-custom": portable.portable,
    "custom": portable.custom,
}
