"""The bodies that run the change: who held which place on a day, by which act."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db.models import Q
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from sreda.kernel import clock
from sreda.kernel.api import download
from sreda.programme.access import BODIES
from sreda.programme.domain import bodies as domain
from sreda.programme.enums import BodyKind, MemberRole
from sreda.programme.models import Act, Body, Membership
from sreda.programme.queries import bodies as queries
from sreda.programme.queries.actions import owner_candidates, with_posts
from sreda.programme.web.acting import DecisionForm, decide, done, stored
from sreda.programme.web.base import (
    Context,
    actor_of,
    chosen,
    day_input,
    key_of,
    page,
    shown_day,
    visible,
)
from sreda.registry.api import Person, search_people

OFFICES = (BodyKind.PROJECT_OFFICE, BodyKind.OFFICE_HEAD, BodyKind.COUNCIL)
SINGLE = (BodyKind.CDO, BodyKind.OFFICE_HEAD, BodyKind.SIGNER, BodyKind.SUPERVISOR)
MEMBERLESS = (BodyKind.PUBLICATION, BodyKind.AGREEMENT)


class BodyForm(forms.Form):
    since = forms.DateField(label=gettext_lazy("Created on"), required=False, widget=day_input())
    until = forms.DateField(label=gettext_lazy("Dissolved on"), required=False, widget=day_input())
    note = forms.CharField(
        label=gettext_lazy("Note"),
        required=False,
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class MemberForm(forms.Form):
    person = forms.UUIDField(required=False, widget=forms.HiddenInput())
    name = forms.CharField(
        label=gettext_lazy("Family name, given name, patronymic"), max_length=200
    )
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=MemberRole.choices)
    acting = forms.BooleanField(
        label=gettext_lazy("Acting, in place of the holder"), required=False
    )
    position = forms.CharField(label=gettext_lazy("Position"), required=False, max_length=500)
    act = forms.CharField(
        label=gettext_lazy("By which act"),
        required=False,
        max_length=300,
        help_text=gettext_lazy("For example, the number and date of an order."),
    )
    since = forms.DateField(label=gettext_lazy("Since"), widget=day_input())
    until = forms.DateField(
        label=gettext_lazy("Until"),
        required=False,
        widget=day_input(),
        help_text=gettext_lazy("The last day; empty where it is not known."),
    )


class ActForm(forms.Form):
    title = forms.CharField(label=gettext_lazy("Document"), max_length=500)
    number = forms.CharField(label=gettext_lazy("Number"), required=False, max_length=60)
    date = forms.DateField(label=gettext_lazy("Date"), widget=day_input())
    url = forms.CharField(
        label=gettext_lazy("Published at"),
        required=False,
        max_length=200,
        validators=[URLValidator(schemes=["http", "https"])],
        widget=forms.URLInput(),
    )
    file = forms.FileField(label=gettext_lazy("File"), required=False)


@page
@require_GET
def bodies(request: HttpRequest) -> HttpResponseBase:
    actor = actor_of(request)
    visible(BODIES.may(actor, "view"))
    programme = chosen(request)
    if programme is None:
        return render(request, "programme/nothing.html")
    allowed = set(BODIES.all(actor).filter(programme=programme).values_list("pk", flat=True))
    visible(bool(allowed) or BODIES.table["view"].decide(actor) is True)
    on = shown_day(request)
    context = {
        "programme": programme,
        "rows": [row for row in queries.bodies_on(programme, on) if row.body.pk in allowed],
        "on": on,
        "today": actor.on,
    }
    return render(request, "programme/bodies.html", context)


def _seen(request: HttpRequest, pk: UUID, may: str = "view") -> Body:
    actor = actor_of(request)
    visible(BODIES.may(actor, "view"))
    found = BODIES.get(actor, may, pk=pk, gone_at=None)
    return Body.objects.select_related("programme").get(pk=found.pk)


@page
@require_GET
def body(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    return _page(request, _seen(request, pk))


def _page(
    request: HttpRequest,
    found: Body,
    *,
    faulty: Mapping[str, forms.Form] | None = None,
    errors: list[str] | None = None,
) -> HttpResponseBase:
    actor = actor_of(request)
    on = shown_day(request)
    may_manage = BODIES.may(actor, "manage", found)
    q = request.GET.get("q", "").strip()[:100]
    person = _picked(request) if may_manage else None
    year = _year(request, on.year)
    first = {
        "role": MemberRole.HEAD if found.kind in SINGLE else MemberRole.MEMBER,
        "person": person.pk if person else None,
        "name": person.full_name if person else "",
        "since": actor.on,
    }
    shown: dict[str, forms.Form] = {
        "body": BodyForm(
            auto_id="body_%s",
            initial={"since": found.since, "until": found.until, "note": found.note},
        ),
        "member": MemberForm(auto_id="member_%s", initial=first),
        "act": ActForm(auto_id="act_%s"),
        "decision": DecisionForm(auto_id="decision_%s", initial={"decided_on": actor.on}),
    }
    shown |= dict(faulty or {})
    people = owner_candidates(actor.on)
    context: Context = {
        "body": found,
        "programme": found.programme,
        "seen": queries.body_on(found, on),
        "members": list(found.members.select_related("person").order_by("-since", "role")),
        "founders": queries.founders(found),
        "acts": queries.acts_of(found),
        "decisions": queries.decisions_of(found),
        "has_members": found.kind not in MEMBERLESS,
        "training": queries.training_in(found, year) if found.kind in OFFICES else None,
        "year": year,
        "on": on,
        "today": actor.on,
        "q": q,
        "people": with_posts(search_people(people, q)[:12], actor.on) if may_manage and q else [],
        "may_manage": may_manage,
        "errors": errors,
        "open_form": next(iter(faulty), "") if faulty else ("member" if person else ""),
        **{f"{name}_form": form for name, form in shown.items()},
    }
    status = 422 if faulty or errors else 200
    return render(request, "programme/body.html", context, status=status)


def _picked(request: HttpRequest) -> Person | None:
    """?person=ID, found by the search on the page."""
    try:
        key = UUID(request.GET.get("person", ""))
    except ValueError:
        return None
    return owner_candidates(actor_of(request).on).filter(pk=key).first()


def _year(request: HttpRequest, otherwise: int) -> int:
    text = request.GET.get("year", "")
    return int(text) if text.isdigit() and 2000 <= int(text) <= 2100 else otherwise


def _done(
    request: HttpRequest,
    found: Body,
    act: Callable[[], object],
    *,
    said: str,
    form: tuple[str, forms.Form] | None = None,
) -> HttpResponseBase:
    return done(
        request,
        act,
        show=partial(_page, request, found),
        said=said,
        form=form,
        back=reverse("programme:body", args=[found.pk]),
    )


@page
@require_POST
def change(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    found = _seen(request, pk, "manage")
    form = BodyForm(request.POST, auto_id="body_%s")
    return _done(
        request,
        found,
        lambda: domain.change_body(
            body=found.pk, actor=actor_of(request), at=clock.now(), **form.cleaned_data
        ),
        said=_("The dates are kept."),
        form=("body", form),
    )


@page
@require_POST
def member(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    found = _seen(request, pk, "manage")
    form = MemberForm(request.POST, auto_id="member_%s")

    def act() -> None:
        values: dict[str, Any] = dict(form.cleaned_data)
        person = values["person"]
        if person and not owner_candidates(actor_of(request).on).filter(pk=person).exists():
            raise ValidationError(_("There is no such person."))
        domain.add_member(
            body=found.pk,
            actor=actor_of(request),
            at=clock.now(),
            key=key_of(request, "member"),
            **values,
        )

    return _done(request, found, act, said=_("The place is kept."), form=("member", form))


@page
@require_POST
def member_end(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    visible(BODIES.may(actor_of(request), "view"))
    place = get_object_or_404(Membership, pk=pk)
    found = _seen(request, place.body_id, "manage")
    form = EndForm(request.POST)

    def act() -> None:
        if not form.is_valid():
            raise ValidationError(_("Name the last day."))
        domain.end_membership(
            membership=place.pk,
            until=form.cleaned_data["until"],
            act=form.cleaned_data["act"],
            actor=actor_of(request),
            at=clock.now(),
        )

    return _done(request, found, act, said=_("The last day is kept."))


class EndForm(forms.Form):
    until = forms.DateField(widget=day_input())
    act = forms.CharField(required=False, max_length=300)


@page
@require_POST
def act(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    found = _seen(request, pk, "manage")
    form = ActForm(request.POST, request.FILES, auto_id="act_%s")

    def record() -> None:
        values = form.cleaned_data
        domain.record_act(
            programme=found.programme,
            body=found.pk,
            title=values["title"],
            number=values["number"],
            on=values["date"],
            url=values["url"],
            file=stored(request, form),
            actor=actor_of(request),
            at=clock.now(),
            key=key_of(request, "act"),
        )

    return _done(request, found, record, said=_("The document is kept."), form=("act", form))


@page
@require_POST
def decision(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    found = _seen(request, pk, "manage")
    form = DecisionForm(request.POST, request.FILES, auto_id="decision_%s")

    return _done(
        request,
        found,
        lambda: decide(request, found.programme, form, body=found.pk),
        said=_("The decision is kept."),
        form=("decision", form),
    )


@page
@require_GET
def act_file(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    actor = actor_of(request)
    visible(BODIES.may(actor, "view"))
    found = get_object_or_404(Act.objects.select_related("file"), pk=pk, file__isnull=False)
    visible(BODIES.all(actor).filter(Q(pk=found.body_id)).exists())
    assert found.file is not None
    return download(found.file)
