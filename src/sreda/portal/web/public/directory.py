"""The directory: the list of organisations, suggestions while typing, one organisation's page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, cast

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from sreda.kernel.api import Actor, Column, Filter, Listing
from sreda.portal.web.public.vcard import vcard
from sreda.programme.api import ListEntry, listed_places
from sreda.registry.api import (
    ORGANISATIONS,
    Facilities,
    Municipality,
    Organisation,
    OrganisationKind,
    Ownership,
    Search,
    find,
    head_of,
    learners_per_computer,
    listed,
    near,
    per_learner,
    suggestions,
    understand,
)
from sreda.ui.numbers import day

TEACHING = (OrganisationKind.SCHOOL, OrganisationKind.COLLEGE)

LINK_BANDS: dict[str, tuple[Any, Q]] = {
    "100": (gettext_lazy("100 Mbit/s and faster"), Q(link_mbps__gte=100)),
    "50": (gettext_lazy("from 50 to 100 Mbit/s"), Q(link_mbps__gte=50, link_mbps__lt=100)),
    "10": (gettext_lazy("from 10 to 50 Mbit/s"), Q(link_mbps__gte=10, link_mbps__lt=50)),
    "0": (gettext_lazy("slower than 10 Mbit/s"), Q(link_mbps__lt=10)),
    "none": (gettext_lazy("not known"), Q(link_mbps__isnull=True)),
}

Rows = QuerySet[Organisation]


def _municipalities() -> Iterator[tuple[str, str]]:
    return Municipality.objects.values_list("code", "name").iterator()


def _of_kind(rows: Rows, value: str) -> Rows:
    return rows.filter(kind__in=TEACHING) if value == "teaching" else rows.filter(kind=value)


def _on_list(rows: Rows, value: str) -> Rows:
    there = Exists(ListEntry.objects.filter(organisation=OuterRef("pk"), gone_at=None))
    return rows.filter(there) if value == "yes" else rows.exclude(there)


FILTERS: tuple[Filter[Organisation], ...] = (
    Filter(
        "municipality",
        gettext_lazy("Municipality"),
        _municipalities,
        lambda rows, value: rows.filter(municipality__code=value),
    ),
    Filter(
        "kind",
        gettext_lazy("Kind"),
        [("teaching", gettext_lazy("Schools and colleges")), *OrganisationKind.choices],
        _of_kind,
    ),
    Filter("ownership", gettext_lazy("Ownership"), Ownership.choices),
    Filter(
        "rural",
        gettext_lazy("Place"),
        [("no", gettext_lazy("town")), ("yes", gettext_lazy("village"))],
        lambda rows, value: rows.filter(rural=value == "yes"),
    ),
    Filter(
        "link",
        gettext_lazy("Link speed"),
        [(key, label) for key, (label, _band) in LINK_BANDS.items()],
        lambda rows, value: rows.filter(LINK_BANDS[value][1]),
    ),
    Filter(
        "listed",
        gettext_lazy("On the programme's list"),
        [("yes", gettext_lazy("on the list")), ("no", gettext_lazy("not on the list"))],
        _on_list,
    ),
)


def _size(name: str) -> Any:
    return lambda row: getattr(getattr(row, "size", None), name, None)


COLUMNS = (
    Column(gettext_lazy("Registry number"), lambda row: row.code),
    Column(gettext_lazy("Short name"), lambda row: row.short_name),
    Column(gettext_lazy("Full name"), lambda row: row.name),
    Column(gettext_lazy("Kind"), lambda row: row.get_kind_display()),
    Column(gettext_lazy("Ownership"), lambda row: row.get_ownership_display()),
    Column(gettext_lazy("Municipality"), lambda row: row.municipality.name),
    Column(gettext_lazy("Town or village"), lambda row: row.locality),
    Column(gettext_lazy("Postcode"), lambda row: row.postcode),
    Column(gettext_lazy("Street and house"), lambda row: row.address),
    Column(gettext_lazy("Telephone"), lambda row: row.phone),
    Column(gettext_lazy("E-mail"), lambda row: row.email),
    Column(gettext_lazy("Official site"), lambda row: row.website),
    Column(gettext_lazy("Learners"), _size("learners")),
    Column(gettext_lazy("Teachers"), _size("teachers")),
    Column(gettext_lazy("Link speed, Mbit/s"), lambda row: row.link_mbps),
    Column(gettext_lazy("Computers in teaching"), lambda row: row.computers_teaching),
    Column(
        gettext_lazy("Computers per learner"),
        lambda row: per_learner(row.computers_teaching, _size("learners")(row)),
    ),
)


class Directory(Listing[Organisation]):
    """The list with its search, which can say how it took the words and what is near."""

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(
            rows=listed(_actor(request)),
            params=request.GET,
            search=lambda rows, text: find(rows, self.understood),
            filter_by=FILTERS,
            sorts={
                "name": ("directory__title", "directory__number", "municipality__name"),
                "place": ("municipality__name", "locality", "directory__title"),
                "learners": ("size__learners",),
                "link": ("link_mbps",),
            },
            default_sort="name",
            columns=COLUMNS,
            name="organisations",
        )

    @property
    def sort(self) -> str:
        """What was searched for comes by relevance, until another order is chosen."""
        return "" if self.q and not self.params.get("sort") else super().sort

    @cached_property
    def understood(self) -> Search:
        return understand(self.q)

    @cached_property
    def near(self) -> list[Organisation]:
        """When nothing has all the words: up to six that have most of them."""
        return list(near(self.all, self.understood)[:6]) if self.q and not self.total else []


def _actor(request: HttpRequest) -> Actor:
    return cast(Actor, request.actor)  # type: ignore[attr-defined]


@require_safe
def organisations(request: HttpRequest) -> HttpResponseBase:
    listing = Directory(request)
    if exported := listing.export():
        return exported
    return render(
        request, "portal/organisations.html", {"listing": listing, "search_text": listing.q}
    )


@require_safe
def suggest(request: HttpRequest) -> HttpResponse:
    """The list under a search box; an empty answer closes it."""
    text = request.GET.get("q", "").strip()[:200]
    found = suggestions(_actor(request), text) if len(text) > 1 else []
    return render(request, "portal/parts/suggestions.html", {"found": found, "q": text})


def _one(request: HttpRequest, code: str) -> Organisation:
    found = (
        ORGANISATIONS.all(_actor(request))
        .select_related("municipality", "size", "site_check")
        .filter(code=code)
        .first()
    )
    if found is None:
        raise Http404
    return found


@require_safe
def organisation(request: HttpRequest, code: str) -> HttpResponse:
    found = _one(request, code)
    actor = _actor(request)
    history = list(Facilities.objects.filter(organisation=found, as_of__lte=actor.on)[:12])
    latest = history[0] if history else None
    size = getattr(found, "size", None)
    learners = size.learners if size else None
    computers = latest.computers_teaching if latest else None
    head = head_of(found.pk, actor.on)
    url = request.build_absolute_uri(request.path)
    return render(
        request,
        "portal/organisation.html",
        {
            "organisation": found,
            "size": size,
            "latest": latest,
            "history": history,
            "head": head,
            "places": listed_places(found.pk),
            "ratio": per_learner(computers, learners),
            "learners_per_computer": learners_per_computer(computers, learners),
            "equipment": _equipment(latest) if latest else [],
            "registry_facts": [
                (_("Registry number"), found.code),
                (_("Kind"), found.get_kind_display()),
                (_("Ownership"), found.get_ownership_display()),
                (_("Place"), _("village") if found.rural else _("town")),
                (_("Works since"), day(found.since)),
            ],
            "phone_digits": "".join(c for c in found.phone if c.isdigit() or c == "+"),
            "closed": found.until is not None and found.until < actor.on,
            "linked_data": _json_for_html(_linked_data(found, url)),
            "place_url": f"{reverse('organisations')}?municipality={found.municipality.code}",
        },
    )


def _equipment(latest: Facilities) -> list[tuple[str, bool]]:
    return [
        (_("Local network"), latest.local_network),
        (_("Management information system"), latest.management_system),
        (_("Computer classes"), latest.computer_classes),
        (_("Multimedia equipment"), latest.multimedia),
        (_("Licensed software"), latest.licensed_software),
    ]


def _linked_data(found: Organisation, url: str) -> dict[str, Any]:
    kinds = {
        OrganisationKind.SCHOOL: "School",
        OrganisationKind.COLLEGE: "CollegeOrUniversity",
        OrganisationKind.CENTRE: "EducationalOrganization",
    }
    address = {
        "@type": "PostalAddress",
        "addressCountry": "RU",
        "addressLocality": found.locality,
        "streetAddress": found.address,
        "postalCode": found.postcode,
    }
    data = {
        "@context": "https://schema.org",
        "@type": kinds.get(OrganisationKind(found.kind), "GovernmentOrganization"),
        "@id": url,
        "identifier": found.code,
        "name": found.short_name,
        "legalName": found.name,
        "foundingDate": found.since.isoformat(),
        "telephone": found.phone,
        "email": found.email,
        "url": found.website,
        "address": {key: value for key, value in address.items() if value},
    }
    return {key: value for key, value in data.items() if value}


def _json_for_html(data: dict[str, Any]) -> str:
    """JSON that cannot end the script element it stands in."""
    text = json.dumps(data, ensure_ascii=False)
    return text.translate({ord(c): f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"})


@require_safe
def contact_card(request: HttpRequest, code: str) -> HttpResponse:
    found = _one(request, code)
    response = HttpResponse(vcard(found), content_type="text/vcard; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{found.pk}.vcf"'
    return response
