"""Measures and the roadmap: what is to be done, by whom, until when, after what."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from sreda.kernel.models import Record, StoredFile
from sreda.programme.enums import ActionStatus, Plan
from sreda.programme.models.bodies import Body
from sreda.programme.models.packs import PackRow, Programme
from sreda.registry.api import Person


class Action(PackRow):
    """A measure or a step of the roadmap. The first part is the order's; the rest is ours."""

    programme = models.ForeignKey(Programme, models.CASCADE, related_name="actions")
    plan = models.CharField(_("plan"), max_length=20, choices=Plan.choices)
    number = models.PositiveSmallIntegerField(_("number"))
    name = models.TextField(_("action"))
    result = models.TextField(_("expected result"), blank=True)
    executor = models.CharField(_("executor"), max_length=500, blank=True)
    term = models.CharField(_("term as printed"), max_length=200, blank=True)
    start = models.DateField(_("start"), null=True, blank=True)
    due = models.DateField(_("due"), null=True, blank=True)
    term_ours = models.BooleanField(
        _("term set by the department"),
        default=False,
        help_text=_("Then a later pack leaves the dates alone."),
    )
    recurrence = models.CharField(_("recurrence"), max_length=60, blank=True)
    serves = models.JSONField(_("serves indicators"), default=list)
    facts = models.JSONField(default=dict)

    owner = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="owned_actions"
    )
    owner_was = models.ForeignKey(  # before that record was merged into the owner's
        Person, models.PROTECT, null=True, editable=False, related_name="+", db_index=False
    )
    status = models.CharField(
        _("state"), max_length=20, choices=ActionStatus.choices, default=ActionStatus.PLANNED
    )
    done_on = models.DateField(_("done on"), null=True, blank=True)
    note = models.TextField(_("note"), blank=True)
    waiver = models.TextField(_("why done before what it depends on"), blank=True)
    edition = models.PositiveIntegerField(default=1, db_default=1, editable=False)
    needs = models.ManyToManyField(
        "self", through="Dependency", symmetrical=False, related_name="needed_by"
    )

    class Meta:
        ordering = ["plan", "number"]
        verbose_name = _("measure of the programme")
        constraints = [
            models.UniqueConstraint(fields=["programme", "key"], name="action_once"),
            models.CheckConstraint(
                condition=Q(due__isnull=True) | Q(start__isnull=True) | Q(due__gte=F("start")),
                name="action_term",
            ),
            models.CheckConstraint(
                condition=Q(status=ActionStatus.DONE, done_on__isnull=False)
                | (~Q(status=ActionStatus.DONE) & Q(done_on__isnull=True)),
                name="action_done_on_a_day",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Dependency(models.Model):
    """`action` cannot be before `needs`.

    `ours`: added by the department, not by the pack. One of the pack that the department took
    away keeps `ended_at`, so that the next pack does not bring it back.
    """

    id = models.BigAutoField(primary_key=True)
    action = models.ForeignKey(Action, models.CASCADE, related_name="dependencies")
    needs = models.ForeignKey(Action, models.CASCADE, related_name="dependents")
    ours = models.BooleanField(default=False)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["action", "needs"], name="dependency_once"),
            models.CheckConstraint(condition=~Q(action=F("needs")), name="dependency_on_another"),
        ]


class Occurrence(Record):
    """One term of an action that comes again: each is done on its own day."""

    action = models.ForeignKey(Action, models.CASCADE, related_name="occurrences")
    due = models.DateField(_("due"))
    done_on = models.DateField(_("done on"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=500, blank=True)

    class Meta:
        ordering = ["due"]
        constraints = [models.UniqueConstraint(fields=["action", "due"], name="occurrence_once")]


class Evidence(Record):
    """A file that shows what was done; a removed one stays for the record, unseen."""

    action = models.ForeignKey(Action, models.CASCADE, related_name="evidence")
    file = models.ForeignKey(StoredFile, models.PROTECT)
    title = models.CharField(_("title"), max_length=300)
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    removed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-added_at"]


class Decision(Record):
    """Who decided what, when; about an action or the programme as a whole."""

    programme = models.ForeignKey(Programme, models.CASCADE, related_name="decisions")
    action = models.ForeignKey(
        Action, models.CASCADE, null=True, blank=True, related_name="decisions"
    )
    body = models.ForeignKey(Body, models.PROTECT, null=True, blank=True, related_name="decisions")
    decided_on = models.DateField(_("decided on"))
    number = models.CharField(_("number"), max_length=60, blank=True)
    text = models.TextField(_("decision"))
    file = models.ForeignKey(StoredFile, models.PROTECT, null=True, blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-decided_on", "-recorded_at"]
