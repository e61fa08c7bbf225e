"""Agreements by which a partner's source reads records of certain people."""

from __future__ import annotations

from datetime import date

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from sreda.kernel.models import Record
from sreda.records.enums import AgreementState
from sreda.records.models.credentials import Credential
from sreda.registry.api import ClassGroup, Organisation, Person


class Agreement(Record):
    """Whose records are read: of `people` and of who learns in `groups`; `organisations` alone:
    all that are kept for them, else only those. Empty `activities` or `verbs`: any."""

    number = models.CharField(_("number"), max_length=60, unique=True)
    partner = models.CharField(_("partner"), max_length=300)
    purpose = models.TextField(_("purpose"), max_length=2_000)
    since = models.DateField(_("first day"))
    until = models.DateField(_("last day"))
    credential = models.ForeignKey(
        Credential, models.PROTECT, related_name="agreements", verbose_name=_("source")
    )
    people = models.ManyToManyField(Person, related_name="+", verbose_name=_("learners"))
    groups = models.ManyToManyField(ClassGroup, related_name="+", verbose_name=_("classes"))
    organisations = models.ManyToManyField(
        Organisation, related_name="+", verbose_name=_("organisations")
    )
    activities = ArrayField(models.TextField(), verbose_name=_("activities"), default=list)
    verbs = ArrayField(models.TextField(), verbose_name=_("actions"), default=list)
    made_at = models.DateTimeField(_("made at"))
    made_by = models.UUIDField(null=True)
    made_by_name = models.CharField(max_length=300, blank=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True)
    revoked_by = models.UUIDField(null=True)
    revoked_by_name = models.CharField(max_length=300, blank=True)
    reason = models.CharField(_("why it is revoked"), max_length=500, blank=True)

    class Meta:
        ordering = ["-since", "number"]
        verbose_name = _("agreement")
        verbose_name_plural = _("agreements")
        constraints = [
            models.CheckConstraint(condition=Q(until__gte=F("since")), name="agreement_term"),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True) | ~Q(reason=""), name="agreement_why_revoked"
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def state(self, on: date) -> AgreementState:
        if self.revoked_at:
            return AgreementState.REVOKED
        if on < self.since:
            return AgreementState.AHEAD
        return AgreementState.ENDED if on > self.until else AgreementState.IN_FORCE
