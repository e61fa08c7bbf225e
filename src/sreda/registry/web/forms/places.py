"""Where a person works or learns."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from sreda.kernel.api import Actor
from sreda.registry.access import given_by
from sreda.registry.domain import posts
from sreda.registry.enums import LEARNER_ROLES, Role
from sreda.registry.models import ClassGroup, Municipality, Organisation, Post
from sreda.registry.web.forms.base import (
    WIDGETS,
    ChangeForm,
    RecordForm,
    Sectioned,
    Sections,
    day_input,
)
from sreda.registry.web.picking import OrganisationField, organisations_for


class PostFields(Sectioned):
    """Offers the roles and places the actor may give, and no others."""

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        allowed = given_by(actor)
        roles: Any = self.fields["role"]
        roles.choices = [("", "—"), *((r.value, r.label) for r in allowed)]
        places: Any = self.fields["organisation"]
        places.queryset = organisations_for(actor)
        if actor.role in {Role.HEAD, Role.ADMINISTRATOR}:
            places.required = True
            places.empty_label = None
        if Role.COORDINATOR not in allowed:
            del self.fields["municipality"]
        else:
            municipality: Any = self.fields["municipality"]
            municipality.queryset = Municipality.objects.all()
            municipality.help_text = _("For a municipal coordinator only.")

    @property
    def values(self) -> dict[str, Any]:
        return {n: self.cleaned_data[n] for n in posts.FIELDS if n in self.fields}


_POST_LAYOUT: Sections = (
    (
        _("Post"),
        ("role", "title", "organisation:12", "municipality:12", "since:4", "until:4", "acting:4"),
    ),
    (_("Qualification"), ("category", "higher_education", "ict_competent")),
    (_("The change"), ("effective_on", "reason")),
)


class PostForm(PostFields, RecordForm):
    layout = _POST_LAYOUT

    reason = forms.CharField(label=_("Reason"), max_length=500, required=False)

    class Meta:
        model = Post
        fields = list(posts.FIELDS)
        field_classes: ClassVar = {"organisation": OrganisationField}
        widgets = WIDGETS
        labels = {"organisation": _("Organisation"), "municipality": _("Municipality")}


class PostChangeForm(PostFields, ChangeForm):
    kept = posts.FIELDS
    layout = _POST_LAYOUT

    class Meta:
        model = Post
        fields = list(posts.FIELDS)
        field_classes: ClassVar = {"organisation": OrganisationField}
        widgets = WIDGETS
        labels = {"organisation": _("Organisation"), "municipality": _("Municipality")}


class EnrolmentForm(Sectioned, forms.Form):
    """A learner's place; the class is named as people name it."""

    layout = ((_("Learning"), ("role", "organisation:12", "group:4", "since:4")),)

    role = forms.ChoiceField(label=_("Role"), choices=[(r.value, r.label) for r in LEARNER_ROLES])
    organisation = OrganisationField(label=_("Organisation"), queryset=Organisation.objects.none())
    group = forms.CharField(
        label=_("Class or group"),
        max_length=30,
        required=False,
        help_text=_("Its name in the school year of the first day, for example 7А."),
    )
    since = forms.DateField(label=_("Since"), widget=day_input())

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["organisation"]
        field.queryset = organisations_for(actor)
        if actor.role in {Role.HEAD, Role.ADMINISTRATOR}:
            field.empty_label = None

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        name, place, since = data.get("group"), data.get("organisation"), data.get("since")
        data["group"] = None
        if name and place and since:
            data["group"] = _group_named(self, name, place, since)
        return data

    @property
    def values(self) -> dict[str, Any]:
        names = ("role", "organisation", "group", "since")
        return {name: self.cleaned_data[name] for name in names}


def _group_named(
    form: forms.Form, name: str, place: Organisation, since: date
) -> ClassGroup | None:
    """The class of that school year; where there is none, the form's field says which there are."""
    year = school_year(since)
    groups = ClassGroup.objects.filter(organisation=place, school_year=year)
    found = groups.filter(name__iexact=name.strip()).first()
    if found is None:
        known = ", ".join(groups.values_list("name", flat=True)[:60])
        form.add_error(
            "group",
            _("There is no such class in %(year)s/%(next)s. Classes: %(known)s.")
            % {"year": year, "next": year + 1, "known": known or "—"},
        )
    return found


def school_year(on: date) -> int:
    """The first calendar year of the school year a day belongs to (from August on, the next)."""
    return on.year if on.month >= 8 else on.year - 1


class FirstPlaceForm(Sectioned, forms.Form):
    """What a new person is: without it, only the operator would see them."""

    layout = ((_("First place"), ("place", "title", "organisation:12", "group:4", "since:4")),)

    place = forms.ChoiceField(label=_("Post or role"), required=False)
    title = forms.CharField(label=_("Position"), max_length=200, required=False)
    organisation = OrganisationField(
        label=_("Organisation"), queryset=Organisation.objects.none(), required=False
    )
    group = forms.CharField(
        label=_("Class or group"),
        max_length=30,
        required=False,
        help_text=_("For a learner: its name in the school year of the first day, for example 7А."),
    )
    since = forms.DateField(label=_("Since"), widget=day_input(), required=False)

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.actor = actor
        place: Any = self.fields["place"]
        roles = [r for r in given_by(actor) if r != Role.COORDINATOR]
        place.choices = [
            ("", "—"),
            *((r.value, r.label) for r in (*LEARNER_ROLES, *reversed(roles))),
        ]
        organisation: Any = self.fields["organisation"]
        organisation.queryset = organisations_for(actor)
        if actor.role in {Role.HEAD, Role.ADMINISTRATOR}:
            organisation.empty_label = None
        if actor.role != Role.OPERATOR:
            place.required = True

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        role = data.get("place")
        if not role:
            return data
        if not data.get("since"):
            self.add_error("since", _("Name the first day."))
        if role not in {Role.OPERATOR, Role.EXPERT} and not data.get("organisation"):
            self.add_error("organisation", _("Name the organisation."))
        if role in LEARNER_ROLES and not self.errors:
            name = data.get("group") or ""
            data["group"] = (
                _group_named(self, name, data["organisation"], data["since"]) if name else None
            )
        return data
