"""Who may do what in the programme of change.

An order, its list and its budget are published: everyone sees them. `follow` is what a cabinet
shows as one's own.
"""

from __future__ import annotations

from sreda.kernel.api import ANYONE, Permissions, own, seated
from sreda.programme.models import (
    Finding,
    Implementation,
    Indicator,
    ListEntry,
    PackLoad,
    Programme,
    Scenario,
)
from sreda.registry.api import Role

OPERATOR = seated(Role.OPERATOR)
COORDINATOR = seated(Role.COORDINATOR)
LEADERS = seated(Role.HEAD, Role.ADMINISTRATOR)

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
