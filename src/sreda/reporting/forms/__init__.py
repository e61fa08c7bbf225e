"""What a form is, without Django: sections, blocks, cells, sources, checks; as JSON and back.

A cell's *key* names it for good within a form: `block.field`, `block.row.column`, or
`block.*.column` in a block whose rows are added by the one who fills it.
"""

from sreda.reporting.forms.schema import (
    ANY_ROW,
    Block,
    BlockKind,
    Cell,
    CellType,
    Check,
    Column,
    Field,
    Option,
    Row,
    Schema,
    SchemaError,
    Section,
)
from sreda.reporting.forms.stored import from_json, to_json

__all__ = [
    "ANY_ROW",
    "Block",
    "BlockKind",
    "Cell",
    "CellType",
    "Check",
    "Column",
    "Field",
    "Option",
    "Row",
    "Schema",
    "SchemaError",
    "Section",
    "from_json",
    "to_json",
]
