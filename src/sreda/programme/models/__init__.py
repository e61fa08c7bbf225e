"""The programme of change: an order's tables as records, and what became of them."""

from sreda.programme.models.actions import Action, Decision, Dependency, Evidence, Occurrence
from sreda.programme.models.bodies import Act, Body, Membership
from sreda.programme.models.figures import (
    BudgetAmount,
    BudgetLine,
    Figure,
    Implementation,
    Indicator,
    IndicatorFact,
    IndicatorPlan,
    Promise,
    Scenario,
)
from sreda.programme.models.packs import (
    Correction,
    Finding,
    ListEntry,
    PackLoad,
    PackRow,
    Programme,
)

__all__ = [
    "Act",
    "Action",
    "Body",
    "BudgetAmount",
    "BudgetLine",
    "Correction",
    "Decision",
    "Dependency",
    "Evidence",
    "Figure",
    "Finding",
    "Implementation",
    "Indicator",
    "IndicatorFact",
    "IndicatorPlan",
    "ListEntry",
    "Membership",
    "Occurrence",
    "PackLoad",
    "PackRow",
    "Programme",
    "Promise",
    "Scenario",
]
