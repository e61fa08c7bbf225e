"""What the programme of change answers to forms and indicators."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from sreda.kernel.api import Counted, Dimension, Entry, Measure, add_dataset, counted
from sreda.programme.access import ENTRIES, IMPLEMENTATIONS
from sreda.programme.enums import Section
from sreda.programme.events import (
    EntryMatched,
    ImplementationRecorded,
    ImplementationWithdrawn,
    PackLoaded,
)
from sreda.programme.queries import counted as selects
from sreda.registry import events as registry
from sreda.registry.api import ORGANISATIONS, POSTS, OrganisationKind


def programme_list(thing: Any) -> str:
    return reverse("programme:public_list")


LISTED = counted(
    Counted(
        """
        SELECT e.id, e.organisation_id, e.section, p.key AS programme, e.number,
               e.learners, e.computers, e.office_computers
          FROM programme_listentry e JOIN programme_programme p ON p.id = e.programme_id
         WHERE e.organisation_id = ANY(%(organisations)s::uuid[]) AND e.gone_at IS NULL
           AND p.date <= %(on)s
        """,
        ENTRIES,
        str,
        programme_list,
    ),
    name="listed",
    title=_("Places on the order's list"),
    source=_("programme of change: the list of organisations"),
    dimensions=(
        Dimension("section", _("section"), lambda: Section.choices),
        Dimension("programme", _("programme")),
    ),
    measures=(
        Measure("places", _("places on the list"), _("units")),
        Measure("number", _("number on the list"), additive=False),
        Measure("learners", _("learners by the order"), _("people")),
        Measure("computers", _("computers in teaching by the order"), _("units")),
        Measure("office_computers", _("computers in administration by the order"), _("units")),
    ),
    changed_by=(EntryMatched, PackLoaded),
    entry=Entry(
        lambda organisation, measure: reverse("programme:entries"),
        _("The list is part of the order: load its new edition as a pack."),
    ),
)

IMPLEMENTED = counted(
    Counted(
        selects.IMPLEMENTATIONS,
        IMPLEMENTATIONS,
        lambda made: str(made.organisation),
        programme_list,
        ("organisation",),
    ),
    name="implementations",
    title=_("The target model works"),
    source=_("programme of change: records of implementation"),
    dimensions=(
        Dimension("kind", _("kind of organisation"), lambda: OrganisationKind.choices),
        Dimension("rural", _("rural")),
        Dimension("programme", _("programme")),
        Dimension("year", _("year")),
    ),
    measures=(
        Measure("organisations", _("organisations"), _("units")),
        Measure("since", _("works since"), additive=False),
        Measure("basis", _("act of acceptance"), additive=False),
    ),
    changed_by=(ImplementationRecorded, ImplementationWithdrawn, PackLoaded),
    entry=Entry(
        lambda organisation, measure: reverse("programme:implementations"),
        _("Record that the target model works in the organisation, or withdraw the record."),
    ),
)

YES_NO = ((True, _("yes")), (False, _("no")))
SECTION = Dimension("section", _("section"), lambda: Section.choices)
PROGRAMME = Dimension("programme", _("programme"))
OF_THE_LIST = (EntryMatched, PackLoaded)
OF_POSTS = (
    registry.PostGiven,
    registry.PostChanged,
    registry.PostEnded,
    registry.QualificationRecorded,
    registry.QualificationRemoved,
    registry.PeopleImported,
    registry.PeopleMerged,
    registry.MergeUndone,
)

STAFF_LISTED = counted(
    Counted(
        selects.STAFF,
        POSTS,
        lambda post: f"{post.person} — {post.title or post.get_role_display()}",
        lambda post: reverse("registry:person", args=[post.person_id]),
        ("person",),
        lambda on: {"topic": selects.TOPIC},
    ),
    name="staff_listed",
    title=_("Staff of the listed organisations"),
    source=_("registry: posts in force on the day; programme of change: the list"),
    dimensions=(
        PROGRAMME,
        SECTION,
        Dimension("role", _("role")),
        Dimension("trained", _("has finished a course on the target model"), lambda: YES_NO),
    ),
    measures=(Measure("people", _("staff"), _("people"), of_people=True),),
    changed_by=(*OF_THE_LIST, *OF_POSTS),
    entry=Entry(
        lambda organisation, measure: reverse("registry:people"),
        _("Enter posts and finished courses of the staff of the listed organisations."),
    ),
)


def _of_organisation(organisation: UUID | None, measure: str) -> str:
    if organisation is None:
        return reverse("registry:organisations")
    return reverse("registry:costs_add", args=[organisation])


COSTS_LISTED = counted(
    Counted(
        selects.COSTS,
        ORGANISATIONS,
        str,
        lambda organisation: reverse("registry:organisation", args=[organisation.pk]),
    ),
    name="costs_listed",
    title=_("Expenses of the listed organisations"),
    source=_("registry: expenses of the year and of the one before the plan, where both are known"),
    dimensions=(
        PROGRAMME,
        SECTION,
        Dimension(
            "period",
            _("which year"),
            lambda: (("base", _("before the plan")), ("now", _("of the day"))),
        ),
    ),
    measures=(
        Measure("organisations", _("organisations with figures"), _("units")),
        Measure("total", _("all expenses"), _("thousand roubles")),
        Measure("management", _("of it on management"), _("thousand roubles")),
    ),
    changed_by=(registry.CostsRecorded, registry.CostsRemoved, *OF_THE_LIST),
    entry=Entry(
        _of_organisation,
        _(
            "Enter the expenses of the listed organisations: of the year of the day and of the one"
            " before the plan."
        ),
    ),
)

add_dataset(LISTED, IMPLEMENTED, STAFF_LISTED, COSTS_LISTED)
