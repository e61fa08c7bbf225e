"""Fixed vocabularies of reporting."""

from __future__ import annotations

from datetime import date, timedelta

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class FormKind(TextChoices):
    REPORT = "report", _("Report of organisations")
    SURVEY = "survey", _("Survey of people")


class VersionStatus(TextChoices):
    DRAFT = "draft", pgettext_lazy("version of a form", "Draft")
    PUBLISHED = "published", pgettext_lazy("version of a form", "In force")
    RETIRED = "retired", pgettext_lazy("version of a form", "Replaced")


class PeriodKind(TextChoices):
    ONCE = "once", _("Once")
    DAY = "day", _("On a date")
    MONTH = "month", _("Month")
    QUARTER = "quarter", _("Quarter")
    YEAR = "year", _("Calendar year")
    SCHOOL_YEAR = "school_year", _("School year")

    def around(self, day: date) -> tuple[date, date]:
        """First and last day of the period that the day is in; of a form that is asked once, its
        school year."""
        match self:
            case PeriodKind.DAY:
                return day, day
            case PeriodKind.MONTH:
                first, months = day.replace(day=1), 1
            case PeriodKind.QUARTER:
                first, months = date(day.year, (day.month - 1) // 3 * 3 + 1, 1), 3
            case PeriodKind.YEAR:
                first, months = date(day.year, 1, 1), 12
            case _:
                first, months = date(day.year if day.month >= 9 else day.year - 1, 9, 1), 12
        years, month = divmod(first.month - 1 + months, 12)
        return first, date(first.year + years, month + 1, 1) - timedelta(days=1)


class CampaignStatus(TextChoices):
    PLANNED = "planned", pgettext_lazy("campaign", "Planned")
    OPEN = "open", pgettext_lazy("campaign", "Open")
    CLOSED = "closed", pgettext_lazy("campaign", "Closed")


class SurveyStatus(TextChoices):
    """A campaign's states in words for a survey."""

    PLANNED = CampaignStatus.PLANNED.value, pgettext_lazy("survey", "Planned")
    OPEN = CampaignStatus.OPEN.value, pgettext_lazy("survey", "Open")
    CLOSED = CampaignStatus.CLOSED.value, pgettext_lazy("survey", "Closed")


class SubmissionStatus(TextChoices):
    """From the school's first look to the municipality's word."""

    WAITING = "waiting", pgettext_lazy("submission", "Not begun")
    FILLING = "filling", pgettext_lazy("submission", "Being filled")
    SUBMITTED = "submitted", pgettext_lazy("submission", "Handed in")
    RETURNED = "returned", pgettext_lazy("submission", "Returned")
    ACCEPTED = "accepted", pgettext_lazy("submission", "Accepted")


COUNTED = (SubmissionStatus.SUBMITTED, SubmissionStatus.ACCEPTED)
"""What totals are made of: a report counts from its handing-in until it is returned."""


class StepKind(TextChoices):
    OPENED = "opened", pgettext_lazy("step of a submission", "Opened")
    SUBMITTED = "submitted", pgettext_lazy("step of a submission", "Signed and handed in")
    WITHDRAWN = "withdrawn", pgettext_lazy("step of a submission", "Taken back by the sender")
    RETURNED = "returned", pgettext_lazy("step of a submission", "Returned with comments")
    ACCEPTED = "accepted", pgettext_lazy("step of a submission", "Accepted")
    REOPENED = "reopened", pgettext_lazy("step of a submission", "Opened again")
    CARRIED = "carried", pgettext_lazy("step of a submission", "Moved to a new version of the form")


class Origin(TextChoices):
    """How the value of a cell came to be."""

    SOURCE = "source", _("from the region's records")
    TYPED = "typed", _("typed")
    CORRECTED = "corrected", _("corrected by the organisation")
    IMPORTED = "imported", _("from a file")
    CARRIED = "carried", _("from an earlier period")


class ProposalStatus(TextChoices):
    """What became of a proposal to change the records."""

    OPEN = "open", pgettext_lazy("proposal", "Waiting")
    ACCEPTED = "accepted", pgettext_lazy("proposal", "Accepted: the records were corrected")
    REJECTED = "rejected", pgettext_lazy("proposal", "Rejected")
    WITHDRAWN = "withdrawn", pgettext_lazy("proposal", "Taken back")


class Severity(TextChoices):
    ERROR = "error", _("Error")
    WARNING = "warning", _("Warning")
    NOTE = "note", pgettext_lazy("remark", "Note")


class IndicatorState(TextChoices):
    FRESH = "fresh", pgettext_lazy("indicator", "Up to date")
    STALE = "stale", pgettext_lazy("indicator", "To be computed anew")
    BROKEN = "broken", pgettext_lazy("indicator", "A source is missing")


class Level(TextChoices):
    """At which places an indicator is computed, widest first."""

    REGION = "region", pgettext_lazy("level", "Region")
    MUNICIPALITY = "municipality", pgettext_lazy("level", "Municipality")
    ORGANISATION = "organisation", pgettext_lazy("level", "Organisation")


class WidgetKind(TextChoices):
    FIGURE = "figure", pgettext_lazy("widget", "Figures")
    TABLE = "table", pgettext_lazy("widget", "Table by places")
    CHART = "chart", pgettext_lazy("widget", "Chart over time")
    TILES = "tiles", pgettext_lazy("widget", "Tile map")
    MULTIPLES = "multiples", pgettext_lazy("widget", "Small charts by places")


class Frequency(TextChoices):
    DAILY = "daily", _("Every day")
    WEEKLY = "weekly", _("Every Monday")
    MONTHLY = "monthly", _("On the first of each month")


class ReportFormat(TextChoices):
    PDF = "pdf", "PDF"
    XLSX = "xlsx", "XLSX"
    CSV = "csv", "CSV"
