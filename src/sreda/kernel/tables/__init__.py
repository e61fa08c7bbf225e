"""Reading tables handed in: XLSX, CSV and ZIP of CSV. All of it is hostile.

Nothing is unpacked to disk, and nothing is believed: what a file says of itself is checked before
it is read, what comes out of it while it is read. Memory stays within BUDGET whatever the file is:
rows come one at a time, and only a workbook's shared strings are held, packed tight.
"""

from sreda.kernel.tables.columns import Column, Headings, find_headings
from sreda.kernel.tables.faults import TEXTS, Unreadable, place
from sreda.kernel.tables.limits import BUDGET, CHECKED, HELD, STREAMED, Limits
from sreda.kernel.tables.reading import Tables, open_tables, read_rows, unpacked_size
from sreda.kernel.tables.texts import TextTable, bytes_of
from sreda.kernel.tables.values import Formula, Number, Value, Wrong, as_text
from sreda.kernel.tables.workbook import SheetTable

__all__ = [
    "BUDGET",
    "CHECKED",
    "HELD",
    "STREAMED",
    "TEXTS",
    "Column",
    "Formula",
    "Headings",
    "Limits",
    "Number",
    "SheetTable",
    "Tables",
    "TextTable",
    "Unreadable",
    "Value",
    "Wrong",
    "as_text",
    "bytes_of",
    "find_headings",
    "open_tables",
    "place",
    "read_rows",
    "unpacked_size",
]
