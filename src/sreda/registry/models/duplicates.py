"""Records that may be one person: found by a search behind the page, judged by people."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from sreda.registry.models.people import Person


class DuplicateSearch(models.Model):
    """One search through the whole registry; `trouble` is why it came to nothing."""

    asked_at = models.DateTimeField(_("asked at"))
    asked_by = models.UUIDField(null=True)
    percent = models.PositiveSmallIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    trouble = models.TextField(blank=True)
    found = models.PositiveIntegerField(_("pairs found"), null=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["found"],
                condition=Q(found__isnull=True),
                nulls_distinct=False,
                name="duplicate_search_one_at_a_time",
            )
        ]


class DuplicatePair(models.Model):
    """Two records that look alike. A dismissed pair stays, so that no search brings it back."""

    first = models.ForeignKey(Person, models.CASCADE, related_name="+")
    second = models.ForeignKey(Person, models.CASCADE, related_name="+")
    score = models.DecimalField(_("likeness of names"), max_digits=3, decimal_places=2)
    search = models.ForeignKey(DuplicateSearch, models.CASCADE, related_name="pairs")
    dismissed_at = models.DateTimeField(null=True)
    dismissed_by = models.UUIDField(null=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("likely duplicate")
        verbose_name_plural = _("likely duplicates")
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="duplicate_pair_once"),
            models.CheckConstraint(
                condition=Q(first__lt=F("second")), name="duplicate_pair_of_two"
            ),
            models.CheckConstraint(
                condition=Q(dismissed_at__isnull=True) | ~Q(reason=""),
                name="duplicate_pair_dismissed_with_reason",
            ),
        ]
        indexes = [
            models.Index(
                F("score").desc(),
                "id",
                condition=Q(dismissed_at__isnull=True),
                name="duplicate_pair_open",
            )
        ]
