"""Surveys of people: who has answered, and the answers, which an anonymous one never links."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from sreda.kernel.models import Record
from sreda.registry.api import Municipality, Organisation, Person
from sreda.reporting.models.campaigns import Campaign


class Participation(Record):
    """That a person has answered. In an anonymous survey the day is all that is kept.

    `written_as` is whose record it was before that was merged into the person's.
    """

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="participations")
    person = models.ForeignKey(Person, models.CASCADE, related_name="+")
    written_as = models.ForeignKey(
        Person, models.PROTECT, null=True, editable=False, related_name="+", db_index=False
    )
    on = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "person"], name="participation_once"),
        ]


class Answer(models.Model):
    """One filled survey: values by key. `person` is null where anonymity was promised; then the
    key is random, not a time-ordered one, and neither time nor organisation is kept, only its
    `kind`, so that nothing tells whose it is.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="answers")
    person = models.ForeignKey(Person, models.CASCADE, null=True, related_name="+")
    organisation = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+")
    municipality = models.ForeignKey(Municipality, models.PROTECT, null=True, related_name="+")
    kind = models.CharField(_("kind of organisation"), max_length=20, blank=True)
    role = models.CharField(_("role"), max_length=20, blank=True)
    values = models.JSONField(default=dict)
    at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "person"],
                condition=Q(person__isnull=False),
                name="answer_once",
            ),
            models.CheckConstraint(
                condition=Q(person__isnull=True) ^ Q(at__isnull=False), name="answer_anonymous"
            ),
        ]
