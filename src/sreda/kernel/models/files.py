"""Files people hand in, kept by the hash of their content."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sreda.kernel.models.base import Record


class StoredFile(Record):
    """The content lies under MEDIA_ROOT by its SHA-256; equal contents are kept once.

    `removed_at`: the content is gone, by the rule of `removed_after` days; the rest stays known.
    """

    name = models.CharField(max_length=255)
    content_type = models.CharField(max_length=120)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64, db_index=True)
    stored_at = models.DateTimeField()
    stored_by = models.UUIDField(null=True)
    removed_at = models.DateTimeField(null=True)
    removed_after = models.PositiveIntegerField(null=True)

    class Meta(Record.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(removed_at__isnull=True) ^ Q(removed_after__isnull=False),
                name="file_removed_by_a_rule",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def removal(self) -> str:
        """When and why the content is gone, in words; empty while it is there."""
        if self.removed_at is None:
            return ""
        days = self.removed_after or 0
        day = date_format(timezone.localtime(self.removed_at).date(), "DATE_FORMAT")
        return " ".join(
            (
                _("The file itself was removed on %(day)s.") % {"day": day},
                ngettext(
                    "Tables handed in are kept for %(days)s day after the decision about them.",
                    "Tables handed in are kept for %(days)s days after the decision about them.",
                    days,
                )
                % {"days": days},
            )
        )
