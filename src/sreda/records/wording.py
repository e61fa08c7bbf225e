"""What entries of the audit log say of learning records."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from sreda.kernel.api import name_actions

name_actions(
    {
        "records.agreement.made": _("Agreement with a partner entered"),
        "records.agreement.read": _("Learning records read by agreement"),
        "records.agreement.revoked": _("Agreement with a partner revoked"),
        "records.credential.made": _("Key of a source made"),
        "records.credential.revoked": _("Key of a source revoked"),
    }
)
