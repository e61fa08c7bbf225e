"""Pages of the small records: finished courses, teaching in a class, yearly costs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from sreda.kernel import clock
from sreda.registry.access import COSTS, GROUPS, ORGANISATIONS, QUALIFICATIONS, TEACHING
from sreda.registry.domain import changes, costs, qualifications, teaching
from sreda.registry.domain import records as domain
from sreda.registry.models import ClassGroup, Teaching
from sreda.registry.web import base
from sreda.registry.web.base import actor_of, key_of, page
from sreda.registry.web.entering import Trail, entered, history_page
from sreda.registry.web.forms import (
    CorrectionForm,
    CostsChangeForm,
    CostsForm,
    QualificationChangeForm,
    QualificationForm,
    ReasonForm,
    TeachingChangeForm,
    TeachingForm,
)
from sreda.registry.web.organisations import trail_of
from sreda.registry.web.people import found_person, trail


def _corrected(
    request: HttpRequest,
    noun: domain.Noun[Any],
    thing: Any,
    form: CorrectionForm,
    *,
    title: str,
    back: str,
    trail: Trail,
    subject: str,
) -> HttpResponse:
    return entered(
        request,
        form,
        lambda: domain.correct(
            noun,
            thing,
            seen=changes.seal(form.seen),
            values=form.values,
            reason=form.cleaned_data["reason"],
            actor=actor_of(request),
            at=clock.now(),
        ),
        said=_("The change is saved."),
        title=title,
        submit=_("Save"),
        back=back,
        trail=trail,
        subject=subject,
    )


def _removed(
    request: HttpRequest,
    thing: Any,
    remove: Callable[..., None],
    *,
    title: str,
    back: str,
    trail: Trail,
    subject: str,
    note: str,
) -> HttpResponse:
    form = ReasonForm(request.POST or None)
    return entered(
        request,
        form,
        lambda: remove(
            thing,
            reason=form.cleaned_data["reason"],
            actor=actor_of(request),
            at=clock.now(),
        ),
        said=_("It is removed."),
        title=title,
        submit=_("Remove"),
        back=back,
        trail=trail,
        subject=subject,
        note=note,
        warning=_("The record goes for good; the audit log keeps what it said, who removed it"
                  " and why."),
        danger=True,
    )  # fmt: skip


# ---- finished courses


@page
def qualification_add(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = actor_of(request)
    person = found_person(actor, "qualify", pk)
    form = QualificationForm(request.POST or None)
    return entered(
        request,
        form,
        lambda: qualifications.add_qualification(
            person,
            values=form.values,
            key=key_of(request, f"course of {pk}"),
            actor=actor,
            at=clock.now(),
        ),
        said=_("The course is recorded."),
        title=_("Finished course"),
        submit=_("Record"),
        back=reverse("registry:person", args=[pk]),
        trail=trail(person),
        subject=person.full_name,
    )


@page
def qualification_edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    course = QUALIFICATIONS.get(actor_of(request), "change", pk=pk)
    return _corrected(
        request,
        qualifications.NOUN,
        course,
        QualificationChangeForm(request.POST or None, instance=course),
        title=_("Correct the course"),
        back=reverse("registry:person", args=[course.person_id]),
        trail=trail(course.person),
        subject=course.person.full_name,
    )


@page
def qualification_remove(request: HttpRequest, pk: UUID) -> HttpResponse:
    course = QUALIFICATIONS.get(actor_of(request), "change", pk=pk)
    return _removed(
        request,
        course,
        qualifications.remove_qualification,
        title=_("Remove the course"),
        back=reverse("registry:person", args=[course.person_id]),
        trail=trail(course.person),
        subject=course.person.full_name,
        note=f"{course.programme}, {course.hours}, {changes.day(course.completed_on)}",
    )


# ---- teaching in a class


def group_trail(group: ClassGroup) -> Trail:
    return [
        (_("Classes and groups"), reverse("registry:groups")),
        (group.name, reverse("registry:group", args=[group.pk])),
    ]


def _described(row: Teaching) -> str:
    what = [_("Class teacher")] if row.homeroom else []
    return ", ".join([row.post.person.full_name, *what, *([row.subject] if row.subject else [])])


@page
def teaching_add(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = actor_of(request)
    group = GROUPS.get(actor, "change", pk=pk)
    form = TeachingForm(request.POST or None, group=group)
    return entered(
        request,
        form,
        lambda: teaching.add_teaching(
            group,
            values=form.values,
            key=key_of(request, f"teaching in {pk}"),
            actor=actor,
            at=clock.now(),
        ),
        said=_("The teacher is recorded."),
        title=_("Teacher of the class"),
        submit=_("Record"),
        back=reverse("registry:group", args=[pk]),
        trail=group_trail(group),
        subject=f"{group.name}, {group.organisation}",
        note=_("A teacher of the class sees its learners."),
    )


@page
def teaching_edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    row = TEACHING.get(actor_of(request), "change", pk=pk)
    return _corrected(
        request,
        teaching.NOUN,
        row,
        TeachingChangeForm(request.POST or None, instance=row),
        title=_("Correct the teaching"),
        back=reverse("registry:group", args=[row.group_id]),
        trail=group_trail(row.group),
        subject=row.post.person.full_name,
    )


@page
def teaching_remove(request: HttpRequest, pk: UUID) -> HttpResponse:
    row = TEACHING.get(actor_of(request), "change", pk=pk)
    return _removed(
        request,
        row,
        teaching.remove_teaching,
        title=_("Take the teacher off the class"),
        back=reverse("registry:group", args=[row.group_id]),
        trail=group_trail(row.group),
        subject=f"{row.group.name}, {row.group.organisation}",
        note=_described(row),
    )


@page
def group_history(request: HttpRequest, pk: UUID) -> HttpResponse:
    group = GROUPS.get(actor_of(request), "change", pk=pk)
    items = []
    for row in Teaching.objects.filter(group=group).select_related("post__person"):
        items += base.timeline(row, teaching.FIELDS, row.post.person.full_name)
    return history_page(
        request,
        items,
        subject=f"{group.name}, {group.organisation}",
        trail=group_trail(group),
        back=reverse("registry:group", args=[pk]),
    )


# ---- yearly costs


@page
def costs_add(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = actor_of(request)
    found = ORGANISATIONS.get(actor, "change", pk=pk)
    form = CostsForm(request.POST or None, initial={"year": actor.on.year - 1})
    return entered(
        request,
        form,
        lambda: costs.add_costs(
            found,
            values=form.values,
            key=key_of(request, f"costs of {pk}"),
            actor=actor,
            at=clock.now(),
        ),
        said=_("The costs are recorded."),
        title=_("Management costs of a year"),
        submit=_("Record"),
        back=reverse("registry:organisation", args=[pk]),
        trail=trail_of(found),
        subject=found.short_name,
        note=_("In thousand roubles, as in the order."),
    )


@page
def costs_edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    cost = COSTS.get(actor_of(request), "change", pk=pk)
    return _corrected(
        request,
        costs.NOUN,
        cost,
        CostsChangeForm(request.POST or None, instance=cost),
        title=_("Correct the costs"),
        back=reverse("registry:organisation", args=[cost.organisation_id]),
        trail=trail_of(cost.organisation),
        subject=cost.organisation.short_name,
    )


@page
def costs_remove(request: HttpRequest, pk: UUID) -> HttpResponse:
    cost = COSTS.get(actor_of(request), "change", pk=pk)
    return _removed(
        request,
        cost,
        costs.remove_costs,
        title=_("Remove the costs"),
        back=reverse("registry:organisation", args=[cost.organisation_id]),
        trail=trail_of(cost.organisation),
        subject=cost.organisation.short_name,
        note=str(cost.year),
    )
