"""The database engine: a given one, or the embedded one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit


def django_database(home: Path) -> dict[str, Any]:
    """Django's DATABASES entry for this installation."""
    url = urlsplit(os.environ.get("SREDA_DATABASE_URL", "postgresql:///sreda"))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": url.path.lstrip("/"),
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": url.hostname or "",
        "PORT": url.port or "",
    }
