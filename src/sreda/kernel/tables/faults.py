"""What is wrong with a file, said with file, sheet and row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext


def _(message: str) -> str:
    """Marks a message for extraction; it is translated when shown."""
    return message


TEXTS: dict[str, str] = {
    "too-large": _("the file is larger than {limit} MB"),
    "unpacked-too-large": _("unpacked, the file is larger than {limit} MB"),
    "part-too-large": _("“{member}” is larger than {limit} MB when unpacked"),
    "zip-ratio": _("“{member}” is compressed more than {limit} times: a zip bomb"),
    "zip-members": _("the archive holds more than {limit} files"),
    "zip-path": _("“{member}” leads outside the archive"),
    "zip-encrypted": _("the archive is encrypted"),
    "zip-method": _("“{member}” is compressed in a way that is not read"),
    "zip-nested": _("“{member}” is an archive inside the archive; hand it in by itself"),
    "zip-broken": _("the archive is damaged"),
    "symlink": _("“{member}” is a link; copy the file itself"),
    "xml-entities": _("“{member}” declares XML entities, which are not read"),
    "xml-deep": _("“{member}” is not the XML of a workbook"),
    "macros": _("the workbook contains macros; save it as XLSX without them"),
    "old-excel": _("the old or encrypted Excel format is not read; save as XLSX"),
    "workbook-broken": _("the workbook cannot be opened"),
    "not-as-named": _("the file is not what its name says it is: XLSX or CSV is needed"),
    "unknown-format": _("neither a workbook (XLSX), nor CSV files in a folder or ZIP"),
    "too-many-sheets": _("more than {limit} sheets"),
    "too-many-rows": _("more than {limit} rows"),
    "too-many-columns": _("more than {limit} columns"),
    "too-many-cells": _("more than {limit} cells in all"),
    "too-many-strings": _("more than {limit} different texts in the workbook"),
    "strings-too-large": _("the workbook's texts are larger than {limit} MB"),
    "text-too-large": _("the texts of all cells are longer than {limit} characters"),
    "too-many-styles": _("more than {limit} styles in the workbook"),
    "row-long": _("the row is longer than {limit} characters"),
    "binary": _("not a text file"),
    "encoding": _("neither UTF-8 nor Windows-1251 text"),
    "encoding-line": _("broken characters; save the file as UTF-8"),
    "csv-broken": _("the row cannot be split into cells"),
    "headings-none": _("no row of headings was found; missing: {columns}"),
    "headings-repeated": _("the heading “{title}” is there twice"),
}


class Unreadable(ValidationError):
    """The file, or a sheet of it, cannot be read (further); the message names place and limit.

    `code` is one of TEXTS, `facts` what its text is filled with.
    """

    def __init__(
        self, code: str, *, file: str = "", sheet: str = "", row: int | None = None, **facts: Any
    ) -> None:
        self.file, self.sheet, self.row, self.facts = file, sheet, row, facts
        said = gettext(TEXTS[code]).format(**facts)
        where = place(file, sheet, row)
        super().__init__(f"{where}: {said}" if where else said, code=code)


def place(
    file: str = "",
    sheet: str = "",
    row: int | None = None,
    column: str = "",
    translate: Callable[[str], str] = gettext,
) -> str:
    """Where something is, in words; empty when nothing is known."""
    parts = []
    if file:
        parts.append(translate(_("file {file}")).format(file=file))
    if sheet and sheet != file:
        parts.append(translate(_("sheet “{sheet}”")).format(sheet=sheet))
    if row:
        parts.append(translate(_("row {row}")).format(row=row))
    if column:
        parts.append(translate(_("column “{column}”")).format(column=column))
    return ", ".join(parts)
