"""All access comes from the regional operator: is there one who can sign in?

Asked by `sreda up` and `sreda doctor` alike, without Django.
"""

from __future__ import annotations

import os
from typing import Any

import psycopg

REGION_ZONE = "Asia/Novokuznetsk"  # where SREDA_TIME_ZONE names no other

_NOBODY = """
    SELECT NOT EXISTS (
        SELECT FROM registry_post p JOIN registry_user u ON u.person_id = p.person_id,
            LATERAL (SELECT (now() AT TIME ZONE %s)::date AS day) AS today
        WHERE p.role = 'operator' AND u.is_active
            AND p.since <= day AND (p.until IS NULL OR p.until >= day)
    )
"""


def nobody_governs(connection: psycopg.Connection[Any]) -> bool:
    """Whether nobody with an account holds the operator's post on the region's day."""
    zone = os.environ.get("SREDA_TIME_ZONE", "").strip() or REGION_ZONE
    row = connection.execute(_NOBODY, [zone]).fetchone()
    return bool(row and row[0])
