"""Values of indicators as statistics other systems read: SDMX 3.0.

SDMX-CSV 2.0 (sdmx-twg/sdmx-csv, "data message") and SDMX-JSON 2.0 (sdmx-twg/sdmx-json), and the
structure message that defines their dimensions, attributes and code lists. Values are as of a
day, so TIME_PERIOD is a date.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

AGENCY = "SREDA"
FLOW = "INDICATORS"
VERSION = "1.0.0"
CSV_TYPE = "application/vnd.sdmx.data+csv; version=2.0.0"
JSON_TYPE = "application/vnd.sdmx.data+json; version=2.0.0"
STRUCTURE_TYPE = "application/vnd.sdmx.structure+json; version=2.0.0"

_SCHEMA = (
    "https://raw.githubusercontent.com/sdmx-twg/sdmx-json/master/{0}-message"
    "/tools/schemas/2.0.0/sdmx-json-{0}-schema.json"
)
_CLASSES = {
    "DataStructure": "datastructure",
    "Dataflow": "datastructure",
    "Codelist": "codelist",
    "ConceptScheme": "conceptscheme",
    "Concept": "conceptscheme",
}
CONCEPTS = {
    "REF_AREA": "Reference area",
    "INDICATOR": "Indicator",
    "TIME_PERIOD": "Time period",
    "OBS_VALUE": "Observation value",
    "UNIT_MEASURE": "Unit of measure",
    "DECIMALS": "Decimals",
    "OBS_STATUS": "Observation status",
}
DIMENSIONS = ("REF_AREA", "INDICATOR")
ATTRIBUTES = ("UNIT_MEASURE", "DECIMALS", "OBS_STATUS")
# Of the cross-domain code list CL_OBS_STATUS.
STATUSES = {"A": "Normal value", "O": "Missing value", "P": "Provisional value"}

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Place:
    """`code` is unique among places of all levels; `parent` the wider place's code."""

    code: str
    name: str
    parent: str = ""


@dataclass(frozen=True, slots=True)
class Statistic:
    code: str
    name: str
    unit: str = ""
    places: int = 2


@dataclass(frozen=True, slots=True)
class Observation:
    """`provisional`: a source has changed since it was computed."""

    place: Place
    statistic: Statistic
    on: date
    value: Decimal | None
    provisional: bool = False

    @property
    def status(self) -> str:
        if self.value is None:
            return "O"
        return "P" if self.provisional else "A"


def identifier(code: str) -> str:
    """A code as SDMX allows it (letters, digits, _ @ $ -), in capitals."""
    return re.sub(r"[^A-Za-z0-9_@$-]", "_", code).upper()


def urn(kind: str, name: str, item: str = "") -> str:
    tail = f".{item}" if item else ""
    return f"urn:sdmx:org.sdmx.infomodel.{_CLASSES[kind]}.{kind}={AGENCY}:{name}({VERSION}){tail}"


def sdmx_csv(observations: Iterable[Observation]) -> bytes:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(
        ["STRUCTURE", "STRUCTURE_ID", "ACTION", *DIMENSIONS, "TIME_PERIOD", "OBS_VALUE",
         *ATTRIBUTES]
    )  # fmt: skip
    for o in observations:
        writer.writerow(
            [
                "dataflow",
                f"{AGENCY}:{FLOW}({VERSION})",
                "I",
                identifier(o.place.code),
                identifier(o.statistic.code),
                o.on.isoformat(),
                "" if o.value is None else f"{o.value:f}",
                o.statistic.unit,
                o.statistic.places,
                o.status,
            ]
        )
    return stream.getvalue().encode()


def _meta(kind: str, at: datetime, language: str) -> dict[str, Any]:
    return {
        "schema": _SCHEMA.format(kind),
        "id": f"{AGENCY}-{at:%Y%m%d%H%M%S}",
        "prepared": at.isoformat(timespec="seconds"),
        "test": False,
        "contentLanguages": [language],
        "sender": {"id": AGENCY},
    }


def _numbered(
    things: Iterable[T], key: Callable[[T], Any], shown: Callable[[T], dict[str, Any]]
) -> tuple[dict[Any, int], list[dict[str, Any]]]:
    """Places in a list of distinct values, and the list itself as it is written."""
    places: dict[Any, int] = {}
    values = []
    for thing in things:
        if key(thing) not in places:
            places[key(thing)] = len(places)
            values.append(shown(thing))
    return places, values


def sdmx_json(observations: Sequence[Observation], *, at: datetime, language: str = "ru") -> bytes:
    areas, area_values = _numbered(
        (o.place for o in observations), lambda p: p.code,
        lambda p: {"id": identifier(p.code), "name": p.name}
        | ({"parent": identifier(p.parent)} if p.parent else {}),
    )  # fmt: skip
    indicators, indicator_values = _numbered(
        (o.statistic for o in observations), lambda s: s.code,
        lambda s: {"id": identifier(s.code), "name": s.name},
    )  # fmt: skip
    days, day_values = _numbered(
        sorted({o.on for o in observations}), lambda d: d, lambda d: {"value": d.isoformat()}
    )
    units, unit_values = _numbered(
        (o.statistic.unit for o in observations), lambda u: u, lambda u: {"value": u}
    )
    places, place_values = _numbered(
        (o.statistic.places for o in observations),
        lambda n: n,
        lambda n: {"id": str(n), "name": str(n)},
    )
    statuses, status_values = _numbered(
        (o.status for o in observations), lambda s: s, lambda s: {"id": s, "name": STATUSES[s]}
    )
    found = {
        f"{areas[o.place.code]}:{indicators[o.statistic.code]}:{days[o.on]}": [
            None if o.value is None else _number(o.value),
            units[o.statistic.unit],
            places[o.statistic.places],
            statuses[o.status],
        ]
        for o in observations
    }
    each: dict[str, Any] = {"relationship": {"observation": {}}}
    structure = {
        "links": [{"urn": urn("Dataflow", FLOW), "rel": "dataflow"}],
        "dataSets": [0],
        "dimensions": {
            "observation": [
                _component("REF_AREA", area_values, keyPosition=0, roles=["GEO"]),
                _component("INDICATOR", indicator_values, keyPosition=1),
                _component("TIME_PERIOD", day_values, keyPosition=2, roles=["TIME_PERIOD"]),
            ]
        },
        "measures": {"observation": [{"id": "OBS_VALUE", "name": CONCEPTS["OBS_VALUE"]}]},
        "attributes": {
            "observation": [
                _component("UNIT_MEASURE", unit_values, **each),
                _component("DECIMALS", place_values, **each),
                _component("OBS_STATUS", status_values, **each),
            ]
        },
    }
    message = {
        "meta": _meta("data", at, language),
        "data": {
            "structures": [structure] if observations else [],
            "dataSets": [
                {
                    "structure": 0,
                    "links": structure["links"],
                    "action": "Information",
                    "observations": found,
                }
            ]
            if observations
            else [],
        },
    }
    return json.dumps(message, ensure_ascii=False, indent=1).encode()


def _component(name: str, values: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {"id": name, "name": CONCEPTS[name], **more, "values": values}


def _number(value: Decimal) -> int | float:
    """JSON has binary numbers only; the shortest one prints the same figures."""
    return int(value) if value == value.to_integral_value() else float(value)


def sdmx_structure(
    places: Iterable[Place],
    statistics: Iterable[Statistic],
    *,
    title: str,
    at: datetime,
    language: str = "ru",
) -> bytes:
    """The data structure definition with its concepts and code lists."""
    area = {
        identifier(p.code): {"name": p.name}
        | ({"parent": identifier(p.parent)} if p.parent else {})
        for p in places
    }
    indicator = {identifier(s.code): {"name": s.name} for s in statistics}
    message = {
        "meta": _meta("structure", at, language),
        "data": {
            "dataStructures": [
                _maintained(
                    FLOW, title, language, dataStructureComponents=_components()
                )
            ],
            "dataflows": [
                _maintained(FLOW, title, language, structure=urn("DataStructure", FLOW))
            ],
            "conceptSchemes": [
                _maintained(
                    "CS_INDICATORS", "Concepts", language,
                    concepts=[
                        {"id": code, "name": name, "names": {"en": name}}
                        for code, name in CONCEPTS.items()
                    ],
                )
            ],
            "codelists": [
                _codes("CL_AREA", "Reference areas", area, language),
                _codes("CL_INDICATOR", "Indicators", indicator, language),
                _codes("CL_OBS_STATUS", "Observation status",
                       {k: {"name": v} for k, v in STATUSES.items()}, "en"),
            ],
        },
    }  # fmt: skip
    return json.dumps(message, ensure_ascii=False, indent=1).encode()


def _maintained(name: str, title: str, language: str, **more: Any) -> dict[str, Any]:
    return {
        "id": name,
        "agencyID": AGENCY,
        "version": VERSION,
        "name": title,
        "names": {language: title},
        **more,
    }


def _codes(
    name: str, title: str, codes: Mapping[str, Mapping[str, str]], language: str
) -> dict[str, Any]:
    shown = [
        {"id": code, **told, "names": {language: told["name"]}} for code, told in codes.items()
    ]
    return _maintained(name, title, "en", **({"codes": shown} if shown else {}))


def _components() -> dict[str, Any]:
    def concept(name: str) -> str:
        return urn("Concept", "CS_INDICATORS", name)

    def coded(name: str) -> dict[str, Any]:
        return {"enumeration": urn("Codelist", name)}

    lists = {"REF_AREA": "CL_AREA", "INDICATOR": "CL_INDICATOR"}
    types = {"UNIT_MEASURE": "String", "DECIMALS": "Integer"}
    return {
        "dimensionList": {
            "id": "DimensionDescriptor",
            "dimensions": [
                {
                    "id": name,
                    "position": number,
                    "conceptIdentity": concept(name),
                    "localRepresentation": coded(lists[name]),
                }
                for number, name in enumerate(DIMENSIONS)
            ],
            "timeDimension": {
                "id": "TIME_PERIOD",
                "conceptIdentity": concept("TIME_PERIOD"),
                "localRepresentation": {"format": {"dataType": "GregorianDay"}},
            },
        },
        "measureList": {
            "id": "MeasureDescriptor",
            "measures": [
                {
                    "id": "OBS_VALUE",
                    "conceptIdentity": concept("OBS_VALUE"),
                    "localRepresentation": {"format": {"dataType": "Decimal"}},
                }
            ],
        },
        "attributeList": {
            "id": "AttributeDescriptor",
            "attributes": [
                {
                    "id": name,
                    "conceptIdentity": concept(name),
                    "attributeRelationship": {"observation": {}},
                    "localRepresentation": coded("CL_OBS_STATUS")
                    if name == "OBS_STATUS"
                    else {"format": {"dataType": types[name]}},
                }
                for name in ATTRIBUTES
            ],
        },
    }
