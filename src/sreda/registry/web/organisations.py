"""Pages of organisations, their classes and facilities."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from sreda.kernel import clock
from sreda.kernel.api import Actor, Column, Filter, Listing, kept
from sreda.registry.access import GROUPS, ORGANISATIONS, PEOPLE, POSTS
from sreda.registry.domain import costs
from sreda.registry.domain import organisations as domain
from sreda.registry.enums import OrganisationKind, Ownership, Role
from sreda.registry.models import (
    ClassGroup,
    Enrolment,
    Facilities,
    ManagementCost,
    Municipality,
    Organisation,
    SiteCheck,
    Teaching,
)
from sreda.registry.models.periods import on_day
from sreda.registry.queries.cabinet import school_years
from sreda.registry.queries.directory import find, understand
from sreda.registry.queries.past import states_on
from sreda.registry.queries.people import count_heads
from sreda.registry.web import base
from sreda.registry.web.base import actor_of, as_of, key_of, page, visible
from sreda.registry.web.entering import entered, history_page
from sreda.registry.web.forms import (
    EndForm,
    FacilitiesForm,
    OrganisationChangeForm,
    OrganisationForm,
    ReasonForm,
    school_year,
)

LEADERSHIP = (Role.HEAD, Role.ADMINISTRATOR)


def _searched(rows: QuerySet[Organisation], text: str) -> QuerySet[Organisation]:
    return find(rows, understand(text))


def _municipalities() -> list[tuple[str, str]]:
    return [(str(pk), name) for pk, name in Municipality.objects.values_list("pk", "name")]


def _by_state(rows: QuerySet[Organisation], value: str) -> QuerySet[Organisation]:
    return rows.filter(until__isnull=value == "open")


def place_filters(actor: Actor) -> list[Filter[Any]]:
    """A choice of municipality for those who see several."""
    if actor.role != Role.OPERATOR:
        return []
    return [Filter("municipality", gettext_lazy("Municipality"), _municipalities)]


def place_choices(actor: Actor, asked: str) -> list[tuple[str, str]]:
    """Organisations a list may be narrowed to: those one manages; of the region's hundreds the
    one that is asked for."""
    if actor.role != Role.OPERATOR:
        return [(str(pk), name) for pk, name in _places(actor)]
    if (known := _uuid(asked)) is None:
        return []
    rows = Organisation.objects.filter(pk=known)
    return [(str(pk), name) for pk, name in rows.values_list("pk", "short_name")]


@kept
def _places(actor: Actor) -> QuerySet[Organisation, tuple[UUID, str]]:
    rows = ORGANISATIONS.all(actor, "manage").order_by("short_name")
    return rows.values_list("pk", "short_name")


SITE_OF_NOW = Q(site_check__website=F("website")) & ~Q(website="")
SITES: dict[str, tuple[Any, Q]] = {
    "dead": (
        gettext_lazy("does not answer"),
        SITE_OF_NOW & Q(site_check__dead_since__isnull=False),
    ),
    "alive": (
        gettext_lazy("answers"),
        SITE_OF_NOW & Q(site_check__dead_since=None) & ~Q(site_check__outcome="reserved"),
    ),
    "unchecked": (
        gettext_lazy("not checked"),
        ~Q(website="")
        & (
            Q(site_check=None)
            | ~Q(site_check__website=F("website"))
            | Q(site_check__outcome="reserved")
        ),
    ),
    "none": (gettext_lazy("no site"), Q(website="")),
}


def _managed(actor: Actor) -> QuerySet[Organisation]:
    return ORGANISATIONS.all(actor, "manage").select_related("municipality", "size", "site_check")


@page
def organisation_list(request: HttpRequest) -> HttpResponseBase:
    actor = actor_of(request)
    visible(ORGANISATIONS.may(actor, "manage"))
    listing = Listing(
        rows=_managed,
        of=(actor,),
        params=request.GET,
        search=_searched,
        filter_by=[
            *place_filters(actor),
            Filter("kind", gettext_lazy("Kind"), OrganisationKind.choices),
            Filter("ownership", gettext_lazy("Ownership"), Ownership.choices),
            Filter(
                "state",
                gettext_lazy("Condition"),
                [
                    ("open", gettext_lazy("Working")),
                    ("closed", pgettext_lazy("organisation", "Closed")),
                ],
                _by_state,
            ),
            Filter(
                "site",
                gettext_lazy("Official site"),
                [(key, label) for key, (label, _which) in SITES.items()],
                lambda rows, value: rows.filter(SITES[value][1]),
            ),
        ],
        sorts={
            "name": ["short_name"],
            "code": ["code"],
            "municipality": ["municipality__name", "short_name"],
            "learners": ["size__learners"],
        },
        default_sort="name",
        columns=[
            Column(gettext_lazy("Registry number"), lambda o: o.code),
            Column(gettext_lazy("Short name"), lambda o: o.short_name),
            Column(gettext_lazy("Full name"), lambda o: o.name),
            Column(gettext_lazy("Kind"), lambda o: o.get_kind_display()),
            Column(gettext_lazy("Ownership"), lambda o: o.get_ownership_display()),
            Column(gettext_lazy("Municipality"), lambda o: str(o.municipality)),
            Column(gettext_lazy("Town or village"), lambda o: o.locality),
            Column(gettext_lazy("Address"), lambda o: o.address),
            Column(gettext_lazy("Telephone"), lambda o: o.phone),
            Column(gettext_lazy("E-mail"), lambda o: o.email),
            Column(gettext_lazy("Official site"), lambda o: o.website),
            Column(gettext_lazy("The site does not answer since"), lambda o: o.site_dead_on),
            Column(gettext_lazy("Learners"), lambda o: o.size.learners if _sized(o) else None),
            Column(gettext_lazy("Works since"), lambda o: o.since),
            Column(gettext_lazy("Worked until"), lambda o: o.until),
        ],
        name="organisations",
    )
    return listing.export() or render(
        request,
        "registry/organisations.html",
        {
            "listing": listing,
            "may_add": ORGANISATIONS.may(actor, "add"),
            "may_import": ORGANISATIONS.may(actor, "import"),
            "placeless": not listing.total and not Municipality.objects.exists(),
        },
    )


def _sized(organisation: Organisation) -> bool:
    return hasattr(organisation, "size")


@page
def organisation_add(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    visible(ORGANISATIONS.may(actor, "add"))
    form = OrganisationForm(request.POST or None)
    return entered(
        request,
        form,
        lambda: domain.add_organisation(
            values=form.values,
            key=key_of(request, "organisation"),
            actor=actor,
            at=clock.now(),
        ),
        said=_("The organisation is added."),
        title=_("New organisation"),
        submit=_("Add"),
        back=reverse("registry:organisations"),
        then=lambda made: reverse("registry:organisation", args=[made.pk]),
        trail=[(_("Organisations"), reverse("registry:organisations"))],
    )


@page
def organisation(request: HttpRequest, pk: UUID) -> HttpResponse:
    """For whoever manages it; others are led to what everyone sees of it."""
    actor = actor_of(request)
    found = ORGANISATIONS.get(actor, "view", pk=pk)
    if not ORGANISATIONS.may(actor, "manage", found):
        return redirect("organisation", found.code)
    on = as_of(request)
    state = states_on([found], domain.FIELDS, on)[found.pk]
    facilities = Facilities.objects.filter(organisation=found, as_of__lte=on).first()
    leaders = (
        POSTS.all(actor)
        .filter(on_day(on), organisation=found, role__in=LEADERSHIP)
        .select_related("person")
        .order_by("-role", "since")
    )
    return render(
        request,
        "registry/organisation.html",
        {
            "organisation": found,
            "name": state["short_name"],
            "full_name": state["name"],
            "facts": base.rows_of(
                found, tuple(f for f in domain.FIELDS if f not in {"name", "short_name"}), state
            ),
            "on": on,
            "past": base.asked_day(request) is not None and on != actor.on,
            "working": found.since <= on and (found.until is None or found.until >= on),
            "not_yet": on < found.since,
            "heads": count_heads(found.pk, on),
            "facilities": facilities,
            "facility_facts": base.rows_of(
                facilities,
                domain.FACILITY_FIELDS,
                states_on([facilities], domain.FACILITY_FIELDS, on)[facilities.pk],
            )
            if facilities
            else [],
            "costs": ManagementCost.objects.filter(organisation=found, year__lte=on.year).order_by(
                "-year"
            )[:5],
            "leaders": list(leaders),
            "site": _site(found),
            "may_change": ORGANISATIONS.may(actor, "change", found),
            "may_close": ORGANISATIONS.may(actor, "close", found),
            "may_add_person": PEOPLE.may(actor, "add"),
        },
    )


def _site(organisation: Organisation) -> SiteCheck | None:
    """The check of the address the organisation has now."""
    return SiteCheck.objects.filter(
        organisation=organisation, website=organisation.website or None
    ).first()


@page
def organisation_edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = actor_of(request)
    found = ORGANISATIONS.get(actor, "change", pk=pk)
    form = OrganisationChangeForm(request.POST or None, instance=found, today=actor.on, actor=actor)
    return entered(
        request,
        form,
        lambda: domain.change_organisation(
            found,
            edition=form.edition,
            values=form.values,
            **form.dated,
            actor=actor,
            at=clock.now(),
        ),
        said=_("The change is saved."),
        title=_("Change the organisation"),
        submit=_("Save"),
        back=reverse("registry:organisation", args=[pk]),
        trail=trail_of(found),
        subject=found.short_name,
    )


def trail_of(found: Organisation) -> list[tuple[str, str]]:
    return [
        (_("Organisations"), reverse("registry:organisations")),
        (found.short_name, reverse("registry:organisation", args=[found.pk])),
    ]


@page
def organisation_close(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = actor_of(request)
    found = ORGANISATIONS.get(actor, "close", pk=pk)
    form = EndForm(request.POST or None, initial={"on": actor.on})
    posts, enrolments = domain.open_ties(found, actor.on)
    return entered(
        request,
        form,
        lambda: domain.close_organisation(found, **form.cleaned_data, actor=actor, at=clock.now()),
        said=_("The organisation is closed."),
        title=_("Close the organisation"),
        submit=_("Close"),
        back=reverse("registry:organisation", args=[pk]),
        trail=trail_of(found),
        subject=found.short_name,
        warning=_(
            "Nothing is deleted: the organisation stays in the registry as closed."
            " Posts (%(posts)s) and enrolments (%(enrolments)s) that are still open end on"
            " the same day."
        )
        % {"posts": posts, "enrolments": enrolments}
        if posts or enrolments
        else _("Nothing is deleted: the organisation stays in the registry as closed."),
        danger=True,
    )


@page
def organisation_reopen(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = actor_of(request)
    found = ORGANISATIONS.get(actor, "close", pk=pk)
    form = ReasonForm(request.POST or None)
    return entered(
        request,
        form,
        lambda: domain.reopen_organisation(
            found, reason=form.cleaned_data["reason"], actor=actor, at=clock.now()
        ),
        said=_("The organisation works again."),
        title=_("Open the organisation again"),
        submit=_("Open again"),
        back=reverse("registry:organisation", args=[pk]),
        trail=trail_of(found),
        subject=found.short_name,
        warning=_("Posts and enrolments that ended with it stay ended."),
    )


@page
def organisation_history(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = actor_of(request)
    found = ORGANISATIONS.get(actor, "manage", pk=pk)
    items = base.timeline(found, domain.FIELDS)
    for facilities in Facilities.objects.filter(organisation=found)[:30]:
        title = _("Facilities as of %(day)s") % {"day": facilities.as_of.strftime("%d.%m.%Y")}
        items += base.timeline(facilities, domain.FACILITY_FIELDS, title)
    for cost in ManagementCost.objects.filter(organisation=found).order_by("-year")[:30]:
        title = _("Management costs of %(year)s") % {"year": cost.year}
        items += base.timeline(cost, costs.FIELDS, title)
    return history_page(
        request,
        items,
        subject=found.short_name,
        trail=trail_of(found),
        back=reverse("registry:organisation", args=[pk]),
    )


@page
def facilities_add(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = actor_of(request)
    found = ORGANISATIONS.get(actor, "change", pk=pk)
    last = Facilities.objects.filter(organisation=found).first()
    initial = (
        {name: getattr(last, name) for name in domain.FACILITY_FIELDS if name != "source"}
        if last
        else {}
    )
    form = FacilitiesForm(request.POST or None, initial=initial | {"as_of": actor.on})
    return entered(
        request,
        form,
        lambda: domain.record_facilities(found, values=form.values, actor=actor, at=clock.now()),
        said=_("The figures are recorded."),
        title=_("Figures of the facilities"),
        submit=_("Record"),
        back=reverse("registry:organisation", args=[pk]),
        trail=trail_of(found),
        subject=found.short_name,
        note=_(
            "The figures hold from their day on; earlier ones stay in the history."
            " Figures for a day already entered are corrected."
        ),
    )


def _groups(actor: Actor) -> QuerySet[ClassGroup]:
    heads = (  # asked for the rows of one page, unless they are sorted by it
        Enrolment.objects.filter(on_day(actor.on), group=OuterRef("pk"))
        .order_by()
        .values("group")
        .annotate(heads=Count("pk"))
        .values("heads")
    )
    return (
        GROUPS.all(actor)
        .select_related("organisation")
        .annotate(learners=Coalesce(Subquery(heads), 0))
    )


@page
def group_list(request: HttpRequest) -> HttpResponseBase:
    actor = actor_of(request)
    visible(GROUPS.may(actor, "view"))
    year = school_year(actor.on)
    here = request.GET.get("organisation", "")

    def years() -> list[tuple[str, str]]:
        return [(str(y), f"{y}/{y + 1}") for y in school_years()]

    def places() -> list[tuple[str, str]]:
        return place_choices(actor, here)

    params = request.GET.copy()
    params.setdefault("school_year", str(year))
    listing = Listing(
        rows=_groups,
        of=(actor,),
        short=actor.role not in {Role.OPERATOR, Role.COORDINATOR},
        params=params,
        search=lambda rows, text: rows.filter(
            Q(name__istartswith=text) | Q(organisation__short_name__icontains=text)
        ),
        filter_by=[
            Filter("school_year", gettext_lazy("School year"), years),
            Filter(
                "grade", gettext_lazy("Grade or course"), [(str(n), str(n)) for n in range(1, 13)]
            ),
            Filter("organisation", gettext_lazy("Organisation"), places),
        ],
        sorts={
            "organisation": ["organisation__short_name", "grade", "name"],
            "name": ["grade", "name"],
            "learners": ["learners"],
        },
        default_sort="organisation",
        columns=[
            Column(gettext_lazy("Organisation"), lambda g: str(g.organisation)),
            Column(gettext_lazy("School year"), lambda g: f"{g.school_year}/{g.school_year + 1}"),
            Column(gettext_lazy("Class or group"), lambda g: g.name),
            Column(gettext_lazy("Learners"), lambda g: g.learners),
        ],
        name="classes",
    )
    return listing.export() or render(
        request,
        "registry/groups.html",
        {"listing": listing, "may_import": PEOPLE.may(actor, "import")},
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _members(group_id: UUID, on: date) -> QuerySet[Enrolment]:
    return Enrolment.objects.filter(on_day(on), group_id=group_id).select_related("person")


@kept
def _teaching(group_id: UUID) -> QuerySet[Teaching]:
    rows = Teaching.objects.filter(group_id=group_id).select_related("post__person")
    return rows.order_by("-homeroom", "subject")


@kept
def _group(actor: Actor, pk: UUID) -> QuerySet[ClassGroup]:
    return GROUPS.all(actor).filter(pk=pk).select_related("organisation")


@page
def group(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    actor = actor_of(request)
    found = next(iter(_group(actor, pk)), None)
    if found is None:
        raise Http404
    on = as_of(request)
    listing = Listing(
        rows=_members,
        of=(found.pk, on),
        params=request.GET,
        sorts={
            "name": ["person__family_name", "person__given_name", "person__patronymic"],
            "since": ["since"],
        },
        default_sort="name",
        columns=[
            Column(pgettext_lazy("person", "Name"), lambda e: e.person.full_name),
            Column(gettext_lazy("Since"), lambda e: e.since),
        ],
        name="class",
        page_size=50,
    )
    return listing.export() or render(
        request,
        "registry/group.html",
        {
            "group": found,
            "may_change": GROUPS.may(actor, "change", found),
            "listing": listing,
            "on": on,
            "past": on != actor.on,
            "teaching": _teaching(found.pk),
            "trail": [(_("Classes and groups"), reverse("registry:groups"))],
        },
    )
