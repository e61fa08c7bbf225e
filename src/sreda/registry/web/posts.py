"""Pages where posts are given, changed and ended, and learners enrolled."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from sreda.kernel import clock
from sreda.registry.access import ENROLMENTS, POSTS, given_by
from sreda.registry.domain import changes
from sreda.registry.domain import posts as domain
from sreda.registry.web.base import actor_of, key_of, page, visible
from sreda.registry.web.entering import entered
from sreda.registry.web.forms import EndForm, EnrolmentForm, PostChangeForm, PostForm
from sreda.registry.web.people import found_person, trail


@page
def post_add(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = actor_of(request)
    person = found_person(actor, "change", pk)
    visible(bool(given_by(actor)))
    form = PostForm(request.POST or None, actor=actor, initial={"since": actor.on})
    return entered(
        request,
        form,
        lambda: domain.give_post(
            person,
            values=form.values,
            reason=form.cleaned_data["reason"],
            key=key_of(request, f"post of {pk}"),
            actor=actor,
            at=clock.now(),
        ),
        said=_("The post is given."),
        title=_("New post"),
        submit=_("Give the post"),
        back=reverse("registry:person", args=[pk]),
        trail=trail(person),
        subject=person.full_name,
    )


@page
def post_edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = actor_of(request)
    post = POSTS.get(actor, "change", pk=pk)
    form = PostChangeForm(request.POST or None, instance=post, today=actor.on, actor=actor)
    return entered(
        request,
        form,
        lambda: domain.change_post(
            post,
            seen=changes.seal(form.seen),
            values=form.values,
            **form.dated,
            actor=actor,
            at=clock.now(),
        ),
        said=_("The change is saved."),
        title=_("Change the post"),
        submit=_("Save"),
        back=reverse("registry:person", args=[post.person_id]),
        trail=trail(post.person),
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
    return entered(
        request,
        form,
        lambda: domain.enrol(
            person,
            values=form.values,
            key=key_of(request, f"enrolment of {pk}"),
            actor=actor,
            at=clock.now(),
        ),
        said=_("The learner is enrolled."),
        title=_("Enrol a learner"),
        submit=_("Enrol"),
        back=reverse("registry:person", args=[pk]),
        trail=trail(person),
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
    form = EndForm(request.POST or None, initial={"on": actor.on})
    return entered(
        request,
        form,
        lambda: act(thing, **form.cleaned_data, actor=actor, at=clock.now()),
        said=_("The end is recorded."),
        title=title,
        submit=_("End it"),
        back=reverse("registry:person", args=[thing.person_id]),
        trail=trail(thing.person),
        subject=thing.person.full_name,
        note=words,
        danger=True,
    )
