"""People, the posts they hold and what they have learnt."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce, Upper
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from sreda.kernel.models import Record
from sreda.registry.enums import POST_ROLES, Category, Role, Sex, Topic
from sreda.registry.models.organisations import Municipality, Organisation
from sreda.registry.models.periods import ordered_term, period


class Person(Record):
    """One human being, once. A record merged into another stays, so that it can come back."""

    external_id = models.CharField(
        _("number in the source system"), max_length=60, null=True, blank=True, unique=True
    )
    family_name = models.CharField(_("family name"), max_length=100)
    given_name = models.CharField(_("given name"), max_length=100)
    patronymic = models.CharField(_("patronymic"), max_length=100, blank=True)
    birth_date = models.DateField(_("date of birth"), null=True, blank=True)
    sex = models.CharField(_("sex"), max_length=10, choices=Sex.choices, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("telephone"), max_length=60, blank=True)
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="merged_from"
    )
    edition = models.PositiveIntegerField(db_default=1, editable=False)

    class Meta:
        ordering = ["family_name", "given_name", "patronymic"]
        verbose_name = _("person")
        verbose_name_plural = pgettext_lazy("persons", "people")
        indexes = [
            models.Index(fields=["family_name", "given_name", "patronymic"], name="person_by_name"),
            *(
                models.Index(Upper(field), name=f"person_{field}_begins")
                for field in ("family_name", "given_name", "patronymic", "external_id")
            ),
            models.Index(fields=["birth_date"], name="person_by_birth_date"),
            models.Index(
                fields=["id"],
                condition=Q(birth_date__isnull=True, merged_into__isnull=True),
                name="person_without_birth_date",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True) | ~Q(merged_into=models.F("id")),
                name="person_not_merged_into_itself",
            ),
        ]

    def __str__(self) -> str:
        return self.full_name

    @property
    def full_name(self) -> str:
        return " ".join(p for p in (self.family_name, self.given_name, self.patronymic) if p)

    @property
    def brief_name(self) -> str:
        initials = "".join(f"{p[0]}." for p in (self.given_name, self.patronymic) if p)
        return f"{self.family_name} {initials}".strip()


class Post(Record):
    """What a person is, where, from when to when. The scope follows from the role: the region
    for an operator or expert, a municipality for a coordinator, an organisation for the others."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="posts")
    role = models.CharField(
        _("role"), max_length=20, choices=[(r.value, r.label) for r in POST_ROLES]
    )
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, blank=True, related_name="posts"
    )
    municipality = models.ForeignKey(
        Municipality, models.PROTECT, null=True, blank=True, related_name="posts"
    )
    title = models.CharField(_("position"), max_length=200, blank=True)
    acting = models.BooleanField(_("acting"), default=False)
    category = models.CharField(
        _("category"), max_length=20, choices=Category.choices, default=Category.NONE
    )
    higher_education = models.BooleanField(_("higher education"), default=False)
    ict_competent = models.BooleanField(_("ICT competence confirmed"), default=False)
    since = models.DateField(_("since"))
    until = models.DateField(_("until"), null=True, blank=True)

    class Meta:
        ordering = ["-since"]
        verbose_name = _("post")
        verbose_name_plural = _("posts")
        constraints = [
            ordered_term("post_term"),
            models.CheckConstraint(
                condition=(
                    Q(role=Role.COORDINATOR, municipality__isnull=False)
                    | Q(role__in=[Role.OPERATOR, Role.EXPERT], municipality__isnull=True)
                    | Q(
                        role__in=[Role.HEAD, Role.ADMINISTRATOR, Role.TEACHER],
                        organisation__isnull=False,
                        municipality__isnull=True,
                    )
                ),
                name="post_scope",
            ),
            ExclusionConstraint(
                name="post_no_overlap",
                expressions=[
                    ("person", RangeOperators.EQUAL),
                    ("role", RangeOperators.EQUAL),
                    (
                        Coalesce("organisation", "municipality", "person"),
                        RangeOperators.EQUAL,
                    ),
                    (period(), RangeOperators.OVERLAPS),
                ],
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "role"], name="post_in_organisation"),
            models.Index(fields=["municipality"], name="post_in_municipality"),
            models.Index(fields=["until"], condition=Q(until__isnull=False), name="post_ending"),
        ]


class Qualification(Record):
    """A finished course: the record from which "share trained on a day" is computed."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="qualifications")
    programme = models.CharField(_("programme"), max_length=300)
    topic = models.CharField(_("topic"), max_length=60, db_index=True, choices=Topic.choices)
    hours = models.PositiveSmallIntegerField(_("hours"))
    completed_on = models.DateField(_("completed on"))
    document = models.CharField(_("document"), max_length=100, blank=True)

    class Meta:
        ordering = ["-completed_on"]
        verbose_name = _("qualification")
        verbose_name_plural = _("qualifications")
        constraints = [
            models.UniqueConstraint(
                fields=["person", "topic", "completed_on"], name="qualification_once"
            )
        ]

    def __str__(self) -> str:
        return self.programme


class Merge(Record):
    """Two records found to be one person; `moved` lists what changed hands, to undo it."""

    kept = models.ForeignKey(Person, models.PROTECT, related_name="merges_kept")
    merged = models.ForeignKey(Person, models.PROTECT, related_name="merges_given")
    moved = models.JSONField(default=dict)
    reason = models.CharField(_("reason"), max_length=500)
    merged_at = models.DateTimeField()
    merged_by = models.UUIDField(null=True)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.UUIDField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["merged"],
                condition=Q(undone_at__isnull=True),
                name="merge_once_at_a_time",
            )
        ]
