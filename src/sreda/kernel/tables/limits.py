"""How much of a file is read. These are all the limits there are."""

from __future__ import annotations

from dataclasses import dataclass, replace

MEGABYTE = 1024 * 1024
# What reading may add to the memory of a process, in bytes.
BUDGET = 192 * MEGABYTE


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes, the others in pieces. `rows` do not count the headings."""

    file: int
    unpacked: int  # of all parts of an archive together
    rows: int  # of one sheet
    cells: int  # of all sheets together, empty ones between others too
    strings: int  # shared by the cells of a workbook
    string_bytes: int
    text: int  # characters of all cells together: one shared string may stand in each of them
    ratio: int = 200  # of unpacked to packed, above a megabyte
    members: int = 500
    sheets: int = 100
    columns: int = 100
    cell: int = 10_000  # characters; a longer text is cut to one more than these


# A long table whose rows are taken one at a time.
STREAMED = Limits(
    file=100 * MEGABYTE,
    unpacked=600 * MEGABYTE,
    rows=1_000_000,
    cells=40_000_000,
    strings=4_000_000,
    string_bytes=96 * MEGABYTE,
    text=400_000_000,
)
# A table or form that is held as a whole.
HELD = Limits(
    file=20 * MEGABYTE,
    unpacked=40 * MEGABYTE,
    rows=20_000,
    cells=400_000,
    strings=400_000,
    string_bytes=16 * MEGABYTE,
    text=16_000_000,
)
# Of tables that are held, compared and checked against each other: a programme's pack.
CHECKED = replace(
    HELD,
    unpacked=16 * MEGABYTE,
    cells=100_000,
    strings=100_000,
    string_bytes=8 * MEGABYTE,
    text=6_000_000,
)
# Of a workbook beside sheets and strings: what is not read as a stream of rows.
PART = 8 * MEGABYTE
STYLES = 70_000
# Of an archive's directory.
DIRECTORY = MEGABYTE
# A row of text with all its cells, in characters.
LINE = 1_000_000
# Of XML: what the parser holds by itself.
DEPTH = 100
NAMES = 4_000
TOKEN = MEGABYTE
