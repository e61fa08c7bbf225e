"""Who may do what in the registry."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from sreda.kernel.api import ANYONE, SIGNED_IN, Actor, Permissions, Rule, own, seated
from sreda.registry.enums import POST_ROLES, Role
from sreda.registry.models import (
    ClassGroup,
    Enrolment,
    Guardianship,
    ImportJob,
    ManagementCost,
    Municipality,
    Organisation,
    PeopleImport,
    Person,
    PersonPlace,
    Post,
    Qualification,
    TableImport,
    Teaching,
)
from sreda.registry.models.periods import on_day

OPERATOR = seated(Role.OPERATOR)
COORDINATOR = seated(Role.COORDINATOR)
LEADERS = seated(Role.HEAD, Role.ADMINISTRATOR)
TEACHER = seated(Role.TEACHER)
# The others' rules name themselves too: "theirs or myself" would try every person of the region.
# A coordinator is among the people of the municipality by the very post the seat comes from.
WITHOUT_MYSELF = Rule(
    lambda actor: (
        actor.role
        not in {Role.COORDINATOR, Role.HEAD, Role.ADMINISTRATOR, Role.TEACHER, Role.PARENT}
    )
)


def _ids_of(posts: Q, enrolments: Q) -> QuerySet[Any, Any]:
    """People by their posts or enrolments; a union, so that each part uses its index."""
    return (
        Post.objects.filter(posts)
        .order_by()
        .values("person_id")
        .union(Enrolment.objects.filter(enrolments).order_by().values("person_id"))
    )


def _people_of(posts: Q, enrolments: Q) -> Q:
    return Q(pk__in=_ids_of(posts, enrolments))


def _of_municipality(actor: Actor) -> Q | bool:
    """Who works or learns in the municipality, or did."""
    if actor.municipality_id is None:
        return False
    places = PersonPlace.objects.filter(municipality=actor.municipality_id)
    return Q(pk__in=places.order_by().values("person_id"))


def _in_municipality(actor: Actor, term: Q) -> Q | bool:
    place = actor.municipality_id
    if place is None:
        return False
    return _people_of(
        (Q(organisation__municipality_id=place) | Q(municipality_id=place)) & term,
        Q(organisation__municipality_id=place) & term,
    )


def _in_organisation(actor: Actor, term: Q | None = None) -> Q | bool:
    place, term = actor.organisation_id, term or Q()
    if place is None:
        return False
    return _people_of(Q(organisation_id=place) & term, Q(organisation_id=place) & term)


def _open(actor: Actor) -> Q:
    """Terms that last or are still to come."""
    return Q(until__isnull=True) | Q(until__gte=actor.on)


def _no_other_posts(actor: Actor) -> Q | bool:
    """People none of whose present posts lies beyond what the actor may give."""
    beyond = Post.objects.filter(_open(actor)).exclude(
        pk__in=POSTS.all(actor, "change").order_by().values("pk")
    )
    return ~Q(pk__in=beyond.order_by().values("person_id"))


def _with_myself(person_id: UUID, others: QuerySet[Any, Any]) -> Q:
    return Q(pk__in=others.order_by().union(Person.objects.filter(pk=person_id).values("pk")))


def _own_classes(actor: Actor) -> Q | bool:
    """Classes the teacher has by a post in force, in the school of the seat taken."""
    if actor.person_id is None or actor.organisation_id is None:
        return False
    teaching = Teaching.objects.filter(
        on_day(actor.on, "post__"),
        post__person_id=actor.person_id,
        post__organisation_id=actor.organisation_id,
    )
    return Q(pk__in=teaching.values("group_id"))


def _taught(actor: Actor) -> Q | bool:
    """Learners of the classes the teacher has now, and the teacher."""
    if actor.person_id is None or actor.organisation_id is None:
        return False
    learners = Enrolment.objects.filter(
        on_day(actor.on),
        on_day(actor.on, "group__teaching__post__"),
        group__teaching__post__person_id=actor.person_id,
        group__teaching__post__organisation_id=actor.organisation_id,
        organisation_id=actor.organisation_id,
    )
    return _with_myself(actor.person_id, learners.values("person_id"))


def _children(actor: Actor) -> Q | bool:
    """Children in one's care, and oneself."""
    if actor.person_id is None:
        return False
    wards = Guardianship.objects.filter(on_day(actor.on), guardian_id=actor.person_id)
    return _with_myself(actor.person_id, wards.values("child_id"))


def _staff(actor: Actor) -> Q | bool:
    """Who holds a post here, now or from a day to come."""
    place = actor.organisation_id
    if place is None:
        return False
    posts = Post.objects.filter(_open(actor), organisation_id=place).order_by()
    return Q(pk__in=posts.values("person_id"))


def _learners(actor: Actor) -> Q | bool:
    """Who learns here, now or from a day to come."""
    place = actor.organisation_id
    if place is None:
        return False
    places = Enrolment.objects.filter(_open(actor), organisation_id=place).order_by()
    return Q(pk__in=places.values("person_id"))


def _their_guardians(actor: Actor) -> Q | bool:
    learners = _learners(actor)
    if isinstance(learners, bool):
        return learners
    ties = Guardianship.objects.filter(child__in=Person.objects.filter(learners).values("pk"))
    return Q(pk__in=ties.order_by().values("guardian_id"))


def _of_child(people: Q | bool) -> Q | bool:
    if isinstance(people, bool):
        return people
    return Q(child_id__in=Person.objects.filter(people).order_by().values("pk"))


def _of_person(people: Q | bool) -> Q | bool:
    if isinstance(people, bool):
        return people
    return Q(person_id__in=Person.objects.filter(people).order_by().values("pk"))


MYSELF = own("pk", "person_id")
IN_MUNICIPALITY = COORDINATOR & Rule(_of_municipality)
IN_ORGANISATION = LEADERS & Rule(_in_organisation)
# Who has left is still seen, but changed only by those where they are now.
NOW_IN_MUNICIPALITY = COORDINATOR & Rule(lambda actor: _in_municipality(actor, _open(actor)))
NOW_IN_ORGANISATION = LEADERS & Rule(lambda actor: _in_organisation(actor, _open(actor)))

# Which posts one may give, change and end: never one's own rank or above.
GIVES: dict[str, tuple[Role, ...]] = {
    Role.OPERATOR: POST_ROLES,
    Role.COORDINATOR: (Role.HEAD, Role.ADMINISTRATOR, Role.TEACHER),
    Role.HEAD: (Role.ADMINISTRATOR, Role.TEACHER),
    Role.ADMINISTRATOR: (Role.TEACHER,),
}


def given_by(actor: Actor) -> tuple[Role, ...]:
    """Roles of the posts this actor may give."""
    return GIVES.get(actor.role, ())


GIVEN = Rule(lambda actor: Q(role__in=given_by(actor)))

MUNICIPALITIES: Permissions[Municipality] = Permissions(
    Municipality, {"view": OPERATOR, "change": OPERATOR, "import": OPERATOR}
)

ORGANISATIONS: Permissions[Organisation] = Permissions(
    Organisation,
    {
        "view": ANYONE,
        "manage": OPERATOR
        | COORDINATOR & own("municipality_id", "municipality_id")
        | LEADERS & own("pk", "organisation_id"),
        "add": OPERATOR,
        "change": OPERATOR
        | COORDINATOR & own("municipality_id", "municipality_id")
        | LEADERS & own("pk", "organisation_id"),
        "close": OPERATOR,
        "import": OPERATOR,
    },
)

PEOPLE: Permissions[Person] = Permissions(
    Person,
    {
        "view": OPERATOR
        | IN_MUNICIPALITY
        | IN_ORGANISATION
        | TEACHER & Rule(_taught)
        | seated(Role.PARENT) & Rule(_children)
        | SIGNED_IN & WITHOUT_MYSELF & MYSELF,
        "add": OPERATOR | seated(Role.COORDINATOR, Role.HEAD, Role.ADMINISTRATOR),
        "details": OPERATOR
        | IN_MUNICIPALITY
        | IN_ORGANISATION
        | seated(Role.PARENT) & Rule(_children)
        | SIGNED_IN & MYSELF,
        "change": OPERATOR | NOW_IN_MUNICIPALITY | NOW_IN_ORGANISATION,
        "account": OPERATOR
        | (NOW_IN_MUNICIPALITY | seated(Role.HEAD) & NOW_IN_ORGANISATION) & Rule(_no_other_posts),
        # Courses of one's own staff; parents and guardians of one's own learners.
        "qualify": OPERATOR | LEADERS & Rule(_staff),
        "guard": OPERATOR | LEADERS & Rule(_learners),
        # Whom one may name as a parent or guardian: one's people, and who is named already.
        "guardian": OPERATOR | IN_ORGANISATION | LEADERS & Rule(_their_guardians),
        "merge": OPERATOR,
        "import": OPERATOR | seated(Role.COORDINATOR, Role.HEAD, Role.ADMINISTRATOR),
    },
)

POSTS: Permissions[Post] = Permissions(
    Post,
    {
        "view": OPERATOR
        | COORDINATOR
        & (
            own("organisation__municipality_id", "municipality_id")
            | own("municipality_id", "municipality_id")
        )
        | LEADERS & own("organisation_id", "organisation_id")
        | own("person_id", "person_id"),
        "change": OPERATOR
        | COORDINATOR & own("organisation__municipality_id", "municipality_id") & GIVEN
        | LEADERS & own("organisation_id", "organisation_id") & GIVEN,
    },
)

ENROLMENTS: Permissions[Enrolment] = Permissions(
    Enrolment,
    {
        "view": OPERATOR
        | COORDINATOR & own("organisation__municipality_id", "municipality_id")
        | LEADERS & own("organisation_id", "organisation_id")
        | TEACHER & Rule(lambda actor: _of_person(_taught(actor)))
        | seated(Role.PARENT) & Rule(lambda actor: _of_person(_children(actor)))
        | own("person_id", "person_id"),
        "change": OPERATOR
        | COORDINATOR & own("organisation__municipality_id", "municipality_id")
        | LEADERS & own("organisation_id", "organisation_id"),
    },
)

GROUPS: Permissions[ClassGroup] = Permissions(
    ClassGroup,
    {
        "view": OPERATOR
        | COORDINATOR & own("organisation__municipality_id", "municipality_id")
        | LEADERS & own("organisation_id", "organisation_id")
        | TEACHER & Rule(_own_classes),
        "change": OPERATOR | LEADERS & own("organisation_id", "organisation_id"),
    },
)

TEACHING: Permissions[Teaching] = Permissions(
    Teaching,
    {
        "view": OPERATOR
        | COORDINATOR & own("group__organisation__municipality_id", "municipality_id")
        | LEADERS & own("group__organisation_id", "organisation_id"),
        "change": OPERATOR | LEADERS & own("group__organisation_id", "organisation_id"),
    },
)

QUALIFICATIONS: Permissions[Qualification] = Permissions(
    Qualification,
    {
        "view": OPERATOR
        | COORDINATOR & Rule(lambda actor: _of_person(_of_municipality(actor)))
        | LEADERS & Rule(lambda actor: _of_person(_in_organisation(actor)))
        | own("person_id", "person_id"),
        "change": OPERATOR | LEADERS & Rule(lambda actor: _of_person(_staff(actor))),
    },
)

GUARDIANSHIPS: Permissions[Guardianship] = Permissions(
    Guardianship,
    {
        "view": OPERATOR
        | COORDINATOR & Rule(lambda actor: _of_child(_of_municipality(actor)))
        | LEADERS & Rule(lambda actor: _of_child(_in_organisation(actor)))
        | own("guardian_id", "person_id")
        | own("child_id", "person_id"),
        "change": OPERATOR | LEADERS & Rule(lambda actor: _of_child(_learners(actor))),
    },
)

COSTS: Permissions[ManagementCost] = Permissions(
    ManagementCost,
    {
        "view": OPERATOR
        | COORDINATOR & own("organisation__municipality_id", "municipality_id")
        | LEADERS & own("organisation_id", "organisation_id"),
        "change": OPERATOR
        | COORDINATOR & own("organisation__municipality_id", "municipality_id")
        | LEADERS & own("organisation_id", "organisation_id"),
    },
)

PEOPLE_IMPORTS: Permissions[PeopleImport] = Permissions(
    PeopleImport, {"view": OPERATOR | (COORDINATOR | LEADERS) & own("staged_by", "user_id")}
)

TABLE_IMPORTS: Permissions[TableImport] = Permissions(
    TableImport, {"view": OPERATOR | LEADERS & own("staged_by", "user_id")}
)

IMPORT_JOBS: Permissions[ImportJob] = Permissions(
    ImportJob, {"view": OPERATOR | (COORDINATOR | LEADERS) & own("made_by", "user_id")}
)
