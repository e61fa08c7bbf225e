"""What the forms of campaigns and of surveys share: which form is asked, of whom, from when."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy

from sreda.registry.api import Municipality, OrganisationKind
from sreda.reporting.enums import FormKind, VersionStatus
from sreda.reporting.models import FormVersion
from sreda.ui.picking import AnyChoiceField


def day_field(label: Any, help_text: Any = "", required: bool = True) -> forms.DateField:
    return forms.DateField(
        label=label,
        help_text=help_text,
        required=required,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )


class VersionChoice(AnyChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.form.title} ({obj.number})"


def chosen_version(pk: str) -> FormVersion | None:
    """The version in force that an address names."""
    try:
        return FormVersion.objects.select_related("form").get(
            pk=UUID(pk), status=VersionStatus.PUBLISHED
        )
    except (ValueError, FormVersion.DoesNotExist):
        return None


class AskingForm(forms.Form):
    """Versions in force of forms of one `kind`; who is asked."""

    kind: ClassVar[FormKind]
    of_nobody: ClassVar[Any] = ""  # said where nobody is chosen, if that is not everybody
    version = VersionChoice(label=gettext_lazy("Form"), queryset=FormVersion.objects.none())
    title = forms.CharField(
        label=gettext_lazy("Title"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("Empty: the title of the form."),
    )
    opens_on = day_field(gettext_lazy("Opens on"), gettext_lazy("On this day it opens by itself."))
    kinds = forms.MultipleChoiceField(
        label=gettext_lazy("Kinds of organisations"),
        choices=OrganisationKind.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("None chosen: all kinds."),
    )
    municipalities = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Municipalities"),
        queryset=Municipality.objects.none(),
        required=False,
        help_text=gettext_lazy("None chosen: the whole region."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        versions = FormVersion.objects.filter(
            status=VersionStatus.PUBLISHED, form__withdrawn_at=None, form__kind=self.kind
        )
        rows = {
            "version": versions.select_related("form"),
            "municipalities": Municipality.objects.all(),
        }
        for name, found in rows.items():
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = found
        if self.of_nobody:
            for name in ("kinds", "municipalities"):
                self.fields[name].help_text = self.of_nobody

    def audience(self) -> dict[str, Any]:
        """Of the cleaned data; empty parts are left out."""
        said = self.cleaned_data
        parts = {
            "roles": said.get("roles"),
            "kinds": said["kinds"],
            "municipalities": [str(place.pk) for place in said["municipalities"]],
            "organisations": [str(one.pk)] if (one := said.get("organisation")) else [],
        }
        return {part: value for part, value in parts.items() if value}

    def words(self) -> dict[str, Any]:
        """The cleaned data but for the audience."""
        of_audience = ("roles", "kinds", "municipalities", "organisation")
        return {name: v for name, v in self.cleaned_data.items() if name not in of_audience}
