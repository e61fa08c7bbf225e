"""Learning records in the navigation of the cabinets."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from sreda.kernel.api import NavItem, add_nav
from sreda.registry.api import Role

OPERATOR = frozenset({Role.OPERATOR})
SECTION = _("Learning records")

add_nav(
    NavItem(
        _("Learning record"),
        "records:people",
        "timeline",
        frozenset(Role),
        SECTION,
        300,
    ),
    NavItem(_("Learning records: totals"), "records:totals", "chart-bar", OPERATOR, SECTION, 310),
    NavItem(_("Sources of records"), "records:credentials", "key", OPERATOR, SECTION, 320),
    NavItem(
        _("Agreements with partners"), "records:agreements", "file-text", OPERATOR, SECTION, 330
    ),
)
