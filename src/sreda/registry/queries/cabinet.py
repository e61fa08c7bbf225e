"""What the cabinets' home pages show. Each function costs the same few queries for any size."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Count, F, Max, Q, QuerySet, Sum

from sreda.kernel.kept import kept
from sreda.kernel.prepared import Ask, asked
from sreda.registry.enums import OrganisationKind, Role
from sreda.registry.models import (
    ClassGroup,
    Enrolment,
    Facilities,
    Organisation,
    Person,
    Post,
    Teaching,
)
from sreda.registry.models.periods import on_day

SOON = timedelta(days=30)
COUNTED_UP_TO = 1000


def school_year(on: date) -> int:
    """The first calendar year of the school year, which begins on 1 September."""
    return on.year if on.month >= 9 else on.year - 1


@dataclass(frozen=True, slots=True)
class Place:
    """A municipality, or the whole region, in figures."""

    id: UUID | None
    name: str
    schools: int
    colleges: int
    learners: int
    teachers: int
    groups: int
    counted_at: datetime | None


def municipalities(on: date) -> tuple[Place, list[Place]]:
    """The region's sums and each municipality's, in one query over the counted sizes."""
    rows = (
        Organisation.objects.filter(on_day(on))
        .order_by()
        .values("municipality_id", "municipality__name")
        .annotate(
            schools=Count("pk", filter=Q(kind=OrganisationKind.SCHOOL)),
            colleges=Count("pk", filter=Q(kind=OrganisationKind.COLLEGE)),
            learners=Sum("size__learners", default=0),
            teachers=Sum("size__teachers", default=0),
            classes=Sum("size__groups", default=0),
            counted_at=Max("size__counted_at"),
        )
        .order_by("municipality__name")
        .values_list(
            "municipality_id",
            "municipality__name",
            "schools",
            "colleges",
            "learners",
            "teachers",
            "classes",
            "counted_at",
        )
    )
    places = [Place(*row) for row in rows]  # type: ignore[arg-type]
    return whole(places), places


def whole(places: Iterable[Place]) -> Place:
    places = list(places)
    return Place(
        None,
        "",
        sum(p.schools for p in places),
        sum(p.colleges for p in places),
        sum(p.learners for p in places),
        sum(p.teachers for p in places),
        sum(p.groups for p in places),
        max((p.counted_at for p in places if p.counted_at), default=None),
    )


@dataclass(frozen=True, slots=True)
class Quality:
    """Gaps in the registry; a count stops at COUNTED_UP_TO, so that looking stays cheap."""

    without_birth_date: int
    without_contacts: int
    posts_ending: int
    dead_sites: int

    @property
    def faultless(self) -> bool:
        return not (
            self.without_birth_date or self.without_contacts or self.posts_ending or self.dead_sites
        )


_QUALITY = """
SELECT (SELECT count(*) FROM (SELECT 1 FROM registry_person
         WHERE birth_date IS NULL AND merged_into_id IS NULL LIMIT %(most)s) p),
       (SELECT count(*) FROM registry_organisation
         WHERE phone = '' AND email = '' AND website = ''
           AND kind IN ('school', 'college') AND (until IS NULL OR until >= %(on)s)),
       (SELECT count(*) FROM (SELECT 1 FROM registry_post
         WHERE until BETWEEN %(on)s AND %(soon)s LIMIT %(most)s) e),
       (SELECT count(*) FROM registry_sitecheck s
          JOIN registry_organisation o ON o.id = s.organisation_id AND o.website = s.website
         WHERE s.dead_since IS NOT NULL AND (o.until IS NULL OR o.until >= %(on)s))
"""


def quality(on: date) -> Quality:
    (row,) = asked(_QUALITY, {"most": COUNTED_UP_TO, "on": on, "soon": on + SOON})
    return Quality(*row)


def organisations_in(municipality_id: UUID, on: date) -> list[Organisation]:
    """The municipality's working organisations with their sizes, the largest first."""
    return list(
        Organisation.objects.filter(on_day(on), municipality_id=municipality_id)
        .select_related("size", "site_check")
        .only(
            "short_name",
            "kind",
            "rural",
            "website",
            "size__learners",
            "size__teachers",
            "size__groups",
            "site_check__website",
            "site_check__dead_since",
        )
        .order_by(F("size__learners").desc(nulls_last=True), "short_name")
    )


@kept
def _card(organisation_id: UUID) -> QuerySet[Organisation]:
    rows = Organisation.objects.select_related("municipality", "size", "site_check")
    return rows.filter(pk=organisation_id).order_by()


def organisation_card(organisation_id: UUID) -> Organisation | None:
    """An organisation with its municipality and size."""
    return next(iter(_card(organisation_id)), None)


@kept
def _latest(organisation_id: UUID) -> QuerySet[Facilities]:
    return Facilities.objects.filter(organisation_id=organisation_id).order_by("-as_of")[:1]


def latest_facilities(organisation_id: UUID) -> Facilities | None:
    return next(iter(_latest(organisation_id)), None)


def ask_card(organisation_id: UUID) -> list[Ask | None]:
    """What the two above will ask."""
    return [_card.ask(organisation_id), _latest.ask(organisation_id)]


@dataclass(frozen=True, slots=True)
class ToComplete:
    """What an organisation's own people still lack."""

    learners_without_birth_date: int
    learners_without_class: int
    staff_without_account: int
    posts_ending: int

    @property
    def nothing(self) -> bool:
        return not any(
            (
                self.learners_without_birth_date,
                self.learners_without_class,
                self.staff_without_account,
                self.posts_ending,
            )
        )


_TO_COMPLETE = """
SELECT e.without_birth_date, e.without_class, s.without_account, s.ending
  FROM (SELECT count(*) FILTER (WHERE p.birth_date IS NULL) AS without_birth_date,
               count(*) FILTER (WHERE e.group_id IS NULL) AS without_class
          FROM registry_enrolment e JOIN registry_person p ON p.id = e.person_id
         WHERE e.organisation_id = %(organisation)s
           AND e.since <= %(on)s AND (e.until IS NULL OR e.until >= %(on)s)
           AND (p.birth_date IS NULL OR e.group_id IS NULL)) e,
       (SELECT count(DISTINCT s.person_id) FILTER (WHERE u.id IS NULL) AS without_account,
               count(*) FILTER (WHERE s.until <= %(soon)s) AS ending
          FROM registry_post s LEFT JOIN registry_user u ON u.person_id = s.person_id
         WHERE s.organisation_id = %(organisation)s
           AND s.since <= %(on)s AND (s.until IS NULL OR s.until >= %(on)s)) s
"""


def ask_to_complete(organisation_id: UUID, on: date) -> Ask:
    return Ask(_TO_COMPLETE, {"organisation": organisation_id, "on": on, "soon": on + SOON})


def to_complete(organisation_id: UUID, on: date) -> ToComplete:
    (row,) = ask_to_complete(organisation_id, on).rows()
    return ToComplete(*row)


def school_years() -> range:
    """Those of which the registry has classes, the newest first: two looks at an index."""
    ((first, last),) = asked("SELECT min(school_year), max(school_year) FROM registry_classgroup")
    return range(0) if last is None else range(last, first - 1, -1)


def classes_of_teacher(person_id: UUID, organisation_id: UUID, on: date) -> list[Teaching]:
    """This year's classes of a teacher in an organisation, with `learners` counted."""
    return _classes(person_id, organisation_id, on, school_year(on))


def ask_classes(person_id: UUID, organisation_id: UUID, on: date) -> Ask | None:
    return _classes.ask(person_id, organisation_id, on, school_year(on))


@kept
def _classes(
    person_id: UUID, organisation_id: UUID, on: date, school_year: int
) -> QuerySet[Teaching]:
    return (
        Teaching.objects.filter(
            on_day(on, "post__"),
            post__person_id=person_id,
            post__organisation_id=organisation_id,
            group__school_year=school_year,
        )
        .select_related("group")
        .annotate(learners=Count("group__enrolments", filter=on_day(on, "group__enrolments__")))
        .order_by("-homeroom", "group__grade", "group__name", "subject")
    )


def places_of_learners(people: Iterable[UUID], on: date) -> list[Enrolment]:
    """Where these people learn now, with organisation, class and person."""
    return _places(list(people), on)


def ask_places(people: Iterable[UUID], on: date) -> Ask | None:
    return _places.ask(list(people), on)


@kept
def _places(people: list[UUID], on: date) -> QuerySet[Enrolment]:
    return (
        Enrolment.objects.filter(on_day(on), person_id__in=people)
        .select_related("organisation", "group", "person")
        .order_by("person__family_name", "person__given_name", "organisation__short_name")
    )


def teachers_of(groups: Iterable[UUID | None], on: date) -> dict[UUID, list[Teaching]]:
    """Teachers by class, the class teacher first."""
    found: dict[UUID, list[Teaching]] = {}
    for row in _teaching([g for g in groups if g], on):
        found.setdefault(row.group_id, []).append(row)
    return found


@kept
def _teaching(groups: list[UUID], on: date) -> QuerySet[Teaching]:
    return (
        Teaching.objects.filter(on_day(on, "post__"), group_id__in=groups)
        .select_related("post__person")
        .order_by("-homeroom", "subject", "post__person__family_name")
    )


@kept
def children_of(person_id: UUID, on: date) -> QuerySet[Person]:
    return Person.objects.filter(
        on_day(on, "guardians__"), guardians__guardian_id=person_id
    ).order_by("family_name", "given_name")


@dataclass(frozen=True, slots=True)
class EndingPost:
    role: str
    title: str
    place: str
    until: date

    @property
    def name(self) -> str:
        return self.title or str(Role(self.role).label)


_ENDING = """
SELECT p.role, p.title, coalesce(o.short_name, m.name, ''), p.until
  FROM registry_post p
  LEFT JOIN registry_organisation o ON o.id = p.organisation_id
  LEFT JOIN registry_municipality m ON m.id = p.municipality_id
 WHERE p.person_id = %(person)s AND p.until BETWEEN %(first)s AND %(last)s
 ORDER BY p.until
"""


def ask_ending_posts(person_id: UUID, on: date) -> Ask:
    return Ask(_ENDING, {"person": person_id, "first": on - SOON, "last": on + SOON})


def ending_posts(person_id: UUID, on: date) -> list[EndingPost]:
    """Own posts that ended lately or end soon. Every home page asks: hence without the ORM."""
    return [EndingPost(*row) for row in ask_ending_posts(person_id, on).rows()]


def record_of(person_id: UUID) -> tuple[Person, list[Post], list[Enrolment]]:
    """All that the registry keeps of someone's places, past ones too."""
    (person,) = _person(person_id)
    return person, _posts_of(person_id), _learning_of(person_id)


@kept
def _person(person_id: UUID) -> QuerySet[Person]:
    return Person.objects.filter(pk=person_id).order_by()


@kept
def _posts_of(person_id: UUID) -> QuerySet[Post]:
    return Post.objects.filter(person_id=person_id).select_related("organisation", "municipality")


@kept
def _learning_of(person_id: UUID) -> QuerySet[Enrolment]:
    return Enrolment.objects.filter(person_id=person_id).select_related("organisation", "group")


def administrators_of(organisations: Iterable[UUID], on: date) -> list[Post]:
    """Whom to ask: heads and administrators of these organisations."""
    return _keepers(list(organisations), on)


@kept
def _keepers(organisations: list[UUID], on: date) -> QuerySet[Post]:
    return (
        Post.objects.filter(
            on_day(on),
            role__in=[Role.HEAD, Role.ADMINISTRATOR],
            organisation_id__in=organisations,
        )
        .select_related("person", "organisation")
        .order_by("organisation__short_name", "-role", "person__family_name")
    )


def staff_without_account(organisation_id: UUID, on: date) -> QuerySet[Person]:
    """People with a post in the organisation now who cannot sign in yet."""
    return (
        Person.objects.filter(
            pk__in=Post.objects.filter(on_day(on), organisation_id=organisation_id)
            .order_by()
            .values("person_id"),
            user__isnull=True,
            merged_into=None,
        )
    ).order_by("family_name", "given_name", "patronymic")


def groups_of(organisation_id: UUID, on: date) -> QuerySet[ClassGroup]:
    """This year's classes of an organisation."""
    return ClassGroup.objects.filter(organisation_id=organisation_id, school_year=school_year(on))
