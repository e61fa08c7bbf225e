"""Fixed vocabularies of assessment; names follow QTI where it has them."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class ItemStatus(TextChoices):
    """Of a version: a draft may change; a version that somebody was given never does."""

    DRAFT = "draft", pgettext_lazy("version of an item", "Draft")
    READY = "ready", pgettext_lazy("version of an item", "Ready for use")
    RETIRED = "retired", pgettext_lazy("version of an item", "No longer given")


class SittingStatus(TextChoices):
    """Learners see an announced sitting, and may begin between its moments."""

    PLANNED = "planned", pgettext_lazy("sitting", "Being prepared")
    OPEN = "open", pgettext_lazy("sitting", "Announced")
    CLOSED = "closed", pgettext_lazy("sitting", "Closed")


class ReleaseStatus(TextChoices):
    """What learners see of the marks of a sitting."""

    HELD = "held", _("Marks are being checked")
    RELEASED = "released", _("Marks are published")


class AttemptStatus(TextChoices):
    """`ENDED`: the time ran out or the sitting closed, and what had arrived was handed in."""

    OPEN = "open", pgettext_lazy("attempt", "In work")
    SUBMITTED = "submitted", pgettext_lazy("attempt", "Handed in")
    ENDED = "ended", pgettext_lazy("attempt", "Ended by its term")


class MarkingStatus(TextChoices):
    AUTOMATIC = "automatic", pgettext_lazy("marking", "Marked by the key")
    WAITING = "waiting", pgettext_lazy("marking", "Waits for a marker")
    SECOND = "second", pgettext_lazy("marking", "Waits for a second marker")
    THIRD = "third", pgettext_lazy("marking", "Markers differ: waits for a third")
    MARKED = "marked", pgettext_lazy("marking", "Marked")


class AppealStatus(TextChoices):
    OPEN = "open", pgettext_lazy("appeal", "Under consideration")
    UPHELD = "upheld", pgettext_lazy("appeal", "Mark changed")
    DISMISSED = "dismissed", pgettext_lazy("appeal", "Mark kept")


class RescoringStatus(TextChoices):
    LISTING = "listing", pgettext_lazy("corrected key", "Being looked through")
    LISTED = "listed", pgettext_lazy("corrected key", "Not applied")
    APPLYING = "applying", pgettext_lazy("corrected key", "Being applied")
    APPLIED = "applied", pgettext_lazy("corrected key", "Applied")
    FAILED = "failed", pgettext_lazy("corrected key", "Did not work out")

    @classmethod
    def at_work(cls) -> list[RescoringStatus]:
        return [cls.LISTING, cls.APPLYING]


class PackageStatus(TextChoices):
    WAITING = "waiting", pgettext_lazy("package", "Waits for its turn")
    RUNNING = "running", pgettext_lazy("package", "In work")
    LOOKED = "looked", pgettext_lazy("package", "Looked through")
    TAKEN = "taken", pgettext_lazy("package", "Taken over")
    FAILED = "failed", pgettext_lazy("package", "Did not work out")

    @classmethod
    def at_work(cls) -> list[PackageStatus]:
        return [cls.WAITING, cls.RUNNING]
