"""The item bank, tests, sittings, attempts and answers, marks."""

from sreda.assessment.models.bank import Item, ItemVersion, Resource, Stimulus, Tag
from sreda.assessment.models.marking import (
    Appeal,
    ItemAnalysis,
    ItemResult,
    Mark,
    Rescoring,
    SittingAnalysis,
)
from sreda.assessment.models.packages import PackageImport
from sreda.assessment.models.sittings import Answer, AnswerFile, Attempt, GivenAs, Sitting
from sreda.assessment.models.tests import Test, TestItem, TestVersion

__all__ = [
    "Answer",
    "AnswerFile",
    "Appeal",
    "Attempt",
    "GivenAs",
    "Item",
    "ItemAnalysis",
    "ItemResult",
    "ItemVersion",
    "Mark",
    "PackageImport",
    "Rescoring",
    "Resource",
    "Sitting",
    "SittingAnalysis",
    "Stimulus",
    "Tag",
    "Test",
    "TestItem",
    "TestVersion",
]
