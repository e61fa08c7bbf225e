"""Who may do what in assessment."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from sreda.assessment.enums import MarkingStatus
from sreda.assessment.models import (
    Appeal,
    Attempt,
    Item,
    ItemResult,
    Mark,
    PackageImport,
    Sitting,
    Stimulus,
    Test,
)
from sreda.kernel.api import Actor, Permissions, Rule, own, seated, where
from sreda.registry.api import (
    GROUPS,
    LEARNER_ROLES,
    Enrolment,
    Guardianship,
    Post,
    Role,
    on_day,
)

WAITING = (MarkingStatus.WAITING, MarkingStatus.SECOND, MarkingStatus.THIRD)

OPERATOR = seated(Role.OPERATOR)
EXPERT = seated(Role.EXPERT)
LEADERS = seated(Role.HEAD, Role.ADMINISTRATOR)
TEACHER = seated(Role.TEACHER)
STAFF_ROLES = (Role.HEAD, Role.ADMINISTRATOR, Role.TEACHER)
STAFF = seated(*STAFF_ROLES)
LEARNER = seated(*LEARNER_ROLES)
OWN_ORGANISATION = own("organisation_id", "organisation_id")
AUTHOR = own("author_id", "person_id")
ANNOUNCED = Rule(lambda actor: ~Q(status="planned"))


def _given_to(actor: Actor) -> Q | bool:
    """Sittings of the learner's class in this organisation, or that name the learner."""
    if actor.person_id is None:
        return False
    places = Enrolment.objects.filter(on_day(actor.on), person_id=actor.person_id)
    return Q(groups__in=places.order_by().values("group_id")) | Q(people=actor.person_id)


def _given_to_children(actor: Actor) -> Q | bool:
    """Sittings of the classes that the actor's children are in, or that name a child."""
    if actor.person_id is None:
        return False
    wards = Guardianship.objects.filter(on_day(actor.on), guardian_id=actor.person_id)
    children = wards.order_by().values("child_id")
    places = Enrolment.objects.filter(on_day(actor.on), person_id__in=children)
    return Q(groups__in=places.order_by().values("group_id")) | Q(people__in=children)


def _own_sittings(actor: Actor) -> Q | bool:
    """Sittings a teacher gave, or that are given to classes they have by a post in force."""
    given = Sitting.groups.through.objects.filter(
        classgroup__in=GROUPS.all(actor).order_by().values("pk")
    )
    own = Q(pk__in=given.values("sitting_id"))
    return own | Q(owner_id=actor.person_id) if actor.person_id else own


def _of_sittings(field: str) -> Rule:
    """What belongs to sittings the actor sees."""
    return Rule(lambda actor: Q(**{f"{field}__in": SITTINGS.all(actor).order_by().values("pk")}))


def _of_children(field: str) -> Rule:
    def rule(actor: Actor) -> Q | bool:
        if actor.person_id is None:
            return False
        wards = Guardianship.objects.filter(on_day(actor.on), guardian_id=actor.person_id)
        return Q(**{f"{field}__in": wards.order_by().values("child_id")})

    return Rule(rule)


def _of_others(field: str) -> Rule:
    """Work of neither the actor nor a child of theirs: who judges it has no stake in it."""

    def rule(actor: Actor) -> Q | bool:
        if actor.person_id is None:
            return True
        wards = Guardianship.objects.filter(on_day(actor.on), guardian_id=actor.person_id)
        child = Q(**{f"{field}__in": wards.order_by().values("child_id")})
        return ~child & ~Q(**{field: actor.person_id})

    return Rule(rule)


def free_to_mark(on: date) -> QuerySet[Post]:
    """Posts, of a result asked about, whose holder may still mark it: of its organisation, no
    parent of the learner, and no marker of it yet."""
    result, learner = OuterRef(OuterRef("pk")), OuterRef(OuterRef("attempt__person_id"))
    marked = Mark.objects.filter(result=result, marker_id=OuterRef("person_id"), replaced_at=None)
    parents = Guardianship.objects.filter(
        on_day(on), guardian_id=OuterRef("person_id"), child_id=learner
    )
    return Post.objects.filter(
        ~Exists(marked),
        ~Exists(parents),
        on_day(on),
        organisation_id=OuterRef("attempt__sitting__organisation_id"),
        role__in=STAFF_ROLES,
    ).exclude(person_id=OuterRef("attempt__person_id"))


def left_to_experts(on: date) -> Q:
    """Results that wait for a mark nobody of the organisation may give any more."""
    return Q(marking__in=WAITING) & Q(~Exists(free_to_mark(on)))


def _marked_by(actor: Actor) -> Q | bool:
    if actor.person_id is None:
        return False
    own = Mark.objects.filter(marker_id=actor.person_id, replaced_at=None)
    return Q(pk__in=own.order_by().values("result_id"))


def _told(attempt: str) -> Rule:
    """What a learner sees of marks: once they are published, or, where nobody checks them first,
    as soon as all of the attempt is marked. `attempt` leads to it."""
    return where(**{f"{attempt}sitting__release": "released"}) | where(
        **{f"{attempt}sitting__moderated": False, f"{attempt}marked_at__isnull": False}
    )


CHILDREN = seated(Role.PARENT) & _of_children("person_id")

BANK = {
    "view": OPERATOR | EXPERT | STAFF & (OWN_ORGANISATION | where(shared=True)),
    "add": OPERATOR | EXPERT | STAFF,
    "change": OPERATOR
    | EXPERT & AUTHOR
    | LEADERS & OWN_ORGANISATION
    | TEACHER & OWN_ORGANISATION & AUTHOR,
}

ITEMS: Permissions[Item] = Permissions(Item, BANK)
STIMULI: Permissions[Stimulus] = Permissions(Stimulus, BANK)
TESTS: Permissions[Test] = Permissions(Test, BANK)

PACKAGES: Permissions[PackageImport] = Permissions(
    PackageImport,
    {
        "view": (OPERATOR | EXPERT) & own("made_by", "user_id") & where(organisation=None)
        | STAFF & own("made_by", "user_id") & OWN_ORGANISATION
    },
)

SITTINGS: Permissions[Sitting] = Permissions(
    Sitting,
    {
        "view": OPERATOR
        | LEADERS & OWN_ORGANISATION
        | TEACHER & OWN_ORGANISATION & Rule(_own_sittings),
        "add": STAFF,
        "manage": LEADERS & OWN_ORGANISATION
        | TEACHER & OWN_ORGANISATION & own("owner_id", "person_id"),
        "mark": STAFF & OWN_ORGANISATION,
        "take": LEARNER & Rule(_given_to) & ANNOUNCED,
        "follow": seated(Role.PARENT) & Rule(_given_to_children) & ANNOUNCED,
    },
)

ATTEMPTS: Permissions[Attempt] = Permissions(
    Attempt,
    {
        "view": OPERATOR
        | STAFF & _of_sittings("sitting")
        | LEARNER & own("person_id", "person_id")
        | CHILDREN,
        "answer": LEARNER & own("person_id", "person_id"),
        "follow": CHILDREN,
        "follow_marks": CHILDREN & _told(""),
    },
)

OTHERS_WORK = _of_others("attempt__person_id")
STAFFS_TURN = STAFF & own("attempt__sitting__organisation_id", "organisation_id") & OTHERS_WORK
EXPERTS_TURN = EXPERT & Rule(lambda actor: left_to_experts(actor.on)) & OTHERS_WORK
EXPERTS_PART = EXPERTS_TURN | EXPERT & Rule(_marked_by) & OTHERS_WORK

# Marks are given blindly: whoever marks for the school sees an answer and no name, of any class.
# Where nobody of the school is left to mark, the experts of the department do.
RESULTS: Permissions[ItemResult] = Permissions(
    ItemResult,
    {
        "view": OPERATOR
        | STAFF & own("attempt__sitting__organisation_id", "organisation_id")
        | EXPERTS_PART
        | _told("attempt__")
        & (
            LEARNER & own("attempt__person_id", "person_id")
            | seated(Role.PARENT) & _of_children("attempt__person_id")
        ),
        "mark": STAFFS_TURN | EXPERTS_PART,
        "queue": STAFFS_TURN | EXPERTS_TURN,
    },
)

APPEALS: Permissions[Appeal] = Permissions(
    Appeal,
    {
        "view": OPERATOR
        | STAFF & _of_sittings("result__attempt__sitting")
        | own("by", "person_id"),
        "decide": LEADERS
        & own("result__attempt__sitting__organisation_id", "organisation_id")
        & _of_others("result__attempt__person_id"),
    },
)


def stakes(actor: Actor) -> set[UUID]:
    """Whose work the actor does not judge: their own and their children's."""
    wards = Guardianship.objects.filter(on_day(actor.on), guardian_id=actor.person_id)
    own = {actor.person_id} if actor.person_id else set()
    return own | set(wards.values_list("child_id", flat=True))
