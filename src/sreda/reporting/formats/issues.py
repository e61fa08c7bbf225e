"""What of a file became a form, and what did not."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from sreda.reporting.forms import Schema


@dataclass(frozen=True, slots=True)
class Issue:
    """Something of the file that is not in the form as it stood there. `row` counts from 1,
    `column` is its letters or its heading."""

    sheet: str
    row: int
    column: str
    said: str

    @property
    def place(self) -> str:
        parts = [_("sheet “%(sheet)s”") % {"sheet": self.sheet}] if self.sheet else []
        if self.row:
            parts.append(_("row %(row)s") % {"row": self.row})
        if self.column:
            parts.append(_("column “%(column)s”") % {"column": self.column})
        return ", ".join(parts)

    def __str__(self) -> str:
        return f"{self.place}: {self.said}" if self.place else self.said


@dataclass
class Reading:
    """A form as far as it was understood: `schema` is a draft to be corrected."""

    title: str = ""
    code: str = ""
    schema: Schema = field(default_factory=Schema)
    issues: list[Issue] = field(default_factory=list)
