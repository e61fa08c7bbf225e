"""Counts of people for analysts, with small numbers hidden."""

from __future__ import annotations

from django.db import models

from sreda.registry.api import Municipality
from sreda.reporting.models.campaigns import Campaign
from sreda.reporting.models.forms import FormCell


class PeopleCount(models.Model):
    """Of a day: how many learners, or staff, of one kind there are in a municipality. `people` is
    null where it is hidden; a combination nobody belongs to has no row."""

    class Of(models.TextChoices):
        LEARNERS = "learners"
        STAFF = "staff"

    of = models.CharField(max_length=8, choices=Of.choices)
    on = models.DateField()
    municipality = models.ForeignKey(Municipality, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=20)
    grade = models.PositiveSmallIntegerField(null=True)
    sex = models.CharField(max_length=10, null=True)
    role = models.CharField(max_length=20, null=True)
    category = models.CharField(max_length=20, null=True)
    higher_education = models.BooleanField(null=True)
    people = models.PositiveIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "of", "municipality", "kind", "grade", "sex", "role", "category",
                    "higher_education",
                ],
                nulls_distinct=False,
                name="people_counted_once",
            ),
            models.CheckConstraint(
                condition=models.Q(people__isnull=True) | models.Q(people__gte=5),
                name="people_not_few",
            ),
        ]  # fmt: skip


class ReportedPeople(models.Model):
    """Of a day: what the reports of a campaign that count say of people in a municipality, summed
    by cell; `people` is null where it is hidden."""

    on = models.DateField()
    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="+")
    municipality = models.ForeignKey(Municipality, models.CASCADE, related_name="+")
    cell = models.ForeignKey(FormCell, models.CASCADE, related_name="+")
    reports = models.PositiveIntegerField()
    people = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "municipality", "cell"], name="reported_people_once"
            ),
            models.CheckConstraint(
                condition=~models.Q(people__range=(1, 4)), name="reported_people_not_few"
            ),
        ]
