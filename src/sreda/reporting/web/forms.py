"""Forms of indicators and dashboards."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sreda.reporting.enums import Frequency, Level, ReportFormat, VersionStatus, WidgetKind
from sreda.reporting.models import FormCell, Indicator, Widget
from sreda.ui.numbers import number

PLAN_LINE = re.compile(r"\s*(\d{4})\s*[:—–=-]?\s*(\S.*?)\s*\Z")


class IndicatorForm(forms.Form):
    edition = forms.IntegerField(widget=forms.HiddenInput, required=False)
    title = forms.CharField(label=gettext_lazy("Title"), max_length=300)
    code = forms.SlugField(
        label=gettext_lazy("Code"),
        max_length=60,
        help_text=gettext_lazy("Latin letters, digits, _ and -: its name in formulas of others."),
    )
    about = forms.CharField(
        label=gettext_lazy("Explanation"), widget=forms.Textarea(attrs={"rows": 3}), required=False
    )
    formula = forms.CharField(
        label=gettext_lazy("Formula"),
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "false", "class": "code"}),
        max_length=4000,
        help_text=mark_safe(
            '<code>count("staff", {"role": "teacher"}), total("facilities", "computers_teaching"), '
            'form("code", "block.row.column"), indicator("code")</code>'
        ),
    )
    unit = forms.CharField(label=gettext_lazy("Unit"), max_length=40, required=False)
    places = forms.IntegerField(
        label=gettext_lazy("Decimal places"), min_value=0, max_value=6, initial=2
    )
    levels = forms.MultipleChoiceField(
        label=gettext_lazy("Levels"), choices=Level.choices, widget=forms.CheckboxSelectMultiple
    )
    more_is_better = forms.BooleanField(label=gettext_lazy("More is better"), required=False)
    good_from = forms.DecimalField(
        label=gettext_lazy("Good from"), max_digits=20, decimal_places=4, required=False,
        localize=True,
    )  # fmt: skip
    bad_from = forms.DecimalField(
        label=gettext_lazy("Bad from"), max_digits=20, decimal_places=4, required=False,
        localize=True,
    )  # fmt: skip
    plan = forms.CharField(
        label=gettext_lazy("Plan by years"),
        widget=forms.Textarea(attrs={"rows": 4}),
        required=False,
        help_text=gettext_lazy("A year and a number on each line: 2027 85,5"),
    )
    owner = forms.CharField(
        label=gettext_lazy("Who answers for it"), max_length=300, required=False
    )
    public = forms.BooleanField(label=gettext_lazy("Shown on the portal"), required=False)
    reason = forms.CharField(
        label=gettext_lazy("Reason of the change"), max_length=500, required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.initial.get("edition") and not self.data.get("edition"):
            del self.fields["reason"]

    @staticmethod
    def initial_of(indicator: Indicator) -> dict[str, Any]:
        names = [name for name in IndicatorForm.base_fields if name not in {"reason", "plan"}]
        return {
            **{name: getattr(indicator, name) for name in names},
            "plan": "\n".join(
                f"{year} {number(Decimal(str(value)))}"
                for year, value in sorted(indicator.plan.items())
            ),
        }

    def clean_plan(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for at, line in enumerate(self.cleaned_data["plan"].splitlines(), 1):
            if not line.strip():
                continue
            match = PLAN_LINE.match(line)
            try:
                if match is None:
                    raise InvalidOperation
                text = re.sub(r"[\s\u00a0\u202f]", "", match[2]).replace(",", ".")
                value = Decimal(text)
                if not value.is_finite():
                    raise InvalidOperation
            except InvalidOperation:
                raise ValidationError(
                    _("Line %(line)s is not a year and a number: “%(text)s”.")
                    % {"line": at, "text": line.strip()[:60]}
                ) from None
            if match[1] in found:
                raise ValidationError(_("%s stands twice.") % match[1])
            found[match[1]] = f"{value:f}"
        return found

    def fields_of_indicator(self) -> dict[str, Any]:
        return {
            name: value
            for name, value in self.cleaned_data.items()
            if name not in {"edition", "reason"}
        }


class DashboardForm(forms.Form):
    edition = forms.IntegerField(widget=forms.HiddenInput, required=False)
    title = forms.CharField(label=gettext_lazy("Title"), max_length=200)
    about = forms.CharField(
        label=gettext_lazy("Explanation"), widget=forms.Textarea(attrs={"rows": 2}), required=False
    )
    level = forms.ChoiceField(label=gettext_lazy("Level"), choices=Level.choices)
    shared = forms.BooleanField(label=gettext_lazy("Shown to others"), required=False)
    public = forms.BooleanField(label=gettext_lazy("Shown on the portal"), required=False)

    def __init__(self, *args: Any, sharing: bool, **kwargs: Any) -> None:
        """`sharing`: the actor may show it to others and to everyone."""
        super().__init__(*args, **kwargs)
        if not sharing:
            del self.fields["shared"], self.fields["public"]

    def fields_of_dashboard(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != "edition"}


class WidgetForm(forms.Form):
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=WidgetKind.choices)
    title = forms.CharField(label=gettext_lazy("Title"), max_length=200, required=False)
    indicators = forms.MultipleChoiceField(
        label=gettext_lazy("Indicators of monitoring"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    cells = forms.CharField(
        label=gettext_lazy("Cells of reports"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "class": "code", "spellcheck": "false"}),
        help_text=gettext_lazy(
            "One a line: the form's code, the cell's key, and a title if wanted."
        ),
    )
    months = forms.IntegerField(
        label=gettext_lazy("Months back"), min_value=1, max_value=240, initial=12
    )

    def __init__(self, *args: Any, indicators: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["indicators"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = indicators

    @staticmethod
    def initial_of(widget: Widget) -> dict[str, Any]:
        lines = [
            f"{s.get('form')} {s.get('cell')} {s.get('title', '')}".strip()
            for s in widget.sources
            if "indicator" not in s
        ]
        return {
            "kind": widget.kind,
            "title": widget.title,
            "months": widget.months,
            "indicators": [s["indicator"] for s in widget.sources if "indicator" in s],
            "cells": "\n".join(lines),
        }

    def clean_cells(self) -> list[dict[str, str]]:
        found = []
        for at, line in enumerate(self.cleaned_data["cells"].splitlines(), 1):
            if not line.strip():
                continue
            form, _space, rest = line.strip().partition(" ")
            cell, _space, title = rest.strip().partition(" ")
            known = FormCell.objects.filter(
                version__form__code=form, version__status=VersionStatus.PUBLISHED, key=cell
            ).first()
            if known is None:
                raise ValidationError(
                    _("Line %(line)s: no form in force has this cell: “%(text)s”.")
                    % {"line": at, "text": line.strip()[:80]}
                )
            if known.type not in {"integer", "decimal"}:
                raise ValidationError(
                    _("Line %(line)s: the cell holds no number: “%(text)s”.")
                    % {"line": at, "text": line.strip()[:80]}
                )
            found.append({"form": form, "cell": cell, "title": title.strip()[:200]})
        return found

    def fields_of_widget(self) -> dict[str, Any]:
        data = self.cleaned_data
        sources = [{"indicator": code} for code in data["indicators"]]
        return {
            "kind": data["kind"],
            "title": data["title"],
            "months": data["months"],
            "sources": [*sources, *data["cells"]],
        }


class MailingForm(forms.Form):
    frequency = forms.ChoiceField(
        label=gettext_lazy("How often it comes"), choices=Frequency.choices
    )
    format = forms.ChoiceField(label=gettext_lazy("Format"), choices=ReportFormat.choices)
