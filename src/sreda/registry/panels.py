"""The registry's part of the cabinets: cards of the home page and lines of the navigation."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from sreda.kernel.api import Actor, Ask, NavItem, Panel, add_nav, add_panel
from sreda.registry.enums import LEARNER_ROLES, Role
from sreda.registry.queries import cabinet

LEADERS = frozenset({Role.HEAD, Role.ADMINISTRATOR})
SHOWN = 10
Asks = list[Ask | None]


def link(name: str, *args: Any) -> str:
    return reverse(f"registry:{name}", args=args)


def terms(actor: Actor) -> dict[str, Any] | None:
    """Posts of one's own that end soon or ended lately."""
    posts = cabinet.ending_posts(actor.person_id, actor.on) if actor.person_id else []
    return {"posts": posts, "on": actor.on} if posts else None


def ask_terms(actor: Actor) -> Asks:
    return [cabinet.ask_ending_posts(actor.person_id, actor.on)] if actor.person_id else []


def region(actor: Actor) -> dict[str, Any]:
    whole, places = cabinet.municipalities(actor.on)
    places.sort(key=lambda place: (-place.learners, place.name))
    return {
        "whole": whole,
        "places": places,
        "shown": SHOWN,
        "organisations_url": link("organisations"),
        "municipalities_url": link("municipalities"),
    }


def quality(actor: Actor) -> dict[str, Any]:
    return {
        "quality": cabinet.quality(actor.on),
        "most": cabinet.COUNTED_UP_TO,
        "organisations_url": link("organisations"),
    }


def municipality(actor: Actor) -> dict[str, Any] | None:
    if actor.municipality_id is None:
        return None
    organisations = cabinet.organisations_in(actor.municipality_id, actor.on)
    for o in organisations[:SHOWN]:
        o.url = link("organisation", o.pk)  # type: ignore[attr-defined]
    sizes = [o.size for o in organisations if hasattr(o, "size")]
    return {
        "place": actor.seat.place if actor.seat else "",
        "municipality_id": actor.municipality_id,
        "organisations_url": link("organisations"),
        "organisations": organisations[:SHOWN],
        "total": len(organisations),
        "learners": sum(s.learners for s in sizes),
        "teachers": sum(s.teachers for s in sizes),
        "groups": sum(s.groups for s in sizes),
        "dead_sites": sum(o.site_dead_on is not None for o in organisations),
    }


def organisation(actor: Actor) -> dict[str, Any] | None:
    found = actor.organisation_id and cabinet.organisation_card(actor.organisation_id)
    if not found:
        return None
    facilities = cabinet.latest_facilities(found.pk)
    return {
        "organisation": found,
        "organisation_url": link("organisation", found.pk),
        "size": getattr(found, "size", None),
        "facilities": facilities,
        "dead_on": found.site_dead_on,
        "age": (actor.on - facilities.as_of).days if facilities else None,
    }


def ask_organisation(actor: Actor) -> Asks:
    return cabinet.ask_card(actor.organisation_id) if actor.organisation_id else []


def to_complete(actor: Actor) -> dict[str, Any] | None:
    if actor.organisation_id is None:
        return None
    return {"gaps": cabinet.to_complete(actor.organisation_id, actor.on)}


def ask_to_complete(actor: Actor) -> Asks:
    if actor.organisation_id is None:
        return []
    return [cabinet.ask_to_complete(actor.organisation_id, actor.on)]


def classes(actor: Actor) -> dict[str, Any] | None:
    if actor.person_id is None or actor.organisation_id is None:
        return None
    rows = cabinet.classes_of_teacher(actor.person_id, actor.organisation_id, actor.on)
    for row in rows:
        row.url = link("group", row.group_id)  # type: ignore[attr-defined]
    return {"teaching": rows}


def ask_classes(actor: Actor) -> Asks:
    if actor.person_id is None or actor.organisation_id is None:
        return []
    return [cabinet.ask_classes(actor.person_id, actor.organisation_id, actor.on)]


def learner(actor: Actor) -> dict[str, Any] | None:
    """The seat's own place of learning: class, teachers, organisation."""
    if actor.person_id is None:
        return None
    places = cabinet.places_of_learners([actor.person_id], actor.on)
    here = [e for e in places if e.organisation_id == actor.organisation_id]
    return {"places": _with_teachers(here, actor)}


def ask_places(actor: Actor) -> Asks:
    return [cabinet.ask_places([actor.person_id], actor.on)] if actor.person_id else []


def children(actor: Actor) -> dict[str, Any] | None:
    """All children of a parent, whichever child's seat is taken."""
    if actor.person_id is None:
        return None
    people = cabinet.children_of(actor.person_id, actor.on)
    places = cabinet.places_of_learners([p.pk for p in people], actor.on)
    shown = _with_teachers(places, actor)
    for person in people:
        person.url = link("person", person.pk)  # type: ignore[attr-defined]
    return {
        "children": [
            (person, [p for p in shown if p["enrolment"].person_id == person.pk])
            for person in people
        ]
    }


def ask_children(actor: Actor) -> Asks:
    return [cabinet.children_of.ask(actor.person_id, actor.on)] if actor.person_id else []


def _with_teachers(places: list[Any], actor: Actor) -> list[dict[str, Any]]:
    teachers = cabinet.teachers_of([e.group_id for e in places], actor.on)
    return [
        {
            "enrolment": e,
            "teachers": teachers.get(e.group_id, []),
            "url": reverse("organisation", args=[e.organisation.code]),
        }
        for e in places
    ]


def nothing(actor: Actor) -> dict[str, Any]:
    return {}


def everywhere(actor: Actor) -> str:
    """All operators see the same."""
    return ""


OPERATOR = frozenset({Role.OPERATOR})
for panel in (
    Panel(
        "registry.terms",
        "registry/panels/terms.html",
        terms,
        order=5,
        wide=True,
        asks=ask_terms,
    ),
    Panel(
        "registry.region",
        "registry/panels/region.html",
        region,
        OPERATOR,
        10,
        wide=True,
        shared=everywhere,
    ),
    Panel(
        "registry.quality",
        "registry/panels/quality.html",
        quality,
        OPERATOR,
        30,
        shared=everywhere,
    ),
    Panel(
        "registry.municipality",
        "registry/panels/municipality.html",
        municipality,
        frozenset({Role.COORDINATOR}),
        10,
        wide=True,
        shared=lambda actor: actor.municipality_id,
    ),
    Panel(
        "registry.organisation",
        "registry/panels/organisation.html",
        organisation,
        LEADERS,
        10,
        asks=ask_organisation,
    ),
    Panel(
        "registry.to-complete",
        "registry/panels/to_complete.html",
        to_complete,
        LEADERS,
        20,
        asks=ask_to_complete,
    ),
    Panel(
        "registry.classes",
        "registry/panels/classes.html",
        classes,
        frozenset({Role.TEACHER}),
        10,
        wide=True,
        asks=ask_classes,
    ),
    Panel(
        "registry.expert",
        "registry/panels/expert.html",
        nothing,
        frozenset({Role.EXPERT}),
        10,
        wide=True,
    ),
    Panel(
        "registry.learner",
        "registry/panels/learner.html",
        learner,
        frozenset(LEARNER_ROLES),
        10,
        wide=True,
        asks=ask_places,
    ),
    Panel(
        "registry.children",
        "registry/panels/children.html",
        children,
        frozenset({Role.PARENT}),
        10,
        wide=True,
        asks=ask_children,
    ),
):
    add_panel(panel)

KEEPERS = frozenset({Role.OPERATOR, Role.COORDINATOR, Role.HEAD, Role.ADMINISTRATOR})
SECTION = _("Registry")
add_nav(
    NavItem(_("Organisations"), "registry:organisations", "buildings", KEEPERS, SECTION, 200),
    NavItem(_("Municipalities"), "registry:municipalities", "map-2", OPERATOR, SECTION, 205),
    NavItem(_("People"), "registry:people", "users", KEEPERS, SECTION, 210),
    NavItem(
        _("Classes and groups"),
        "registry:groups",
        "users-group",
        KEEPERS | {Role.TEACHER},
        SECTION,
        220,
    ),
    NavItem(_("Duplicates"), "registry:duplicates", "arrows-join", OPERATOR, SECTION, 230),
    NavItem(_("Merges"), "registry:merges", "history-toggle", OPERATOR, SECTION, 240),
)
