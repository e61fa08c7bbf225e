"""The programme's public face."""

from sreda.programme.access import ENTRIES, FINDINGS, PROGRAMMES
from sreda.programme.domain.packs import load_demo_programme
from sreda.programme.enums import FindingStatus, Section
from sreda.programme.events import EntryMatched, FindingDecided, PackLoaded
from sreda.programme.models import Finding, ListEntry, Programme
from sreda.programme.queries.programmes import (
    FindingCounts,
    ListedPlace,
    finding_counts,
    listed_places,
    newest,
)

__all__ = [
    "ENTRIES",
    "FINDINGS",
    "PROGRAMMES",
    "EntryMatched",
    "Finding",
    "FindingCounts",
    "FindingDecided",
    "FindingStatus",
    "ListEntry",
    "ListedPlace",
    "PackLoaded",
    "Programme",
    "Section",
    "finding_counts",
    "listed_places",
    "load_demo_programme",
    "newest",
]
