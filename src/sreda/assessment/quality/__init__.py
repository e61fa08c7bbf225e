"""How good the marking of a test was: classical test theory, without Django.

Scores come in as exact numbers; the figures here are estimates and are floats.
"""

from sreda.assessment.quality.agreement import weighted_kappa
from sreda.assessment.quality.items import Choice, ItemFigures, Response, item_figures
from sreda.assessment.quality.remarks import SOME, Remark, remarks_on
from sreda.assessment.quality.tests import TestFigures, test_figures

__all__ = [
    "SOME",
    "Choice",
    "ItemFigures",
    "Remark",
    "Response",
    "TestFigures",
    "item_figures",
    "remarks_on",
    "test_figures",
    "weighted_kappa",
]
