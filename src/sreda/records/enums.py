"""What a source may do, in the words of xAPI 1.0.3 (part three, 4.2)."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Scope(TextChoices):
    WRITE = "statements/write", _("write statements")
    READ_MINE = "statements/read/mine", _("read the statements it wrote")
    READ = "statements/read", _("read statements")
    STATE = "state", _("keep the state of activities")
    DEFINE = "define", _("describe activities and people")
    PROFILE = "profile", _("keep profiles of activities and people")
    ALL_READ = "all/read", _("read everything")
    ALL = "all", _("everything, and void statements of others")


# What each scope of a request is granted by.
GRANTS: dict[Scope, frozenset[str]] = {
    Scope.WRITE: frozenset({Scope.WRITE, Scope.ALL}),
    Scope.READ_MINE: frozenset({Scope.READ_MINE, Scope.READ, Scope.ALL_READ, Scope.ALL}),
    Scope.READ: frozenset({Scope.READ, Scope.ALL_READ, Scope.ALL}),
    Scope.STATE: frozenset({Scope.STATE, Scope.ALL}),
    Scope.DEFINE: frozenset({Scope.DEFINE, Scope.ALL}),
    Scope.PROFILE: frozenset({Scope.PROFILE, Scope.ALL}),
    Scope.ALL_READ: frozenset({Scope.ALL_READ, Scope.ALL}),
    Scope.ALL: frozenset({Scope.ALL}),
}
