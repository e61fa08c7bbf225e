"""Pages where posts are given, changed and ended, and learners enrolled."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from sreda.kernel import clock
from sreda.registry.access import ENROLMENTS, POSTS, given_by
from sreda.registry.domain import changes
from sreda.registry.domain import posts as domain
from sreda.registry.domain.changes import Stale
from sreda.registry.web import base
from sreda.registry.web.base import actor_of, key_of, page, visible
from sreda.registry.web.forms import Conflict, EndForm, EnrolmentForm, PostChangeForm, PostForm
from sreda.registry.web.organisations import form_page
from sreda.registry.web.people import found_person, trail


@page
def post_add(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = actor_of(request)
    person = found_person(actor, "change", pk)
    visible(bool(given_by(actor)))
    form = PostForm(request.POST or None, actor=actor, initial={"since": actor.on})
    if request.method == "POST" and form.is_valid():
        try:
            domain.give_post(
                person,
                values=form.values,
                reason=form.cleaned_data["reason"],
                key=key_of(request, f"post of {pk}"),
                actor=actor,
                at=clock.now(),
            )
        except ValidationError as error:
            base.add_errors(form, error)
        else:
            messages.success(request, _("The post is given."))
            return redirect("registry:person", pk)
    return form_page(
        request,
        form,
        _("New post"),
        _("Give the post"),
        reverse("registry:person", args=[pk]),
        trail(person),
        subject=person.full_name,
    )


@page
def post_edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = actor_of(request)
    post = POSTS.get(actor, "change", pk=pk)
    form = PostChangeForm(request.POST or None, instance=post, today=actor.on, actor=actor)
    conflict = None
    if request.method == "POST" and form.is_valid():
        try:
            domain.change_post(
                post,
                seen=changes.seal(form.seen),
                values=form.values,
                effective_on=form.cleaned_data["effective_on"],
                reason=form.cleaned_data["reason"],
                actor=actor,
                at=clock.now(),
            )
        except Stale as stale:
            conflict = Conflict(form, stale.current)
        except ValidationError as error:
            base.add_errors(form, error)
        else:
            messages.success(request, _("The change is saved."))
            return redirect("registry:person", post.person_id)
    return form_page(
        request,
        form,
        _("Change the post"),
        _("Save"),
        reverse("registry:person", args=[post.person_id]),
        trail(post.person),
        conflict=conflict,
        subject=post.person.full_name,
    )


@page
def post_end(request: HttpRequest, pk: UUID) -> HttpResponse:
    post = POSTS.get(actor_of(request), "change", pk=pk)
    return _end(request, post, domain.end_post, _("End the post"), domain.describe(post))


@page
def enrolment_add(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = actor_of(request)
    person = found_person(actor, "change", pk)
    form = EnrolmentForm(request.POST or None, actor=actor, initial={"since": actor.on})
    if request.method == "POST" and form.is_valid():
        try:
            domain.enrol(
                person,
                values=form.values,
                key=key_of(request, f"enrolment of {pk}"),
                actor=actor,
                at=clock.now(),
            )
        except ValidationError as error:
            base.add_errors(form, error)
        else:
            messages.success(request, _("The learner is enrolled."))
            return redirect("registry:person", pk)
    return form_page(
        request,
        form,
        _("Enrol a learner"),
        _("Enrol"),
        reverse("registry:person", args=[pk]),
        trail(person),
        subject=person.full_name,
    )


@page
def enrolment_end(request: HttpRequest, pk: UUID) -> HttpResponse:
    enrolment = ENROLMENTS.get(actor_of(request), "change", pk=pk)
    term = changes.term(enrolment.since, enrolment.until)
    words = f"{enrolment.get_role_display()}, {enrolment.organisation}, {term}"
    return _end(request, enrolment, domain.end_enrolment, _("End the enrolment"), words)


def _end(request: HttpRequest, thing: Any, act: Any, title: str, words: str) -> HttpResponse:
    actor = actor_of(request)
    back = reverse("registry:person", args=[thing.person_id])
    form = EndForm(request.POST or None, initial={"on": actor.on})
    if request.method == "POST" and form.is_valid():
        try:
            act(thing, **form.cleaned_data, actor=actor, at=clock.now())
        except ValidationError as error:
            base.add_errors(form, error)
        else:
            messages.success(request, _("The end is recorded."))
            return redirect(back)
    return form_page(
        request,
        form,
        title,
        _("End it"),
        back,
        trail(thing.person),
        subject=thing.person.full_name,
        note=words,
        danger=True,
    )
