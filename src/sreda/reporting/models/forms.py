"""Forms: what is asked, in versions."""

from __future__ import annotations

from functools import cached_property

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from sreda.kernel.models import Record
from sreda.reporting.enums import FormKind, PeriodKind, VersionStatus
from sreda.reporting.forms import Schema, from_json, to_json
from sreda.reporting.forms.burden import burden_of


class Form(Record):
    """A form as people name it. `code` names it for good, also in expressions of others.

    `basis` is the act that asks for it. `audience` is who fills it by default (see Campaign).
    """

    code = models.SlugField(_("code"), max_length=40, unique=True)
    title = models.CharField(_("title"), max_length=300)
    kind = models.CharField(_("kind"), max_length=10, choices=FormKind.choices)
    period_kind = models.CharField(_("period"), max_length=12, choices=PeriodKind.choices)
    basis = models.CharField(_("basis"), max_length=300, blank=True)
    about = models.TextField(_("what it is for"), blank=True)
    audience = models.JSONField(_("who fills it"), default=dict, blank=True)
    owner_id = models.UUIDField(null=True, editable=False)
    made_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    edition = models.PositiveIntegerField(db_default=1, editable=False)

    class Meta:
        ordering = ["title"]
        verbose_name = _("form")
        verbose_name_plural = _("forms")

    def __str__(self) -> str:
        return self.title


class FormVersion(Record):
    """One state of a form. A draft may change; what was published never does.

    `content` is the schema as `forms.to_json` writes it. `moves` maps keys of the version before
    to keys of this one where a cell was renamed (null: dropped), to carry values over.
    `repeats` keeps what the designer decided of likely repeats: {key: {"of": where it is known
    too, "reason": why it is asked all the same, "by", "at"}}.
    Counts and minutes are of one filling, kept when the content is saved (`forms.burden`).
    """

    form = models.ForeignKey(Form, models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField(_("version"))
    status = models.CharField(
        _("state"), max_length=10, choices=VersionStatus.choices, default=VersionStatus.DRAFT
    )
    content = models.JSONField(default=dict)
    moves = models.JSONField(default=dict, blank=True)
    repeats = models.JSONField(default=dict, blank=True)
    cell_count = models.PositiveIntegerField(_("cells"), default=0, editable=False)
    sourced_count = models.PositiveIntegerField(_("cells with a source"), default=0, editable=False)
    minutes_asked = models.DecimalField(max_digits=9, decimal_places=1, default=0, editable=False)
    minutes_saved = models.DecimalField(max_digits=9, decimal_places=1, default=0, editable=False)
    made_at = models.DateTimeField()
    made_by_name = models.CharField(max_length=300, blank=True)
    published_at = models.DateTimeField(null=True)
    published_by_name = models.CharField(max_length=300, blank=True)
    edition = models.PositiveIntegerField(db_default=1, editable=False)

    class Meta:
        ordering = ["form", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["form", "number"], name="form_version_number"),
            models.UniqueConstraint(
                fields=["form"], condition=Q(status="draft"), name="form_one_draft"
            ),
            models.UniqueConstraint(
                fields=["form"], condition=Q(status="published"), name="form_one_in_force"
            ),
            models.CheckConstraint(
                condition=Q(status="draft") ^ Q(published_at__isnull=False),
                name="form_version_published",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.form} ({self.number})"

    @cached_property
    def schema(self) -> Schema:
        return from_json(self.content)

    def write(self, schema: Schema) -> None:
        """Another content, and what it asks for; the caller saves."""
        self.content = to_json(schema)
        self.schema = schema
        burden = burden_of(schema)
        self.cell_count, self.sourced_count = burden.cells, burden.sourced
        self.minutes_asked, self.minutes_saved = burden.asked, burden.saved


class DraftStep(models.Model):
    """One change of a draft: what it was before, to undo it and to show others what differs.

    `edition` is the draft's after the change. A step that was undone, or undid another, is `past`;
    one that undid another keeps which in `undid`, while that can be brought back: until something
    else is changed.
    Steps live as long as the draft.
    """

    version = models.ForeignKey(FormVersion, models.CASCADE, related_name="steps")
    edition = models.PositiveIntegerField()
    content = models.JSONField()
    moves = models.JSONField(default=dict)
    said = models.CharField(max_length=300)
    past = models.BooleanField(default=False)
    undid = models.ForeignKey("self", models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()
    by_name = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-edition"]
        constraints = [
            models.UniqueConstraint(fields=["version", "edition"], name="draft_step_once"),
        ]


class FormCell(models.Model):
    """A cell of a published version: what values hang on. `number` is its place in the form.

    `of_people`: its figure tells of people; analysts read it only summed, small numbers hidden.
    Null: not looked at yet, and taken for one.
    """

    version = models.ForeignKey(FormVersion, models.PROTECT, related_name="cells")
    key = models.CharField(max_length=130)
    number = models.PositiveSmallIntegerField()
    type = models.CharField(max_length=10)
    element = models.CharField(max_length=130, blank=True)
    title = models.CharField(max_length=600)
    of_people = models.BooleanField(null=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["version", "key"], name="form_cell_key"),
        ]
        indexes = [
            models.Index(fields=["element"], condition=~Q(element=""), name="form_cell_element")
        ]


class Dictionary(Record):
    """A shared list of options: [{"code", "title"}], for choices in any form."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    title = models.CharField(_("title"), max_length=300)
    options = models.JSONField(_("options"), default=list)
    edition = models.PositiveIntegerField(db_default=1, editable=False)

    class Meta:
        ordering = ["title"]
        verbose_name = _("dictionary")
        verbose_name_plural = _("dictionaries")

    def __str__(self) -> str:
        return self.title
