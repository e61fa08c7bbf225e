"""Who may open what in reporting: lines of the access matrix."""

from __future__ import annotations

from typing import Any

from sreda.kernel import clock
from sreda.reporting.domain.freshness import recompute
from sreda.reporting.domain.indicators import add_indicator
from sreda.reporting.models import Indicator

# The indicator is a public one: signed in, everybody sees it; by organisations, those with a place.
TABLE = """
GET  reporting:indicators                 login | ok
GET  reporting:indicator                  login | ok
GET  reporting:indicator_values           login | ok
GET  reporting:indicator_export           login | ok
GET  reporting:indicator_organisations    login | no      operator=ok coordinator=ok head=ok administrator=ok foreign=ok
GET  reporting:indicator_records          login | ok      teacher=no pupil=no student=no
GET  reporting:indicator_add              login | no      operator=ok
GET  reporting:indicator_edit             login | refused operator=ok
GET  reporting:indicator_delete           login | refused operator=ok
POST reporting:indicator_check            login | no      operator=ok
POST reporting:indicators_ship            login | no      operator=go
"""  # noqa: E501


def public_indicator() -> Indicator:
    found = Indicator.objects.filter(code="matrix").first()
    if found is None:
        fields: dict[str, Any] = {
            "code": "matrix",
            "title": "Школы",
            "formula": 'count("passport")',
            "levels": ["region", "municipality", "organisation"],
            "public": True,
        }
        found = add_indicator(fields=fields, at=clock.now(), actor=None)
        recompute(at=clock.now())
    return found


def _indicator(w: Any) -> dict[str, Any]:
    return {"pk": public_indicator().pk}


PARTS = {
    "reporting:indicator": _indicator,
    "reporting:indicator_organisations": _indicator,
    "reporting:indicator_edit": _indicator,
    "reporting:indicator_delete": _indicator,
    "reporting:indicator_values": lambda w: {"form": "sdmx-csv"},
    "reporting:indicator_export": lambda w: {"form": "csv", **_indicator(w)},
    "reporting:indicator_records": lambda w: {"number": 0, **_indicator(w)},
}
SENT = {"reporting:indicator_check": lambda w, role: {"formula": 'count("passport")'}}
