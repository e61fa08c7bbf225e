"""One action: what the order says of it, and everything the department does about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from sreda.kernel import clock
from sreda.kernel.api import Actor, download
from sreda.programme.access import ACTIONS, BODIES
from sreda.programme.domain import actions as domain
from sreda.programme.enums import ActionStatus
from sreda.programme.models import Action, Body, Decision, Evidence, Occurrence
from sreda.programme.queries import actions as queries
from sreda.programme.web.acting import DecisionForm, decide, done, stored
from sreda.programme.web.base import (
    Context,
    actor_of,
    day_input,
    key_of,
    page,
    visible,
)
from sreda.programme.web.findings import words
from sreda.registry.api import Person, search_people

FOUND_LIMIT = 12


class StateForm(forms.Form):
    status = forms.ChoiceField(label=gettext_lazy("State"), choices=ActionStatus.choices)
    done_on = forms.DateField(
        label=gettext_lazy("Done on"),
        required=False,
        widget=day_input(),
        help_text=gettext_lazy("For a done action; empty means today."),
    )
    waive = forms.BooleanField(
        label=gettext_lazy("Done although what it depends on is not"), required=False
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        required=False,
        max_length=domain.TEXT_LIMIT,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Needed to drop an action, to open one again, to go ahead of"
                               " what it depends on."),
    )  # fmt: skip


class TermForm(forms.Form):
    start = forms.DateField(label=gettext_lazy("Start"), required=False, widget=day_input())
    due = forms.DateField(label=gettext_lazy("Last day"), widget=day_input())
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=domain.TEXT_LIMIT,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class NoteForm(forms.Form):
    note = forms.CharField(
        label=gettext_lazy("Note"),
        required=False,
        max_length=domain.TEXT_LIMIT,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class NeedsForm(forms.Form):
    needs = forms.ModelChoiceField(
        label=gettext_lazy("Depends on"), queryset=Action.objects.none(), empty_label="—"
    )

    def __init__(self, *args: Any, action: Action, waits: list[UUID], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["needs"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Action.objects.filter(programme=action.programme_id, gone_at=None).exclude(
            pk__in=[action.pk, *waits]
        )
        field.label_from_instance = lambda a: f"{queries.label(a)}: {a.name[:80]}"  # type: ignore[method-assign, assignment]


class EvidenceForm(forms.Form):
    title = forms.CharField(label=gettext_lazy("What it shows"), max_length=300)
    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy("PDF, picture, document or table, up to 50 MB."),
    )


class ActionDecisionForm(DecisionForm):
    field_order = ("body",)

    body = forms.ModelChoiceField(
        label=gettext_lazy("Decided by"), queryset=Body.objects.none(), required=False
    )

    def __init__(self, *args: Any, action: Action, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["body"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Body.objects.filter(programme=action.programme_id, gone_at=None)


def _forms(request: HttpRequest, action: Action, waits: list[UUID]) -> dict[str, forms.Form]:
    today = actor_of(request).on
    return {
        "state": StateForm(
            auto_id="state_%s", initial={"status": action.status, "done_on": action.done_on}
        ),
        "term": TermForm(auto_id="term_%s", initial={"start": action.start, "due": action.due}),
        "note": NoteForm(auto_id="note_%s", initial={"note": action.note}),
        "needs": NeedsForm(auto_id="needs_%s", action=action, waits=waits),
        "evidence": EvidenceForm(auto_id="evidence_%s"),
        "decision": ActionDecisionForm(
            auto_id="decision_%s", action=action, initial={"decided_on": today}
        ),
    }


@page
@require_GET
def action(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    return _page(request, _seen(request, pk))


def _seen(request: HttpRequest, pk: UUID, may: str = "view") -> Action:
    actor = actor_of(request)
    visible(ACTIONS.may(actor, "view"))
    found = ACTIONS.get(actor, may, pk=pk, gone_at=None)
    return queries.with_terms(
        Action.objects.select_related("programme", "owner").filter(pk=found.pk)
    ).get()


def _page(
    request: HttpRequest,
    found: Action,
    *,
    faulty: Mapping[str, forms.Form] | None = None,
    errors: list[str] | None = None,
) -> HttpResponseBase:
    """The page; with `faulty` forms or `errors` it is the answer to what was refused."""
    actor = actor_of(request)
    waits, waiting = queries.links_of(found)
    may_manage = ACTIONS.may(actor, "manage", found)
    may_progress = ACTIONS.may(actor, "progress", found)
    q = request.GET.get("q", "").strip()[:100]
    context: Context = {
        "action": found,
        "programme": found.programme,
        "label": queries.label(found),
        "late": queries.is_late(found, actor.on),
        "waits": waits,
        "waiting": waiting,
        "occurrences": list(found.occurrences.all()),
        "indicators": queries.indicators_of(found),
        "findings": [(f, words(f)) for f in queries.findings_of(found)] if may_manage else [],
        "evidence": found.evidence.filter(removed_at=None).select_related("file", "added_by"),
        "decisions": found.decisions.select_related("body", "file"),
        "history": _history(found),
        "may_manage": may_manage,
        "may_progress": may_progress,
        "on": actor.on,
        "q": q,
        "people": _people(actor, q) if may_manage and q else [],
        "errors": errors,
    }
    shown = _forms(request, found, [link.needs_id for link in waits]) | dict(faulty or {})
    context |= {f"{name}_form": form for name, form in shown.items()}
    context["open_form"] = next(iter(faulty), "") if faulty else ""
    status = 422 if faulty or errors else 200
    return render(request, "programme/action.html", context, status=status)


def _people(actor: Actor, text: str) -> list[tuple[Person, str]]:
    rows = search_people(queries.owner_candidates(actor.on), text)
    return queries.with_posts(rows[:FOUND_LIMIT], actor.on)


def _history(found: Action) -> list[dict[str, Any]]:
    """What was changed, and what was added and taken away; newest first."""
    revisions, entries = queries.trace(found)
    owners = queries.names([r.state.get("owner") for r in revisions])
    items: list[dict[str, Any]] = []
    before: dict[str, Any] | None = None
    for revision in revisions:
        if before is not None:
            items.append(
                {
                    "title": _("Changed"),
                    "at": revision.recorded_at,
                    "actor": revision.actor_label,
                    "text": revision.reason,
                    "changes": [
                        (_label(name), _value(name, before.get(name), owners),
                         _value(name, value, owners))
                        for name, value in revision.state.items()
                        if before.get(name) != value
                    ],
                    "icon": "pencil",
                    "tone": "primary",
                }
            )  # fmt: skip
        before = revision.state
    for entry in entries:
        title, icon = TOLD.get(entry.action, (entry.action, "pencil"))
        said = [entry.data.get(name) for name in ("needs", "title", "text", "file", "note")]
        due = entry.data.get("due")
        items.append(
            {
                "title": title,
                "at": entry.at,
                "actor": entry.actor_label,
                "text": " · ".join(str(s) for s in [_day(due), *said] if s),
                "icon": icon,
                "tone": "neutral",
            }
        )
    return sorted(items, key=lambda item: item["at"], reverse=True)


TOLD: dict[str, tuple[Any, str]] = {
    "programme.dependency.added": (gettext_lazy("Dependency added"), "link"),
    "programme.dependency.removed": (gettext_lazy("Dependency removed"), "x"),
    "programme.evidence.added": (gettext_lazy("Evidence added"), "paperclip"),
    "programme.evidence.removed": (gettext_lazy("Evidence removed"), "trash"),
    "programme.decision.recorded": (gettext_lazy("Decision recorded"), "gavel"),
    "programme.occurrence.added": (gettext_lazy("Term added"), "calendar-plus"),
    "programme.occurrence.done": (gettext_lazy("Term done"), "check"),
    "programme.occurrence.reopened": (gettext_lazy("Term opened again"), "arrow-back"),
}


def _label(name: str) -> str:
    if name == "owner":
        return _("Owner")
    text = str(getattr(Action._meta.get_field(name), "verbose_name", name))
    return text[:1].upper() + text[1:]


def _day(value: Any) -> str:
    day = parse_date(str(value)) if value else None
    return day.strftime("%d.%m.%Y") if day else ""


def _value(name: str, value: Any, owners: Mapping[str, str]) -> str:
    if not value:
        return ""
    match name:
        case "owner":
            return owners.get(str(value), str(value))
        case "status":
            return str(ActionStatus(value).label)
        case "start" | "due" | "done_on":
            return _day(value)
    return str(value)


def _edition(request: HttpRequest) -> int:
    text = request.POST.get("edition", "")
    return int(text) if text.isdecimal() and len(text) < 10 else -1


def _done(
    request: HttpRequest,
    found: Action,
    act: Callable[[], object],
    *,
    said: str,
    form: tuple[str, forms.Form] | None = None,
    back: str = "",
) -> HttpResponseBase:
    return done(
        request,
        act,
        show=partial(_page, request, found),
        said=said,
        form=form,
        back=back or reverse("programme:action", args=[found.pk]),
    )


@page
@require_POST
def state(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    found = _seen(request, pk, "progress")
    form = StateForm(request.POST, auto_id="state_%s")
    return _done(
        request,
        found,
        lambda: domain.set_state(
            action=found.pk,
            edition=_edition(request),
            actor=actor_of(request),
            at=clock.now(),
            **form.cleaned_data,
        ),
        said=_("%(what)s: the state is kept.") % {"what": queries.label(found)},
        form=("state", form),
        back=reverse("programme:board") if request.POST.get("next") == "board" else "",
    )


@page
@require_POST
def term(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    found = _seen(request, pk, "manage")
    form = TermForm(request.POST, auto_id="term_%s")
    return _done(
        request,
        found,
        lambda: domain.set_term(
            action=found.pk,
            edition=_edition(request),
            actor=actor_of(request),
            at=clock.now(),
            **form.cleaned_data,
        ),
        said=_("The term is kept."),
        form=("term", form),
    )


@page
@require_POST
def owner(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """`owner` is a person's id; empty: nobody."""
    found = _seen(request, pk, "manage")

    def act() -> None:
        sent = request.POST.get("owner", "")
        try:
            person = UUID(sent) if sent else None
        except ValueError as error:
            raise ValidationError(_("There is no such person.")) from error
        domain.set_owner(
            action=found.pk,
            edition=_edition(request),
            owner=person,
            actor=actor_of(request),
            at=clock.now(),
        )

    return _done(request, found, act, said=_("The owner is kept."))


@page
@require_POST
def note(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    found = _seen(request, pk, "progress")
    form = NoteForm(request.POST, auto_id="note_%s")
    return _done(
        request,
        found,
        lambda: domain.set_note(
            action=found.pk,
            edition=_edition(request),
            actor=actor_of(request),
            at=clock.now(),
            **form.cleaned_data,
        ),
        said=_("The note is kept."),
        form=("note", form),
    )


@page
@require_POST
def needs(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    found = _seen(request, pk, "manage")
    form = NeedsForm(request.POST, auto_id="needs_%s", action=found, waits=[])
    return _done(
        request,
        found,
        lambda: domain.add_dependency(
            action=found.pk,
            needs=form.cleaned_data["needs"].pk,
            actor=actor_of(request),
            at=clock.now(),
        ),
        said=_("The dependency is kept."),
        form=("needs", form),
    )


@page
@require_POST
def needs_drop(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    found = _seen(request, pk, "manage")
    needed = _asked(request.POST.get("needs", ""))
    return _done(
        request,
        found,
        lambda: domain.drop_dependency(
            action=found.pk, needs=needed, actor=actor_of(request), at=clock.now()
        ),
        said=_("The dependency is taken away."),
    )


def _asked(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Http404 from error


@page
@require_POST
def evidence(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    found = _seen(request, pk, "progress")
    form = EvidenceForm(request.POST, request.FILES, auto_id="evidence_%s")

    def act() -> None:
        file = stored(request, form)
        assert file is not None  # the form asks for one
        domain.add_evidence(
            action=found.pk,
            file=file,
            title=form.cleaned_data["title"],
            actor=actor_of(request),
            at=clock.now(),
            key=key_of(request, "evidence"),
        )

    return _done(request, found, act, said=_("The file is kept."), form=("evidence", form))


@page
@require_GET
def evidence_file(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    visible(ACTIONS.may(actor_of(request), "view"))
    found = get_object_or_404(Evidence.objects.select_related("file"), pk=pk, removed_at=None)
    _seen(request, found.action_id)
    return download(found.file)


@page
@require_POST
def evidence_remove(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    visible(ACTIONS.may(actor_of(request), "view"))
    kept = get_object_or_404(Evidence, pk=pk)
    found = _seen(request, kept.action_id, "progress")
    return _done(
        request,
        found,
        lambda: domain.remove_evidence(evidence=kept.pk, actor=actor_of(request), at=clock.now()),
        said=_("The file is removed; the log remembers it."),
    )


@page
@require_POST
def decision(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    found = _seen(request, pk, "manage")
    form = ActionDecisionForm(request.POST, request.FILES, auto_id="decision_%s", action=found)

    def act() -> None:
        body = form.cleaned_data["body"]
        decide(request, found.programme, form, action=found.pk, body=body.pk if body else None)

    return _done(request, found, act, said=_("The decision is kept."), form=("decision", form))


@page
@require_GET
def decision_file(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """To whoever sees the action, or the body where it is about none."""
    actor = actor_of(request)
    visible(ACTIONS.may(actor, "view") or BODIES.may(actor, "view"))
    found = get_object_or_404(Decision.objects.select_related("file"), pk=pk, file__isnull=False)
    if found.action_id:
        _seen(request, found.action_id)
    else:
        visible(BODIES.all(actor).filter(Q(pk=found.body_id)).exists())
    assert found.file is not None
    return download(found.file)


@page
@require_POST
def occurrence_add(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """One more term of an action that comes again."""
    found = _seen(request, pk, "manage")

    def act() -> None:
        day = _sent_day(request, "due")
        if day is None or not found.recurrence:
            raise ValidationError(_("Name the last day."))
        domain.add_occurrence(action=found.pk, due=day, actor=actor_of(request), at=clock.now())

    return _done(request, found, act, said=_("The term is kept."))


@page
@require_POST
def occurrence(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """One term is done; without `done`, it is open again."""
    visible(ACTIONS.may(actor_of(request), "view"))
    again = get_object_or_404(Occurrence, pk=pk)
    found = _seen(request, again.action_id, "progress")

    def act() -> None:
        done = bool(request.POST.get("done"))
        domain.finish_occurrence(
            occurrence=again.pk,
            done_on=(_sent_day(request, "done_on") or actor_of(request).on) if done else None,
            note=request.POST.get("note", "")[:500],
            actor=actor_of(request),
            at=clock.now(),
        )

    return _done(request, found, act, said=_("The term is kept."))


def _sent_day(request: HttpRequest, name: str) -> Any:
    try:
        return parse_date(request.POST.get(name, ""))
    except ValueError:
        return None
