"""What is wrong with a pack's files, said with file, sheet, row and column."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from django.utils.translation import gettext


def _(message: str) -> str:
    """Marks a message for extraction; it is translated when shown."""
    return message


# code -> (severity, message). An error loses a row or a table; a warning loses nothing.
MESSAGES: dict[str, tuple[str, str]] = {
    "not-found": ("fatal", _("there is no such file or folder")),
    "too-large": ("fatal", _("the file is larger than {limit} MB")),
    "unpacked-too-large": ("fatal", _("unpacked, the file is larger than {limit} MB")),
    "zip-ratio": ("fatal", _("“{member}” is compressed more than {limit} times: a zip bomb")),
    "zip-members": ("fatal", _("the archive holds more than {limit} files")),
    "zip-path": ("fatal", _("“{member}” leads outside the archive")),
    "zip-encrypted": ("fatal", _("the archive is encrypted")),
    "zip-broken": ("fatal", _("the archive is damaged")),
    "symlink": ("fatal", _("“{member}” is a link; copy the file itself")),
    "xml-entities": ("fatal", _("“{member}” declares XML entities, which are not read")),
    "macros": ("fatal", _("the workbook contains macros; save it as XLSX without them")),
    "external-links": ("warning", _("the workbook refers to other workbooks; they are not read")),
    "old-excel": ("fatal", _("the old or encrypted Excel format is not read; save as XLSX")),
    "unknown-format": ("fatal", _("neither a workbook (XLSX), nor CSV files in a folder or ZIP")),
    "workbook-broken": ("fatal", _("the workbook cannot be opened")),
    "too-many-rows": ("error", _("more than {limit} rows; the rest was not read")),
    "too-many-columns": ("error", _("more than {limit} columns")),
    "binary": ("error", _("not a text file")),
    "encoding": ("error", _("neither UTF-8 nor Windows-1251 text")),
    "encoding-line": ("error", _("broken characters; save the file as UTF-8")),
    "cp1251": ("warning", _("read as Windows-1251; UTF-8 is better")),
    "csv-broken": ("error", _("the row cannot be split into cells")),
    "sheet-missing": ("error", _("there is no sheet “{title}” ({key})")),
    "sheet-optional": (
        "warning",
        _("there is no sheet “{title}” ({key}); its checks are left out"),
    ),
    "sheet-unknown": ("warning", _("an unknown sheet, not read")),
    "sheet-twice": ("error", _("the sheet “{title}” is given twice; the second is not read")),
    "sheet-empty": ("error", _("the sheet has no headings")),
    "no-rows": ("warning", _("the sheet has headings but no rows")),
    "headings-shifted": ("warning", _("the headings stand here, not in the first row")),
    "headings-wrong": ("error", _("the headings are not those of “{title}”; expected: {expected}")),
    "heading-unknown": ("warning", _("an unknown heading; the column was not read")),
    "heading-missing": ("error", _("there is no column “{title}” ({key})")),
    "heading-twice": ("error", _("the heading “{title}” is given twice")),
    "merged": ("error", _("cells {cells} are merged; split them")),
    "formula": ("error", _("a formula; put its value in the cell")),
    "cell-error": ("error", _("an error value {value}")),
    "cell-long": ("error", _("longer than {limit} characters")),
    "empty": ("error", _("must not be empty")),
    "number": ("error", _("“{value}” is not a number")),
    "whole": ("error", _("“{value}” is not a whole number")),
    "negative": ("error", _("“{value}” is below zero")),
    "date": ("error", _("“{value}” is not a date")),
    "yes-no": ("error", _("“{value}” is neither yes nor no")),
    "choice": ("error", _("“{value}” is unknown here; known: {known}")),
    "row-extra": ("error", _("more cells than headings: the row is shifted")),
    "row-twice": ("error", _("the same as row {other}: “{name}” is given twice")),
    "order-rows": ("error", _("one row is expected; the others were not read")),
    "more": ("error", _("and {count} more; correct these first")),
    "beyond": ("error", _("the value cannot be kept: {reason}")),
}


@dataclass(frozen=True)
class Issue:
    """`severity`: fatal (nothing was read), error (a row or table was left out) or warning."""

    code: str
    file: str = ""
    sheet: str = ""
    row: int | None = None
    column: str = ""
    params: dict[str, object] = field(default_factory=dict)

    @property
    def severity(self) -> str:
        return MESSAGES[self.code][0]

    @property
    def message_id(self) -> str:
        return MESSAGES[self.code][1]

    def text(self, translate: Callable[[str], str] = gettext) -> str:
        place = []
        if self.file:
            place.append(translate(_("file {file}")).format(file=self.file))
        if self.sheet and self.sheet != self.file:
            place.append(translate(_("sheet “{sheet}”")).format(sheet=self.sheet))
        if self.row:
            place.append(translate(_("row {row}")).format(row=self.row))
        if self.column:
            place.append(translate(_("column “{column}”")).format(column=self.column))
        said = self.said(translate)
        return f"{', '.join(place)}: {said}" if place else said

    def said(self, translate: Callable[[str], str] = gettext) -> str:
        """What is wrong, without the place."""
        return translate(self.message_id).format(**self.params)

    def as_dict(self) -> dict[str, object]:
        return {
            "code": self.code,
            "severity": self.severity,
            "file": self.file,
            "sheet": self.sheet,
            "row": self.row,
            "column": self.column,
            "text": self.text(),
        }
