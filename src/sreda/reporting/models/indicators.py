"""Indicators: a formula over records and reports, its values, and what they depend on."""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from sreda.kernel.models import Record
from sreda.registry.api import Municipality, Organisation
from sreda.reporting.enums import IndicatorState


class Indicator(Record):
    """`formula` is an expression, the same for each level it is computed at: in it, `count` and
    `total` speak of the place asked about: an organisation, a municipality, or the region.

    `levels` lists "organisation", "municipality", "region". `plan` is {year: value}, thresholds
    bound good from middling from bad, in the direction `more_is_better` says.
    """

    code = models.SlugField(_("code"), max_length=60, unique=True)
    title = models.CharField(_("title"), max_length=300)
    about = models.TextField(_("explanation"), blank=True)
    formula = models.TextField(_("formula"))
    unit = models.CharField(_("unit"), max_length=40, blank=True)
    places = models.PositiveSmallIntegerField(_("decimal places"), default=2)
    levels = models.JSONField(_("levels"), default=list)
    more_is_better = models.BooleanField(_("more is better"), default=True)
    good_from = models.DecimalField(
        _("good from"), max_digits=20, decimal_places=4, null=True, blank=True
    )
    bad_from = models.DecimalField(
        _("bad from"), max_digits=20, decimal_places=4, null=True, blank=True
    )
    plan = models.JSONField(_("plan by years"), default=dict, blank=True)
    owner = models.CharField(_("who answers for it"), max_length=300, blank=True)
    public = models.BooleanField(_("shown on the portal"), default=False)
    state = models.CharField(
        max_length=6, choices=IndicatorState.choices, default=IndicatorState.STALE
    )
    why = models.CharField(max_length=500, blank=True)
    made_at = models.DateTimeField(db_default=Now(), editable=False)
    edition = models.PositiveIntegerField(db_default=1, editable=False)

    class Meta:
        ordering = ["title"]
        verbose_name = pgettext_lazy("reporting", "indicator")
        verbose_name_plural = _("indicators")

    def __str__(self) -> str:
        return self.title

    def standing(self, value: Decimal | None) -> str:
        """How a value stands against the thresholds: "good", "middling", "bad", or ""."""
        if value is None or (self.good_from is None and self.bad_from is None):
            return ""
        sign = 1 if self.more_is_better else -1
        if self.good_from is not None and value * sign >= self.good_from * sign:
            return "good"
        if self.bad_from is not None and value * sign <= self.bad_from * sign:
            return "bad"
        return "middling"

    def planned(self, year: int) -> Decimal | None:
        """The plan of a year."""
        found = self.plan.get(str(year))
        return None if found is None else Decimal(str(found))


class IndicatorInput(models.Model):
    """What a formula names: `kind` is "dataset", "form" or "indicator", `name` its code; `part`
    the measure or the key of the cell. Found from the formula when it is saved."""

    indicator = models.ForeignKey(Indicator, models.CASCADE, related_name="inputs")
    kind = models.CharField(max_length=10)
    name = models.CharField(max_length=60)
    part = models.CharField(max_length=130, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["indicator", "kind", "name", "part"], name="indicator_input_once"
            ),
        ]
        indexes = [models.Index(fields=["kind", "name"], name="indicator_depends_on")]


class IndicatorValue(models.Model):
    """A value as of a day, at a place: an organisation, a municipality, or (neither) the region.

    `inputs` are the questions the formula asked and their answers: [{"kind", "name", "part",
    "filters", "value"}…]. `value` is null where the records do not answer; `why` then says so.
    `stale`: a source has changed since.
    """

    indicator = models.ForeignKey(Indicator, models.CASCADE, related_name="values")
    on = models.DateField()
    organisation = models.ForeignKey(Organisation, models.CASCADE, null=True, related_name="+")
    municipality = models.ForeignKey(Municipality, models.CASCADE, null=True, related_name="+")
    value = models.DecimalField(max_digits=24, decimal_places=6, null=True)
    inputs = models.JSONField(default=list)
    why = models.CharField(max_length=500, blank=True)
    stale = models.BooleanField(default=False)
    computed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["indicator", "on", "organisation", "municipality"],
                nulls_distinct=False,
                name="indicator_value_once",
            ),
            models.CheckConstraint(
                condition=Q(organisation__isnull=True) | Q(municipality__isnull=True),
                name="indicator_value_place",
            ),
        ]
        indexes = [
            models.Index(fields=["on"], condition=Q(stale=True), name="indicator_value_stale"),
        ]
