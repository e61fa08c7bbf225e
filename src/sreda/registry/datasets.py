"""What the registry answers to forms and indicators: who learns, who works, with what, where.

Every dataset can be told apart by the organisation's `kind` and by `rural`, besides its own
dimensions, so that an indicator may ask of schools or villages alone.
"""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import TextChoices
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from sreda.kernel.api import Counted, Dimension, Entry, Event, Measure, add_dataset, counted
from sreda.registry import events
from sreda.registry.access import ENROLMENTS, GROUPS, ORGANISATIONS, POSTS
from sreda.registry.domain import corrections
from sreda.registry.enums import LEARNER_ROLES, Category, OrganisationKind, Ownership, Role, Sex
from sreda.registry.queries.cabinet import school_year

IN_TERM = "{0}.since <= %(on)s AND ({0}.until IS NULL OR {0}.until >= %(on)s)"
ANY_OF = "{0} = ANY(%(organisations)s::uuid[])"
YES_NO = ((True, _("yes")), (False, _("no")))
# The topic of qualification that the target model asks of staff.
DIGITAL = "digital-environment"


def these(choices: type[TextChoices]) -> Any:
    return lambda: choices.choices


KIND = Dimension("kind", _("kind of organisation"), these(OrganisationKind))
RURAL = Dimension("rural", _("rural"), lambda: YES_NO)
SEX = Dimension("sex", _("sex"), these(Sex))
AGE = Dimension("age", _("full years on the day"))
YEARS = "extract(year FROM age(%(on)s::date, {0}.birth_date))::int"
OF_ORGANISATIONS: tuple[type[Event], ...] = (
    events.OrganisationAdded,
    events.OrganisationChanged,
    events.OrganisationClosed,
    events.OrganisationReopened,
)
OF_PEOPLE: tuple[type[Event], ...] = (
    events.PersonChanged,
    events.PeopleImported,
    events.PeopleMerged,
    events.MergeUndone,
)
OF_LEARNERS = (events.LearnerEnrolled, events.EnrolmentEnded, *OF_PEOPLE, *OF_ORGANISATIONS)
OF_POSTS = (
    events.PostGiven,
    events.PostChanged,
    events.PostEnded,
    events.QualificationRecorded,
    events.QualificationRemoved,
    *OF_PEOPLE,
    *OF_ORGANISATIONS,
)


def this_year(on: date) -> dict[str, object]:
    return {"school_year": school_year(on)}


def person_url(thing: Any) -> str:
    return reverse("registry:person", args=[thing.person_id])


def organisation_url(thing: Any) -> str:
    return reverse("registry:organisation", args=[thing.pk])


def list_of(name: str) -> Any:
    """Address of a list of the registry, of one organisation where one is named."""

    def url(organisation: UUID | None, measure: str) -> str:
        address = reverse(f"registry:{name}")
        return f"{address}?organisation={organisation}" if organisation else address

    return url


def form_of(name: str) -> Any:
    """Address of a form of an organisation; without one, of the list of organisations."""

    def url(organisation: UUID | None, measure: str) -> str:
        if organisation is None:
            return reverse("registry:organisations")
        return reverse(f"registry:{name}", args=[organisation])

    return url


ENROLLED = Entry(
    list_of("groups"),
    _("Enrol, move or let go the learners in their classes; check sex and birth date on their"
      " pages."),
)  # fmt: skip
OF_GROUPS = Entry(list_of("groups"), _("Put the classes of the school year right."))
POSTED = Entry(
    list_of("people"),
    _("Put the posts of the staff right: who works, as what, with which education."),
)
COURSES = Entry(list_of("people"), _("Enter the finished courses on the pages of the staff."))
EXPENSES = Entry(form_of("costs_add"), _("Enter the expenses of the year of the organisation."))

CONTINGENT = counted(
    Counted(
        f"""
        SELECT e.id, e.organisation_id, g.grade, p.sex, {YEARS.format("p")} AS age, e.role,
               g.school_year, o.kind, o.rural
          FROM registry_enrolment e
          JOIN registry_person p ON p.id = e.person_id
          JOIN registry_organisation o ON o.id = e.organisation_id
          LEFT JOIN registry_classgroup g ON g.id = e.group_id
         WHERE {ANY_OF.format("e.organisation_id")} AND {IN_TERM.format("e")}
        """,
        ENROLMENTS,
        lambda e: f"{e.person} — {e.group}" if e.group else str(e.person),
        person_url,
        ("person", "group"),
    ),
    name="contingent",
    title=_("Learners"),
    source=_("registry: enrolments in force on the day"),
    dimensions=(
        Dimension("grade", _("grade or course")),
        SEX,
        AGE,
        Dimension("role", _("role"), lambda: [(r.value, r.label) for r in LEARNER_ROLES]),
        Dimension("school_year", _("school year of the class")),
        KIND,
        RURAL,
    ),
    measures=(Measure("learners", _("learners"), _("people"), of_people=True),),
    changed_by=OF_LEARNERS,
    entry=ENROLLED,
)

GROUPS_OF_YEAR = counted(
    Counted(
        f"""
        SELECT g.id, g.organisation_id, g.grade, coalesce(e.heads, 0)::int AS size,
               o.kind, o.rural, coalesce(e.heads, 0) AS learners
          FROM registry_classgroup g
          JOIN registry_organisation o ON o.id = g.organisation_id
          LEFT JOIN (SELECT n.group_id, count(*) AS heads FROM registry_enrolment n
                      WHERE {ANY_OF.format("n.organisation_id")} AND {IN_TERM.format("n")}
                      GROUP BY n.group_id) e ON e.group_id = g.id
         WHERE {ANY_OF.format("g.organisation_id")} AND g.school_year = %(school_year)s
        """,
        GROUPS,
        str,
        lambda group: reverse("registry:group", args=[group.pk]),
        (),
        this_year,
    ),
    name="groups",
    title=_("Classes and groups"),
    source=_("registry: classes of the school year of the day"),
    dimensions=(
        Dimension("grade", _("grade or course")),
        Dimension("size", _("learners in the class")),
        KIND,
        RURAL,
    ),
    measures=(
        Measure("groups", _("classes and groups"), _("units")),
        Measure("learners", _("learners in them"), _("people"), of_people=True),
    ),
    changed_by=OF_LEARNERS,
    entry=OF_GROUPS,
)

# `main` is true of one post of a person in an organisation: counted over it, each person is one.
STAFF = counted(
    Counted(
        f"""
        SELECT s.id, s.organisation_id, s.role, s.title, s.category, s.higher_education,
               s.ict_competent, p.sex, {YEARS.format("p")} AS age, s.acting,
               row_number() OVER (PARTITION BY s.organisation_id, s.person_id ORDER BY
                   array_position(ARRAY['head', 'administrator', 'teacher'], s.role::text),
                   s.since, s.id) = 1 AS main,
               q.digital IS NOT NULL AS digital, coalesce(q.refreshed, false) AS refreshed,
               o.kind, o.rural
          FROM registry_post s
          JOIN registry_person p ON p.id = s.person_id
          JOIN registry_organisation o ON o.id = s.organisation_id
          LEFT JOIN (SELECT c.person_id, min(c.completed_on) FILTER (WHERE c.topic = %(digital)s)
                            AS digital,
                            max(c.completed_on) > %(on)s::date - interval '3 years' AS refreshed
                       FROM registry_qualification c WHERE c.completed_on <= %(on)s
                      GROUP BY c.person_id) q ON q.person_id = s.person_id
         WHERE {ANY_OF.format("s.organisation_id")} AND {IN_TERM.format("s")}
        """,
        POSTS,
        lambda post: f"{post.person} — {post.title or post.get_role_display()}",
        person_url,
        ("person",),
        lambda on: {"digital": DIGITAL},
    ),
    name="staff",
    title=_("Staff"),
    source=_("registry: posts in force on the day"),
    dimensions=(
        Dimension(
            "role",
            _("role"),
            lambda: [(r.value, r.label) for r in (Role.HEAD, Role.ADMINISTRATOR, Role.TEACHER)],
        ),
        Dimension("title", _("position")),
        Dimension("category", _("category"), these(Category)),
        Dimension("higher_education", _("higher education"), lambda: YES_NO),
        Dimension("ict_competent", _("ICT competence confirmed"), lambda: YES_NO),
        SEX,
        AGE,
        Dimension("acting", _("acting"), lambda: YES_NO),
        Dimension("main", _("first post of a person (counts people)"), lambda: YES_NO),
        Dimension("digital", _("has finished a course on the digital environment"), lambda: YES_NO),
        Dimension("refreshed", _("has finished a course in the last three years"), lambda: YES_NO),
        KIND,
        RURAL,
    ),
    measures=(Measure("posts", _("posts"), _("units"), of_people=True),),
    changed_by=OF_POSTS,
    entry=POSTED,
)

# A course is counted where its owner works; `latest` is true of the last one of a person on a
# topic there, so that people can be counted. The record behind it is the post.
QUALIFICATIONS = counted(
    Counted(
        f"""
        SELECT s.id, s.organisation_id, c.topic, extract(year FROM c.completed_on)::int AS year,
               s.role, c.hours,
               row_number() OVER (PARTITION BY s.organisation_id, s.person_id, c.topic
                                      ORDER BY c.completed_on DESC, c.id) = 1 AS latest,
               o.kind, o.rural, c.hours AS hours_total
          FROM (SELECT DISTINCT ON (n.organisation_id, n.person_id) n.*
                  FROM registry_post n
                 WHERE {ANY_OF.format("n.organisation_id")} AND {IN_TERM.format("n")}
                 ORDER BY n.organisation_id, n.person_id,
                       array_position(ARRAY['head', 'administrator', 'teacher'], n.role::text),
                       n.id) s
          JOIN registry_qualification c ON c.person_id = s.person_id
          JOIN registry_organisation o ON o.id = s.organisation_id
         WHERE c.completed_on <= %(on)s
        """,
        POSTS,
        lambda post: f"{post.person} — {post.title or post.get_role_display()}",
        person_url,
        ("person",),
    ),
    name="qualifications",
    title=_("Finished courses of the staff"),
    source=_("registry: courses finished by the day, of people with a post on it"),
    dimensions=(
        Dimension("topic", _("topic")),
        Dimension("year", _("year of finishing")),
        Dimension("role", _("role")),
        Dimension("hours", _("hours")),
        Dimension("latest", _("last course of a person on the topic"), lambda: YES_NO),
        KIND,
        RURAL,
    ),
    measures=(
        Measure("courses", _("courses"), _("units"), of_people=True),
        Measure("hours_total", _("hours in all"), _("hours"), of_people=True),
    ),
    changed_by=OF_POSTS,
    entry=COURSES,
)

EQUIPMENT = (
    ("local_network", _("local network")),
    ("management_system", _("management information system")),
    ("computer_classes", _("computer classes")),
    ("multimedia", _("multimedia equipment")),
    ("licensed_software", _("licensed software")),
)
FACILITIES = counted(
    Counted(
        f"""
        SELECT o.id, f.organisation_id, f.local_network AS has_local_network,
               f.management_system AS has_management_system,
               f.computer_classes AS has_computer_classes, f.multimedia AS has_multimedia,
               f.licensed_software AS has_licensed_software, f.link_mbps AS link, o.kind, o.rural,
               f.computers_teaching, f.computers_admin, f.link_mbps, f.local_network,
               f.management_system, f.computer_classes, f.multimedia, f.licensed_software, f.as_of
          FROM (SELECT DISTINCT ON (n.organisation_id) n.* FROM registry_facilities n
                 WHERE {ANY_OF.format("n.organisation_id")} AND n.as_of <= %(on)s
                 ORDER BY n.organisation_id, n.as_of DESC) f
          JOIN registry_organisation o ON o.id = f.organisation_id
        """,
        ORGANISATIONS,
        str,
        organisation_url,
    ),
    name="facilities",
    title=_("Facilities"),
    source=_("registry: the latest facilities not later than the day"),
    dimensions=(
        *(Dimension(f"has_{name}", title, lambda: YES_NO) for name, title in EQUIPMENT),
        Dimension("link", _("link speed, Mbit/s")),
        KIND,
        RURAL,
    ),
    measures=(
        Measure("organisations", _("organisations with figures"), _("units")),
        Measure("computers_teaching", _("computers in teaching"), _("units")),
        Measure("computers_admin", _("computers in administration"), _("units")),
        Measure("link_mbps", _("link speed"), _("Mbit/s"), additive=False),
        *(Measure(name, title, additive=False) for name, title in EQUIPMENT),
        Measure("as_of", _("day of the figures"), additive=False),
    ),
    changed_by=(events.FacilitiesRecorded, *OF_ORGANISATIONS),
    entry=Entry(
        form_of("facilities_add"),
        _("Enter the figures of the facilities as of the day."),
        frozenset(corrections.FACILITIES),
        corrections.correct_facilities,
    ),
)

KEPT = (
    ("name", _("full name")),
    ("short_name", _("short name")),
    ("postcode", _("postcode")),
    ("locality", _("town or village")),
    ("address", _("street and house")),
    ("phone", _("telephone")),
    ("email", _("e-mail")),
    ("website", _("official site")),
)
_STATES = ", ".join(f"coalesce(r.state ->> '{name}', o.{name}) AS {name}" for name, _title in KEPT)
PASSPORT = counted(
    Counted(
        f"""
        SELECT o.id, o.id AS organisation_id, o.kind, o.ownership, o.rural, {_STATES},
               o.code, m.name AS municipality, o.since, h.name AS head, h.title AS head_title
          FROM registry_organisation o
          JOIN registry_municipality m ON m.id = o.municipality_id
          LEFT JOIN LATERAL (
               SELECT v.state FROM kernel_revision v
                WHERE v.object_type = 'registry.organisation' AND v.object_id = o.id
                  AND v.effective_on <= %(on)s
                ORDER BY v.effective_on DESC, v.recorded_at DESC, v.id DESC LIMIT 1) r ON true
          LEFT JOIN LATERAL (
               SELECT concat_ws(' ', p.family_name, p.given_name, nullif(p.patronymic, '')) AS name,
                      s.title
                 FROM registry_post s JOIN registry_person p ON p.id = s.person_id
                WHERE s.organisation_id = o.id AND s.role = 'head' AND {IN_TERM.format("s")}
                ORDER BY s.acting, s.since LIMIT 1) h ON true
         WHERE {ANY_OF.format("o.id")} AND {IN_TERM.format("o")}
        """,
        ORGANISATIONS,
        str,
        organisation_url,
    ),
    name="passport",
    title=_("Organisations"),
    source=_("registry: the organisation's card as of the day"),
    dimensions=(KIND, Dimension("ownership", _("ownership"), these(Ownership)), RURAL),
    measures=(
        Measure("organisations", _("organisations"), _("units")),
        *(Measure(name, title, additive=False) for name, title in KEPT),
        Measure("code", _("registry number"), additive=False),
        Measure("municipality", _("municipality"), additive=False),
        Measure("since", _("works since"), additive=False),
        Measure("head", _("head of the organisation"), additive=False),
        Measure("head_title", _("position of the head"), additive=False),
    ),
    changed_by=(*OF_ORGANISATIONS, *OF_POSTS),
    entry=Entry(
        form_of("organisation_edit"),
        _("Change the card of the organisation; its head is a post of the staff."),
        frozenset(name for name, _title in KEPT),
        corrections.correct_card,
    ),
)

COSTS = counted(
    Counted(
        f"""
        SELECT o.id, c.organisation_id, c.year, o.kind, o.rural, c.total, c.management
          FROM registry_managementcost c
          JOIN registry_organisation o ON o.id = c.organisation_id
         WHERE {ANY_OF.format("c.organisation_id")} AND c.year <= extract(year FROM %(on)s::date)
        """,
        ORGANISATIONS,
        str,
        organisation_url,
    ),
    name="costs",
    title=_("Expenses"),
    source=_("registry: expenses by year, not later than that of the day"),
    dimensions=(Dimension("year", _("year")), KIND, RURAL),
    measures=(
        Measure("organisations", _("organisations with figures"), _("units")),
        Measure("total", _("all expenses"), _("thousand roubles")),
        Measure("management", _("of it on management"), _("thousand roubles")),
    ),
    changed_by=(events.CostsRecorded, events.CostsRemoved, *OF_ORGANISATIONS),
    entry=EXPENSES,
)

# Counted from the records themselves: kept sizes are only those of today.
SIZES = counted(
    Counted(
        f"""
        SELECT o.id, o.id AS organisation_id, coalesce(e.heads, 0)::int AS size, o.kind, o.rural,
               coalesce(e.heads, 0) AS learners, coalesce(s.heads, 0) AS teachers,
               coalesce(g.groups, 0) AS groups
          FROM registry_organisation o
          LEFT JOIN (SELECT n.organisation_id, count(*) AS heads FROM registry_enrolment n
                      WHERE {ANY_OF.format("n.organisation_id")} AND {IN_TERM.format("n")}
                      GROUP BY 1) e ON e.organisation_id = o.id
          LEFT JOIN (SELECT n.organisation_id, count(*) AS heads FROM registry_post n
                      WHERE {ANY_OF.format("n.organisation_id")} AND {IN_TERM.format("n")}
                        AND n.role = 'teacher' GROUP BY 1) s ON s.organisation_id = o.id
          LEFT JOIN (SELECT n.organisation_id, count(*) AS groups FROM registry_classgroup n
                      WHERE {ANY_OF.format("n.organisation_id")}
                        AND n.school_year = %(school_year)s GROUP BY 1) g
               ON g.organisation_id = o.id
         WHERE {ANY_OF.format("o.id")} AND {IN_TERM.format("o")}
        """,
        ORGANISATIONS,
        str,
        organisation_url,
        (),
        this_year,
    ),
    name="sizes",
    title=_("Sizes of organisations"),
    source=_("registry: learners, teachers and classes counted for the day"),
    dimensions=(Dimension("size", _("learners of the organisation")), KIND, RURAL),
    measures=(
        Measure("organisations", _("organisations"), _("units")),
        Measure("learners", _("learners"), _("people"), of_people=True),
        Measure("teachers", _("posts of teachers"), _("units"), of_people=True),
        Measure("groups", _("classes and groups"), _("units")),
    ),
    changed_by=(*OF_LEARNERS, *OF_POSTS),
    entry=ENROLLED,
)

add_dataset(CONTINGENT, GROUPS_OF_YEAR, STAFF, QUALIFICATIONS, FACILITIES, PASSPORT, COSTS, SIZES)
