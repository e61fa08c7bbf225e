"""Scopes of credentials, named for people."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from sreda.records.xapi import scopes


class Scope(TextChoices):
    WRITE = scopes.WRITE, _("write statements")
    READ_MINE = scopes.READ_MINE, _("read the statements it wrote")
    READ = scopes.READ, _("read statements")
    STATE = scopes.STATE, _("keep the state of activities")
    DEFINE = scopes.DEFINE, _("describe activities and people")
    PROFILE = scopes.PROFILE, _("keep profiles of activities and people")
    ALL_READ = scopes.ALL_READ, _("read everything")
    BY_AGREEMENT = scopes.BY_AGREEMENT, _("read what agreements with a partner allow")
    ALL = scopes.ALL, _("everything, and void statements of others")


class AgreementState(TextChoices):
    IN_FORCE = "in_force", pgettext_lazy("agreement", "in force")
    AHEAD = "ahead", pgettext_lazy("agreement", "not begun")
    ENDED = "ended", pgettext_lazy("agreement", "ended")
    REVOKED = "revoked", pgettext_lazy("agreement", "revoked")
