"""Pages where parents and guardians are named, corrected and let go."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from sreda.kernel import clock
from sreda.registry.access import GUARDIANSHIPS, PEOPLE
from sreda.registry.domain import changes, people, records
from sreda.registry.domain import guardianships as domain
from sreda.registry.models import Guardianship
from sreda.registry.web.base import actor_of, key_of, page, visible
from sreda.registry.web.entering import Trail, entered, valid
from sreda.registry.web.forms import (
    ChildForm,
    EndForm,
    GuardianForm,
    GuardianshipChangeForm,
    GuardianshipForm,
    PersonForm,
)
from sreda.registry.web.likely import Likely
from sreda.registry.web.people import found_person, trail
from sreda.registry.web.picking import guardians_for, people_for


@page
def guardian_add(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Names somebody in the registry as a parent or guardian of this child."""
    actor = actor_of(request)
    child = found_person(actor, "guard", pk)
    form = GuardianForm(
        request.POST or None, people=guardians_for(actor, child), params={"child": str(pk)}
    )
    tie = GuardianshipForm(request.POST or None, prefix="tie", initial={"since": actor.on})
    return entered(
        request,
        form,
        lambda: domain.add_guardian(
            form.cleaned_data["person"],
            child,
            values=tie.values,
            key=key_of(request, f"guardian of {pk}"),
            actor=actor,
            at=clock.now(),
        ),
        said=_("The parent or guardian is recorded."),
        title=_("Parent or guardian"),
        submit=_("Record"),
        back=reverse("registry:person", args=[pk]),
        trail=trail(child),
        extra=tie,
        subject=child.full_name,
        note=_what_it_gives(),
        other_way=(_("Not in the registry yet"), reverse("registry:guardian_new", args=[pk])),
    )


def _what_it_gives() -> str:
    return _(
        "A parent or guardian who has an account sees the child's data for as long as this lasts."
    )


@page
def guardian_new(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Enters a parent or guardian who has no record yet."""
    actor = actor_of(request)
    child = found_person(actor, "guard", pk)
    form = PersonForm(request.POST or None)
    tie = GuardianshipForm(request.POST or None, prefix="tie", initial={"since": actor.on})
    key = key_of(request, f"new guardian of {pk}")
    likely = None
    if request.method == "POST" and valid(form, tie):
        likely = Likely(request, actor, form.values, guardians_for(actor, child), key)

    def write() -> Guardianship:
        at = clock.now()
        with transaction.atomic():
            person = (likely.taken if likely else None) or people.add_person(
                values=form.values, key=key, actor=actor, at=at
            )
            return domain.add_guardian(
                person,
                child,
                values=tie.values,
                key=key_of(request, f"guardian of {pk}"),
                actor=actor,
                at=at,
            )

    return entered(
        request,
        form,
        write,
        said=_("The parent or guardian is recorded."),
        title=_("New parent or guardian"),
        submit=_("Record"),
        back=reverse("registry:person", args=[pk]),
        trail=trail(child),
        ready=likely is None or likely.settled,
        extra=tie,
        likely=likely,
        subject=child.full_name,
        note=_what_it_gives(),
        other_way=(_("In the registry already"), reverse("registry:guardian_add", args=[pk])),
    )


@page
def child_add(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Names this person as a parent or guardian of a child of the actor's organisation."""
    actor = actor_of(request)
    guardian = found_person(actor, "details", pk)
    visible(PEOPLE.may(actor, "guard"))
    form = ChildForm(request.POST or None, people=people_for(actor, "guard"))
    tie = GuardianshipForm(request.POST or None, prefix="tie", initial={"since": actor.on})
    return entered(
        request,
        form,
        lambda: domain.add_guardian(
            guardian,
            form.cleaned_data["person"],
            values=tie.values,
            key=key_of(request, f"child of {pk}"),
            actor=actor,
            at=clock.now(),
        ),
        said=_("The child is recorded."),
        title=_("Child of the person"),
        submit=_("Record"),
        back=reverse("registry:person", args=[pk]),
        trail=trail(guardian),
        extra=tie,
        subject=guardian.full_name,
        note=_what_it_gives(),
    )


def _tie(request: HttpRequest, pk: UUID) -> tuple[Guardianship, str, Trail]:
    """The tie, the page to return to, and the way there: by whichever of the two is seen."""
    actor = actor_of(request)
    tie = GUARDIANSHIPS.get(actor, "change", pk=pk)
    shown = tie.child if PEOPLE.may(actor, "view", tie.child) else tie.guardian
    return tie, reverse("registry:person", args=[shown.pk]), trail(shown)


@page
def guardianship_edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = actor_of(request)
    tie, back, way = _tie(request, pk)
    form = GuardianshipChangeForm(request.POST or None, instance=tie)
    return entered(
        request,
        form,
        lambda: records.correct(
            domain.NOUN,
            tie,
            seen=changes.seal(form.seen),
            values=form.values,
            reason=form.cleaned_data["reason"],
            actor=actor,
            at=clock.now(),
        ),
        said=_("The change is saved."),
        title=_("Change the guardianship"),
        submit=_("Save"),
        back=back,
        trail=way,
        subject=f"{tie.guardian} — {tie.child}",
    )


@page
def guardianship_end(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = actor_of(request)
    tie, back, way = _tie(request, pk)
    form = EndForm(request.POST or None, initial={"on": actor.on})
    return entered(
        request,
        form,
        lambda: domain.end_guardianship(tie, **form.cleaned_data, actor=actor, at=clock.now()),
        said=_("The end is recorded."),
        title=_("End the guardianship"),
        submit=_("End it"),
        back=back,
        trail=way,
        subject=f"{tie.guardian} — {tie.child}",
        note=_("From the day after the last one this person no longer sees the child's data."),
        danger=True,
    )
