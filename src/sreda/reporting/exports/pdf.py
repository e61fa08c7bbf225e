"""A report as PDF, set by Typst from a template of ours and the report's own data.

The fonts are those inside the `typst` wheel (Libertinus Serif, under the OFL: it has Cyrillic), so
that a document looks the same on every machine. Texts travel as data and are never read as
markup. The document is tagged for screen readers.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from sreda.reporting.exports.report import Block, Chart, Figure, Report, Table, Tiles
from sreda.ui.numbers import number

TEMPLATE = Path(__file__).with_name("report.typ")
ROWS = 1_000
COLUMNS = 6
"""More of them in a table turn the sheet."""


@lru_cache(maxsize=1)
def _fonts() -> Any:
    import typst

    return typst.Fonts(include_system_fonts=False)


def to_pdf(report: Report, *, at: datetime, language: str = "ru") -> bytes:
    """`at` is the time printed at the foot and kept in the file; the same report at the same time
    gives the same bytes. Tables are cut after ROWS rows, which the document says."""
    import typst

    data = {
        "title": report.title,
        "place": report.place,
        "on": _day(report.on),
        "region": report.region,
        "language": language,
        "made": _("Made on %s") % date_format(at, "j E Y H:i"),
        "page": _("page"),
        "groups": [
            {"title": title, "blocks": [_plain(block) for block in blocks]}
            for title, blocks in report.groups
        ],
        "notes": list(report.notes),
        "wide": max(map(_width, report.groups), default=0) > COLUMNS,
    }
    made: bytes = typst.compile(
        TEMPLATE.read_bytes(),
        font_paths=_fonts(),
        sys_inputs={"report": json.dumps(data, ensure_ascii=False)},
        timestamp=int(at.timestamp()),
    )
    return made


def _width(group: tuple[str, Sequence[Block]]) -> int:
    tables = (block for block in group[1] if isinstance(block, Table))
    return max((len(table.headings) for table in tables), default=0)


def _plain(block: Block) -> dict[str, Any]:
    match block:
        case Figure():
            return {
                "kind": "figure",
                "title": block.title,
                "value": number(block.value, None if block.value is None else block.places),
                "unit": block.unit if block.value is not None else "",
                "note": block.why
                or (_("plan: %s") % number(block.plan) if block.plan is not None else ""),
                "standing": block.standing,
            }
        case Table():
            cut = len(block.rows) - ROWS
            return {
                "kind": "table",
                "title": block.title,
                "headings": list(block.headings),
                "rows": [[_text(value) for value in row] for row in block.rows[:ROWS]],
                "note": _("Rows that did not fit: %s") % cut if cut > 0 else block.note,
            }
        case Tiles():
            rows = [[tile["name"], _text(tile["value"])] for tile in block.tiles]
            title = f"{block.title}, {block.unit}" if block.unit else block.title
            return {"kind": "table", "title": title, "rows": rows, "note": "",
                    "headings": [_("Municipality"), _("Value")]}  # fmt: skip
        case Chart():
            known = [v for series in block.series for v in series.values if v is not None]
            top = max(known, default=Decimal(0)) or Decimal(1)
            return {
                "kind": "chart",
                "title": f"{block.title}, {block.unit}" if block.unit else block.title,
                "labels": list(block.labels),
                "small": block.small,
                "series": [
                    {
                        "name": series.name,
                        "heights": [
                            None if v is None else float(max(v, Decimal(0)) / top * 100)
                            for v in series.values
                        ],
                        "values": [_text(v) for v in series.values],
                    }
                    for series in block.series
                ],
            }


def _text(value: object) -> str:
    if isinstance(value, Decimal | int):
        return number(value)
    if isinstance(value, date):
        return value.strftime("%d.%m.%Y")
    return "—" if value is None else str(value)


def _day(on: date) -> str:
    return date_format(on, "j E Y")
