"""Packages handed in: what was found in them, what was taken over."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from sreda.assessment.enums import PackageStatus
from sreda.kernel.models import Record, StoredFile
from sreda.registry.api import Organisation


class PackageImport(Record):
    """A package is looked through behind the page, then, where asked (`applies`), taken over.

    `found` holds the entries and the issues of the package as they were when it was looked through,
    `done` the numbers taken over and what was refused. `beat_at` is
    when it was asked for last, or taken up again.
    """

    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    organisation = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+")
    status = models.CharField(
        _("state"), max_length=10, choices=PackageStatus.choices, default=PackageStatus.WAITING
    )
    applies = models.BooleanField(default=False)
    ready = models.BooleanField(default=False)
    percent = models.PositiveSmallIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    reason = models.TextField(blank=True)
    found = models.JSONField(default=dict)
    done = models.JSONField(default=dict)
    made_at = models.DateTimeField()
    made_by = models.UUIDField()
    seat = models.CharField(max_length=200)
    beat_at = models.DateTimeField()

    class Meta:
        ordering = ["-made_at"]
        indexes = [models.Index(fields=["made_by", "-made_at"], name="package_import_own")]

    @property
    def at_work(self) -> bool:
        return self.status in PackageStatus.at_work()
