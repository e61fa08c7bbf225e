"""Who may do what with learning records."""

from __future__ import annotations

from django.db.models import Q

from sreda.kernel.api import SIGNED_IN, Actor, Permissions, Rule, own, seated
from sreda.records.models import Agreement, Credential
from sreda.registry.api import PEOPLE, Person, Role


def _taught_or_in_care(actor: Actor) -> Q | bool:
    """For a teacher the learners of the classes taught, for a parent the children: as the
    registry has it."""
    return Q(pk__in=PEOPLE.all(actor).order_by().values("pk"))


# A learning record is its learner's. Neither the office of a school nor the region reads it.
RECORDS: Permissions[Person] = Permissions(
    Person,
    {
        "view": seated(Role.TEACHER, Role.PARENT) & Rule(_taught_or_in_care)
        | SIGNED_IN
        & Rule(lambda actor: actor.role not in {Role.TEACHER, Role.PARENT})
        & own("pk", "person_id"),
    },
)

CREDENTIALS: Permissions[Credential] = Permissions(
    Credential,
    {
        "view": seated(Role.OPERATOR),
        "add": seated(Role.OPERATOR),
        "revoke": seated(Role.OPERATOR),
    },
)

AGREEMENTS: Permissions[Agreement] = Permissions(
    Agreement,
    {
        "view": seated(Role.OPERATOR),
        "add": seated(Role.OPERATOR),
        "revoke": seated(Role.OPERATOR),
    },
)
