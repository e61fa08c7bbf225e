"""Imports of tables: what came, what was wrong with it, what became of it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from sreda.kernel.models import Record, StoredFile


class ImportStatus(models.TextChoices):
    STAGED = "staged", _("Waiting for a decision")
    APPLIED = "applied", _("Taken over")
    CANCELLED = "cancelled", pgettext_lazy("table", "Dropped")


class Import(Record):
    """A table handed in. It changes nothing until it is applied; it is applied once."""

    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    status = models.CharField(
        _("state"), max_length=20, choices=ImportStatus.choices, default=ImportStatus.STAGED
    )
    columns = models.JSONField(default=list)
    total = models.PositiveIntegerField(_("rows"), default=0)
    new = models.PositiveIntegerField(pgettext_lazy("rows", "new"), default=0)
    changed = models.PositiveIntegerField(pgettext_lazy("rows", "changed"), default=0)
    unchanged = models.PositiveIntegerField(_("unchanged"), default=0)
    bad = models.PositiveIntegerField(_("faulty"), default=0)
    staged_at = models.DateTimeField(_("handed in at"))
    staged_by = models.UUIDField(null=True)
    staged_by_name = models.CharField(_("handed in by"), max_length=300, blank=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.UUIDField(null=True)
    closed_by_name = models.CharField(max_length=300, blank=True)

    class Meta:
        abstract = True
        ordering = ["-staged_at"]


class PeopleImport(Import):
    """People with their places. The good rows wait in a table of their own, named by `table`.

    `repeated`: some person is in more than one row.
    """

    repeated = models.BooleanField(default=False)

    class Meta(Import.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(status="staged") | Q(closed_at__isnull=False),
                name="people_import_closed",
            )
        ]

    @property
    def table(self) -> str:
        return f"registry_staged_{self.pk.hex}"


class TableImport(Import):
    """A table few enough for the rows to be kept as they came; `kind` says of what."""

    kind = models.CharField(max_length=20, default="organisations")
    rows = models.JSONField(default=list)

    class Meta(Import.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(status="staged") | Q(closed_at__isnull=False),
                name="table_import_closed",
            )
        ]


class BadRow(models.Model):
    """A row that cannot be taken over: its cells by column, and [column, value, fault] each."""

    people_import = models.ForeignKey(
        PeopleImport, models.CASCADE, null=True, related_name="bad_rows"
    )
    table_import = models.ForeignKey(
        TableImport, models.CASCADE, null=True, related_name="bad_rows"
    )
    line = models.PositiveIntegerField(_("line of the file"))
    cells = models.JSONField()
    faults = models.JSONField()

    class Meta:
        ordering = ["line", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(people_import__isnull=True) ^ Q(table_import__isnull=True),
                name="bad_row_of_one_import",
            )
        ]


class JobStatus(models.TextChoices):
    WAITING = "waiting", _("Waiting for its turn")
    RUNNING = "running", _("In work")
    DONE = "done", pgettext_lazy("work", "Done")
    FAILED = "failed", _("Not done")

    @classmethod
    def at_work(cls) -> list[JobStatus]:
        return [cls.WAITING, cls.RUNNING]


class ImportJob(Record):
    """Work on a large table, done behind the page: reading it in, or taking it over.

    Its outcome is written in the transaction of the work itself: what is not done left nothing.
    `beat_at` is when it was asked for last, or taken up again.
    """

    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64)
    kind = models.CharField(max_length=20, default="people")
    people_import = models.ForeignKey(PeopleImport, models.CASCADE, null=True, related_name="jobs")
    table_import = models.ForeignKey(TableImport, models.CASCADE, null=True, related_name="jobs")
    applies = models.BooleanField(default=False)
    only_good = models.BooleanField(default=False)
    status = models.CharField(
        _("state"), max_length=10, choices=JobStatus.choices, default=JobStatus.WAITING
    )
    step = models.CharField(max_length=10, blank=True)
    percent = models.PositiveSmallIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    reason = models.TextField(blank=True)
    made_at = models.DateTimeField()
    made_by = models.UUIDField()
    seat = models.CharField(max_length=200)
    beat_at = models.DateTimeField()

    class Meta:
        ordering = ["-made_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["digest", "made_by", "kind"],
                condition=Q(status__in=["waiting", "running"], applies=False),
                name="import_job_read_once",
            ),
            models.UniqueConstraint(
                fields=["people_import"],
                condition=Q(status__in=["waiting", "running"], applies=True),
                name="import_job_apply_once",
            ),
            models.UniqueConstraint(
                fields=["table_import"],
                condition=Q(status__in=["waiting", "running"], applies=True),
                name="import_job_apply_table_once",
            ),
            models.CheckConstraint(
                condition=Q(applies=False)
                | Q(people_import__isnull=False)
                | Q(table_import__isnull=False),
                name="import_job_applies_something",
            ),
        ]

    @property
    def imported(self) -> PeopleImport | TableImport | None:
        return self.people_import or self.table_import

    @property
    def at_work(self) -> bool:
        return self.status in JobStatus.at_work()
