"""Reading big hostile tables row by row: CSV in the encodings of this world, and XLSX."""

from sreda.kernel.tables.columns import Column, Headings, find_headings
from sreda.kernel.tables.reading import Unreadable, read_rows

__all__ = ["Column", "Headings", "Unreadable", "find_headings", "read_rows"]
