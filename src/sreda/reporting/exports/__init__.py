"""Figures as files: sheets (XLSX, CSV), documents (PDF), statistics (SDMX-CSV, SDMX-JSON), Parquet.

Nothing here asks the database: a `Report` or observations go in, bytes come out.
"""

from sreda.reporting.exports.parquet import to_parquet
from sreda.reporting.exports.pdf import to_pdf
from sreda.reporting.exports.report import Chart, Figure, Report, Series, Table, Tiles
from sreda.reporting.exports.sdmx import (
    Observation,
    Place,
    Statistic,
    sdmx_csv,
    sdmx_json,
    sdmx_structure,
)
from sreda.reporting.exports.sheets import to_csv, to_xlsx

__all__ = [
    "Chart",
    "Figure",
    "Observation",
    "Place",
    "Report",
    "Series",
    "Statistic",
    "Table",
    "Tiles",
    "sdmx_csv",
    "sdmx_json",
    "sdmx_structure",
    "to_csv",
    "to_parquet",
    "to_pdf",
    "to_xlsx",
]
