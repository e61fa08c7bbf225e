"""The bodies and people who run the change, over time, and the acts that made them."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from sreda.kernel.models import Record, StoredFile
from sreda.programme.enums import BodyKind, MemberRole
from sreda.programme.models.packs import PackRow, Programme
from sreda.registry.api import Person, ordered_term, period


class Body(PackRow):
    """An office, council or single office-holder (CDO); `expected_on` is the order's promise,
    `holder`, `position` and `act` are what it prints."""

    programme = models.ForeignKey(Programme, models.CASCADE, related_name="bodies")
    kind = models.CharField(_("kind"), max_length=30, choices=BodyKind.choices)
    name = models.CharField(_("name"), max_length=500)
    holder = models.CharField(_("person named"), max_length=200, blank=True)
    position = models.CharField(_("position"), max_length=500, blank=True)
    act = models.CharField(_("act"), max_length=500, blank=True)
    founded_by = models.JSONField(_("created by actions"), default=list)
    expected_on = models.DateField(_("to be created by"), null=True, blank=True)
    since = models.DateField(_("created on"), null=True, blank=True)
    until = models.DateField(_("dissolved on"), null=True, blank=True)
    note = models.TextField(_("note"), blank=True)

    class Meta:
        ordering = ["kind", "name"]
        verbose_name = _("body of the programme")
        constraints = [
            models.UniqueConstraint(fields=["programme", "key"], name="body_once"),
            models.CheckConstraint(
                condition=Q(until__isnull=True)
                | Q(since__isnull=True)
                | Q(until__gte=models.F("since")),
                name="body_term",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Membership(Record):
    """Who held which place in a body, from when to when; `acting` stands in for the holder."""

    body = models.ForeignKey(Body, models.CASCADE, related_name="members")
    person = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="memberships"
    )
    written_as = models.ForeignKey(  # before that record was merged into the person's
        Person, models.PROTECT, null=True, editable=False, related_name="+", db_index=False
    )
    name = models.CharField(_("name as in the act"), max_length=200)
    position = models.CharField(_("position"), max_length=500, blank=True)
    role = models.CharField(
        _("role"), max_length=20, choices=MemberRole.choices, default=MemberRole.MEMBER
    )
    acting = models.BooleanField(_("acting"), default=False)
    act = models.CharField(_("by which act"), max_length=300, blank=True)
    since = models.DateField(_("since"))
    until = models.DateField(_("until"), null=True, blank=True)

    class Meta:
        ordering = ["role", "-since"]
        constraints = [
            ordered_term("membership_term"),
            models.UniqueConstraint(
                fields=["body", "name", "role", "acting", "since"], name="membership_once"
            ),
            ExclusionConstraint(
                name="membership_one_head",
                expressions=[
                    ("body", RangeOperators.EQUAL),
                    (
                        models.Case(
                            models.When(acting=True, then=models.Value(1)),
                            default=models.Value(0),
                            output_field=models.IntegerField(),
                        ),
                        RangeOperators.EQUAL,
                    ),
                    (period(), RangeOperators.OVERLAPS),
                ],
                condition=Q(role=MemberRole.HEAD),
            ),
        ]


class Act(Record):
    """An order, agreement, appointment or publication receipt that concerns the programme."""

    programme = models.ForeignKey(Programme, models.CASCADE, related_name="acts")
    body = models.ForeignKey(Body, models.CASCADE, null=True, blank=True, related_name="acts")
    title = models.CharField(_("title"), max_length=500)
    number = models.CharField(_("number"), max_length=60, blank=True)
    date = models.DateField(_("date"))
    url = models.URLField(_("published at"), blank=True)
    file = models.ForeignKey(StoredFile, models.PROTECT, null=True, blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(Person, models.PROTECT, null=True)

    class Meta:
        ordering = ["-date"]
