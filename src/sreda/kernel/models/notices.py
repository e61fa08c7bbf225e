"""Notices: what a person is told in the cabinet, and by mail where they have an address."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from sreda.kernel.models.base import Record


class Mailing(models.TextChoices):
    WAITING = "waiting", _("To be mailed")
    SENT = "sent", _("Mailed")
    NOT = "not", _("Not mailed")


class Notice(Record):
    """`addressee` is a person's id; `key` names the occasion, so that nobody is told twice."""

    addressee = models.UUIDField()
    key = models.CharField(max_length=200)
    subject = models.CharField(pgettext_lazy("notice", "subject"), max_length=300)
    text = models.TextField(_("text"), blank=True)
    link = models.CharField(max_length=300, blank=True)
    made_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    mailing = models.CharField(max_length=10, choices=Mailing.choices, default=Mailing.WAITING)

    class Meta:
        ordering = ["-made_at", "-id"]
        verbose_name = _("notice")
        constraints = [models.UniqueConstraint(fields=["addressee", "key"], name="notice_once")]
        indexes = [
            models.Index(
                fields=["addressee"], condition=Q(read_at__isnull=True), name="notice_unread"
            ),
            models.Index(fields=["made_at"], condition=Q(mailing="waiting"), name="notice_to_mail"),
        ]
