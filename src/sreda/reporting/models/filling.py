"""What stands in the cells, who may fill what, and what is said about it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from sreda.kernel.models import Record, StoredFile
from sreda.registry.api import Person
from sreda.reporting.enums import Origin, ProposalStatus
from sreda.reporting.models.campaigns import Submission
from sreda.reporting.models.forms import FormCell


class Value(models.Model):
    """The value of one cell; in a list, of one cell of the row named `row`.

    `number` holds numbers, exactly; `text` everything else: texts, ISO dates, "true"/"false",
    codes of options (several: one a line). Both empty: the cell was emptied.
    `source_number`, `source_text` are what the records gave when the cell was last filled from
    them (`sourced`: they gave something); a value that differs from them needs a `reason`.
    `edition` is the submission's at the last change.
    """

    submission = models.ForeignKey(Submission, models.CASCADE, related_name="values")
    cell = models.ForeignKey(FormCell, models.PROTECT, related_name="values")
    row = models.CharField(max_length=26, blank=True)
    number = models.DecimalField(max_digits=20, decimal_places=4, null=True)
    text = models.TextField(blank=True)
    file = models.ForeignKey(StoredFile, models.PROTECT, null=True, related_name="+")
    origin = models.CharField(max_length=10, choices=Origin.choices)
    sourced = models.BooleanField(default=False)
    source_number = models.DecimalField(max_digits=20, decimal_places=4, null=True)
    source_text = models.TextField(blank=True)
    reason = models.CharField(max_length=500, blank=True)
    edition = models.PositiveIntegerField()
    edited_at = models.DateTimeField()
    edited_by = models.UUIDField(null=True)
    edited_by_name = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["submission", "cell", "row"], name="value_once"),
            models.CheckConstraint(
                condition=~Q(origin="corrected") | ~Q(reason=""), name="value_corrected_why"
            ),
        ]
        indexes = [models.Index(fields=["submission", "edition"], name="value_since")]


class SavedChange(models.Model):
    """A batch of changes that was saved, by the key its sender gave it, with the answer: sent
    again, it changes nothing and is answered the same."""

    submission = models.ForeignKey(Submission, models.CASCADE, related_name="saved")
    key = models.UUIDField()
    edition = models.PositiveIntegerField()
    answer = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["submission", "key"], name="saved_change_once"),
        ]


class Proposal(Record):
    """An organisation says that a record of the region is wrong: what the cell was filled with,
    what it should be, and why. At most one is open for a cell."""

    submission = models.ForeignKey(Submission, models.CASCADE, related_name="proposals")
    cell = models.ForeignKey(FormCell, models.PROTECT, related_name="+")
    row = models.CharField(max_length=26, blank=True)
    was = models.TextField(_("by the records"), blank=True)
    proposed = models.TextField(_("by the organisation"), blank=True)
    reason = models.CharField(_("reason"), max_length=500)
    status = models.CharField(
        _("state"), max_length=10, choices=ProposalStatus.choices, default=ProposalStatus.OPEN
    )
    at = models.DateTimeField()
    by = models.UUIDField(null=True)
    by_name = models.CharField(max_length=300, blank=True)
    decided_at = models.DateTimeField(null=True)
    decided_by_name = models.CharField(max_length=300, blank=True)
    answer = models.CharField(_("answer"), max_length=500, blank=True)

    class Meta:
        ordering = ["-at", "-id"]
        verbose_name = _("proposal to change the records")
        verbose_name_plural = _("proposals to change the records")
        constraints = [
            models.UniqueConstraint(
                fields=["submission", "cell", "row"],
                condition=Q(status="open"),
                name="proposal_one_open",
            ),
            models.CheckConstraint(
                condition=Q(status="open") | Q(decided_at__isnull=False), name="proposal_decided"
            ),
            models.CheckConstraint(
                condition=~Q(status="rejected") | ~Q(answer=""), name="proposal_rejected_why"
            ),
        ]


class Comment(Record):
    """Said about a cell (or the whole report, where there is none), until it is settled."""

    submission = models.ForeignKey(Submission, models.CASCADE, related_name="comments")
    cell = models.ForeignKey(FormCell, models.PROTECT, null=True, related_name="+")
    row = models.CharField(max_length=26, blank=True)
    text = models.TextField(_("comment"))
    at = models.DateTimeField()
    by = models.UUIDField(null=True)
    by_name = models.CharField(max_length=300, blank=True)
    settled_at = models.DateTimeField(null=True)
    settled_by_name = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["at", "id"]
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="comment_says_something")]


class Explanation(Record):
    """Why a warning of a check is all right in this report."""

    submission = models.ForeignKey(Submission, models.CASCADE, related_name="explanations")
    check_code = models.CharField(max_length=40)
    text = models.CharField(_("explanation"), max_length=1000)
    at = models.DateTimeField()
    by_name = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["submission", "check_code"], name="explanation_once"),
        ]


class Delegation(Record):
    """A part of a report that a colleague fills: a section's code. `written_as` is to whose record
    it was given before that was merged into the person's."""

    submission = models.ForeignKey(Submission, models.CASCADE, related_name="delegations")
    section = models.CharField(max_length=40)
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    written_as = models.ForeignKey(
        Person, models.PROTECT, null=True, editable=False, related_name="+", db_index=False
    )
    at = models.DateTimeField()
    by_name = models.CharField(max_length=300, blank=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["submission", "section", "person"], name="delegation_once"
            ),
        ]
