"""Choosing an organisation or a person in forms: the fields, and the addresses that suggest."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from sreda.kernel.api import Actor
from sreda.registry.access import ORGANISATIONS, PEOPLE
from sreda.registry.models import Organisation, Person
from sreda.registry.queries.directory import find, understand
from sreda.registry.queries.people import search_people
from sreda.registry.web.base import actor_of, page, visible
from sreda.ui.picking import PickField, suggest


def organisations_for(actor: Actor) -> QuerySet[Organisation]:
    """Working organisations to which the actor may appoint."""
    return (
        ORGANISATIONS.all(actor, "change")
        .filter(Q(until__isnull=True) | Q(until__gte=actor.on))
        .order_by("short_name")
    )


def people_for(actor: Actor, action: str) -> QuerySet[Person]:
    return PEOPLE.all(actor, action).filter(merged_into__isnull=True)


def guardians_for(actor: Actor, child: Person) -> QuerySet[Person]:
    """Whom the actor may name as a parent or guardian of this child: nobody younger."""
    people = people_for(actor, "guardian").exclude(pk=child.pk)
    return people.exclude(birth_date__gte=child.birth_date) if child.birth_date else people


class OrganisationField(PickField):
    url_name = "registry:pick_organisation"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("hint", _("Name, number or place"))
        super().__init__(*args, **kwargs)

    @classmethod
    def find(cls, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        return find(rows, understand(text, unfinished=True))

    @classmethod
    def note(cls, thing: Organisation) -> str:
        return ", ".join(part for part in (thing.locality, thing.address) if part)


_BY_NAME = ("family_name", "given_name", "patronymic", "birth_date")


class PersonField(PickField):
    """Anyone whom the queryset names; the date of birth tells those of one name apart."""

    url_name = "registry:pick_guardian"
    few: ClassVar[int] = 0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("hint", _("Family name, given name or date of birth"))
        super().__init__(*args, **kwargs)

    def label_from_instance(self, obj: Person) -> str:
        born = f", {obj.birth_date:%d.%m.%Y}" if obj.birth_date else ""
        return f"{obj.full_name}{born}"

    @classmethod
    def find(cls, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        return search_people(rows, text.replace(",", " ")).order_by(*_BY_NAME)


class ChildField(PersonField):
    url_name = "registry:pick_child"


@page
@require_GET
def pick_organisation(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    visible(ORGANISATIONS.may(actor, "change"))
    return suggest(request, OrganisationField, organisations_for(actor))


@page
@require_GET
def pick_guardian(request: HttpRequest) -> HttpResponse:
    """Whom the actor may name as a parent or guardian of ?child=ID."""
    actor = actor_of(request)
    visible(PEOPLE.may(actor, "guard"))
    try:
        child = people_for(actor, "guard").get(pk=request.GET.get("child", ""))
    except (Person.DoesNotExist, ValidationError):
        return suggest(request, PersonField, Person.objects.none())
    return suggest(request, PersonField, guardians_for(actor, child))


@page
@require_GET
def pick_child(request: HttpRequest) -> HttpResponse:
    """Whose parents and guardians the actor may name."""
    actor = actor_of(request)
    visible(PEOPLE.may(actor, "guard"))
    return suggest(request, ChildField, people_for(actor, "guard"))
