"""Campaigns: a form is asked of somebody for a period; who has handed it in, and when."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from sreda.kernel.models import Record
from sreda.registry.api import Municipality, Organisation
from sreda.reporting.enums import CampaignStatus, StepKind, SubmissionStatus
from sreda.reporting.models.forms import FormVersion


class Campaign(Record):
    """A published version asked for one period, from `period_start` to `period_end`, both
    included; `as_of` is the day whose records fill it.

    `audience` says of whom: {"kinds": […], "municipalities": [id…], "organisations": [id…]} for
    reports (empty parts do not narrow), {"roles": […], …} for surveys. It is worked out when the
    campaign opens: from then on its submissions are the list.
    `anonymous` is a promise: answers of a survey are then kept without any link to people.
    """

    version = models.ForeignKey(FormVersion, models.PROTECT, related_name="campaigns")
    title = models.CharField(_("title"), max_length=300)
    period_start = models.DateField(_("period from"))
    period_end = models.DateField(_("period to"))
    as_of = models.DateField(_("records as of"))
    opens_on = models.DateField(_("opens on"))
    due_on = models.DateField(_("due on"))
    municipal_due_on = models.DateField(_("municipalities are due on"), null=True, blank=True)
    status = models.CharField(
        _("state"), max_length=10, choices=CampaignStatus.choices, default=CampaignStatus.PLANNED
    )
    audience = models.JSONField(_("who fills it"), default=dict, blank=True)
    anonymous = models.BooleanField(_("anonymous"), default=False)
    opened_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    made_at = models.DateTimeField()
    made_by_name = models.CharField(max_length=300, blank=True)
    edition = models.PositiveIntegerField(db_default=1, editable=False)

    class Meta:
        ordering = ["-period_start", "title"]
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        constraints = [
            models.UniqueConstraint(
                fields=["version", "period_start", "title"], name="campaign_once"
            ),
            models.CheckConstraint(
                condition=Q(period_end__gte=F("period_start")), name="campaign_period"
            ),
            models.CheckConstraint(condition=Q(due_on__gte=F("opens_on")), name="campaign_term"),
            models.CheckConstraint(
                condition=Q(status="planned") | Q(opened_at__isnull=False), name="campaign_opened"
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Submission(Record):
    """What one organisation owes a campaign. `edition` grows with every saved change of a cell,
    and stands on the values it changed: a page asks for what came after the one it has.

    `source_stamp` is the fingerprint of what the records gave when it was last filled from them, at
    `sourced_at` (null: to be filled anew). `errors` and `warnings` are what the checks found when
    last run.
    """

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="submissions")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="submissions")
    municipality = models.ForeignKey(Municipality, models.PROTECT, related_name="+")
    status = models.CharField(
        _("state"), max_length=10, choices=SubmissionStatus.choices,
        default=SubmissionStatus.WAITING,
    )  # fmt: skip
    edition = models.PositiveIntegerField(db_default=0, editable=False)
    filled = models.PositiveIntegerField(_("cells filled"), default=0)
    sourced = models.PositiveIntegerField(_("cells filled from records"), default=0)
    errors = models.PositiveIntegerField(_("errors"), default=0)
    warnings = models.PositiveIntegerField(_("warnings"), default=0)
    source_stamp = models.CharField(max_length=64, blank=True)
    sourced_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)
    submitted_at = models.DateTimeField(pgettext_lazy("form", "handed in at"), null=True)
    submitted_by_name = models.CharField(max_length=300, blank=True)
    accepted_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["organisation__short_name"]
        verbose_name = _("report of an organisation")
        verbose_name_plural = _("reports of organisations")
        constraints = [
            models.UniqueConstraint(fields=["campaign", "organisation"], name="submission_once"),
            models.CheckConstraint(
                condition=~Q(status__in=["submitted", "accepted"]) | Q(submitted_at__isnull=False),
                name="submission_signed",
            ),
        ]
        indexes = [
            models.Index(fields=["campaign", "municipality", "status"], name="submission_place"),
            models.Index(fields=["organisation", "status"], name="submission_of"),
        ]


class SubmissionStep(Record):
    """One step of a submission's way; kept for ever.

    A handing-in keeps `content`, the values by key as they were signed, and `digest`, the SHA-256
    of their canonical JSON.
    """

    submission = models.ForeignKey(Submission, models.CASCADE, related_name="steps")
    kind = models.CharField(max_length=10, choices=StepKind.choices)
    at = models.DateTimeField()
    by = models.UUIDField(null=True)
    by_name = models.CharField(max_length=300, blank=True)
    post = models.CharField(max_length=300, blank=True)
    comment = models.TextField(blank=True)
    content = models.JSONField(null=True)
    digest = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind="submitted") | Q(content__isnull=False) & ~Q(digest=""),
                name="submission_step_signed",
            ),
            models.CheckConstraint(
                condition=~Q(kind="returned") | ~Q(comment=""), name="submission_step_reason"
            ),
        ]


class Consolidation(Record):
    """A municipality's part of a campaign: its sums, kept until a report under them changes.

    `stale` is set in the transaction that changes what counts; sums are then made anew when next
    asked for. `totals` is {cell id: [sum, count]} over the numeric cells of counted reports.
    """

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="consolidations")
    municipality = models.ForeignKey(Municipality, models.PROTECT, related_name="+")
    totals = models.JSONField(default=dict)
    counted = models.PositiveIntegerField(_("reports counted"), default=0)
    stale = models.BooleanField(default=True)
    submitted_at = models.DateTimeField(pgettext_lazy("form", "handed in at"), null=True)
    submitted_by_name = models.CharField(max_length=300, blank=True)
    digest = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "municipality"], name="consolidation_once"),
        ]
