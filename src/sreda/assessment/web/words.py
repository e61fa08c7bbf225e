"""Plain sentences for figures of quality."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from sreda.assessment.models import ItemAnalysis
from sreda.assessment.quality import Remark
from sreda.ui.numbers import number


def remark_text(told: Mapping[str, Any], row: ItemAnalysis) -> str:
    """What should be looked at in this item, and why."""
    percent = {k: number(round(100 * v), 0) for k, v in told.items() if isinstance(v, int | float)}
    texts = {c["code"]: c.get("text", "") for c in row.figures.get("choices", [])}
    option = texts.get(told.get("option"), told.get("option"))
    match Remark(told["remark"]):
        case Remark.NEGATIVE:
            return _(
                "Those who did better in the rest of the test did worse here: "
                "look whether the key is right."
            )
        case Remark.WEAK:
            return _("It hardly tells the able from the weak: look at its wording.")
        case Remark.RIVAL_OPTION:
            return _(
                "The wrong answer “%(option)s” was chosen by abler people than the right one: "
                "perhaps it is right too."
            ) % {"option": option}
        case Remark.IDLE_OPTION:
            return _("Almost nobody chose “%(option)s”: it distracts nobody.") % {"option": option}
        case Remark.HARD:
            return _("Very hard: %(share)s %% of the greatest mark on average.") % {
                "share": percent["difficulty"]
            }
        case Remark.EASY:
            return _("Very easy: %(share)s %% of the greatest mark on average.") % {
                "share": percent["difficulty"]
            }
        case Remark.OMITTED:
            return _("%(share)s %% left it without an answer.") % {"share": percent["omitted"]}
        case Remark.MARKERS_DIFFER:
            return _("Marks of this answer agree little (kappa %(kappa)s): sharpen the rubric.") % {
                "kappa": number(told["kappa"], 2)
            }
