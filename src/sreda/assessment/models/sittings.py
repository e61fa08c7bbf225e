"""Sittings of tests, attempts at them, and every answer that arrived."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from sreda.assessment.enums import AttemptStatus, ReleaseStatus, SittingStatus
from sreda.assessment.models.tests import TestVersion
from sreda.kernel.models import Record, StoredFile
from sreda.registry.api import ClassGroup, Organisation, Person


class Sitting(Record):
    """A version of a test, given to a class or to named people from one moment to another.

    `minutes` is the time for one attempt (null: until the sitting closes); `allowance_seconds` is
    how long after an attempt's end answers that were given before it may still arrive, for links
    that drop. `markers` is how many humans mark what the key cannot (2: blind, a third where they
    differ by more than `tolerance`). Marks are seen once they are released; without `moderated`
    they are released as soon as an attempt is wholly marked.
    """

    version = models.ForeignKey(TestVersion, models.PROTECT, related_name="sittings")
    title = models.CharField(_("title"), max_length=300)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    groups = models.ManyToManyField(ClassGroup, blank=True, related_name="+")
    people = models.ManyToManyField(Person, blank=True, related_name="+")
    opens_at = models.DateTimeField(_("opens"))
    closes_at = models.DateTimeField(_("closes"))
    minutes = models.PositiveSmallIntegerField(_("minutes for an attempt"), null=True, blank=True)
    allowance_seconds = models.PositiveIntegerField(_("allowance, seconds"), default=120)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=1)
    markers = models.PositiveSmallIntegerField(_("markers"), default=1)
    tolerance = models.DecimalField(
        _("difference of markers that passes"), max_digits=8, decimal_places=4, default=0
    )
    moderated = models.BooleanField(_("marks are checked before release"), default=False)
    appeals_until = models.DateTimeField(_("appeals until"), null=True, blank=True)
    status = models.CharField(
        max_length=10, choices=SittingStatus.choices, default=SittingStatus.PLANNED
    )
    release = models.CharField(
        max_length=10, choices=ReleaseStatus.choices, default=ReleaseStatus.HELD
    )
    released_at = models.DateTimeField(null=True)
    owner_id = models.UUIDField(null=True, editable=False)
    owner_name = models.CharField(_("teacher"), max_length=300, blank=True)
    made_at = models.DateTimeField()
    edition = models.PositiveIntegerField(db_default=1, editable=False)

    class Meta:
        ordering = ["-opens_at"]
        verbose_name = _("sitting")
        verbose_name_plural = _("sittings")
        constraints = [
            models.CheckConstraint(condition=Q(closes_at__gt=F("opens_at")), name="sitting_term"),
            models.CheckConstraint(condition=Q(markers__range=(1, 2)), name="sitting_markers"),
            models.CheckConstraint(condition=Q(attempts__gte=1), name="sitting_attempts"),
            models.CheckConstraint(condition=Q(tolerance__gte=0), name="sitting_tolerance"),
        ]
        indexes = [models.Index(fields=["organisation", "status"], name="sitting_place")]

    def __str__(self) -> str:
        return self.title


class GivenAs(Record):
    """That a sitting named `was`, whose record is merged into that of `person`, named instead.

    `beside`: the sitting named `person` too, before any merge.
    """

    sitting = models.ForeignKey(Sitting, models.CASCADE, related_name="+")
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    was = models.ForeignKey(Person, models.PROTECT, related_name="+")
    beside = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sitting", "person", "was"], name="given_as_once"),
        ]


class Attempt(Record):
    """One person's attempt. `state` is the test session as `qti.testing` keeps it, `seed` what
    its random choices came from.

    Answers are taken until `ends_at` plus the sitting's allowance; `edition` grows with each
    change of `state`. `written_as` is the record under which it was written, where that was merged
    into `person` since.
    """

    sitting = models.ForeignKey(Sitting, models.PROTECT, related_name="all_attempts")
    person = models.ForeignKey(Person, models.PROTECT, related_name="attempts")
    written_as = models.ForeignKey(
        Person, models.PROTECT, null=True, editable=False, related_name="+", db_index=False
    )
    number = models.PositiveSmallIntegerField()
    status = models.CharField(
        max_length=10, choices=AttemptStatus.choices, default=AttemptStatus.OPEN
    )
    seed = models.BigIntegerField()
    state = models.JSONField(default=dict)
    started_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    score = models.DecimalField(max_digits=12, decimal_places=4, null=True)
    max_score = models.DecimalField(max_digits=12, decimal_places=4, null=True)
    outcomes = models.JSONField(default=dict)
    marked_at = models.DateTimeField(null=True)
    edition = models.PositiveIntegerField(db_default=1, editable=False)

    class Meta:
        ordering = ["-started_at"]
        constraints = [
            models.UniqueConstraint(fields=["sitting", "person", "number"], name="attempt_number"),
            models.UniqueConstraint(
                fields=["sitting", "person"], condition=Q(status="open"), name="attempt_one_open"
            ),
            models.CheckConstraint(
                condition=Q(status="open") ^ Q(closed_at__isnull=False), name="attempt_closed"
            ),
            models.CheckConstraint(condition=Q(ends_at__gt=F("started_at")), name="attempt_term"),
        ]
        indexes = [
            models.Index(fields=["ends_at"], condition=Q(status="open"), name="attempt_ending"),
            models.Index(fields=["person", "-started_at"], name="attempt_of"),
        ]


class Answer(models.Model):
    """Something a learner's device sent: only ever added. `id` is made by the device, so that the
    same answer sent again is the same row.

    `ref` names the item reference, `at` is the device's time of the answer (by our clock: the
    page reckons the difference), `received_at` ours. Of several answers to one item the one of
    the greatest `at` counts; `values` are the candidate's response variables as `qti` writes them.
    `milliseconds` were spent on the item since the answer before.
    """

    id = models.UUIDField(primary_key=True)
    attempt = models.ForeignKey(Attempt, models.PROTECT, related_name="answers", db_index=False)
    ref = models.CharField(max_length=100)
    values = models.JSONField()
    at = models.DateTimeField()
    received_at = models.DateTimeField()
    milliseconds = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["attempt", "ref", "at"], name="answer_last")]


class AnswerFile(Record):
    """A file a learner sent: answers name it in their values, so that it is kept and given out for
    this attempt's sake."""

    attempt = models.ForeignKey(Attempt, models.PROTECT, related_name="files")
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["attempt", "file"], name="answer_file_once")]
