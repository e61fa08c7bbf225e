"""A programme, the packs it was loaded from, its list of organisations, and the findings."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Cast, NullIf
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from sreda.kernel.models import Record, StoredFile
from sreda.programme.enums import FindingStatus, LoadStatus, MatchedBy, Section, Severity
from sreda.registry.api import Organisation, Person


class PackRow(Record):
    """A row of one of the order's tables. A later pack without it sets `gone_at`: what people
    have hung on the row stays; a pack that has it again brings it back."""

    key = models.CharField(max_length=80)
    gone_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        abstract = True


class Programme(Record):
    """One order and the change it starts. `key` names it for good, e.g. "42-490-r-2018".

    `recheck_asked_at`: a decision on a finding waits to be worked into rows and findings;
    `recheck_trouble` is why that failed.
    """

    key = models.SlugField(max_length=60, unique=True)
    current = models.ForeignKey("PackLoad", models.PROTECT, null=True, related_name="+")
    number = models.CharField(_("number"), max_length=40)
    date = models.DateField(_("date"))
    title = models.CharField(_("title"), max_length=500)
    region = models.CharField(_("region"), max_length=200)
    plan_from = models.PositiveSmallIntegerField(_("first year of the plan"))
    plan_to = models.PositiveSmallIntegerField(_("last year of the plan"))
    roadmap_year = models.PositiveSmallIntegerField(_("year of the roadmap"), null=True, blank=True)
    facts = models.JSONField(_("other facts of the order"), default=dict)
    loaded_at = models.DateTimeField()
    recheck_asked_at = models.DateTimeField(null=True, editable=False)
    recheck_percent = models.PositiveSmallIntegerField(default=0, editable=False)
    recheck_attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    recheck_trouble = models.TextField(blank=True, editable=False)

    class Meta:
        ordering = ["-date"]
        constraints = [
            models.CheckConstraint(
                condition=Q(plan_to__gte=F("plan_from")), name="programme_years"
            ),
        ]

    def __str__(self) -> str:
        return self.title


class PackLoad(Record):
    """One handing-in of a pack: staged with its differences and bad rows, then confirmed or not.

    `tables` is the whole pack with its printed values, so that any load can be shown and compared
    again: the good rows as read, and those of `previous` that a table with bad rows may not lose.
    While it is checked or loaded, `percent` tells how far; `trouble` is why the last work failed.
    """

    programme = models.ForeignKey(
        Programme, models.CASCADE, null=True, blank=True, related_name="loads"
    )
    previous = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
    file = models.ForeignKey(StoredFile, models.PROTECT, null=True, blank=True)
    name = models.CharField(_("file"), max_length=255)
    sha256 = models.CharField(max_length=64)
    status = models.CharField(max_length=20, choices=LoadStatus.choices, default=LoadStatus.STAGED)
    tables = models.JSONField(default=dict)
    issues = models.JSONField(default=list)
    summary = models.JSONField(default=dict)
    staged_at = models.DateTimeField()
    staged_by = models.UUIDField(null=True)
    staged_by_name = models.CharField(max_length=300, blank=True)
    closed_at = models.DateTimeField(null=True)
    closed_by_name = models.CharField(max_length=300, blank=True)
    percent = models.PositiveSmallIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    trouble = models.TextField(blank=True)
    with_bad = models.BooleanField(default=False)
    asked_at = models.DateTimeField(null=True)
    asked_by = models.UUIDField(null=True)
    seat = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-staged_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["sha256", "staged_by"],
                condition=models.Q(status="checking"),
                name="pack_load_checked_once",
            )
        ]

    @property
    def at_work(self) -> bool:
        return self.status in LoadStatus.at_work()


class ListEntry(PackRow):
    """A row of the order's list, as printed and as read; matched to the registry's organisation."""

    programme = models.ForeignKey(Programme, models.CASCADE, related_name="entries")
    section = models.CharField(_("section"), max_length=20, choices=Section.choices)
    number = models.PositiveSmallIntegerField(_("number"))
    name = models.CharField(_("name"), max_length=500)
    address = models.CharField(_("address"), max_length=500)
    learners = models.PositiveIntegerField(pgettext_lazy("number of", "learners"), null=True)
    link_mbps = models.DecimalField(_("link, Mbit/s"), max_digits=9, decimal_places=2, null=True)
    network = models.BooleanField(_("local network"), null=True)
    computers = models.PositiveIntegerField(_("computers in teaching"), null=True)
    office_computers = models.PositiveIntegerField(_("computers in administration"), null=True)
    management_system = models.BooleanField(_("management information system"), null=True)
    printed_ratio = models.DecimalField(
        _("printed ratio"), max_digits=9, decimal_places=4, null=True
    )
    ratio = models.GeneratedField(
        expression=Cast("computers", models.DecimalField(max_digits=18, decimal_places=6))
        / NullIf(F("learners"), models.Value(0)),
        output_field=models.DecimalField(max_digits=12, decimal_places=6),
        db_persist=True,
    )
    printed = models.JSONField(_("as printed"), default=dict)
    organisation = models.ForeignKey(
        Organisation, models.SET_NULL, null=True, blank=True, related_name="listed"
    )
    matched_by = models.CharField(
        max_length=10, choices=MatchedBy.choices, default=MatchedBy.NOBODY, blank=True
    )
    matched_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["-section", "number"]  # schools first
        constraints = [
            models.UniqueConstraint(fields=["programme", "key"], name="entry_once"),
            models.UniqueConstraint(
                fields=["programme", "organisation"],
                condition=Q(organisation__isnull=False, gone_at__isnull=True),
                name="entry_one_organisation",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Finding(Record):
    """What a rule found in the programme's tables, and what a named person decided about it.

    `fingerprint` stays the same over reloads, so that a decision outlives them; `gone_at` is
    set when a later load no longer shows the fault.
    """

    programme = models.ForeignKey(Programme, models.CASCADE, related_name="findings")
    fingerprint = models.CharField(max_length=120)
    rule = models.CharField(_("rule"), max_length=80)
    severity = models.CharField(_("severity"), max_length=20, choices=Severity.choices)
    table = models.CharField(_("table"), max_length=60)
    place = models.CharField(_("place"), max_length=300)
    row = models.CharField(_("row"), max_length=120, blank=True)
    column = models.CharField(_("column"), max_length=120, blank=True)
    column_title = models.CharField(max_length=200, blank=True)
    position = models.PositiveIntegerField(default=0)
    printed = models.TextField(_("printed"), blank=True)
    computed = models.TextField(_("computed"), blank=True)
    suggestion = models.TextField(_("suggested correction"), blank=True)
    right_order = models.JSONField(_("keys of the rows in their right order"), default=list)
    texts = models.JSONField(_("in plain words, by language"), default=dict)
    advice = models.JSONField(_("what to do, by language"), default=dict)
    status = models.CharField(
        _("state"), max_length=20, choices=FindingStatus.choices, default=FindingStatus.OPEN
    )
    reason = models.TextField(_("reason"), blank=True)
    decided_by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True)
    decided_at = models.DateTimeField(null=True)
    found_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["programme", "fingerprint"], name="finding_once"),
            models.CheckConstraint(
                condition=Q(status=FindingStatus.OPEN)
                | (Q(decided_by__isnull=False, decided_at__isnull=False) & ~Q(reason="")),
                name="finding_decided_by_someone_for_a_reason",
            ),
        ]


class Correction(Record):
    """What a cell should say, beside what is printed in it; or the right order of rows.

    It stands until it is undone, or until a later pack prints something else in the cell.
    """

    programme = models.ForeignKey(Programme, models.CASCADE, related_name="corrections")
    finding = models.ForeignKey(Finding, models.CASCADE, related_name="corrections")
    table = models.CharField(max_length=60)
    row = models.CharField(max_length=120, blank=True)
    column = models.CharField(max_length=120, blank=True)
    printed = models.TextField(blank=True)
    value = models.TextField(_("corrected value"), blank=True)
    right_order = models.JSONField(default=list)
    reason = models.TextField(_("reason"))
    made_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["made_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "table", "row", "column"],
                condition=Q(ended_at__isnull=True) & ~Q(row=""),
                name="correction_one_of_a_cell",
            ),
            models.CheckConstraint(
                condition=(~Q(row="") & ~Q(column="")) | ~Q(right_order=[]),
                name="correction_of_a_cell_or_an_order",
            ),
        ]
