"""Keys: UUID version 7 (RFC 9562), which sort by the time they were made."""

from __future__ import annotations

from uuid import UUID

import uuid_utils.compat


def uuid7() -> UUID:
    return uuid_utils.compat.uuid7()
