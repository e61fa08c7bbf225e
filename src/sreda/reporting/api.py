"""The public face of reporting."""

from sreda.reporting.domain.demo import load_demo_reports
from sreda.reporting.domain.files import load_all_shipped

__all__ = ["load_all_shipped", "load_demo_reports"]
