"""Municipalities, organisations and their facilities."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sreda.kernel.models import Record
from sreda.registry.enums import MunicipalityKind, OrganisationKind, Ownership


class Municipality(Record):
    code = models.CharField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=200, unique=True)
    kind = models.CharField(_("kind"), max_length=20, choices=MunicipalityKind.choices)

    class Meta:
        ordering = ["name"]
        verbose_name = _("municipality")
        verbose_name_plural = _("municipalities")

    def __str__(self) -> str:
        return self.name


class Organisation(Record):
    """A school, college or authority. `code` is its lasting number in the region's registry.

    `edition` grows with each change: a form filled from an older one is not saved over it.
    """

    code = models.CharField(_("registry number"), max_length=30, unique=True)
    kind = models.CharField(_("kind"), max_length=20, choices=OrganisationKind.choices)
    ownership = models.CharField(_("ownership"), max_length=20, choices=Ownership.choices)
    municipality = models.ForeignKey(
        Municipality,
        models.PROTECT,
        related_name="organisations",
        verbose_name=_("municipality"),
    )
    name = models.CharField(_("full name"), max_length=500)
    short_name = models.CharField(_("short name"), max_length=300)
    postcode = models.CharField(_("postcode"), max_length=6, blank=True)
    locality = models.CharField(_("town or village"), max_length=120)
    address = models.CharField(_("street and house"), max_length=300, blank=True)
    rural = models.BooleanField(_("rural"), default=False)
    phone = models.CharField(_("telephone"), max_length=60, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    website = models.URLField(_("official site"), blank=True)
    since = models.DateField(_("works since"))
    until = models.DateField(_("worked until"), null=True, blank=True)
    edition = models.PositiveIntegerField(db_default=1, editable=False)

    class Meta:
        ordering = ["short_name"]
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        constraints = [
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=models.F("since")),
                name="organisation_term",
            ),
            models.CheckConstraint(
                condition=Q(postcode="") | Q(postcode__regex=r"^\d{6}$"),
                name="organisation_postcode",
            ),
        ]
        indexes = [
            models.Index(fields=["municipality", "kind"], name="organisation_place"),
            models.Index(fields=["municipality", "short_name"], name="organisation_place_name"),
        ]

    def __str__(self) -> str:
        return self.short_name

    @property
    def site_dead_on(self) -> date | None:
        """Since when the official site does not answer; None where it does or nobody knows.

        In lists: select_related("site_check")."""
        check = getattr(self, "site_check", None)
        if check is None or check.dead_since is None or check.website != self.website:
            return None
        return timezone.localtime(check.dead_since).date()

    @property
    def site_answers(self) -> bool | None:
        """What the last check of the present address says; None where there is none."""
        check = getattr(self, "site_check", None)
        if check is None or check.website != self.website or check.outcome == "reserved":
            return None
        return check.dead_since is None


class Facilities(Record):
    """What an organisation had to work with on a day: columns 5 to 9 of the programme's list."""

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="facilities")
    as_of = models.DateField(_("as of"))
    link_mbps = models.DecimalField(
        _("link speed, Mbit/s"), max_digits=9, decimal_places=2, null=True, blank=True
    )
    computers_teaching = models.PositiveIntegerField(_("computers in teaching"), default=0)
    computers_admin = models.PositiveIntegerField(_("computers in administration"), default=0)
    local_network = models.BooleanField(_("local network"), default=False)
    management_system = models.BooleanField(_("management information system"), default=False)
    computer_classes = models.BooleanField(_("computer classes"), default=False)
    multimedia = models.BooleanField(_("multimedia equipment"), default=False)
    licensed_software = models.BooleanField(_("licensed software"), default=False)
    source = models.CharField(_("source"), max_length=200, blank=True)

    class Meta:
        ordering = ["-as_of"]
        verbose_name = _("facilities")
        verbose_name_plural = _("facilities")
        constraints = [
            models.UniqueConstraint(fields=["organisation", "as_of"], name="facilities_once_a_day"),
            models.CheckConstraint(
                condition=Q(link_mbps__isnull=True) | Q(link_mbps__gte=0), name="facilities_link"
            ),
        ]


class ManagementCost(Record):
    """A year's expenses of an organisation and the part spent on managing it, thousand roubles."""

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="costs")
    year = models.PositiveSmallIntegerField(_("year"))
    total = models.DecimalField(_("all expenses"), max_digits=14, decimal_places=1)
    management = models.DecimalField(_("of it on management"), max_digits=14, decimal_places=1)

    class Meta:
        verbose_name = _("management costs")
        verbose_name_plural = _("management costs")
        constraints = [
            models.UniqueConstraint(fields=["organisation", "year"], name="cost_once_a_year"),
            models.CheckConstraint(
                condition=Q(management__gte=0) & Q(management__lte=models.F("total")),
                name="cost_part_of_whole",
            ),
        ]


class OrganisationSize(models.Model):
    """Heads counted from enrolments and posts; recounted when those change, never typed."""

    organisation = models.OneToOneField(
        Organisation, models.CASCADE, primary_key=True, related_name="size"
    )
    learners = models.PositiveIntegerField(_("learners"), default=0)
    teachers = models.PositiveIntegerField(_("teachers"), default=0)
    groups = models.PositiveIntegerField(_("classes and groups"), default=0)
    counted_at = models.DateTimeField()
