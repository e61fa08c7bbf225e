"""An item as HTML that a browser without scripts can answer, and its form fields as responses.

No script, style or frame of an item gets through: what is not on the lists of `html` is left out.
Every interaction is made of plain inputs; scripts of ours only make it handier.
"""

from sreda.assessment.rendering.fields import responses_of
from sreda.assessment.rendering.item import Shown, render_item, render_stimulus
from sreda.assessment.rendering.page import Page

__all__ = [
    "Page",
    "Shown",
    "render_item",
    "render_stimulus",
    "responses_of",
]
