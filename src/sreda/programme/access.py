"""Who may do what in the programme of change.

An order, its list and its budget are published: everyone sees them. `follow` is what a cabinet
shows as one's own.
"""

from __future__ import annotations

from django.db.models import Q

from sreda.kernel.api import ANYONE, SIGNED_IN, Actor, Permissions, Rule, own, seated
from sreda.programme.models import (
    Action,
    Body,
    Finding,
    Implementation,
    Indicator,
    ListEntry,
    Membership,
    PackLoad,
    Programme,
    Scenario,
)
from sreda.registry.api import Role, on_day

OPERATOR = seated(Role.OPERATOR)
COORDINATOR = seated(Role.COORDINATOR)
LEADERS = seated(Role.HEAD, Role.ADMINISTRATOR)


def _of_own_bodies(field: str) -> Rule:
    """Rows of programmes in one of whose bodies the actor sits on this day."""

    def rule(actor: Actor) -> Q | bool:
        if actor.person_id is None:
            return False
        places = Membership.objects.filter(on_day(actor.on), person_id=actor.person_id)
        return Q(**{f"{field}__in": places.order_by().values("body__programme")})

    return Rule(rule)


PROGRAMMES: Permissions[Programme] = Permissions(
    Programme,
    {"view": ANYONE, "manage": OPERATOR},
)

LOADS: Permissions[PackLoad] = Permissions(
    PackLoad,
    {"view": OPERATOR, "add": OPERATOR, "close": OPERATOR},
)

FINDINGS: Permissions[Finding] = Permissions(
    Finding,
    {"view": OPERATOR, "decide": OPERATOR},
)

ENTRIES: Permissions[ListEntry] = Permissions(
    ListEntry,
    {
        "view": ANYONE,
        "follow": OPERATOR
        | COORDINATOR & own("organisation__municipality_id", "municipality_id")
        | LEADERS & own("organisation_id", "organisation_id"),
        "match": OPERATOR,
    },
)

INDICATORS: Permissions[Indicator] = Permissions(
    Indicator,
    {"view": ANYONE, "follow": OPERATOR | COORDINATOR | LEADERS, "manage": OPERATOR},
)

IMPLEMENTATIONS: Permissions[Implementation] = Permissions(
    Implementation,
    {
        "view": ANYONE,
        "follow": OPERATOR
        | COORDINATOR & own("organisation__municipality_id", "municipality_id")
        | LEADERS & own("organisation_id", "organisation_id"),
        "add": OPERATOR,
        "withdraw": OPERATOR,
    },
)

SCENARIOS: Permissions[Scenario] = Permissions(
    Scenario,
    {"view": OPERATOR, "add": OPERATOR, "drop": OPERATOR},
)

# `publish` is what everyone may read: names, terms and states.
ACTIONS: Permissions[Action] = Permissions(
    Action,
    {
        "publish": ANYONE,
        "view": OPERATOR
        | COORDINATOR
        | LEADERS
        | SIGNED_IN & own("owner_id", "person_id")
        | SIGNED_IN & _of_own_bodies("programme_id"),
        "manage": OPERATOR,
        "progress": OPERATOR | SIGNED_IN & own("owner_id", "person_id"),
    },
)

BODIES: Permissions[Body] = Permissions(
    Body,
    {
        "publish": ANYONE,
        "view": OPERATOR | COORDINATOR | LEADERS | SIGNED_IN & _of_own_bodies("programme_id"),
        "manage": OPERATOR,
    },
)
