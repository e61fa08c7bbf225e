"""Surveys of people: mine to answer; the operator's to open, to read and to close."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from sreda.kernel import clock
from sreda.kernel.api import Actor, Column, Filter, Listing
from sreda.kernel.listing import csv_response, xlsx_response
from sreda.registry.api import Organisation, Role, search_people
from sreda.registry.web.picking import OrganisationField
from sreda.reporting.access import SURVEYS
from sreda.reporting.domain import surveys as domain
from sreda.reporting.domain.campaigns import cancel_campaign, open_campaign
from sreda.reporting.enums import CampaignStatus, FormKind, SurveyStatus
from sreda.reporting.forms import CellType
from sreda.reporting.models import Campaign, Participation
from sreda.reporting.queries import surveys as queries
from sreda.reporting.queries.asked import not_answered, people_asked, seats_at
from sreda.reporting.queries.audience import survey_in_words
from sreda.reporting.queries.monitoring import TONES
from sreda.reporting.queries.suppression import K
from sreda.reporting.tasks import tell_of_survey
from sreda.reporting.web.asking import AskingForm, day_field
from sreda.reporting.web.frame import actor_of, add_errors, key_of, page, tell, visible

BY = [
    ("municipality", gettext_lazy("by municipality")),
    ("kind", gettext_lazy("by kind of organisation")),
    ("role", gettext_lazy("by role")),
]
DUE_HELP = gettext_lazy("The day after, it closes by itself.")


class SurveyForm(AskingForm):
    kind = FormKind.SURVEY
    due_on = day_field(gettext_lazy("Answers are taken until"), DUE_HELP)
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
        help_text=gettext_lazy("None chosen: everybody."),
    )
    organisation = OrganisationField(
        label=gettext_lazy("One organisation"),
        queryset=Organisation.objects.all(),
        required=False,
    )
    edition = forms.IntegerField(required=False, widget=forms.HiddenInput)
    field_order = (
        "version", "title", "opens_on", "due_on", "anonymous", "roles", "kinds",
        "municipalities", "organisation",
    )  # fmt: skip

    @classmethod
    def initial_of(cls, survey: Campaign) -> dict[str, Any]:
        said = survey.audience
        parts = {part: said.get(part, []) for part in ("roles", "kinds", "municipalities")}
        return parts | {
            "version": survey.version_id,
            "title": survey.title,
            "opens_on": survey.opens_on,
            "due_on": survey.due_on,
            "anonymous": survey.anonymous,
            "organisation": next(iter(said.get("organisations", [])), None),
            "edition": survey.edition,
        }

    def words(self) -> dict[str, Any]:
        return {name: value for name, value in super().words().items() if name != "edition"}


class TermForm(forms.Form):
    """What may change of a survey that asks people already."""

    due_on = day_field(gettext_lazy("Answers are taken until"), DUE_HELP)
    edition = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def words(self) -> dict[str, Any]:
        return {"due_on": self.cleaned_data["due_on"]}

    def audience(self) -> dict[str, Any]:
        return {}


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

    def typed(self) -> list[tuple[str, str]]:
        """What was sent, in words: question and answer."""
        found = []
        for key, field in self.fields.items():
            known = dict(getattr(field, "choices", ()))
            texts = self.data.getlist(key)  # type: ignore[attr-defined]
            said = "\n".join(known.get(text, text) for text in texts if text)
            if said:
                found.append((str(field.label).removesuffix(" *"), said))
        return found


def _input(question: queries.Question) -> forms.Field:
    field = question.cell.field
    title = f"{question.title}, {field.unit}" if field.unit else question.title
    given: dict[str, Any] = {
        "label": f"{title} *" if field.required else title,
        "help_text": escape(field.help),  # a template takes help texts for our own HTML
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
    """A survey in whichever of one's seats it asks; one that is over says so to those it asked,
    and keeps on the page what they have typed."""
    found, actor, over = _asked(actor_of(request), pk)
    if _taken_part(actor).filter(campaign=found).exists():
        if request.method == "POST":
            messages.info(request, _("You have answered this survey already."))
            return redirect("reporting:survey", pk=pk)
        return render(request, "reporting/surveys/thanks.html", {"survey": found})
    sent = request.POST if request.method == "POST" else None
    form = AnswerForm(queries.questions_of(found.version), sent)
    if sent is not None and form.is_valid() and not over:
        try:
            domain.give_answer(
                found, form.said(), actor=actor, at=clock.now(), key=key_of(request, "survey")
            )
        except ValidationError as error:
            over = not _takes(found.pk, actor)
            if not over:
                add_errors(form, error)
        else:
            messages.success(request, _("Thank you: your answers are kept."))
            return redirect("reporting:survey", pk=pk)
    context = {
        "survey": found,
        "form": form,
        "typed": form.typed() if over and sent is not None else [],
        "ended_on": timezone.localtime(found.closed_at) if found.closed_at else found.due_on,
        "seat": None if actor.seat == actor_of(request).seat else actor.seat,
    }
    page_of = "over" if over else "answer"
    status = 422 if request.method == "POST" else 200
    return render(request, f"reporting/surveys/{page_of}.html", context, status=status)


def _asked(actor: Actor, pk: UUID) -> tuple[Campaign, Actor, bool]:
    """The survey, the person in the seat it asks (the present one first), whether it is over."""
    seats = [actor.seat, *(seat for seat in actor.seats if seat != actor.seat)]
    whoever = [
        Actor(actor.on, actor.user_id, actor.person_id, actor.name, actor.seats, seat)
        for seat in seats
    ]
    for action in ("see", "asked"):
        for one in whoever:
            rows = SURVEYS.all(one, action).select_related("version__form")
            if (found := rows.filter(pk=pk).first()) is not None:
                return found, one, action == "asked"
    raise Http404


def _takes(pk: UUID, actor: Actor) -> bool:
    return SURVEYS.all(actor, "answer").filter(pk=pk).exists()


@page
@require_GET
def every(request: HttpRequest) -> HttpResponseBase:
    actor = actor_of(request)
    visible(SURVEYS.may(actor, "manage"))
    listing = Listing(
        rows=SURVEYS.all(actor, "manage").annotate(people=Count("participations")),
        params=request.GET,
        search=lambda found, text: found.filter(title__icontains=text),
        filter_by=[Filter("status", gettext_lazy("State"), SurveyStatus.choices)],
        sorts={"due": ["due_on"], "title": ["title"]},
        default_sort="-due",
        columns=[
            Column(gettext_lazy("Survey"), lambda c: c.title),
            Column(gettext_lazy("Opens on"), lambda c: c.opens_on),
            Column(gettext_lazy("Answers are taken until"), lambda c: c.due_on),
            Column(gettext_lazy("State"), lambda c: SurveyStatus(c.status).label),
            Column(gettext_lazy("Anonymous"), lambda c: c.anonymous),
            Column(gettext_lazy("People answered"), lambda c: c.people),
        ],
        name="surveys",
    )
    if (file := listing.export()) is not None:
        return file
    for row in listing.page:
        row.state = SurveyStatus(row.status).label  # type: ignore[attr-defined]
        row.tone, row.icon = TONES[CampaignStatus(row.status)]  # type: ignore[attr-defined]
    return render(request, "reporting/surveys/every.html", {"listing": listing})


@page
def add(request: HttpRequest) -> HttpResponseBase:
    actor = actor_of(request)
    visible(SURVEYS.may(actor, "manage"))
    usual = {
        "version": request.GET.get("version"),
        "opens_on": actor.on,
        "due_on": actor.on + timedelta(days=14),
        "anonymous": True,
    }
    form = SurveyForm(request.POST if request.method == "POST" else None, initial=usual)
    if request.method == "POST" and form.is_valid():
        try:
            made = domain.open_survey(
                **form.words(),
                audience=form.audience(),
                actor=actor,
                at=clock.now(),
                key=key_of(request, "new-survey"),
            )
        except ValidationError as error:
            add_errors(form, error)
        else:
            return _kept(request, made, _("The survey is kept."))
    status = 422 if form.errors else 200
    return render(request, "reporting/surveys/add.html", {"form": form}, status=status)


@page
def edit(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """All of a survey that has not opened; of an open one its last day."""
    found, actor = _managed(request, pk)
    if found.status == CampaignStatus.CLOSED:
        messages.info(request, _("The survey is closed."))
        return redirect("reporting:survey_results", pk=pk)
    kind = SurveyForm if found.status == CampaignStatus.PLANNED else TermForm
    sent = request.POST if request.method == "POST" else None
    form = kind(sent, initial=SurveyForm.initial_of(found))
    if request.method == "POST" and form.is_valid():
        try:
            changed = domain.change_survey(
                found,
                edition=form.cleaned_data["edition"] or 0,
                said=form.words() | {"audience": form.audience()},
                actor=actor,
                at=clock.now(),
            )
        except ValidationError as error:
            add_errors(form, error)
        else:
            opened = found.status != changed.status
            return _kept(request, changed, _("The survey is kept."), opened=opened)
    context = {"form": form, "survey": found}
    status = 422 if form.errors else 200
    return render(request, "reporting/surveys/edit.html", context, status=status)


def _kept(
    request: HttpRequest, survey: Campaign, words: str, *, opened: bool = True
) -> HttpResponseBase:
    """On to the page of a survey; where it has opened, a job tells people of it."""
    messages.success(request, words)
    if opened and survey.status == CampaignStatus.OPEN:
        tell_of_survey.defer(campaign_id=str(survey.pk))
    return redirect("reporting:survey_results", pk=survey.pk)


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
    """?by=municipality|kind|role and ?question=key give the cross-table; ?export=csv|xlsx, or
    answers: those of a survey with names, a person a line."""
    found, actor = _managed(request, pk)
    questions = queries.questions_of(found.version)
    if request.GET.get("export") == "answers":
        visible(not found.anonymous)
        return xlsx_response("survey-answers", queries.named_answers(found, questions))
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
    asked_now = found.status != CampaignStatus.CLOSED
    people = people_asked(found, actor.on).count() if asked_now else None
    context = {
        "survey": found,
        "people": people,
        "few": people is not None and people < K,
        "whom": survey_in_words(found.audience),
        "results": shown,
        "answers": queries.answer_count(found),
        "least": K,
        "crossable": crossable,
        "asked": asked,
        "by": by,
        "ways": BY,
        "table": table,
        "state": SurveyStatus(found.status).label,
        "tone": tone,
        "icon": icon,
    }
    return render(request, "reporting/surveys/results.html", context)


@page
@require_GET
def silent(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Who has not answered a survey with names. Of an anonymous one nobody is told who."""
    found, actor = _managed(request, pk)
    visible(not found.anonymous and found.status != CampaignStatus.PLANNED)
    listing = Listing(
        rows=not_answered(found, actor.on),
        params=request.GET,
        search=search_people,
        sorts={"name": ["family_name", "given_name", "patronymic"]},
        default_sort="name",
        columns=[Column(gettext_lazy("Person"), lambda person: person.full_name)],
        name="not-answered",
    )
    if (file := listing.export()) is not None:
        return file
    seats_at(listing.page.object_list, actor.on)
    context = {"survey": found, "listing": listing}
    return render(request, "reporting/surveys/silent.html", context)


def _act(
    request: HttpRequest, pk: UUID, write: Callable[[Campaign, Actor], str]
) -> HttpResponseBase:
    found, actor = _managed(request, pk)
    tell(request, lambda: write(found, actor))
    if not Campaign.objects.filter(pk=pk).exists():
        return redirect("reporting:surveys_all")
    return redirect("reporting:survey_results", pk=pk)


@page
@require_POST
def open_now(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    def write(found: Campaign, actor: Actor) -> str:
        opened = open_campaign(found, actor=actor, at=clock.now())
        if found.status == CampaignStatus.PLANNED:
            tell_of_survey.defer(campaign_id=str(opened.pk))
        return _("The survey is open: people are being told.")

    return _act(request, pk, write)


@page
@require_POST
def remind(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    def write(found: Campaign, actor: Actor) -> str:
        text = request.POST.get("text", "")[:2000]
        waiting = domain.ask_again(found, text=text, actor=actor, at=clock.now())
        tell_of_survey.defer(campaign_id=str(found.pk), opening=False, text=text)
        return ngettext(
            "%(n)s person is being reminded (nobody twice a day).",
            "%(n)s people are being reminded (nobody twice a day).",
            waiting,
        ) % {"n": waiting}

    return _act(request, pk, write)


@page
@require_POST
def close(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    def write(found: Campaign, actor: Actor) -> str:
        domain.close_survey(found, actor=actor, at=clock.now())
        return _("The survey is closed.")

    return _act(request, pk, write)


@page
@require_POST
def cancel(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    def write(found: Campaign, actor: Actor) -> str:
        cancel_campaign(found, actor=actor, at=clock.now())
        return _("The survey is taken back; nobody was asked.")

    return _act(request, pk, write)
