"""Results of items, marks of humans, appeals, re-scoring, and the quality of all that."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from sreda.assessment.enums import AppealStatus, MarkingStatus, RescoringStatus
from sreda.assessment.models.bank import ItemVersion
from sreda.assessment.models.sittings import Attempt, Sitting
from sreda.kernel.models import Record


class ItemResult(Record):
    """What an attempt achieved at one item reference.

    `outcomes` are what response processing gave; `score` is SCORE (before weights), or what humans
    gave. `answered`: a response that is not NULL. `marking` says who is still to look at it.
    """

    attempt = models.ForeignKey(Attempt, models.CASCADE, related_name="results")
    ref = models.CharField(max_length=100)
    number = models.PositiveSmallIntegerField()
    item_version = models.ForeignKey(ItemVersion, models.PROTECT, related_name="results")
    responses = models.JSONField(default=dict)
    outcomes = models.JSONField(default=dict)
    answered = models.BooleanField(default=False)
    score = models.DecimalField(max_digits=10, decimal_places=4, null=True)
    max_score = models.DecimalField(max_digits=10, decimal_places=4, null=True)
    milliseconds = models.PositiveIntegerField(default=0)
    marking = models.CharField(
        max_length=10, choices=MarkingStatus.choices, default=MarkingStatus.AUTOMATIC
    )
    scored_at = models.DateTimeField()

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["attempt", "ref"], name="item_result_once"),
            models.CheckConstraint(
                condition=~Q(marking="marked") | Q(score__isnull=False), name="item_result_marked"
            ),
        ]
        indexes = [
            models.Index(
                fields=["marking"],
                condition=Q(marking__in=["waiting", "second", "third"]),
                name="item_result_queue",
            ),
            models.Index(fields=["item_version"], name="item_result_of_version"),
        ]

    @property
    def seconds(self) -> int:
        return round(self.milliseconds / 1000)


class Mark(Record):
    """One human's mark of one result. `criteria` is {rubric criterion: points}. A marker who
    changes it makes a new one; `replaced_at` closes the old."""

    result = models.ForeignKey(ItemResult, models.CASCADE, related_name="marks")
    round = models.PositiveSmallIntegerField()
    marker_id = models.UUIDField()
    marker_name = models.CharField(max_length=300)
    score = models.DecimalField(max_digits=10, decimal_places=4)
    criteria = models.JSONField(default=dict)
    comment = models.TextField(_("comment"), blank=True)
    at = models.DateTimeField()
    replaced_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["round", "at"]
        constraints = [
            models.UniqueConstraint(
                fields=["result", "round"],
                condition=Q(replaced_at__isnull=True),
                name="mark_once_a_round",
            ),
            models.UniqueConstraint(
                fields=["result", "marker_id"],
                condition=Q(replaced_at__isnull=True),
                name="mark_by_different_people",
            ),
            models.CheckConstraint(condition=Q(round__range=(1, 4)), name="mark_round"),
        ]


class Appeal(Record):
    """A learner (or a parent) does not agree with a mark."""

    result = models.ForeignKey(ItemResult, models.PROTECT, related_name="appeals")
    text = models.TextField(_("what is contested"))
    by = models.UUIDField()
    by_name = models.CharField(max_length=300)
    at = models.DateTimeField()
    status = models.CharField(
        max_length=10, choices=AppealStatus.choices, default=AppealStatus.OPEN
    )
    decision = models.TextField(_("decision"), blank=True)
    score_before = models.DecimalField(max_digits=10, decimal_places=4, null=True)
    score_after = models.DecimalField(max_digits=10, decimal_places=4, null=True)
    decided_at = models.DateTimeField(null=True)
    decided_by_name = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-at"]
        constraints = [
            models.UniqueConstraint(
                fields=["result"], condition=Q(status="open"), name="appeal_one_open"
            ),
            models.CheckConstraint(
                condition=Q(status="open") | ~Q(decision="") & Q(decided_at__isnull=False),
                name="appeal_decided_why",
            ),
        ]


class Rescoring(Record):
    """A key was corrected: results of `before` are scored anew with `after`.

    `changes` lists whose marks change, [[result id, old, new]…], before it is applied; one of
    [result id, mark] stays, and a person has to look at it. `marked_anew` results are of `after`
    by now, and the marks of `changed` among them are others than before. `asked_by` asked for the
    work that `status` names, from `seat`; it was begun `tries` times."""

    sitting = models.ForeignKey(Sitting, models.PROTECT, related_name="rescorings")
    before = models.ForeignKey(ItemVersion, models.PROTECT, related_name="+")
    after = models.ForeignKey(ItemVersion, models.PROTECT, related_name="+")
    reason = models.CharField(_("reason"), max_length=500)
    changes = models.JSONField(default=list)
    made_at = models.DateTimeField()
    made_by_name = models.CharField(max_length=300)
    status = models.CharField(
        max_length=10, choices=RescoringStatus.choices, default=RescoringStatus.LISTING
    )
    asked_at = models.DateTimeField()
    asked_by = models.UUIDField(null=True)
    seat = models.CharField(max_length=200, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    percent = models.PositiveSmallIntegerField(default=0)
    trouble = models.TextField(blank=True)
    marked_anew = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    applied_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-made_at"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="applied") ^ Q(applied_at__isnull=False),
                name="rescoring_applied",
            ),
            models.CheckConstraint(condition=~Q(before=F("after")), name="rescoring_other"),
        ]
        indexes = [
            models.Index(
                fields=["asked_at"],
                condition=Q(status__in=["listing", "applying"]),
                name="rescoring_at_work",
            )
        ]

    @property
    def at_work(self) -> bool:
        return self.status in RescoringStatus.at_work()


class SittingAnalysis(models.Model):
    """Quality of a sitting's marking, as last computed. `reliability` is Cronbach's alpha."""

    sitting = models.OneToOneField(
        Sitting, models.CASCADE, primary_key=True, related_name="analysis"
    )
    computed_at = models.DateTimeField()
    attempts = models.PositiveIntegerField()
    figures = models.JSONField(default=dict)


class ItemAnalysis(models.Model):
    """Quality of an item in one sitting: difficulty, discrimination, omitted, distractors, time,
    agreement of markers; `remarks` are codes of what should be looked at."""

    sitting = models.ForeignKey(Sitting, models.CASCADE, related_name="item_analyses")
    item_version = models.ForeignKey(ItemVersion, models.CASCADE, related_name="analyses")
    ref = models.CharField(max_length=100)
    answered = models.PositiveIntegerField()
    figures = models.JSONField(default=dict)
    remarks = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sitting", "ref"], name="item_analysis_once")
        ]
