"""The programme's public face."""

from sreda.programme.access import ACTIONS, BODIES, ENTRIES, FINDINGS, PROGRAMMES
from sreda.programme.domain.demo import record_demo_progress
from sreda.programme.domain.packs import load_demo_programme
from sreda.programme.enums import (
    ActionStatus,
    BudgetKind,
    FindingStatus,
    Plan,
    Section,
)
from sreda.programme.events import (
    ActionChanged,
    EntryMatched,
    FindingDecided,
    MembershipChanged,
    PackLoaded,
)
from sreda.programme.models import (
    Action,
    BudgetAmount,
    Finding,
    Indicator,
    IndicatorPlan,
    ListEntry,
    Programme,
)
from sreda.programme.queries.indicators import IndicatorState, YearState
from sreda.programme.queries.indicators import kept_states as indicator_states
from sreda.programme.queries.programmes import (
    FindingCounts,
    ListedPlace,
    finding_counts,
    listed_places,
    newest,
)

__all__ = [
    "ACTIONS",
    "BODIES",
    "ENTRIES",
    "FINDINGS",
    "PROGRAMMES",
    "Action",
    "ActionChanged",
    "ActionStatus",
    "BudgetAmount",
    "BudgetKind",
    "EntryMatched",
    "Finding",
    "FindingCounts",
    "FindingDecided",
    "FindingStatus",
    "Indicator",
    "IndicatorPlan",
    "IndicatorState",
    "ListEntry",
    "ListedPlace",
    "MembershipChanged",
    "PackLoaded",
    "Plan",
    "Programme",
    "Section",
    "YearState",
    "finding_counts",
    "indicator_states",
    "listed_places",
    "load_demo_programme",
    "newest",
    "record_demo_progress",
]
