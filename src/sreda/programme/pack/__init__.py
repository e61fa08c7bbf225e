"""The programme pack: an order as tables, its format, reader, writer and differences.

Pure Python: reading and checking a pack needs no database.
"""

from .diff import CellChange, Change, RowChange, diff_packs
from .issues import Issue
from .model import (
    Action,
    Body,
    BudgetLine,
    Cell,
    Figure,
    Indicator,
    Location,
    Norm,
    Order,
    Organisation,
    Pack,
    Promise,
    Record,
    Relation,
    Row,
    pack_to_dict,
)
from .reader import PackReading, pack_from_dict, read_pack, table_named
from .schema import TABLES, Column, Table
from .shipped import PACKS, shipped_pack
from .writer import write_csv, write_xlsx

__all__ = [
    "PACKS",
    "TABLES",
    "Action",
    "Body",
    "BudgetLine",
    "Cell",
    "CellChange",
    "Change",
    "Column",
    "Figure",
    "Indicator",
    "Issue",
    "Location",
    "Norm",
    "Order",
    "Organisation",
    "Pack",
    "PackReading",
    "Promise",
    "Record",
    "Relation",
    "Row",
    "RowChange",
    "Table",
    "diff_packs",
    "pack_from_dict",
    "pack_to_dict",
    "read_pack",
    "shipped_pack",
    "table_named",
    "write_csv",
    "write_xlsx",
]
