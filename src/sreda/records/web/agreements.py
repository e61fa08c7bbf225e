"""Agreements with partners, for the regional operator."""

from __future__ import annotations

from collections.abc import Container
from typing import ClassVar
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from sreda.kernel import clock
from sreda.kernel.api import Actor, AuditEntry, Column, Filter, Listing
from sreda.records.access import AGREEMENTS
from sreda.records.domain.agreements import make_agreement, revoke_agreement
from sreda.records.enums import AgreementState, Scope
from sreda.records.models import Agreement, Credential
from sreda.records.queries import agreements as queries
from sreda.registry.api import (
    ORGANISATIONS,
    PEOPLE,
    ClassGroup,
    Organisation,
    Person,
    school_year,
)
from sreda.registry.web.picking import ChildField, OrganisationField
from sreda.ui.pages import actor_of, add_errors, page, visible

LINES = 500  # of one field


class Lines(forms.CharField):
    """One value a line."""

    widget = forms.Textarea(attrs={"rows": 3})

    def clean(self, value: str) -> list[str]:
        text = super().clean(value)
        found = list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))
        if len(found) > LINES:
            raise ValidationError(_("At most %(limit)s lines.") % {"limit": LINES})
        return found


def by_first_word(line: str) -> str:
    """A line names its thing by the first word; what follows is for people."""
    return line.split(maxsplit=1)[0]


class AgreementForm(forms.Form):
    """`find_learner` and `find_organisation` only help: what they find is added as a line."""

    number = forms.CharField(label=gettext_lazy("Number of the agreement"), max_length=60)
    partner = forms.CharField(label=gettext_lazy("Partner"), max_length=300)
    purpose = forms.CharField(
        label=gettext_lazy("Purpose"),
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("What the partner may use the records for."),
    )
    since = forms.DateField(
        label=gettext_lazy("First day"), widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateField(
        label=gettext_lazy("Last day"), widget=forms.DateInput(attrs={"type": "date"})
    )
    credential = forms.ModelChoiceField(
        label=gettext_lazy("Source that reads"),
        queryset=Credential.objects.none(),
        help_text=gettext_lazy("Sources that have the right to read by agreement."),
    )
    find_learner = ChildField(
        label=gettext_lazy("Find a learner"), queryset=Person.objects.none(), required=False
    )
    people = Lines(
        label=gettext_lazy("Learners"),
        required=False,
        help_text=gettext_lazy(
            "One a line: the registry identifier; what stands behind it is not read."
        ),
    )
    groups = Lines(
        label=gettext_lazy("Classes"),
        required=False,
        help_text=gettext_lazy(
            "Number of the organisation and name of the class, one a line: 4200001 7А."
        ),
    )
    find_organisation = OrganisationField(
        label=gettext_lazy("Find an organisation"),
        queryset=Organisation.objects.none(),
        required=False,
    )
    organisations = Lines(
        label=gettext_lazy("Organisations"),
        required=False,
        help_text=gettext_lazy(
            "One a line: the registry number; what stands behind it is not read. Alone: all records"
            " kept for them; with learners or classes: of these, only what is kept for the"
            " organisations named."
        ),
    )
    activities = Lines(
        label=gettext_lazy("Only these activities"),
        required=False,
        help_text=gettext_lazy(
            "IRIs, one a line; what belongs to such an activity is read too. Empty: any."
        ),
    )
    verbs = Lines(
        label=gettext_lazy("Only these actions"),
        required=False,
        help_text=gettext_lazy("IRIs of verbs, one a line. Empty: any."),
    )

    ADDED: ClassVar = {"find_learner": "people", "find_organisation": "organisations"}

    def __init__(self, *args: object, actor: Actor, **more: object) -> None:
        super().__init__(*args, **more)  # type: ignore[arg-type]
        self.on = actor.on
        people = PEOPLE.all(actor, "view").filter(merged_into=None, external_id__isnull=False)
        self.fields["find_learner"].queryset = people  # type: ignore[attr-defined]
        places = ORGANISATIONS.all(actor, "view").order_by("short_name")
        self.fields["find_organisation"].queryset = places  # type: ignore[attr-defined]
        self.fields["credential"].queryset = Credential.objects.filter(  # type: ignore[attr-defined]
            revoked_at=None, scopes__contains=[Scope.BY_AGREEMENT]
        )

    @classmethod
    def with_found(cls, sent: QueryDict, name: str, *, actor: Actor) -> tuple[AgreementForm, str]:
        """As it was sent, with a line for what the field `name` has found; else why it has not."""
        words = {field: sent.get(field, "") for field in cls.base_fields}
        fields, fault = cls(actor=actor).fields, ""
        asked = {
            find: fields[find].widget.value_from_datadict(sent, {}, find) for find in cls.ADDED
        }
        lines = words[cls.ADDED[name]].splitlines()
        try:
            thing = fields[name].clean(asked[name])
        except ValidationError as error:
            fault = " ".join(error.messages)
        else:
            asked[name] = ""
            if thing is None:
                fault = _("Type a name first, then choose.")
            else:
                line = _line_of(thing)
                if by_first_word(line) not in map(by_first_word, filter(str.strip, lines)):
                    lines.append(line)
        words[cls.ADDED[name]] = "\n".join(lines)
        return cls(initial={**words, **asked}, actor=actor), fault

    def clean_people(self) -> list[Person]:
        given = [by_first_word(line) for line in self.cleaned_data["people"]]
        known = {
            one.external_id: one
            for one in Person.objects.filter(external_id__in=given, merged_into=None)
        }
        return [known[one] for one in self._known(given, known)]

    def clean_organisations(self) -> list[Organisation]:
        given = [by_first_word(line) for line in self.cleaned_data["organisations"]]
        known = {one.code: one for one in Organisation.objects.filter(code__in=given)}
        return [known[one] for one in self._known(given, known)]

    def clean_groups(self) -> list[ClassGroup]:
        given = [" ".join(line.split()) for line in self.cleaned_data["groups"]]
        wanted = Q(pk=None)
        for line in given:
            code, _space, name = line.partition(" ")
            wanted |= Q(organisation__code=code, name=name)
        rows = ClassGroup.objects.filter(wanted, school_year=school_year(self.on))
        known = {f"{one.organisation.code} {one.name}": one
                 for one in rows.select_related("organisation")}  # fmt: skip
        return [known[one] for one in self._known(given, known)]

    def _known(self, given: list[str], known: Container[str | None]) -> list[str]:
        """Every line that names nothing is told, with its number."""
        faults = [
            ValidationError(
                _("Line %(line)s: “%(text)s” is not in the registry.")
                % {"line": number, "text": text[:80]}
            )
            for number, text in enumerate(given, 1)
            if text not in known
        ]
        if faults:
            raise ValidationError(faults)
        return given


def _line_of(thing: Person | Organisation) -> str:
    if isinstance(thing, Person):
        return f"{thing.external_id} {thing.full_name}"
    return f"{thing.code} {thing.short_name}"


@require_GET
@page
def agreements(request: HttpRequest) -> HttpResponseBase:
    actor = actor_of(request)
    visible(AGREEMENTS.may(actor, "view"))
    on = actor.on
    states = {
        AgreementState.IN_FORCE: Q(revoked_at=None, since__lte=on, until__gte=on),
        AgreementState.AHEAD: Q(revoked_at=None, since__gt=on),
        AgreementState.ENDED: Q(revoked_at=None, until__lt=on),
        AgreementState.REVOKED: Q(revoked_at__isnull=False),
    }
    listing: Listing[Agreement] = Listing(
        AGREEMENTS.all(actor).select_related("credential"),
        request.GET,
        search=lambda rows, text: rows.filter(
            Q(number__icontains=text) | Q(partner__icontains=text)
        ),
        filter_by=[
            Filter(
                "state",
                gettext_lazy("State"),
                list(AgreementState.choices),
                lambda rows, value: rows.filter(states[AgreementState(value)]),
            )
        ],
        sorts={"number": ["number"], "partner": ["partner", "number"], "term": ["since", "number"]},
        default_sort="-term",
        columns=[
            Column(gettext_lazy("Number of the agreement"), lambda a: a.number),
            Column(gettext_lazy("Partner"), lambda a: a.partner),
            Column(gettext_lazy("Source"), lambda a: a.credential.name),
            Column(gettext_lazy("First day"), lambda a: a.since),
            Column(gettext_lazy("Last day"), lambda a: a.until),
            Column(gettext_lazy("State"), lambda a: str(a.state(on).label)),
            Column(gettext_lazy("Purpose"), lambda a: a.purpose),
        ],
        name="agreements",
    )
    return listing.export() or render(
        request,
        "records/agreements.html",
        {"listing": listing, "rows": [(one, one.state(on)) for one in listing.page]},
    )


@require_http_methods(["GET", "POST"])
@page
def agreement_add(request: HttpRequest) -> HttpResponseBase:
    actor = actor_of(request)
    visible(AGREEMENTS.may(actor, "add"))
    status, adding = 200, request.POST.get("add", "")
    if adding in AgreementForm.ADDED:
        form, fault = AgreementForm.with_found(request.POST, adding, actor=actor)
        if fault:
            messages.warning(request, fault)
    else:
        form = AgreementForm(request.POST or None, actor=actor)
    if request.method == "POST" and adding not in AgreementForm.ADDED:
        if form.is_valid():
            said = {n: v for n, v in form.cleaned_data.items() if n not in AgreementForm.ADDED}
            try:
                made = make_agreement(**said, at=clock.now(), actor=actor)
            except ValidationError as error:
                add_errors(form, error)
            else:
                messages.success(request, _("The agreement is entered."))
                return redirect("records:agreement", pk=made.pk)
        status = 422
    context = {"form": form, "sources": form.fields["credential"].queryset.exists()}  # type: ignore[attr-defined]
    return render(request, "records/agreement_add.html", context, status=status)


@require_GET
@page
def agreement(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """What was agreed, and each reading by it."""
    actor = actor_of(request)
    found = AGREEMENTS.get(actor, pk=pk)
    listing: Listing[AuditEntry] = Listing(
        queries.reads(found),
        request.GET,
        sorts={"at": ["position"]},
        default_sort="-at",
        columns=[
            Column(gettext_lazy("When"), lambda e: e.at),
            Column(gettext_lazy("Source"), lambda e: e.data["source"]),
            Column(gettext_lazy("Asked for"), lambda e: _asked(e)),
            Column(gettext_lazy("Statements"), lambda e: e.data["statements"]),
            Column(gettext_lazy("People"), lambda e: len(e.data["people"])),
        ],
        name="readings",
    )
    return listing.export() or render(
        request,
        "records/agreement.html",
        {
            "agreement": found,
            "state": found.state(actor.on),
            "people": found.people.order_by("family_name", "given_name"),
            "groups": found.groups.select_related("organisation"),
            "organisations": found.organisations.all(),
            "listing": listing,
            "rows": [(entry, _asked(entry), len(entry.data["people"])) for entry in listing.page],
        },
    )


def _asked(entry: AuditEntry) -> str:
    return "; ".join(f"{name}: {value}" for name, value in entry.data["asked"].items())


@require_http_methods(["GET", "POST"])
@page
def agreement_revoke(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    actor = actor_of(request)
    found = AGREEMENTS.get(actor, "revoke", pk=pk)
    form = RevokeForm(request.POST or None)
    status = 200
    if request.method == "POST":
        if form.is_valid():
            revoke_agreement(found, **form.cleaned_data, at=clock.now(), actor=actor)
            messages.success(request, _("The agreement is revoked: nothing more is read by it."))
            return redirect("records:agreement", pk=found.pk)
        status = 422
    context = {"agreement": found, "form": form}
    return render(request, "records/agreement_revoke.html", context, status=status)


class RevokeForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Why it is revoked"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
