"""The registry's forms. They read and offer; the domain decides and explains."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.db import models
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from sreda.kernel.api import Actor
from sreda.registry.access import given_by
from sreda.registry.domain import (
    costs,
    guardianships,
    organisations,
    people,
    posts,
    qualifications,
    teaching,
)
from sreda.registry.enums import LEARNER_ROLES, Role
from sreda.registry.models import (
    ClassGroup,
    Facilities,
    Guardianship,
    ManagementCost,
    Municipality,
    Organisation,
    Person,
    Post,
    Qualification,
    Teaching,
)
from sreda.registry.web.base import label, names_in, sealed, shown, unsealed
from sreda.registry.web.picking import (
    ChildField,
    OrganisationField,
    PersonField,
    organisations_for,
)

Sections = tuple[tuple[Any, tuple[str, ...]], ...]


def day_input() -> forms.DateInput:
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


class Sectioned(forms.BaseForm):
    """A form laid out in sections of fields; a field may be `name:12` to say its columns."""

    layout: ClassVar[Sections] = ()

    def sections(self) -> list[tuple[Any, list[tuple[Any, str]]]]:
        found = []
        for title, names in self.layout:
            bound = []
            for entry in names:
                name, _colon, width = entry.partition(":")
                if name in self.fields:
                    bound.append((self[name], width or "6"))
            if bound:
                found.append((title, bound))
        return found

    def faulty(self) -> list[Any]:
        return [bound for bound in self if bound.errors]


if TYPE_CHECKING:
    AnyModelForm = forms.ModelForm[Any]
else:
    AnyModelForm = forms.ModelForm


class RecordForm(Sectioned, AnyModelForm):
    """A model's fields without a save of its own: `values` go to the domain."""

    def _post_clean(self) -> None:
        """The domain checks the record, with better words than a constraint's name."""

    @property
    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self._meta.fields or ()}


class CorrectionForm(RecordForm):
    """Corrects an existing record: why, and what was seen when the form was opened."""

    kept: ClassVar[tuple[str, ...]] = ()

    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        required=False,
        help_text=_("For example, the number and date of an order."),
    )
    base = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        instance: models.Model = kwargs["instance"]
        initial = {"base": sealed(instance, self.kept)}
        kwargs["initial"] = initial | (kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)

    def clean_base(self) -> dict[str, Any]:
        return unsealed(self.cleaned_data["base"])

    @property
    def edition(self) -> int:
        return int(self.cleaned_data["base"]["edition"])

    @property
    def seen(self) -> dict[str, Any]:
        state: dict[str, Any] = self.cleaned_data["base"]["state"]
        return state


class ChangeForm(CorrectionForm):
    """Changes a record from a day on."""

    effective_on = forms.DateField(
        label=_("Effective from"),
        widget=day_input(),
        help_text=_(
            "The day from which the new data hold. Pages “as of” an earlier day keep the old."
        ),
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        kwargs["initial"] = {"effective_on": today} | (kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)

    @property
    def dated(self) -> dict[str, Any]:
        """From when and why, as the domain asks it."""
        return {name: self.cleaned_data[name] for name in ("effective_on", "reason")}


class Conflict:
    """Somebody saved meanwhile: what they made of each field, and what is typed here.

    Fields not touched here take the saved value; the others keep what was typed.
    """

    def __init__(self, form: CorrectionForm, current: models.Model) -> None:
        from sreda.kernel.api import state_of

        model = type(current)
        now = state_of(current, form.kept)
        base = form.seen
        typed = state_of(model(**form.values), tuple(form.values))
        names = names_in(model, [now, base, typed])
        self.rows: list[tuple[str, str, str]] = []
        data: Any = QueryDict(mutable=True)
        data.update(form.data)
        for name, mine in typed.items():
            if now[name] == base.get(name):
                continue
            if mine == base.get(name):
                self._put(data, form, name, now[name])
                mine_shown = shown(model, name, now[name], names)
            else:
                mine_shown = shown(model, name, mine, names)
            self.rows.append((label(model, name), shown(model, name, now[name], names), mine_shown))
        data[form.add_prefix("base")] = sealed(current, form.kept)
        form.data = data

    @staticmethod
    def _put(data: Any, form: CorrectionForm, name: str, value: Any) -> None:
        key = form.add_prefix(name)
        if isinstance(form.fields[name], forms.BooleanField):
            data.pop(key, None)
            if value:
                data[key] = "on"
        else:
            data[key] = "" if value is None else str(value)
            data.pop(f"{key}_text", None)  # the words of a picker name the old choice


_ORGANISATION_LAYOUT: Sections = (
    (_("Identity"), ("name:12", "short_name:8", "code:4", "kind", "ownership")),
    (_("Address"), ("municipality", "locality", "address:8", "postcode:4", "rural:12")),
    (_("Contacts"), ("phone", "email", "website:12")),
    (_("Term"), ("since", "until")),
    (_("The change"), ("effective_on", "reason")),
)
_WIDGETS: Mapping[str, Any] = {
    "since": day_input(),
    "until": day_input(),
    "birth_date": day_input(),
    "as_of": day_input(),
    "completed_on": day_input(),
}


class OrganisationForm(RecordForm):
    layout = _ORGANISATION_LAYOUT

    class Meta:
        model = Organisation
        fields = [f for f in organisations.FIELDS if f != "until"]
        widgets = _WIDGETS


class OrganisationChangeForm(ChangeForm):
    """What identifies an organisation is the operator's; others change place and contacts."""

    kept = organisations.FIELDS
    layout = _ORGANISATION_LAYOUT
    operators: ClassVar = ("code", "kind", "ownership", "municipality", "since")

    class Meta:
        model = Organisation
        fields = [f for f in organisations.FIELDS if f != "until"]
        widgets = _WIDGETS

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if actor.role != Role.OPERATOR:
            for name in self.operators:
                del self.fields[name]

    @property
    def values(self) -> dict[str, Any]:
        return {
            name: self.cleaned_data[name] for name in self._meta.fields or () if name in self.fields
        }


class EndForm(Sectioned, forms.Form):
    """Ends a post, an enrolment or an organisation's work."""

    layout = (("", ("on", "reason:12")),)

    on = forms.DateField(label=_("Last day"), widget=day_input())
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        help_text=_("For example, the number and date of an order."),
    )


class ReasonForm(Sectioned, forms.Form):
    layout = (("", ("reason:12",)),)

    reason = forms.CharField(label=_("Reason"), max_length=500)


class FacilitiesForm(RecordForm):
    layout = (
        (
            _("Figures"),
            ("as_of:4", "source:8", "link_mbps:4", "computers_teaching:4", "computers_admin:4"),
        ),
        (
            _("Equipment"),
            (
                "local_network",
                "management_system",
                "computer_classes",
                "multimedia",
                "licensed_software",
            ),
        ),
    )

    class Meta:
        model = Facilities
        fields = list(organisations.FACILITY_FIELDS)
        widgets = _WIDGETS


_PERSON_LAYOUT: Sections = (
    (
        _("Person"),
        (
            "family_name:4",
            "given_name:4",
            "patronymic:4",
            "birth_date:4",
            "sex:4",
            "external_id:4",
        ),
    ),
    (_("Contacts"), ("phone", "email")),
    (_("The change"), ("effective_on", "reason")),
)


class PersonForm(RecordForm):
    layout = _PERSON_LAYOUT

    class Meta:
        model = Person
        fields = list(people.FIELDS)
        widgets = _WIDGETS


class PersonChangeForm(ChangeForm):
    kept = people.FIELDS
    layout = _PERSON_LAYOUT

    class Meta:
        model = Person
        fields = list(people.FIELDS)
        widgets = _WIDGETS


class PostFields(Sectioned):
    """Offers the roles and places the actor may give, and no others."""

    def offer(self, actor: Actor) -> None:
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
        widgets = _WIDGETS
        labels = {"organisation": _("Organisation"), "municipality": _("Municipality")}

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer(actor)

    @property
    def values(self) -> dict[str, Any]:
        return {n: self.cleaned_data[n] for n in posts.FIELDS if n in self.fields}


class PostChangeForm(PostFields, ChangeForm):
    kept = posts.FIELDS
    layout = _POST_LAYOUT

    class Meta:
        model = Post
        fields = list(posts.FIELDS)
        field_classes: ClassVar = {"organisation": OrganisationField}
        widgets = _WIDGETS
        labels = {"organisation": _("Organisation"), "municipality": _("Municipality")}

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer(actor)

    @property
    def values(self) -> dict[str, Any]:
        return {n: self.cleaned_data[n] for n in posts.FIELDS if n in self.fields}


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
            data["group"] = self._group(name, place, since)
        return data

    def _group(self, name: str, place: Organisation, since: date) -> ClassGroup | None:
        year = school_year(since)
        groups = ClassGroup.objects.filter(organisation=place, school_year=year)
        found = groups.filter(name__iexact=name.strip()).first()
        if found is None:
            known = ", ".join(groups.values_list("name", flat=True)[:60])
            self.add_error(
                "group",
                _("There is no such class in %(year)s/%(next)s. Classes: %(known)s.")
                % {"year": year, "next": year + 1, "known": known or "—"},
            )
        return found

    @property
    def values(self) -> dict[str, Any]:
        names = ("role", "organisation", "group", "since")
        return {name: self.cleaned_data[name] for name in names}


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
                EnrolmentForm._group(self, name, data["organisation"], data["since"])  # type: ignore[arg-type]
                if name
                else None
            )
        return data


_COURSE_LAYOUT: Sections = (
    ("", ("programme:12", "topic:8", "hours:4", "completed_on:4", "document:8")),
    ("", ("reason:12",)),
)


class QualificationForm(RecordForm):
    layout = _COURSE_LAYOUT

    class Meta:
        model = Qualification
        fields = list(qualifications.FIELDS)
        widgets = _WIDGETS


class QualificationChangeForm(CorrectionForm):
    kept = qualifications.FIELDS
    layout = _COURSE_LAYOUT

    class Meta:
        model = Qualification
        fields = list(qualifications.FIELDS)
        widgets = _WIDGETS


_COSTS_LAYOUT: Sections = (("", ("year:4", "total:4", "management:4")), ("", ("reason:12",)))


class CostsForm(RecordForm):
    layout = _COSTS_LAYOUT

    class Meta:
        model = ManagementCost
        fields = list(costs.FIELDS)


class CostsChangeForm(CorrectionForm):
    kept = costs.FIELDS
    layout = _COSTS_LAYOUT

    class Meta:
        model = ManagementCost
        fields = list(costs.FIELDS)


class TeachingForm(RecordForm):
    """Who of the class's organisation teaches what in it."""

    layout = (("", ("post:12", "subject:8", "homeroom:12")),)

    class Meta:
        model = Teaching
        fields = ["post", *teaching.FIELDS]
        labels = {"post": _("Teacher")}
        help_texts = {"subject": _("Empty for a class teacher who teaches nothing here.")}

    def __init__(self, *args: Any, group: ClassGroup, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["post"]
        field.queryset = teaching.posts_for(group)
        field.label_from_instance = lambda post: (
            f"{post.person.full_name}, {post.title or post.get_role_display()}"
        )


class TeachingChangeForm(CorrectionForm):
    kept = teaching.FIELDS
    layout = (("", ("subject:8", "homeroom:12", "reason:12")),)

    class Meta:
        model = Teaching
        fields = list(teaching.FIELDS)


class GuardianshipForm(RecordForm):
    """The tie itself; who it ties is chosen beside it."""

    layout = ((_("What they are to each other"), ("kind:4", "since:4", "until:4")),)

    class Meta:
        model = Guardianship
        fields = list(guardianships.FIELDS)
        widgets = _WIDGETS


class GuardianForm(Sectioned, forms.Form):
    """Who the parent or guardian is, where their record is there already."""

    layout = ((_("Somebody already in the registry"), ("person:12",)),)

    person = PersonField(label=_("Parent or guardian"), queryset=Person.objects.none())

    def __init__(
        self, *args: Any, people: QuerySet[Person], params: dict[str, str] | None = None,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        field: Any = self.fields["person"]
        field.queryset, field.params = people, params or {}


class ChildForm(GuardianForm):
    layout = ((_("Whose parent or guardian"), ("person:12",)),)

    person = ChildField(label=_("Child"), queryset=Person.objects.none())


class GuardianshipChangeForm(CorrectionForm):
    kept = guardianships.FIELDS
    layout = (("", ("kind:4", "since:4", "until:4")), ("", ("reason:12",)))

    class Meta:
        model = Guardianship
        fields = list(guardianships.FIELDS)
        widgets = _WIDGETS


class InviteForm(Sectioned, forms.Form):
    layout = (("", ("username",)),)

    username = forms.CharField(
        label=_("User name"),
        max_length=150,
        help_text=_("The person signs in with it. Latin letters, digits, dot and hyphen."),
    )


class MergeForm(forms.Form):
    """For each field that differs, from which of the two records to take it."""

    reason = forms.CharField(label=_("Reason"), max_length=500)

    def __init__(self, *args: Any, kept: Person, merged: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.pair = (kept, merged)
        self.differing = [
            name for name in people.FIELDS if getattr(kept, name) != getattr(merged, name)
        ]
        for name in self.differing:
            better = "kept" if getattr(kept, name) not in (None, "") else "merged"
            self.fields[f"take_{name}"] = forms.ChoiceField(
                label=label(Person, name),
                choices=[("kept", ""), ("merged", "")],
                initial=better,
            )

    def rows(self) -> list[dict[str, Any]]:
        kept, merged = self.pair
        found = []
        for name in people.FIELDS:
            field = self[f"take_{name}"] if name in self.differing else None
            found.append(
                {
                    "name": f"take_{name}",
                    "label": label(Person, name),
                    "kept": shown(Person, name, _plain(kept, name), {}),
                    "merged": shown(Person, name, _plain(merged, name), {}),
                    "taken": field.value() if field else "",
                }
            )
        return found

    @property
    def values(self) -> dict[str, Any]:
        kept, merged = self.pair
        return {
            name: getattr(merged if self.cleaned_data[f"take_{name}"] == "merged" else kept, name)
            for name in self.differing
        }


def _plain(person: Person, name: str) -> Any:
    value = getattr(person, name)
    return value.isoformat() if isinstance(value, date) else value
