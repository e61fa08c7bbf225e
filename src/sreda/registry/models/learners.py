"""Classes, who learns in them, who teaches them, whose children they are."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from sreda.kernel.models import Record
from sreda.registry.enums import LEARNER_ROLES, GuardianKind
from sreda.registry.models.organisations import Organisation
from sreda.registry.models.people import Person, Post
from sreda.registry.models.periods import ordered_term, period


class ClassGroup(Record):
    """A class of a school or a group of a college in one school year (its first calendar year)."""

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="groups")
    school_year = models.PositiveSmallIntegerField(_("school year"))
    grade = models.PositiveSmallIntegerField(_("grade or course"))
    name = models.CharField(_("name"), max_length=30)

    class Meta:
        ordering = ["grade", "name"]
        verbose_name = _("class")
        verbose_name_plural = _("classes")
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "school_year", "name"], name="group_once_a_year"
            ),
            models.CheckConstraint(condition=Q(grade__gte=1, grade__lte=12), name="group_grade"),
        ]
        indexes = [models.Index(fields=["school_year"], name="group_school_year")]

    def __str__(self) -> str:
        return self.name


class Enrolment(Record):
    """A learner's place in an organisation, and in a class of it."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="enrolments")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="enrolments")
    group = models.ForeignKey(
        ClassGroup, models.SET_NULL, null=True, blank=True, related_name="enrolments"
    )
    role = models.CharField(
        _("role"), max_length=20, choices=[(r.value, r.label) for r in LEARNER_ROLES]
    )
    since = models.DateField(_("since"))
    until = models.DateField(_("until"), null=True, blank=True)

    class Meta:
        ordering = ["-since"]
        verbose_name = _("enrolment")
        verbose_name_plural = _("enrolments")
        constraints = [
            ordered_term("enrolment_term"),
            models.UniqueConstraint(
                fields=["person", "organisation", "since"], name="enrolment_once"
            ),
            ExclusionConstraint(
                name="enrolment_no_overlap",
                expressions=[
                    ("person", RangeOperators.EQUAL),
                    ("organisation", RangeOperators.EQUAL),
                    (period(), RangeOperators.OVERLAPS),
                ],
            ),
        ]
        indexes = [models.Index(fields=["organisation", "until"], name="enrolment_now")]


class Teaching(Record):
    """A teacher's post in a class: a subject, or the care of the class (homeroom)."""

    post = models.ForeignKey(Post, models.CASCADE, related_name="teaching")
    group = models.ForeignKey(ClassGroup, models.CASCADE, related_name="teaching")
    subject = models.CharField(_("subject"), max_length=100, blank=True)
    homeroom = models.BooleanField(_("class teacher"), default=False)

    class Meta:
        verbose_name = _("teaching")
        verbose_name_plural = _("teaching")
        constraints = [
            models.UniqueConstraint(fields=["post", "group", "subject"], name="teaching_once"),
        ]


class Guardianship(Record):
    """Whose child: gives the guardian a seat for as long as it lasts."""

    guardian = models.ForeignKey(Person, models.CASCADE, related_name="wards")
    child = models.ForeignKey(Person, models.CASCADE, related_name="guardians")
    kind = models.CharField(_("kind"), max_length=20, choices=GuardianKind.choices)
    since = models.DateField(_("since"))
    until = models.DateField(_("until"), null=True, blank=True)

    class Meta:
        verbose_name = _("guardianship")
        verbose_name_plural = _("guardianships")
        constraints = [
            ordered_term("guardianship_term"),
            models.UniqueConstraint(fields=["guardian", "child"], name="guardianship_once"),
            models.CheckConstraint(
                condition=~Q(guardian=models.F("child")), name="guardian_is_another"
            ),
        ]
