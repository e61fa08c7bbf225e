"""The datasets of the registry. Of people there is nothing here but numbers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from operator import attrgetter
from typing import Any

from django.utils.translation import gettext_lazy as _

from sreda.kernel.api import Actor
from sreda.portal.opendata.model import Dataset, Field
from sreda.portal.opendata.programme import PIECES, PROGRAMME
from sreda.registry.api import (
    Facilities,
    MunicipalityKind,
    Organisation,
    OrganisationKind,
    Ownership,
    data_version,
    listed,
    per_learner,
    region_figures,
)

REGISTRY = _("Registry of organisations")
COUNTED = _("Counted from enrolments and posts")
MEASURED = _("Facilities reported by the organisation")
CHECKED = _("Daily check of official sites")
COMPUTED = _("Computed from the other fields")


def _version() -> str:
    return data_version().key


def _organisations(on: date) -> Iterable[Organisation]:
    return listed(Actor(on=on)).order_by("code").iterator(chunk_size=1000)


def _facilities(on: date) -> Iterable[Facilities]:
    return (
        Facilities.objects.filter(as_of__lte=on)
        .select_related("organisation")
        .order_by("organisation__code", "as_of")
        .iterator(chunk_size=1000)
    )


def _size(name: str) -> Any:
    return lambda row: getattr(getattr(row, "size", None), name, None)


def _ratio(row: Any) -> Any:
    return per_learner(row.computers_teaching, _size("learners")(row))


organisations = Dataset(
    name="organisations",
    title=_("Organisations"),
    description=_("Schools, colleges and authorities of education that work now."),
    key=("code",),
    refers=(("municipality_code", "municipalities", "code"),),
    rows=_organisations,
    version=_version,
    fields=(
        Field(
            "code", _("Registry number"), attrgetter("code"), source=REGISTRY, required=True,
            description=_("The organisation's lasting number; it is never given to another."),
        ),
        Field(
            "short_name", _("Short name"), attrgetter("short_name"), source=REGISTRY,
            required=True,
        ),
        Field("name", _("Full name"), attrgetter("name"), source=REGISTRY, required=True),
        Field(
            "kind", _("Kind"), attrgetter("kind"), source=REGISTRY, required=True,
            codes=tuple(OrganisationKind.choices),
        ),
        Field(
            "ownership", _("Ownership"), attrgetter("ownership"), source=REGISTRY, required=True,
            codes=tuple(Ownership.choices),
        ),
        Field(
            "municipality_code", _("Municipality's code"), attrgetter("municipality.code"),
            source=REGISTRY, required=True,
        ),
        Field(
            "municipality", _("Municipality"), attrgetter("municipality.name"), source=REGISTRY,
            required=True,
        ),
        Field("locality", _("Town or village"), attrgetter("locality"), source=REGISTRY),
        Field("postcode", _("Postcode"), attrgetter("postcode"), source=REGISTRY),
        Field("address", _("Street and house"), attrgetter("address"), source=REGISTRY),
        Field("rural", _("Rural"), attrgetter("rural"), "boolean", source=REGISTRY, required=True),
        Field("phone", _("Telephone"), attrgetter("phone"), source=REGISTRY),
        Field("email", _("E-mail"), attrgetter("email"), source=REGISTRY),
        Field("website", _("Official site"), attrgetter("website"), source=REGISTRY),
        Field(
            "website_dead_since", _("The site has not answered since"),
            attrgetter("site_dead_on"), "date", source=CHECKED,
            description=_("Empty where the site answers or has not been checked."),
        ),
        Field(
            "since", _("Works since"), attrgetter("since"), "date", source=REGISTRY, required=True
        ),
        Field(
            "learners", _("Learners"), _size("learners"), "integer", unit=_("people"),
            source=COUNTED,
        ),
        Field(
            "teachers", _("Teachers"), _size("teachers"), "integer", unit=_("people"),
            source=COUNTED,
        ),
        Field(
            "groups", _("Classes and groups"), _size("groups"), "integer", unit=PIECES,
            source=COUNTED,
        ),
        Field(
            "link_mbps", _("Link speed"), attrgetter("link_mbps"), "decimal", unit=_("Mbit/s"),
            places=2, source=MEASURED, description=_("As last reported; empty where not known."),
        ),
        Field(
            "computers_teaching", _("Computers in teaching"), attrgetter("computers_teaching"),
            "integer", unit=PIECES, source=MEASURED,
        ),
        Field(
            "computers_per_learner", _("Computers per learner"), _ratio, "decimal", places=2,
            source=COMPUTED,
            description=_("Computers in teaching divided by learners, to two decimals."),
        ),
    ),
)  # fmt: skip

facilities = Dataset(
    name="facilities",
    title=_("Facilities"),
    description=_("What each organisation had to work with, by the day of the report."),
    key=("organisation_code", "as_of"),
    refers=(("organisation_code", "organisations", "code"),),
    rows=_facilities,
    version=_version,
    fields=(
        Field(
            "organisation_code", _("Registry number"), attrgetter("organisation.code"),
            source=REGISTRY, required=True,
        ),
        Field("as_of", _("As of"), attrgetter("as_of"), "date", source=MEASURED, required=True),
        Field(
            "link_mbps", _("Link speed"), attrgetter("link_mbps"), "decimal", places=2,
            unit=_("Mbit/s"), source=MEASURED,
        ),
        Field(
            "computers_teaching", _("Computers in teaching"), attrgetter("computers_teaching"),
            "integer", unit=PIECES, source=MEASURED, required=True,
        ),
        Field(
            "computers_admin", _("Computers in administration"), attrgetter("computers_admin"),
            "integer", unit=PIECES, source=MEASURED, required=True,
        ),
        *(
            Field(name, title, attrgetter(name), "boolean", source=MEASURED, required=True)
            for name, title in (
                ("local_network", _("Local network")),
                ("management_system", _("Management information system")),
                ("computer_classes", _("Computer classes")),
                ("multimedia", _("Multimedia equipment")),
                ("licensed_software", _("Licensed software")),
            )
        ),
        Field(
            "source", _("Source"), attrgetter("source"),
            description=_("Where the report is from."),
        ),
    ),
)  # fmt: skip

_COUNTS: tuple[tuple[str, Any, Any, Any], ...] = (
    ("organisations", _("Schools and colleges"), PIECES, REGISTRY),
    ("schools", _("Schools"), PIECES, REGISTRY),
    ("colleges", _("Colleges"), PIECES, REGISTRY),
    ("rural", _("Rural organisations"), PIECES, REGISTRY),
    ("pupils", _("Pupils"), _("people"), COUNTED),
    ("students", _("Students"), _("people"), COUNTED),
    ("teachers", _("Teachers"), _("people"), COUNTED),
    (
        "links_known",
        _("Organisations with a known link speed"),
        PIECES,
        MEASURED,
    ),
    (
        "links_fast",
        _("Organisations with 100 Mbit/s and faster"),
        PIECES,
        MEASURED,
    ),
    ("computers", _("Computers in teaching"), PIECES, MEASURED),
)

municipalities = Dataset(
    name="municipalities",
    title=_("Municipalities"),
    description=_("Schools and colleges of each municipality, counted."),
    key=("code",),
    rows=lambda on: region_figures(on).places,
    version=_version,
    fields=(
        Field("code", _("Municipality's code"), attrgetter("code"), source=REGISTRY, required=True),
        Field("name", _("Name"), attrgetter("name"), source=REGISTRY, required=True),
        Field(
            "kind", _("Kind"), attrgetter("kind"), source=REGISTRY, required=True,
            codes=tuple(MunicipalityKind.choices),
        ),
        *(
            Field(
                name, title, attrgetter(f"figures.{name}"), "integer", unit=unit, source=source,
                required=True,
            )
            for name, title, unit, source in _COUNTS
        ),
        Field(
            "computers_per_learner", _("Computers per learner"),
            attrgetter("figures.computers_per_learner"), "decimal", places=2, source=COMPUTED,
        ),
    ),
)  # fmt: skip


def _region(on: date) -> Iterable[tuple[str, Any, Any, Any, Any]]:
    total = region_figures(on).total
    for name, title, unit, source in _COUNTS:
        yield name, title, getattr(total, name), unit, source
    yield (
        "fast_share", _("Share of links of 100 Mbit/s and faster"), total.fast_share, "%", COMPUTED,
    )  # fmt: skip
    yield (
        "computers_per_learner", _("Computers per learner"), total.computers_per_learner, "",
        COMPUTED,
    )  # fmt: skip


region = Dataset(
    name="region",
    title=_("Figures of the region"),
    description=_("The main figures of the region's education, with the source of each."),
    key=("name",),
    rows=_region,
    version=_version,
    fields=(
        Field("name", _("Name of the figure"), lambda row: row[0], required=True),
        Field("title", _("Figure"), lambda row: str(row[1]), required=True),
        Field("value", _("Value"), lambda row: row[2], "decimal", places=2),
        Field("unit", _("Unit"), lambda row: str(row[3])),
        Field("source", _("Source"), lambda row: str(row[4])),
    ),
)

REGISTERED = (organisations, facilities, municipalities, region)

DATASETS: dict[str, Dataset] = {dataset.name: dataset for dataset in (*REGISTERED, *PROGRAMME)}
