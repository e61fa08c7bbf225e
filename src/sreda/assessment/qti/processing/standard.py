"""The standard response processing templates, known by their names."""

from __future__ import annotations

from functools import lru_cache

from ..xml import QTI3, Element, read_xml


def _rp(inner: str) -> str:
    return f'<qti-response-processing xmlns="{QTI3}">{inner}</qti-response-processing>'


def _either(test: str, then: str, other: str) -> str:
    return (
        f"<qti-response-condition><qti-response-if>{test}{then}</qti-response-if>"
        f"<qti-response-else>{other}</qti-response-else></qti-response-condition>"
    )


def _set(name: str, value: str) -> str:
    return f'<qti-set-outcome-value identifier="{name}">{value}</qti-set-outcome-value>'


def _base(kind: str, value: str) -> str:
    return f'<qti-base-value base-type="{kind}">{value}</qti-base-value>'


_RESPONSE = '<qti-variable identifier="RESPONSE"/>'
_RIGHT = f'<qti-match>{_RESPONSE}<qti-correct identifier="RESPONSE"/></qti-match>'
_NONE = f"<qti-is-null>{_RESPONSE}</qti-is-null>"
_ZERO = _set("SCORE", _base("float", "0"))
_ONE = _set("SCORE", _base("float", "1"))
_MAXIMUM = _set("SCORE", '<qti-variable identifier="MAXSCORE"/>')


def _feedback(name: str, value: str) -> str:
    return _set(name, _base("identifier", value))


_MAPPED = _either(_NONE, _ZERO, _set("SCORE", '<qti-map-response identifier="RESPONSE"/>'))
_POINT = _either(_NONE, _ZERO, _set("SCORE", '<qti-map-response-point identifier="RESPONSE"/>'))
_FULL = (
    '<qti-equal tolerance-mode="exact"><qti-variable identifier="MAXSCORE"/>'
    '<qti-variable identifier="SCORE"/></qti-equal>'
)

# The last three are those of Common Cartridge
TEMPLATES = {
    "match_correct": _either(_RIGHT, _ONE, _ZERO),
    "map_response": _MAPPED,
    "map_response_point": _POINT,
    "CC2_match": _either(_RIGHT, _ONE, _ZERO),
    "CC2_match_basic": _either(
        _RIGHT,
        _MAXIMUM + _feedback("FEEDBACKBASIC", "correct"),
        _feedback("FEEDBACKBASIC", "incorrect"),
    ),
    "CC2_map_response": _MAPPED
    + _either(_FULL, _feedback("FEEDBACK", "correct"), _feedback("FEEDBACK", "incorrect")),
}


def template_name(uri: str) -> str:
    """`https://…/rptemplates/match_correct.xml` → `match_correct`."""
    return uri.strip().rstrip("/").rpartition("/")[2].removesuffix(".xml")


@lru_cache
def standard_template(uri: str) -> Element | None:
    text = TEMPLATES.get(template_name(uri))
    return None if text is None else read_xml(_rp(text), file=template_name(uri))
