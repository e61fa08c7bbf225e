"""The programme's fixed vocabularies."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Section(TextChoices):
    SCHOOL = "school", _("General education schools")
    COLLEGE = "college", _("Vocational colleges")


class Plan(TextChoices):
    """Which table of the order an action stands in."""

    MEASURES = "measures", _("Set of measures")
    ROADMAP = "roadmap", _("Roadmap")


class ActionStatus(TextChoices):
    PLANNED = "planned", _("Planned")
    ACTIVE = "active", _("Under way")
    DONE = "done", _("Done")
    DROPPED = "dropped", _("Dropped")


class LoadStatus(TextChoices):
    CHECKING = "checking", _("Being checked")
    REFUSED = "refused", _("Could not be read")
    STAGED = "staged", _("Waiting for confirmation")
    LOADING = "loading", _("Being loaded")
    CONFIRMED = "confirmed", _("Loaded")
    CANCELLED = "cancelled", _("Cancelled")

    @classmethod
    def at_work(cls) -> list[LoadStatus]:
        return [cls.CHECKING, cls.LOADING]


class FindingStatus(TextChoices):
    OPEN = "open", pgettext_lazy("finding", "Open")
    ACCEPTED = "accepted", _("Accepted as a fault of the document")
    CORRECTED = "corrected", _("Corrected")
    WAIVED = "waived", _("Waived")


class Severity(TextChoices):
    """Those of `programme.rules`."""

    ERROR = "error", _("Error")
    WARNING = "warning", _("Warning")
    NOTE = "note", _("Remark")


class MatchedBy(TextChoices):
    """Who said which organisation of the registry a row of the list is."""

    NOBODY = "", _("Not matched")
    RULE = "rule", _("Found by number, place and name")
    PERSON = "person", _("Chosen by a person")


class BodyKind(TextChoices):
    """Who runs the change; the keys are those of the pack's table `bodies`."""

    COORDINATOR = "coordinator", _("Regional coordinator")
    AGREEMENT = "agreement", _("Agreement")
    PROJECT_OFFICE = "project_office", _("Departmental project office")
    OFFICE_HEAD = "office_head", _("Head of the project office")
    COUNCIL = "council", _("Coordination council")
    CDO = "cdo", _("Chief Data Officer")
    SIGNER = "signer", _("Signed by")
    SUPERVISOR = "supervisor", _("Supervised by")
    PUBLICATION = "publication", _("Publication")
    EXECUTOR = "executor", _("Executor")


class MemberRole(TextChoices):
    HEAD = "head", _("Head")
    DEPUTY = "deputy", _("Deputy head")
    SECRETARY = "secretary", _("Secretary")
    MEMBER = "member", _("Member")


class BudgetKind(TextChoices):
    LINE = "line", _("Line")
    TOTAL = "total", _("Total of the year")
    GRAND_TOTAL = "grand_total", _("Grand total")
