"""What the daily check found of the organisations' official sites."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from sreda.kernel.probe import Answer
from sreda.registry.models.organisations import Organisation


class SiteOutcome(models.TextChoices):
    OK = "ok", _("answers")
    RESERVED = "reserved", _("not checked: an address for examples, where no site can be")
    ADDRESS = "address", _("the address is not one of a public site")
    PRIVATE = "private", _("the address leads into a closed network")
    DNS = "dns", _("the name of the site is not found")
    TIMEOUT = "timeout", _("no answer in time")
    REFUSED = "refused", _("the connection is refused or broken")
    TLS = "tls", _("the certificate or encryption is not in order")
    PROTOCOL = "protocol", _("the answer is not one of a site")
    REDIRECTS = "redirects", _("redirects without an end")
    STATUS = "status", _("the server answers with an error")


class SiteCheck(models.Model):
    """The state of one organisation's site. It holds for `website`: a new address begins anew.

    `failing_since` is the first failure of the present row of failures; `dead_since` is the same
    moment once a second failure has confirmed it.
    """

    organisation = models.OneToOneField(
        Organisation, models.CASCADE, primary_key=True, related_name="site_check"
    )
    website = models.URLField()
    checked_at = models.DateTimeField(_("checked at"))
    outcome = models.CharField(_("result"), max_length=12, choices=SiteOutcome.choices)
    status = models.PositiveSmallIntegerField(_("code of the answer"), null=True)
    ok_at = models.DateTimeField(_("last answered at"), null=True)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    failing_since = models.DateTimeField(null=True)
    dead_since = models.DateTimeField(_("does not answer since"), null=True)

    class Meta:
        verbose_name = _("check of a site")
        verbose_name_plural = _("checks of sites")
        constraints = [
            models.CheckConstraint(
                condition=Q(failures=0, failing_since=None, dead_since=None)
                | Q(failures__gt=0, failing_since__isnull=False)
                & (Q(dead_since=None) | Q(failures__gt=1)),
                name="site_check_row_of_failures",
            )
        ]
        indexes = [
            models.Index(
                fields=["dead_since"], condition=Q(dead_since__isnull=False), name="site_dead"
            )
        ]

    def __str__(self) -> str:
        return self.website

    @property
    def reason(self) -> str:
        said = str(self.get_outcome_display())
        return f"{said} ({self.status})" if self.status and self.outcome != "ok" else said

    def take(self, answer: Answer, *, at: datetime) -> None:
        """Enter an answer; whether the site is dead is for the domain to say."""
        self.checked_at, self.outcome, self.status = at, answer.outcome, answer.status
        if answer.alive:
            self.ok_at = at
        if answer.alive or not answer.checked:
            self.failures, self.failing_since, self.dead_since = 0, None, None
            return
        self.failures += 1
        self.failing_since = self.failing_since or at
