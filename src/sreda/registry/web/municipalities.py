"""Pages of municipalities: the region's places, which the operator keeps."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sreda.kernel import clock
from sreda.kernel.api import Actor, Column, Filter, Listing
from sreda.registry.access import MUNICIPALITIES
from sreda.registry.domain import changes, records
from sreda.registry.domain import municipalities as domain
from sreda.registry.enums import MunicipalityKind
from sreda.registry.models import Municipality, Organisation
from sreda.registry.web.base import actor_of, key_of, page, visible
from sreda.registry.web.entering import Trail, entered
from sreda.registry.web.forms import MunicipalityChangeForm, MunicipalityForm, ReasonForm


def _trail() -> Trail:
    return [(_("Municipalities"), reverse("registry:municipalities"))]


def _rows(actor: Actor) -> QuerySet[Municipality]:
    working = Organisation.objects.filter(municipality=OuterRef("pk"), until__isnull=True)
    counted = working.order_by().values("municipality").annotate(n=Count("pk")).values("n")
    return MUNICIPALITIES.all(actor).annotate(working=Coalesce(Subquery(counted), 0))


def _searched(rows: QuerySet[Municipality], text: str) -> QuerySet[Municipality]:
    return rows.filter(Q(name__icontains=text) | Q(code__startswith=text))


@page
def municipality_list(request: HttpRequest) -> HttpResponseBase:
    actor = actor_of(request)
    visible(MUNICIPALITIES.may(actor, "view"))
    listing = Listing(
        rows=_rows,
        of=(actor,),
        params=request.GET,
        search=_searched,
        filter_by=[Filter("kind", gettext_lazy("Kind"), MunicipalityKind.choices)],
        sorts={"name": ["name"], "code": ["code"], "organisations": ["working", "name"]},
        default_sort="name",
        columns=[
            Column(gettext_lazy("Code"), lambda m: m.code),
            Column(gettext_lazy("Name"), lambda m: m.name),
            Column(gettext_lazy("Kind"), lambda m: m.get_kind_display()),
            Column(gettext_lazy("Organisations"), lambda m: m.working),
        ],
        name="municipalities",
    )
    return listing.export() or render(request, "registry/municipalities.html", {"listing": listing})


@page
def municipality_add(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    visible(MUNICIPALITIES.may(actor, "change"))
    form = MunicipalityForm(request.POST or None)
    return entered(
        request,
        form,
        lambda: domain.add_municipality(
            values=form.values,
            key=key_of(request, "municipality"),
            actor=actor,
            at=clock.now(),
        ),
        said=_("The municipality is added."),
        title=_("New municipality"),
        submit=_("Add"),
        back=reverse("registry:municipalities"),
        trail=_trail(),
    )


@page
def municipality_edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = actor_of(request)
    found = MUNICIPALITIES.get(actor, "change", pk=pk)
    form = MunicipalityChangeForm(request.POST or None, instance=found)
    return entered(
        request,
        form,
        lambda: records.correct(
            domain.NOUN,
            found,
            seen=changes.seal(form.seen),
            values=form.values,
            reason=form.cleaned_data["reason"],
            actor=actor,
            at=clock.now(),
        ),
        said=_("The change is saved."),
        title=_("Correct the municipality"),
        submit=_("Save"),
        back=reverse("registry:municipalities"),
        trail=_trail(),
        subject=found.name,
    )


@page
def municipality_remove(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = actor_of(request)
    found = MUNICIPALITIES.get(actor, "change", pk=pk)
    form = ReasonForm(request.POST or None)
    return entered(
        request,
        form,
        lambda: domain.remove_municipality(
            found, reason=form.cleaned_data["reason"], actor=actor, at=clock.now()
        ),
        said=_("It is removed."),
        title=_("Remove the municipality"),
        submit=_("Remove"),
        back=reverse("registry:municipalities"),
        trail=_trail(),
        subject=found.name,
        note=_("For one entered by mistake. One that organisations belong to, or did, stays."),
        danger=True,
    )
