"""Who may do what in the portal."""

from __future__ import annotations

from sreda.kernel.api import AuditEntry, Permissions, seated
from sreda.registry.api import Role

AUDIT: Permissions[AuditEntry] = Permissions(AuditEntry, {"view": seated(Role.OPERATOR)})
