"""Forms and their versions, campaigns, what organisations handed in, indicators, surveys."""

from sreda.reporting.models.campaigns import Campaign, Consolidation, Submission, SubmissionStep
from sreda.reporting.models.dashboards import Dashboard, Mailing, Widget
from sreda.reporting.models.filling import (
    Comment,
    Delegation,
    Explanation,
    Proposal,
    SavedChange,
    Value,
)
from sreda.reporting.models.forms import Dictionary, DraftStep, Form, FormCell, FormVersion
from sreda.reporting.models.indicators import Indicator, IndicatorInput, IndicatorValue
from sreda.reporting.models.people import PeopleCount, ReportedPeople
from sreda.reporting.models.surveys import Answer, Participation

__all__ = [
    "Answer",
    "Campaign",
    "Comment",
    "Consolidation",
    "Dashboard",
    "Delegation",
    "Dictionary",
    "DraftStep",
    "Explanation",
    "Form",
    "FormCell",
    "FormVersion",
    "Indicator",
    "IndicatorInput",
    "IndicatorValue",
    "Mailing",
    "Participation",
    "PeopleCount",
    "Proposal",
    "ReportedPeople",
    "SavedChange",
    "Submission",
    "SubmissionStep",
    "Value",
    "Widget",
]
