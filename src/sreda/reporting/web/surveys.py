"""Surveys of people: mine to answer; the operator's to open, to read and to close."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from sreda.kernel import clock
from sreda.kernel.api import Actor, Column, Filter, Listing
from sreda.kernel.listing import csv_response, xlsx_response
from sreda.registry.api import Municipality, Organisation, OrganisationKind, Role
from sreda.registry.web.picking import OrganisationField
from sreda.reporting.access import SURVEYS
from sreda.reporting.domain import surveys as domain
from sreda.reporting.enums import CampaignStatus, FormKind, VersionStatus
from sreda.reporting.forms import CellType
from sreda.reporting.models import Campaign, FormVersion, Participation
from sreda.reporting.queries import surveys as queries
from sreda.reporting.queries.monitoring import TONES
from sreda.reporting.web.campaigns import VersionChoice, _day
from sreda.reporting.web.frame import actor_of, add_errors, key_of, page, visible

BY = [
    ("municipality", gettext_lazy("by municipality")),
    ("kind", gettext_lazy("by kind of organisation")),
    ("role", gettext_lazy("by role")),
]


class SurveyForm(forms.Form):
    version = VersionChoice(label=gettext_lazy("Form"), queryset=FormVersion.objects.none())
    title = forms.CharField(
        label=gettext_lazy("Title"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("Empty: the title of the form."),
    )
    opens_on = _day(gettext_lazy("Opens on"), gettext_lazy("On this day it opens by itself."))
    due_on = _day(gettext_lazy("Answers are taken until"))
    anonymous = forms.BooleanField(
        label=gettext_lazy("Anonymous"),
        required=False,
        initial=True,
        help_text=gettext_lazy(
            "It is promised to people, and cannot be taken back: answers are kept without name, "
            "organisation and time; only the day of taking part is. Results are shown when the "
            "survey is closed."
        ),
    )
    roles = forms.MultipleChoiceField(
        label=gettext_lazy("Whom it asks"),
        choices=Role.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("None: everybody."),
    )
    kinds = forms.MultipleChoiceField(
        label=gettext_lazy("Kinds of organisations"),
        choices=OrganisationKind.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("None: all kinds."),
    )
    municipalities = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Municipalities"),
        queryset=Municipality.objects.none(),
        required=False,
        help_text=gettext_lazy("None: the whole region."),
    )
    organisation = OrganisationField(
        label=gettext_lazy("One organisation"),
        queryset=Organisation.objects.all(),
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, rows in (
            (
                "version",
                FormVersion.objects.filter(
                    status=VersionStatus.PUBLISHED,
                    form__withdrawn_at=None,
                    form__kind=FormKind.SURVEY,
                ).select_related("form"),
            ),
            ("municipalities", Municipality.objects.all()),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = rows


class AnswerForm(forms.Form):
    """The questions as plain inputs; what is typed is judged by the domain alone."""

    def __init__(self, questions: list[queries.Question], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for question in questions:
            self.fields[question.key] = _input(question)

    def said(self) -> dict[str, str]:
        return {
            key: "\n".join(value) if isinstance(value, list) else value
            for key, value in self.cleaned_data.items()
        }


def _input(question: queries.Question) -> forms.Field:
    field = question.cell.field
    title = f"{question.title}, {field.unit}" if field.unit else question.title
    given: dict[str, Any] = {
        "label": f"{title} *" if field.required else title,
        "help_text": field.help,
        "required": False,
    }
    choices = [(option.code, option.title) for option in question.options]
    if question.several:
        return forms.MultipleChoiceField(
            choices=choices, widget=forms.CheckboxSelectMultiple, **given
        )
    if choices:
        return forms.ChoiceField(choices=choices, widget=forms.RadioSelect, **given)
    if field.type is CellType.LONG_TEXT:
        return forms.CharField(widget=forms.Textarea(attrs={"rows": 4}), **given)
    if field.type is CellType.DATE:
        return forms.CharField(widget=forms.DateInput(attrs={"type": "date"}), **given)
    attrs = {"inputmode": "decimal"} if question.numeric else {}
    return forms.CharField(widget=forms.TextInput(attrs=attrs), **given)


def _taken_part(actor: Actor) -> QuerySet[Participation]:
    rows = Participation.objects.all()
    return rows.none() if actor.person_id is None else rows.filter(person_id=actor.person_id)


@page
@require_GET
def mine(request: HttpRequest) -> HttpResponseBase:
    """Surveys that ask me now, and those I have answered."""
    actor = actor_of(request)
    done = _taken_part(actor).filter(campaign=OuterRef("pk"))
    rows = SURVEYS.all(actor, "see").annotate(answered=Exists(done))
    listing = Listing(
        rows=rows.order_by("answered", "-due_on"),
        params=request.GET,
        search=lambda found, text: found.filter(title__icontains=text),
        sorts={"due": ["answered", "-due_on"], "title": ["title"]},
        default_sort="due",
        name="surveys",
    )
    return render(request, "reporting/surveys/mine.html", {"listing": listing})


@page
def answer(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    actor = actor_of(request)
    found = SURVEYS.all(actor, "see").select_related("version__form").filter(pk=pk).first()
    visible(found is not None)
    assert found is not None
    if _taken_part(actor).filter(campaign=found).exists():
        if request.method == "POST":
            messages.info(request, _("You have answered this survey already."))
            return redirect("reporting:survey", pk=pk)
        return render(request, "reporting/surveys/thanks.html", {"survey": found})
    form = AnswerForm(
        queries.questions_of(found.version), request.POST if request.method == "POST" else None
    )
    if request.method == "POST":
        form.is_valid()
        if not form.errors:
            try:
                domain.give_answer(
                    found, form.said(), actor=actor, at=clock.now(), key=key_of(request, "survey")
                )
            except ValidationError as error:
                add_errors(form, error)
            else:
                messages.success(request, _("Thank you: your answers are kept."))
                return redirect("reporting:survey", pk=pk)
    status = 422 if request.method == "POST" else 200
    context = {"survey": found, "form": form}
    return render(request, "reporting/surveys/answer.html", context, status=status)


@page
@require_GET
def every(request: HttpRequest) -> HttpResponseBase:
    actor = actor_of(request)
    visible(SURVEYS.may(actor, "manage"))
    listing = Listing(
        rows=SURVEYS.all(actor, "manage").annotate(people=Count("participations")),
        params=request.GET,
        search=lambda found, text: found.filter(title__icontains=text),
        filter_by=[Filter("status", gettext_lazy("State"), CampaignStatus.choices)],
        sorts={"due": ["due_on"], "title": ["title"]},
        default_sort="-due",
        columns=[
            Column(gettext_lazy("Survey"), lambda c: c.title),
            Column(gettext_lazy("Opens on"), lambda c: c.opens_on),
            Column(gettext_lazy("Answers are taken until"), lambda c: c.due_on),
            Column(gettext_lazy("State"), lambda c: c.get_status_display()),
            Column(gettext_lazy("Anonymous"), lambda c: c.anonymous),
            Column(gettext_lazy("People answered"), lambda c: c.people),
        ],
        name="surveys",
    )
    if (file := listing.export()) is not None:
        return file
    for row in listing.page:
        row.tone, row.icon = TONES[CampaignStatus(row.status)]  # type: ignore[attr-defined]
    return render(request, "reporting/surveys/every.html", {"listing": listing})


@page
def add(request: HttpRequest) -> HttpResponseBase:
    actor = actor_of(request)
    visible(SURVEYS.may(actor, "manage"))
    usual = {
        "version": request.GET.get("version"),
        "opens_on": actor.on,
        "due_on": actor.on.fromordinal(actor.on.toordinal() + 14),
        "anonymous": True,
    }
    form = SurveyForm(request.POST if request.method == "POST" else None, initial=usual)
    if request.method == "POST" and form.is_valid():
        said = dict(form.cleaned_data)
        one = said.pop("organisation")
        audience = {
            "roles": said.pop("roles"),
            "kinds": said.pop("kinds"),
            "municipalities": [str(place.pk) for place in said.pop("municipalities")],
            "organisations": [str(one.pk)] if one else [],
        }
        try:
            made = domain.open_survey(
                **said,
                audience=audience,
                actor=actor,
                at=clock.now(),
                key=key_of(request, "new-survey"),
            )
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("The survey is kept."))
            return redirect("reporting:survey_results", pk=made.pk)
    status = 422 if form.errors else 200
    return render(request, "reporting/surveys/add.html", {"form": form}, status=status)


def _managed(request: HttpRequest, pk: UUID) -> tuple[Campaign, Actor]:
    actor = actor_of(request)
    rows = SURVEYS.all(actor, "manage").select_related("version__form")
    found = rows.filter(pk=pk).first()
    visible(found is not None)
    assert found is not None
    return found, actor


@page
@require_GET
def results(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """?by=municipality|kind|role and ?question=key give the cross-table; ?export=csv|xlsx."""
    found, _actor = _managed(request, pk)
    questions = queries.questions_of(found.version)
    crossable = [q for q in questions if q.options and not q.several]
    asked = next((q for q in crossable if q.key == request.GET.get("question")), None)
    by = request.GET.get("by", "")
    table = queries.crossed(found, asked, by) if asked else None
    shown = queries.results_of(found, questions)
    match request.GET.get("export"):
        case "csv":
            return csv_response("survey", queries.table_of(shown, table))
        case "xlsx":
            return xlsx_response("survey", queries.table_of(shown, table))
    tone, icon = TONES[CampaignStatus(found.status)]
    context = {
        "survey": found,
        "results": shown,
        "answers": queries.answer_count(found),
        "least": queries.K,
        "crossable": crossable,
        "asked": asked,
        "by": by,
        "ways": BY,
        "table": table,
        "tone": tone,
        "icon": icon,
    }
    return render(request, "reporting/surveys/results.html", context)


@page
@require_POST
def close(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    found, actor = _managed(request, pk)
    try:
        domain.close_survey(found, actor=actor, at=clock.now())
        messages.success(request, _("The survey is closed."))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("reporting:survey_results", pk=pk)
