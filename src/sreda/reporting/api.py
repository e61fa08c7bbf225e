"""The public face of reporting."""

from sreda.reporting.domain.demo import load_demo_reports, load_demo_survey
from sreda.reporting.domain.files import load_all_shipped
from sreda.reporting.domain.shipping import add_shipped as add_shipped_indicators
from sreda.reporting.queries.indicators import PublicFigure, public_figures

__all__ = [
    "PublicFigure",
    "add_shipped_indicators",
    "load_all_shipped",
    "load_demo_reports",
    "load_demo_survey",
    "public_figures",
]
