"""The digest that is kept of a credential's secret. No Django.

A secret is 256 random bits, so one SHA-256 over it is as good as a slow hash would be; the digest
is keyed, so that a stolen table alone is of no use.
"""

from __future__ import annotations

import hashlib
import hmac


def digest(secret_key: str, secret: str) -> bytes:
    return hmac.new(secret_key.encode(), secret.encode("utf-8", "replace"), hashlib.sha256).digest()
