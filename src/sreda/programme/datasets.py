"""What the programme of change answers to forms and indicators."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from sreda.kernel.api import Counted, Dimension, Measure, add_dataset, counted
from sreda.programme.access import ENTRIES, IMPLEMENTATIONS
from sreda.programme.enums import Section
from sreda.programme.events import (
    EntryMatched,
    ImplementationRecorded,
    ImplementationWithdrawn,
    PackLoaded,
)


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
)

IMPLEMENTED = counted(
    Counted(
        """
        SELECT i.id, i.organisation_id, o.kind, o.rural, p.key AS programme,
               extract(year FROM i.since)::int AS year, i.since, i.basis
          FROM programme_implementation i
          JOIN programme_programme p ON p.id = i.programme_id
          JOIN registry_organisation o ON o.id = i.organisation_id
         WHERE i.organisation_id = ANY(%(organisations)s::uuid[]) AND i.since <= %(on)s
           AND (o.until IS NULL OR o.until >= %(on)s)
        """,
        IMPLEMENTATIONS,
        lambda made: str(made.organisation),
        programme_list,
        ("organisation",),
    ),
    name="implementations",
    title=_("The target model works"),
    source=_("programme of change: records of implementation"),
    dimensions=(
        Dimension("kind", _("kind of organisation")),
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
)

add_dataset(LISTED, IMPLEMENTED)
