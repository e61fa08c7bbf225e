"""Rows as Parquet, with exact decimals."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any

BATCH = 20_000
TYPES = ("text", "integer", "decimal", "date", "boolean")


def to_parquet(
    columns: Sequence[tuple[str, str, str]], rows: Iterable[Sequence[Any]], *, scale: int = 6
) -> bytes:
    """`columns` are (name, type, title); a type is one of TYPES; decimals have `scale` places."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = {
        "text": pa.string(),
        "integer": pa.int64(),
        "decimal": pa.decimal128(38, scale),
        "date": pa.date32(),
        "boolean": pa.bool_(),
    }
    schema = pa.schema(
        [pa.field(name, kinds[kind], metadata={"title": title}) for name, kind, title in columns]
    )
    unit = Decimal(1).scaleb(-scale)
    stream = io.BytesIO()
    with pq.ParquetWriter(stream, schema, compression="zstd") as writer:
        for batch in _batches(rows):
            arrays = [
                pa.array(
                    [
                        None if v is None else Decimal(v).quantize(unit) if k == "decimal" else v
                        for v in column
                    ],
                    type=kinds[k],
                )
                for column, (_name, k, _title) in zip(
                    zip(*batch, strict=True), columns, strict=True
                )
            ]
            writer.write_batch(pa.record_batch(arrays, schema=schema))
    return stream.getvalue()


def _batches(rows: Iterable[Sequence[Any]]) -> Iterator[list[Sequence[Any]]]:
    rows = iter(rows)
    while batch := list(islice(rows, BATCH)):
        yield batch
