"""The data dictionary for machines: Frictionless Data Package and CSV on the Web."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from sreda.portal.opendata.formats import FORMATS
from sreda.portal.opendata.model import Dataset, Field
from sreda.portal.site import Site

_FRICTIONLESS = {"decimal": "number"}
_MEDIA = {name: content_type.split(";")[0] for name, (_w, content_type) in FORMATS.items()}

Address = Callable[[str], str]


def _field(field: Field) -> dict[str, Any]:
    constraints: dict[str, Any] = {}
    if field.required:
        constraints["required"] = True
    if field.codes:
        constraints["enum"] = [code for code, _label in field.codes]
    told = {
        "name": field.name,
        "type": _FRICTIONLESS.get(field.type, field.type),
        "title": str(field.title),
        "description": str(field.description),
        "unit": str(field.unit),
        "source": str(field.source),
        "categories": [{"value": code, "label": str(label)} for code, label in field.codes],
        "constraints": constraints,
    }
    return {key: value for key, value in told.items() if value}


def data_package(
    datasets: Iterable[Dataset], site: Site, address: Address, made_at: datetime | None
) -> dict[str, Any]:
    """https://specs.frictionlessdata.io/data-package/ ; `address` gives a file's URL."""
    package: dict[str, Any] = {
        "profile": "data-package",
        "name": "sreda-open-data",
        "title": site.title or site.region or "Sreda",
        "licenses": [{"title": site.licence, "path": site.licence_url}],
        "resources": [
            {
                "name": f"{dataset.name}-{form}",
                "title": str(dataset.title),
                "description": str(dataset.description),
                "path": address(f"{dataset.name}.{form}"),
                "format": form,
                "mediatype": _MEDIA[form],
                "encoding": "utf-8",
                "schema": {
                    "fields": [_field(field) for field in dataset.fields],
                    "primaryKey": list(dataset.key),
                    "foreignKeys": [
                        {"fields": own, "reference": {"resource": f"{other}-{form}", "fields": key}}
                        for own, other, key in dataset.refers
                    ],
                    "missingValues": [""],
                },
            }
            for dataset in datasets
            for form in FORMATS
        ],
    }
    if made_at:
        package["created"] = made_at.isoformat(timespec="seconds")
    return package


def csv_on_the_web(dataset: Dataset, site: Site, address: Address, language: str) -> dict[str, Any]:
    """https://www.w3.org/TR/tabular-metadata/ of the CSV file."""
    columns = []
    for field in dataset.fields:
        column: dict[str, Any] = {
            "name": field.name,
            "titles": {language: str(field.title), "und": field.name},
            "datatype": field.type,
            "required": field.required,
        }
        told = " ".join(str(part) for part in (field.description, field.source) if part)
        if told:
            column["dc:description"] = told
        columns.append(column)
    return {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": language}],
        "url": address(f"{dataset.name}.csv"),
        "dc:title": str(dataset.title),
        "dc:description": str(dataset.description),
        "dc:license": {"@id": site.licence_url},
        "tableSchema": {"columns": columns, "primaryKey": list(dataset.key)},
    }
