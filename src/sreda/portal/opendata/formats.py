"""Files of a dataset: CSV, JSON and Parquet, each written row by row or in batches."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

from sreda.portal.opendata.model import Dataset, Field, Value

BATCH = 5_000
PRECISION = 18


def write_csv(dataset: Dataset, rows: Iterable[list[Value]], path: Path) -> None:
    """RFC 4180, UTF-8 without a mark; nothing is an empty cell, yes and no are true and false."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow([field.name for field in dataset.fields])
        writer.writerows([_cell(value) for value in row] for row in rows)


def _cell(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return _no_formula(value)
    return str(value)


def _no_formula(text: str) -> str:
    """A spreadsheet must not run a cell. A telephone's plus is left as it is (CWE-1236)."""
    if text[:1] in {"=", "@", "\t", "\r"} or (text[:1] in {"+", "-"} and not _telephone(text)):
        return f"'{text}"
    return text


def _telephone(text: str) -> bool:
    return all(c in "+-() ,;0123456789" for c in text) and "--" not in text


def write_json(dataset: Dataset, rows: Iterable[list[Value]], path: Path) -> None:
    """An array of objects; decimals are numbers with all their digits."""
    names = [json.dumps(field.name) for field in dataset.fields]
    with path.open("w", encoding="utf-8") as file:
        file.write("[")
        for count, row in enumerate(rows):
            pairs = (f"{n}: {_literal(v)}" for n, v in zip(names, row, strict=True))
            file.write(",\n" if count else "\n")
            file.write("{" + ", ".join(pairs) + "}")
        file.write("\n]\n")


def _literal(value: Value) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, date):
        return json.dumps(value.isoformat())
    return json.dumps(value, ensure_ascii=False)


def write_parquet(dataset: Dataset, rows: Iterable[list[Value]], path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema(
        [
            pa.field(
                field.name,
                _arrow_type(field),
                nullable=not field.required,
                metadata={"title": str(field.title), "unit": str(field.unit)},
            )
            for field in dataset.fields
        ]
    )
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in _batches(rows):
            columns = list(zip(*batch, strict=True))
            arrays = [
                pa.array([_exact(v, f) for v in column], type=item.type)
                for column, item, f in zip(columns, schema, dataset.fields, strict=True)
            ]
            writer.write_batch(pa.record_batch(arrays, schema=schema))


def _arrow_type(field: Field) -> Any:
    import pyarrow as pa

    match field.type:
        case "integer":
            return pa.int64()
        case "decimal":
            return pa.decimal128(PRECISION, field.places)
        case "boolean":
            return pa.bool_()
        case "date":
            return pa.date32()
    return pa.string()


def _exact(value: Value, field: Field) -> Value:
    if field.type == "decimal" and value is not None:
        return Decimal(str(value)).quantize(Decimal(1).scaleb(-field.places))
    return value


def _batches(rows: Iterable[list[Value]]) -> Iterator[list[list[Value]]]:
    rows = iter(rows)
    while batch := list(islice(rows, BATCH)):
        yield batch


Writer = Callable[[Dataset, Iterable[list[Value]], Path], None]
FORMATS: dict[str, tuple[Writer, str]] = {
    "csv": (write_csv, "text/csv; charset=utf-8"),
    "json": (write_json, "application/json"),
    "parquet": (write_parquet, "application/vnd.apache.parquet"),
}
