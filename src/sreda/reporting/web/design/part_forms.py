"""Forms for the parts of a schema. They read and offer; the domain decides."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sreda.reporting.enums import Severity
from sreda.reporting.forms import Block, BlockKind, CellType, Check, Field, Option, Row, Section
from sreda.reporting.forms.codes import code_from
from sreda.reporting.forms.schema import CODE
from sreda.reporting.models import Dictionary
from sreda.reporting.web.design.base import KINDS, TYPES

MOST_LINES = 300


def _area(rows: int = 3, *, code: bool = False, **more: str) -> forms.Textarea:
    attributes = {"rows": str(rows), **more}
    if code:
        attributes |= {"class": "code", "spellcheck": "false", "autocapitalize": "off"}
    return forms.Textarea(attrs=attributes)


def read_options(text: str) -> tuple[Option, ...]:
    """A line an option: "code; title", or a title alone."""
    found: list[Option] = []
    for line in text.splitlines():
        said = line.strip()
        if not said:
            continue
        code, sign, title = said.partition(";")
        if not sign:
            code, title = code_from(said, {o.code for o in found}, "o"), said
        found.append(Option(code.strip(), title.strip()))
    return tuple(found)


def write_options(options: tuple[Option, ...]) -> str:
    return "\n".join(f"{option.code}; {option.title}" for option in options)


class PartForm(forms.Form):
    """`values` are what the domain is to change. An empty code is made out of the title."""

    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=40,
        required=False,
        help_text=gettext_lazy(
            "By it expressions name this part. Leave it empty: it is made out of the title."
        ),
    )
    edition = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    titled = "title"
    prefix_of_code = "f"
    order: tuple[str, ...] = ()

    def __init__(self, *args: Any, taken: frozenset[str] = frozenset(), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.taken = taken
        self.order_fields([*self.order, "code"])

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"].strip()
        if code and not CODE.match(code):
            raise ValidationError(
                _("a code is a Latin letter, then letters, digits, _ (40 at most)")
            )
        return code

    def clean(self) -> dict[str, Any]:
        found = super().clean() or self.cleaned_data
        if not found.get("code") and "code" not in self.errors:
            title = str(found.get(self.titled, ""))
            found["code"] = self.initial.get("code") or code_from(
                title, self.taken, self.prefix_of_code
            )
        return found

    @property
    def values(self) -> dict[str, Any]:
        return {k: v for k, v in self.cleaned_data.items() if k != "edition"}


class SectionForm(PartForm):
    title = forms.CharField(label=gettext_lazy("Title"), max_length=300)
    help = forms.CharField(
        label=gettext_lazy("Explanation"), required=False, widget=_area(2), max_length=2000
    )
    prefix_of_code = "s"
    order = ("title", "help")

    def made(self) -> Section:
        return Section(**self.values)


class BlockForm(PartForm):
    title = forms.CharField(label=gettext_lazy("Title"), max_length=300)
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), widget=forms.RadioSelect)
    help = forms.CharField(
        label=gettext_lazy("Explanation"), required=False, widget=_area(2), max_length=2000
    )
    rows_source = forms.CharField(
        label=gettext_lazy("Rows come from"),
        required=False,
        widget=_area(3, code=True),
        help_text=gettext_lazy(
            "An expression that gives rows, such as listed(…). Empty: rows are added by hand."
        ),
    )
    min_rows = forms.IntegerField(
        label=gettext_lazy("Rows at least"), min_value=0, max_value=1000, required=False
    )
    max_rows = forms.IntegerField(
        label=gettext_lazy("Rows at most"), min_value=1, max_value=10_000, required=False
    )
    prefix_of_code = "t"
    order = ("title", "kind", "help", "rows_source", "min_rows", "max_rows")

    def __init__(self, *args: Any, part: Block | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kind = self.fields["kind"]
        assert isinstance(kind, forms.ChoiceField)
        kind.choices = list(KINDS().items())
        if part is not None:
            del self.fields["kind"]
            if part.kind is not BlockKind.LIST:
                for name in ("rows_source", "min_rows", "max_rows"):
                    del self.fields[name]

    def clean(self) -> dict[str, Any]:
        found = super().clean()
        if "min_rows" in self.fields:
            found["min_rows"] = found.get("min_rows") or 0
            found["max_rows"] = found.get("max_rows") or 1000
            if found["min_rows"] > found["max_rows"]:
                self.add_error("min_rows", _("More than at most."))
        return found

    def made(self) -> Block:
        values = self.values | {"kind": BlockKind(self.values["kind"])}
        if values["kind"] is not BlockKind.LIST:
            values |= {"rows_source": "", "min_rows": 0, "max_rows": 1000}
        return Block(**values)


class RowForm(PartForm):
    title = forms.CharField(label=gettext_lazy("Title"), max_length=600)
    number = forms.CharField(label=gettext_lazy("Printed number"), max_length=20, required=False)
    level = forms.IntegerField(
        label=gettext_lazy("Indent"),
        min_value=0,
        max_value=4,
        help_text=gettext_lazy("0 for a main row, 1 for “of them”, and so on."),
    )
    closed = forms.MultipleChoiceField(
        label=gettext_lazy("Crossed out in columns"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Cells that are not asked in this row."),
    )
    prefix_of_code = "r"
    order = ("title", "number", "level", "closed")

    def __init__(self, *args: Any, block: Block, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        closed = self.fields["closed"]
        assert isinstance(closed, forms.MultipleChoiceField)
        closed.choices = [(f.code, f.title) for f in block.fields]

    @property
    def values(self) -> dict[str, Any]:
        return super().values | {"closed": frozenset(self.cleaned_data["closed"])}

    def made(self) -> Row:
        return Row(**self.values)


class LinesForm(forms.Form):
    """Many rows or fields at once, a line each."""

    lines = forms.CharField(
        label=gettext_lazy("Titles, a line each"),
        widget=_area(8),
        max_length=100_000,
        help_text=gettext_lazy("Two spaces at the beginning of a line indent the row."),
    )
    edition = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def clean_lines(self) -> list[str]:
        found = [line for line in self.cleaned_data["lines"].splitlines() if line.strip()]
        if len(found) > MOST_LINES:
            raise ValidationError(_("At most %(most)s lines at once.") % {"most": MOST_LINES})
        if long := next((line for line in found if len(line.strip()) > 600), None):
            raise ValidationError(_("Too long: “%(line)s…”") % {"line": long.strip()[:40]})
        return found

    def rows(self, taken: set[str], first: int) -> list[Row]:
        made = []
        for number, line in enumerate(self.cleaned_data["lines"], first):
            code = code_from(line, taken, "r")
            taken.add(code)
            level = min((len(line) - len(line.lstrip())) // 2, 4)
            made.append(Row(code, line.strip(), f"{number:02}", level))
        return made


class FieldForm(PartForm):
    title = forms.CharField(label=gettext_lazy("Question or heading"), max_length=600)
    type = forms.ChoiceField(label=gettext_lazy("Type"))
    unit = forms.CharField(label=gettext_lazy("Unit"), max_length=40, required=False)
    places = forms.IntegerField(
        label=gettext_lazy("Digits after the point"), min_value=0, max_value=4, required=False
    )
    required = forms.BooleanField(label=gettext_lazy("Must be filled"), required=False)
    minimum = forms.DecimalField(
        label=gettext_lazy("Not less than"), required=False, max_digits=20, decimal_places=4
    )
    maximum = forms.DecimalField(
        label=gettext_lazy("Not more than"), required=False, max_digits=20, decimal_places=4
    )
    dictionary = forms.ChoiceField(label=gettext_lazy("Dictionary"), required=False)
    options = forms.CharField(
        label=gettext_lazy("Own options"),
        required=False,
        widget=_area(4),
        help_text=gettext_lazy("A line each: “code; title”, or a title alone."),
    )
    help = forms.CharField(
        label=gettext_lazy("Help for whoever fills it"),
        required=False,
        widget=_area(2),
        max_length=2000,
    )
    source = forms.CharField(
        label=gettext_lazy("Where the value comes from"),
        required=False,
        widget=_area(3, code=True),
        help_text=gettext_lazy("An expression. Empty: whoever fills the form types the value."),
    )
    element = forms.CharField(
        label=gettext_lazy("Piece of knowledge"),
        required=False,
        max_length=130,
        widget=forms.TextInput(attrs={"list": "elements", "class": "code"}),
        help_text=gettext_lazy(
            "What exactly is asked, in one word for all forms: a question that is answered "
            "elsewhere is then found."
        ),
    )
    relevant = forms.CharField(
        label=gettext_lazy("Asked when"),
        required=False,
        widget=_area(2, code=True),
        help_text=gettext_lazy(
            "A condition. Empty: always. In a list it may look at the cells of its row: row.kind"
        ),
    )
    order = (
        "title", "type", "unit", "places", "required", "minimum", "maximum", "dictionary",
        "options", "help", "source", "element", "relevant",
    )  # fmt: skip

    def __init__(self, *args: Any, block: Block, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        type_, dictionary = self.fields["type"], self.fields["dictionary"]
        assert isinstance(type_, forms.ChoiceField)
        assert isinstance(dictionary, forms.ChoiceField)
        type_.choices = list(TYPES().items())
        dictionary.choices = [
            ("", _("none")), *Dictionary.objects.values_list("code", "title")
        ]  # fmt: skip

    def clean_options(self) -> tuple[Option, ...]:
        return read_options(self.cleaned_data["options"])

    def clean(self) -> dict[str, Any]:
        found = super().clean()
        kind = CellType(found["type"]) if found.get("type") else None
        if kind in {CellType.CHOICE, CellType.CHOICES}:
            if not found.get("options") and not found.get("dictionary"):
                self.add_error("dictionary", _("Choose a dictionary or write options."))
        elif kind is not None:
            found["options"], found["dictionary"] = (), ""
        if kind is not CellType.DECIMAL:
            found["places"] = 0
        if kind is not None and not kind.numeric:
            found["minimum"] = found["maximum"] = None
        low, high = found.get("minimum"), found.get("maximum")
        if low is not None and high is not None and low > high:
            self.add_error("maximum", _("Less than the least."))
        return found

    @property
    def values(self) -> dict[str, Any]:
        found = super().values
        for name in ("minimum", "maximum"):
            if found[name] is not None:
                found[name] = Decimal(found[name])
        return found | {"type": CellType(found["type"]), "places": found["places"] or 0}

    def made(self) -> Field:
        return Field(**self.values)


class CellForm(forms.Form):
    """One cell of a table: what differs from its column."""

    source = forms.CharField(
        label=gettext_lazy("Where the value comes from"),
        required=False,
        widget=_area(3, code=True),
        help_text=gettext_lazy("An expression. Empty: as the column says."),
    )
    element = forms.CharField(
        label=gettext_lazy("Piece of knowledge"),
        required=False,
        max_length=130,
        widget=forms.TextInput(attrs={"list": "elements", "class": "code"}),
    )
    closed = forms.BooleanField(label=gettext_lazy("Crossed out: not asked"), required=False)
    edition = forms.IntegerField(widget=forms.HiddenInput, min_value=0)


class CheckForm(PartForm):
    message = forms.CharField(
        label=gettext_lazy("What to say when it does not hold"),
        widget=_area(2),
        max_length=1000,
        help_text=gettext_lazy("In plain words: what is wrong and where to look."),
    )
    severity = forms.ChoiceField(
        label=gettext_lazy("Severity"),
        choices=Severity.choices,
        widget=forms.RadioSelect,
        help_text=gettext_lazy(
            "An error stops the handing-in, a warning asks for an explanation, a note is shown."
        ),
    )
    expression = forms.CharField(
        label=gettext_lazy("Condition that must hold"),
        widget=_area(4, code=True),
        max_length=4000,
    )
    cells = forms.CharField(
        label=gettext_lazy("Cells it speaks of"),
        required=False,
        widget=_area(3, code=True),
        help_text=gettext_lazy("Keys, a line each. Empty: those the condition names."),
    )
    titled = "message"
    prefix_of_code = "c"
    order = ("message", "severity", "expression", "cells")

    def clean_cells(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(re.split(r"[\s,;]+", self.cleaned_data["cells"].strip()))) if (
            self.cleaned_data["cells"].strip()
        ) else ()  # fmt: skip

    def made(self) -> Check:
        return Check(**self.values)
