"""What is wrong with a pack's files, said with file, sheet, row and column."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from django.utils.translation import gettext

from sreda.kernel.tables import TEXTS, place


def _(message: str) -> str:
    """Marks a message for extraction; it is translated when shown."""
    return message


# Of a file as a whole: nothing of it is read. What is wrong with one sheet only is an error.
_OF_A_SHEET = {
    "too-many-rows", "too-many-columns", "row-long", "binary", "encoding", "encoding-line",
    "csv-broken",
}  # fmt: skip
# code -> (severity, message). An error loses a row or a table; a warning loses nothing.
MESSAGES: dict[str, tuple[str, str]] = {
    code: ("error" if code in _OF_A_SHEET else "fatal", message) for code, message in TEXTS.items()
} | {
    "too-many-rows": ("error", _("more than {limit} rows; the rest was not read")),
    "not-found": ("fatal", _("there is no such file or folder")),
    "external-links": ("warning", _("the workbook refers to other workbooks; they are not read")),
    "cp1251": ("warning", _("read as Windows-1251; UTF-8 is better")),
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
        where = place(self.file, self.sheet, self.row, self.column, translate)
        said = self.said(translate)
        return f"{where}: {said}" if where else said

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
