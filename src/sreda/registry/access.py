"""Who may do what in the registry."""

from __future__ import annotations

from django.db.models import Q

from sreda.kernel.api import ANYONE, SIGNED_IN, Actor, Permissions, Rule, own, seated
from sreda.registry.enums import Role
from sreda.registry.models import ClassGroup, Enrolment, Guardianship, Organisation, Person, Post
from sreda.registry.models.periods import on_day

OPERATOR = seated(Role.OPERATOR)
COORDINATOR = seated(Role.COORDINATOR)
LEADERS = seated(Role.HEAD, Role.ADMINISTRATOR)
TEACHER = seated(Role.TEACHER)


def _people_of(posts: Q, enrolments: Q) -> Q:
    """People by their posts or enrolments; a union, so that each part uses its index."""
    return Q(
        pk__in=Post.objects.filter(posts)
        .order_by()
        .values("person_id")
        .union(Enrolment.objects.filter(enrolments).order_by().values("person_id"))
    )


def _in_municipality(actor: Actor) -> Q | bool:
    place = actor.municipality_id
    if place is None:
        return False
    return _people_of(
        Q(organisation__municipality_id=place) | Q(municipality_id=place),
        Q(organisation__municipality_id=place),
    )


def _in_organisation(actor: Actor) -> Q | bool:
    place = actor.organisation_id
    if place is None:
        return False
    return _people_of(Q(organisation_id=place), Q(organisation_id=place))


def _taught(actor: Actor) -> Q | bool:
    """Learners of the classes the teacher has now."""
    if actor.person_id is None or actor.organisation_id is None:
        return False
    return Q(
        pk__in=Enrolment.objects.filter(
            on_day(actor.on),
            group__teaching__post__person_id=actor.person_id,
            organisation_id=actor.organisation_id,
        ).values("person_id")
    )


def _children(actor: Actor) -> Q | bool:
    if actor.person_id is None:
        return False
    return Q(
        pk__in=Guardianship.objects.filter(on_day(actor.on), guardian_id=actor.person_id).values(
            "child_id"
        )
    )


MYSELF = own("pk", "person_id")
IN_MUNICIPALITY = COORDINATOR & Rule(_in_municipality)
IN_ORGANISATION = LEADERS & Rule(_in_organisation)

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
        | SIGNED_IN & MYSELF,
        "add": OPERATOR | seated(Role.COORDINATOR, Role.HEAD, Role.ADMINISTRATOR),
        "change": OPERATOR | IN_MUNICIPALITY | IN_ORGANISATION,
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
        | TEACHER & own("teaching__post__person_id", "person_id"),
    },
)
