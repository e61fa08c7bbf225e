"""Who may write and read learning records by the protocol: one credential a source."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from sreda.kernel.models import Record
from sreda.records.enums import Scope
from sreda.records.xapi.scopes import GRANTS
from sreda.registry.api import Organisation


class Credential(Record):
    """Key and secret of a source. Of the secret only a digest is kept.

    `agent` vouches for what the source writes (the statements' authority), as JSON. `version` is
    the edition of xAPI the source spoke last.
    """

    name = models.CharField(_("source"), max_length=200)
    key = models.CharField(_("key"), max_length=64, unique=True)
    digest = models.BinaryField(max_length=32)
    scopes = ArrayField(models.CharField(max_length=30, choices=Scope.choices))
    agent = models.TextField()
    organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("only for the organisation"),
    )
    made_at = models.DateTimeField(_("made at"))
    made_by = models.UUIDField(null=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True)
    revoked_by = models.UUIDField(null=True)
    used_at = models.DateTimeField(_("last used"), null=True)
    version = models.CharField(max_length=10, blank=True)

    class Meta:
        ordering = ["name"]
        verbose_name = _("credential")
        verbose_name_plural = _("credentials")
        constraints = [
            models.CheckConstraint(condition=Q(scopes__len__gte=1), name="credential_has_scope"),
            models.UniqueConstraint(
                fields=["name"], condition=Q(revoked_at__isnull=True), name="credential_name_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def may(self, scope: str) -> bool:
        return not GRANTS[scope].isdisjoint(self.scopes)
