"""The item bank: items in versions, stimuli they share, files they show."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from sreda.assessment.enums import ItemStatus
from sreda.kernel.models import Record, StoredFile
from sreda.registry.api import Organisation


class Tag(Record):
    """A word items are found by: `scheme` is subject, grade, competence, topic or free."""

    scheme = models.CharField(_("kind of tag"), max_length=20)
    code = models.CharField(_("code"), max_length=60)
    title = models.CharField(_("title"), max_length=200)

    class Meta:
        ordering = ["scheme", "title"]
        constraints = [models.UniqueConstraint(fields=["scheme", "code"], name="tag_once")]

    def __str__(self) -> str:
        return self.title


class Banked(Record):
    """What items, stimuli and tests have in common: whose it is, and who may use it.

    Without an organisation it is the region's. `shared`: other organisations may give it too.
    """

    identifier = models.CharField(_("identifier"), max_length=100)
    title = models.CharField(_("title"), max_length=300)
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, blank=True, related_name="+"
    )
    author_id = models.UUIDField(null=True, editable=False)
    author_name = models.CharField(_("author"), max_length=300, blank=True)
    shared = models.BooleanField(_("open to other organisations"), default=False)
    made_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True)
    edition = models.PositiveIntegerField(db_default=1, editable=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.title


class Item(Banked):
    """An assessment item. `current` is the version that is given from now on."""

    current = models.ForeignKey("ItemVersion", models.PROTECT, null=True, related_name="+")
    tags = models.ManyToManyField(Tag, blank=True, related_name="items")
    words = SearchVectorField(null=True)

    class Meta:
        ordering = ["-made_at"]
        verbose_name = _("item")
        verbose_name_plural = _("items")
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "identifier"], nulls_distinct=False, name="item_identifier"
            )
        ]
        indexes = [GinIndex(fields=["words"], name="item_words")]


class ItemVersion(Record):
    """One state of an item: QTI 3.0 XML. `used_at` is when somebody was first given it: from then
    on the database refuses any change of its content.

    `interactions` are the kinds in it, `scored` whether response processing sets SCORE, `by_hand`
    whether a human must mark it; `max_score` is the greatest SCORE, where it is known.
    `difficulty` is the author's estimate, 1 (easy) to 5; what was measured is in ItemAnalysis.
    """

    item = models.ForeignKey(Item, models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField(_("version"))
    status = models.CharField(
        _("state"), max_length=10, choices=ItemStatus.choices, default=ItemStatus.DRAFT
    )
    content = models.TextField()
    sha256 = models.CharField(max_length=64)
    language = models.CharField(_("language"), max_length=20, blank=True)
    interactions = models.JSONField(default=list)
    scored = models.BooleanField(default=False)
    adaptive = models.BooleanField(default=False)
    by_hand = models.BooleanField(_("marked by hand"), default=False)
    max_score = models.DecimalField(max_digits=10, decimal_places=4, null=True)
    difficulty = models.PositiveSmallIntegerField(_("difficulty"), null=True, blank=True)
    faults = models.JSONField(default=list)
    made_at = models.DateTimeField()
    made_by_name = models.CharField(max_length=300, blank=True)
    used_at = models.DateTimeField(null=True)
    edition = models.PositiveIntegerField(db_default=1, editable=False)

    class Meta:
        ordering = ["item", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["item", "number"], name="item_version_number"),
            models.UniqueConstraint(
                fields=["item"], condition=Q(status="draft"), name="item_one_draft"
            ),
            models.CheckConstraint(
                condition=~Q(status="draft") | Q(used_at__isnull=True), name="item_draft_unused"
            ),
            models.CheckConstraint(
                condition=Q(difficulty__isnull=True) | Q(difficulty__range=(1, 5)),
                name="item_difficulty",
            ),
        ]


class Stimulus(Banked):
    """Material that several items share: QTI 3.0 XML."""

    content = models.TextField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        ordering = ["title"]
        verbose_name = _("stimulus")
        verbose_name_plural = _("stimuli")
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "identifier"],
                nulls_distinct=False,
                name="stimulus_identifier",
            )
        ]


class Resource(Record):
    """A file that a version or a stimulus names by `href`, relative, as in its package."""

    version = models.ForeignKey(ItemVersion, models.CASCADE, null=True, related_name="resources")
    stimulus = models.ForeignKey(Stimulus, models.CASCADE, null=True, related_name="resources")
    href = models.CharField(max_length=300)
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["version", "stimulus", "href"], nulls_distinct=False, name="resource_once"
            ),
            models.CheckConstraint(
                condition=Q(version__isnull=True) ^ Q(stimulus__isnull=True),
                name="resource_of_one",
            ),
        ]
