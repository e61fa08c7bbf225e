"""Imports of tables: what came, what was wrong with it, what became of it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from sreda.kernel.models import Record, StoredFile


class ImportStatus(models.TextChoices):
    STAGED = "staged", _("Waiting for a decision")
    APPLIED = "applied", _("Taken over")
    CANCELLED = "cancelled", _("Dropped")


class Import(Record):
    """A table handed in. It changes nothing until it is applied; it is applied once."""

    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    status = models.CharField(
        _("state"), max_length=20, choices=ImportStatus.choices, default=ImportStatus.STAGED
    )
    columns = models.JSONField(default=list)
    total = models.PositiveIntegerField(_("rows"), default=0)
    new = models.PositiveIntegerField(_("new"), default=0)
    changed = models.PositiveIntegerField(_("changed"), default=0)
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


class OrganisationsImport(Import):
    """Organisations: few enough for the rows to be kept as they came."""

    rows = models.JSONField(default=list)

    class Meta(Import.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(status="staged") | Q(closed_at__isnull=False),
                name="organisations_import_closed",
            )
        ]


class BadRow(models.Model):
    """A row that cannot be taken over: its cells by column, and [column, value, fault] each."""

    people_import = models.ForeignKey(
        PeopleImport, models.CASCADE, null=True, related_name="bad_rows"
    )
    organisations_import = models.ForeignKey(
        OrganisationsImport, models.CASCADE, null=True, related_name="bad_rows"
    )
    line = models.PositiveIntegerField(_("line of the file"))
    cells = models.JSONField()
    faults = models.JSONField()

    class Meta:
        ordering = ["line", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(people_import__isnull=True) ^ Q(organisations_import__isnull=True),
                name="bad_row_of_one_import",
            )
        ]
