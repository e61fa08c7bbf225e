"""The catalogue of the views for analysts (schema `analytics`), and reading them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _

BATCH = 5_000


@dataclass(frozen=True, slots=True)
class Column:
    """`type` is one of exports.parquet.TYPES."""

    name: str
    type: str
    meaning: Any


@dataclass(frozen=True, slots=True)
class View:
    name: str
    title: Any
    about: Any
    columns: tuple[Column, ...]
    example: str
    of_people: bool = False
    """Counted when first asked for on a day, small numbers hidden."""


_MUNICIPALITY = Column("municipality_code", "text", _("municipality's code"))
_ORGANISATION = Column("organisation_code", "text", _("organisation's registry number"))
_KIND = Column("organisation_kind", "text", _("kind of organisation: school, college, …"))
_FORM = Column("form_code", "text", _("form's code"))
_CAMPAIGN = Column("campaign", "text", _("campaign's title"))
_FROM = Column("period_start", "date", _("first day of the period"))
_TO = Column("period_end", "date", _("last day of the period"))
_FEW = _(
    "People only as counts of the day. A count under five is empty, and so are further ones from"
    " which it could be reckoned by a sum."
)
_CELL = Column("cell", "text", _("cell's key"))
_CELL_TITLE = Column("cell_title", "text", _("cell's title"))
_OF_DAY = Column("as_of", "date", _("as of"))

VIEWS: tuple[View, ...] = (
    View(
        "indicators", _("Indicators of monitoring"), _("What is computed, by which formula."),
        (
            Column("code", "text", _("indicator's code")),
            Column("title", "text", _("title")),
            Column("unit", "text", _("unit")),
            Column("formula", "text", _("formula")),
            Column("owner", "text", _("who answers for it")),
            Column("more_is_better", "boolean", _("more is better")),
            Column("good_from", "decimal", _("good from")),
            Column("bad_from", "decimal", _("bad from")),
            Column("plan", "text", _("plan by years, JSON")),
            Column("public", "boolean", _("shown on the portal")),
            Column("state", "text", _("state: fresh, stale, broken")),
        ),
        "SELECT code, title FROM analytics.indicators WHERE state = 'broken'",
    ),
    View(
        "indicator_values", _("Values of indicators"),
        _("A row for an indicator, a day and a place."),
        (
            Column("indicator_code", "text", _("indicator's code")),
            Column("as_of", "date", _("as of")),
            Column("level", "text", _("level: region, municipality, organisation")),
            _MUNICIPALITY,
            _ORGANISATION,
            Column("value", "decimal", _(
                "value; empty where the records do not answer, and where it is a number of people"
                " at one organisation, or under five"
            )),
            Column("remark", "text", _("why there is no value")),
            Column("provisional", "boolean", _("a source has changed since")),
            Column("computed_at", "moment", _("when it was computed")),
        ),
        "SELECT municipality_code, value FROM analytics.indicator_values\n"
        " WHERE indicator_code = 'staff_trained' AND level = 'municipality'\n"
        "   AND as_of = (SELECT max(as_of) FROM analytics.indicator_values)\n"
        " ORDER BY value",
    ),
    View(
        "campaigns", _("Campaigns"), _("How many reports were asked for, handed in, accepted."),
        (
            _FORM, _CAMPAIGN, _FROM, _TO,
            Column("status", "text", _("state: planned, open, closed")),
            Column("asked", "integer", _("organisations asked")),
            Column("handed_in", "integer", _("reports handed in")),
            Column("accepted", "integer", _("reports accepted")),
        ),
        "SELECT campaign, 100.0 * handed_in / nullif(asked, 0) AS share FROM analytics.campaigns",
    ),
    View(
        "report_values", _("Values of reports"),
        _(
            "Numbers of the reports that were handed in: rooms, computers, roubles and the like,"
            " exact. Numbers that tell of people (in people, or made of records of learners and"
            " staff) are in report_people; texts and files are nowhere here."
        ),
        (
            _FORM,
            Column("form_version", "integer", _("number of the form's version")),
            _CAMPAIGN, _FROM, _TO, _MUNICIPALITY, _ORGANISATION,
            Column("status", "text", _("state: submitted, accepted")),
            _CELL, _CELL_TITLE,
            Column("list_row", "text", _("row of a list, else empty")),
            Column("value", "decimal", _("value")),
            Column("origin", "text", _("source, typed, corrected, imported, carried")),
        ),
        "SELECT cell, sum(value) FROM analytics.report_values\n"
        " WHERE form_code = 'oo1' AND period_end = date '2026-09-30' GROUP BY cell",
    ),
    View(
        "report_people", _("People in reports"),
        _(
            "What the reports that were handed in say of people, summed by municipality. Sums under"
            " five are empty, and so are further ones from which they could be reckoned. Made once"
            " a day."
        ),
        (
            _FORM,
            Column("form_version", "integer", _("number of the form's version")),
            _CAMPAIGN, _FROM, _TO, _MUNICIPALITY, _CELL, _CELL_TITLE,
            Column("reports", "integer", _("reports that filled the cell")),
            Column("people", "integer", _("people; empty: hidden")),
            _OF_DAY,
        ),
        "SELECT municipality_code, people FROM analytics.report_people\n"
        " WHERE form_code = 'oo1' AND cell = 'classes.all.learners'",
    ),
    View(
        "organisations", _("Organisations"),
        _("The registry's cards, without telephones and mail."),
        (
            Column("code", "text", _("organisation's registry number")),
            Column("name", "text", _("short name")),
            Column("kind", "text", _("kind of organisation: school, college, …")),
            Column("ownership", "text", _("ownership")),
            _MUNICIPALITY,
            Column("locality", "text", _("town or village")),
            Column("rural", "boolean", _("rural")),
            Column("since", "date", _("works since")),
            Column("until", "date", _("worked until")),
        ),
        "SELECT municipality_code, count(*) FROM analytics.organisations\n"
        " WHERE until IS NULL GROUP BY municipality_code",
    ),
    View(
        "municipalities", _("Municipalities"), _("Codes and names."),
        (
            Column("code", "text", _("municipality's code")),
            Column("name", "text", _("name")),
            Column("kind", "text", _("kind: urban, district")),
        ),
        "SELECT code, name FROM analytics.municipalities ORDER BY name",
    ),
    View(
        "facilities", _("Facilities"), _("What each organisation had to work with, by day."),
        (
            _ORGANISATION,
            Column("as_of", "date", _("as of")),
            Column("link_mbps", "decimal", _("link speed, Mbit/s")),
            Column("computers_teaching", "integer", _("computers in teaching")),
            Column("computers_admin", "integer", _("computers in administration")),
            Column("local_network", "boolean", _("local network")),
            Column("management_system", "boolean", _("management information system")),
            Column("computer_classes", "boolean", _("computer classes")),
            Column("multimedia", "boolean", _("multimedia equipment")),
            Column("licensed_software", "boolean", _("licensed software")),
        ),
        "SELECT DISTINCT ON (organisation_code) organisation_code, link_mbps\n"
        "  FROM analytics.facilities ORDER BY organisation_code, as_of DESC",
    ),
    View(
        "learners", _("Learners"), _FEW,
        (
            _MUNICIPALITY, _KIND,
            Column("grade", "integer", _("grade or course")),
            Column("sex", "text", _("sex")),
            Column("learners", "integer", _("learners; empty: hidden")),
            _OF_DAY,
        ),
        "SELECT grade, sum(learners) FROM analytics.learners\n"
        " WHERE organisation_kind = 'school' GROUP BY grade ORDER BY grade",
        of_people=True,
    ),
    View(
        "staff", _("Staff"), _FEW,
        (
            _MUNICIPALITY, _KIND,
            Column("role", "text", _("role")),
            Column("category", "text", _("category")),
            Column("higher_education", "boolean", _("higher education")),
            Column("people", "integer", _("people; empty: hidden")),
            _OF_DAY,
        ),
        "SELECT category, sum(people) FROM analytics.staff\n"
        " WHERE role = 'teacher' GROUP BY category",
        of_people=True,
    ),
)  # fmt: skip
BY_NAME = {view.name: view for view in VIEWS}


def rows_of(view: View) -> Iterator[tuple[Any, ...]]:
    """The whole view in batches, by a cursor on the server."""
    columns = ", ".join(f'"{column.name}"' for column in view.columns)
    with connection.chunked_cursor() as cursor:
        cursor.itersize = BATCH  # type: ignore[attr-defined]
        cursor.execute(f'SELECT {columns} FROM analytics."{view.name}"')  # noqa: S608 - own names
        yield from cursor
