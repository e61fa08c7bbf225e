"""A made-up region for trying things out: deterministic rows, and their loading."""

from sreda.registry.generator.load import AlreadyLoaded, Progress, load
from sreda.registry.generator.region import Character, Region
from sreda.registry.generator.spec import SMALL, WHOLE, ListedOrganisation, Spec, region

__all__ = [
    "SMALL",
    "WHOLE",
    "AlreadyLoaded",
    "Character",
    "ListedOrganisation",
    "Progress",
    "Region",
    "Spec",
    "load",
    "region",
]
