"""Indicators, budget, descriptive figures and promises; plans are printed, facts are computed."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from sreda.kernel.models import Record, StoredFile
from sreda.programme.enums import BudgetKind, Section
from sreda.programme.models.packs import PackRow, Programme
from sreda.registry.api import Organisation, Person


class Indicator(PackRow):
    programme = models.ForeignKey(Programme, models.CASCADE, related_name="indicators")
    number = models.PositiveSmallIntegerField(_("number"))
    name = models.TextField(_("indicator"))
    unit = models.CharField(_("unit"), max_length=60)
    minimum = models.DecimalField(
        _("federal minimum"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    minimum_from = models.PositiveSmallIntegerField(null=True, blank=True)
    direction = models.CharField(max_length=10, blank=True)
    counts = models.CharField(max_length=20, choices=Section.choices, blank=True)
    measure = models.CharField(
        _("how the fact is computed"),
        max_length=60,
        blank=True,
        help_text=_("Name of a computation in programme/queries/facts.py."),
    )
    facts = models.JSONField(default=dict)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["programme", "key"], name="indicator_once")]

    def __str__(self) -> str:
        return self.name


class IndicatorPlan(models.Model):
    id = models.BigAutoField(primary_key=True)
    indicator = models.ForeignKey(Indicator, models.CASCADE, related_name="plans")
    year = models.PositiveSmallIntegerField()
    value = models.DecimalField(max_digits=14, decimal_places=2)
    printed = models.CharField(max_length=60, blank=True)

    class Meta:
        ordering = ["year"]
        constraints = [models.UniqueConstraint(fields=["indicator", "year"], name="plan_once")]


class IndicatorFact(models.Model):
    """A fact as computed for a day, with the counts it was made of; the newest replaces it."""

    id = models.BigAutoField(primary_key=True)
    indicator = models.ForeignKey(Indicator, models.CASCADE, related_name="computed")
    as_of = models.DateField()
    value = models.DecimalField(max_digits=14, decimal_places=4, null=True)
    lineage = models.JSONField(default=dict)
    computed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["indicator", "as_of"], name="fact_once")]


class Implementation(Record):
    """The target model works in an organisation since a day; the fact behind indicators 1 and 2."""

    programme = models.ForeignKey(Programme, models.CASCADE, related_name="implementations")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="implementations")
    since = models.DateField(_("works since"))
    basis = models.CharField(_("act of acceptance"), max_length=300)
    file = models.ForeignKey(StoredFile, models.PROTECT, null=True, blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(Person, models.PROTECT, null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "organisation"], name="implementation_once"
            )
        ]


class BudgetLine(PackRow):
    programme = models.ForeignKey(Programme, models.CASCADE, related_name="budget")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=20, choices=BudgetKind.choices)
    code = models.CharField(max_length=20, blank=True)
    name = models.CharField(max_length=300)
    unit = models.CharField(max_length=60, blank=True)
    nature = models.CharField(max_length=20, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["programme", "key"], name="budget_once")]


class BudgetAmount(models.Model):
    """A printed sum of a line; `year` empty is the sum over all years."""

    id = models.BigAutoField(primary_key=True)
    line = models.ForeignKey(BudgetLine, models.CASCADE, related_name="amounts")
    year = models.PositiveSmallIntegerField(null=True)
    value = models.DecimalField(max_digits=14, decimal_places=2)
    printed = models.CharField(max_length=60, blank=True)

    class Meta:
        ordering = ["year"]
        constraints = [
            models.UniqueConstraint(
                fields=["line", "year"], name="amount_once", nulls_distinct=False
            )
        ]


class Figure(PackRow):
    """A figure the order states in its text."""

    programme = models.ForeignKey(Programme, models.CASCADE, related_name="figures")
    name = models.CharField(max_length=500)
    value = models.DecimalField(max_digits=16, decimal_places=4)
    unit = models.CharField(max_length=60)
    printed = models.CharField(max_length=60, blank=True)
    bound = models.CharField(max_length=10, blank=True)
    as_of = models.DateField(null=True)
    sentence = models.TextField(blank=True)

    class Meta:
        ordering = ["key"]
        constraints = [models.UniqueConstraint(fields=["programme", "key"], name="figure_once")]


class Promise(PackRow):
    """What the order promises; without an indicator nobody will measure it."""

    programme = models.ForeignKey(Programme, models.CASCADE, related_name="promises")
    name = models.CharField(max_length=500)
    value = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    unit = models.CharField(max_length=60, blank=True)
    indicators = models.JSONField(default=list)
    actions = models.JSONField(default=list)
    sentence = models.TextField(blank=True)

    class Meta:
        ordering = ["key"]
        constraints = [models.UniqueConstraint(fields=["programme", "key"], name="promise_once")]


class Scenario(Record):
    """A question "what if": how many organisations in which year, kept with its answer's inputs."""

    programme = models.ForeignKey(Programme, models.CASCADE, related_name="scenarios")
    name = models.CharField(_("name"), max_length=200)
    inputs = models.JSONField(default=dict)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(Person, models.PROTECT, null=True)

    class Meta:
        ordering = ["-made_at"]
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="scenario_has_a_name"),
        ]
