"""Dashboards: figures chosen and arranged; and their sending by mail on given days."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from sreda.kernel.models import Record
from sreda.registry.api import Municipality, User
from sreda.reporting.enums import Frequency, Level, ReportFormat, WidgetKind


class Dashboard(Record):
    """`level` is the place it speaks of when nothing narrower is asked for.

    `owner` made it for themselves; without one it is everybody's of the roles that see its level.
    `code` names a shipped one. `public` puts it before everyone: public indicators only.
    """

    code = models.SlugField(_("code"), max_length=60, null=True, unique=True, editable=False)
    title = models.CharField(_("title"), max_length=200)
    about = models.TextField(_("explanation"), blank=True)
    level = models.CharField(_("level"), max_length=12, choices=Level.choices)
    owner = models.ForeignKey(User, models.CASCADE, null=True, related_name="+")
    shared = models.BooleanField(_("shown to others"), default=False)
    public = models.BooleanField(_("shown on the portal"), default=False)
    made_at = models.DateTimeField()
    edition = models.PositiveIntegerField(db_default=1, editable=False)

    class Meta:
        ordering = ["title"]
        verbose_name = _("dashboard")
        verbose_name_plural = _("dashboards")
        constraints = [
            models.CheckConstraint(condition=~Q(title=""), name="dashboard_titled"),
        ]

    def __str__(self) -> str:
        return self.title


class Widget(Record):
    """One figure, table or picture. `sources` are [{"indicator": code}] or [{"form": code,
    "cell": key, "title": words}]; a code that is no more shows as missing. `months` is how far
    back a series goes."""

    dashboard = models.ForeignKey(Dashboard, models.CASCADE, related_name="widgets")
    number = models.PositiveSmallIntegerField(_("place"))
    kind = models.CharField(_("kind"), max_length=10, choices=WidgetKind.choices)
    title = models.CharField(_("title"), max_length=200, blank=True)
    sources = models.JSONField(_("figures"), default=list)
    months = models.PositiveSmallIntegerField(_("months back"), default=12)

    class Meta:
        ordering = ["number", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["dashboard", "number"],
                name="widget_place",
                deferrable=models.Deferrable.DEFERRED,
            ),
        ]


class Mailing(Record):
    """A dashboard that comes by mail to the one who asked for it.

    `sent_for` is the last day it was due and sent: a day is sent once, however often the job runs.
    `token` stops it from the letter, without signing in.
    """

    dashboard = models.ForeignKey(Dashboard, models.CASCADE, related_name="mailings")
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    frequency = models.CharField(_("how often"), max_length=10, choices=Frequency.choices)
    format = models.CharField(_("format"), max_length=5, choices=ReportFormat.choices)
    municipality = models.ForeignKey(Municipality, models.CASCADE, null=True, related_name="+")
    kind = models.CharField(_("kind"), max_length=20, blank=True)
    seat = models.CharField(max_length=100)
    token = models.CharField(max_length=64, unique=True, editable=False)
    since = models.DateField()
    sent_for = models.DateField(null=True)
    stopped_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    why = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-since"]
        verbose_name = _("report by mail")
        verbose_name_plural = _("reports by mail")
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "dashboard",
                    "user",
                    "seat",
                    "frequency",
                    "format",
                    "municipality",
                    "kind",
                ],
                condition=Q(stopped_at__isnull=True),
                nulls_distinct=False,
                name="mailing_once",
            ),
        ]
