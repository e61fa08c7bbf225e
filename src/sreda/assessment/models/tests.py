"""Tests: QTI assessment tests in versions, each bound to versions of items."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from sreda.assessment.enums import ItemStatus
from sreda.assessment.models.bank import Banked, ItemVersion, Tag
from sreda.kernel.models import Record


class Test(Banked):
    __test__ = False  # for pytest: not a class of tests

    current = models.ForeignKey("TestVersion", models.PROTECT, null=True, related_name="+")
    tags = models.ManyToManyField(Tag, blank=True, related_name="tests")

    class Meta:
        ordering = ["-made_at"]
        verbose_name = _("test")
        verbose_name_plural = _("tests")
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "identifier"], nulls_distinct=False, name="test_identifier"
            )
        ]


class TestVersion(Record):
    """QTI 3.0 XML of the test. Once used it does not change, nor do its items."""

    __test__ = False

    test = models.ForeignKey(Test, models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField(_("version"))
    status = models.CharField(
        _("state"), max_length=10, choices=ItemStatus.choices, default=ItemStatus.DRAFT
    )
    content = models.TextField()
    sha256 = models.CharField(max_length=64)
    max_score = models.DecimalField(max_digits=12, decimal_places=4, null=True)
    faults = models.JSONField(default=list)
    made_at = models.DateTimeField()
    made_by_name = models.CharField(max_length=300, blank=True)
    used_at = models.DateTimeField(null=True)
    edition = models.PositiveIntegerField(db_default=1, editable=False)

    class Meta:
        ordering = ["test", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["test", "number"], name="test_version_number"),
            models.UniqueConstraint(
                fields=["test"], condition=Q(status="draft"), name="test_one_draft"
            ),
            models.CheckConstraint(
                condition=~Q(status="draft") | Q(used_at__isnull=True), name="test_draft_unused"
            ),
        ]


class TestItem(models.Model):
    """Which version of an item stands at an item reference: `ref` is its identifier."""

    __test__ = False

    version = models.ForeignKey(TestVersion, models.CASCADE, related_name="items")
    ref = models.CharField(max_length=100)
    number = models.PositiveSmallIntegerField()
    item_version = models.ForeignKey(ItemVersion, models.PROTECT, related_name="placements")

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["version", "ref"], name="test_item_ref"),
        ]
