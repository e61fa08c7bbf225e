"""Whom a survey asks: people with an account and a seat its audience means, on a day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from sreda.registry.api import Enrolment, Guardianship, Person, Post, Role, on_day
from sreda.reporting.models import Campaign, Participation


def people_asked(campaign: Campaign, on: date) -> QuerySet[Person]:
    """The same people whom `access.SURVEYS` lets answer: as many seats as one holds, one counts."""
    said = campaign.audience
    child = Enrolment.objects.filter(on_day(on), person_id=OuterRef("child_id"))
    seats: list[QuerySet[Any]] = [
        _meant(said, Post.objects.filter(on_day(on)), municipality="municipality").values("person"),
        _meant(said, Enrolment.objects.filter(on_day(on))).values("person"),
    ]
    if Role.PARENT in said.get("roles", [Role.PARENT]):
        wards = Guardianship.objects.filter(on_day(on)).annotate(
            place=Subquery(child.order_by("-since", "pk").values("pk")[:1])
        )
        if set(said) - {"roles"}:  # a parent's place is the child's
            homes = _meant(said | {"roles": []}, Enrolment.objects.all())
            wards = wards.filter(place__in=homes.order_by().values("pk"))
        seats.append(wards.values("guardian"))
    known = Q()
    for rows in seats:
        known |= Q(pk__in=rows.order_by())
    return Person.objects.filter(known, user__is_active=True).order_by()


def _meant(said: dict[str, Any], rows: QuerySet[Any], municipality: str = "") -> QuerySet[Any]:
    """Seats in an organisation, or in a `municipality` alone, that the audience means."""
    if roles := said.get("roles"):
        rows = rows.filter(role__in=roles)
    if kinds := said.get("kinds"):
        rows = rows.filter(organisation__kind__in=kinds)
    places, named = said.get("municipalities"), said.get("organisations")
    if not places and not named:
        return rows
    of = "organisation__municipality"
    if municipality:
        rows = rows.annotate(home=Coalesce(f"{of}_id", f"{municipality}_id"))
        of = "home"
    return rows.filter(Q(**{f"{of}__in": places or []}) | Q(organisation__in=named or []))


def not_answered(campaign: Campaign, on: date) -> QuerySet[Person]:
    done = Participation.objects.filter(campaign=campaign)
    return people_asked(campaign, on).exclude(pk__in=done.values("person"))


def seats_at(people: Iterable[Person], on: date) -> None:
    """Write the places of each person on the day to `works_at`; two queries for any number."""
    known = {person.pk: person for person in people}
    found: dict[UUID, list[str]] = {pk: [] for pk in known}
    for model in (Post, Enrolment):
        rows = model._default_manager.filter(
            on_day(on), person_id__in=known, organisation__isnull=False
        ).values_list("person_id", "organisation__short_name")
        for whose, place in rows:
            if place not in found[whose]:
                found[whose].append(place)
    for pk, person in known.items():
        person.works_at = ", ".join(found[pk])  # type: ignore[attr-defined]
